// SPDX-License-Identifier: GPL-3.0-or-later

// The machine-readable clock in the bottom strip of the test card: 40 black or white cells over the
// whole width, most significant bit first: 32 bits of milliseconds since 1970 (they wrap after 49
// days), then 8 bits of check sum. Large enough to survive any encoder.

const CELLS = 40;
export const STRIP_HEIGHT = 1 / 18; // of the picture's height

function checkSum(low32) {
  return (low32 ^ (low32 >>> 8) ^ (low32 >>> 16) ^ (low32 >>> 24) ^ 0xa5) & 0xff;
}

/** Draws the time `unixMs` into the bottom strip of a 2D context of width x height pixels. */
export function drawTimeCode(context, width, height, unixMs) {
  const low32 = Math.floor(unixMs) % 2 ** 32 >>> 0;
  const sum = checkSum(low32);
  const cell = width / CELLS;
  const top = Math.floor(height * (1 - STRIP_HEIGHT));

  for (let i = 0; i < CELLS; i++) {
    const bit = i < 32 ? (low32 >>> (31 - i)) & 1 : (sum >>> (39 - i)) & 1;
    context.fillStyle = bit ? "#fff" : "#000";
    context.fillRect(Math.floor(i * cell), top, Math.ceil(cell), height - top);
  }
}

/**
 * Reads the time out of a row of pixels (RGBA, `width` of them) from the middle of the strip.
 * Returns milliseconds since 1970, resolved to the moment nearest to `nearMs`; null if the row
 * holds no valid time code.
 */
export function readTimeCode(pixels, width, nearMs) {
  let low32 = 0;
  let sum = 0;

  for (let i = 0; i < CELLS; i++) {
    const x = Math.floor(((i + 0.5) * width) / CELLS);
    const bit = pixels[x * 4 + 1] >= 128 ? 1 : 0; // green: most of the luma
    if (i < 32) low32 = ((low32 << 1) | bit) >>> 0;
    else sum = (sum << 1) | bit;
  }
  if (sum !== checkSum(low32)) return null;
  const wraps = Math.round((nearMs - low32) / 2 ** 32);
  return wraps * 2 ** 32 + low32;
}
