// SPDX-License-Identifier: GPL-3.0-or-later

// Where the stations of the class page's picture stand: side by side if there is room, else one below the other.
// In pixels, so that text is as large as it says. Pure.

const SIDE_BY_SIDE = 1000; // pixels that five stations take
const FONT = { least: 13, most: 24, perPixel: 1 / 84, below: 16 };
const GAP = 0.024; // of the width, between two stations: the pipe
export const LINE = 1.72; // of the font
export const HEAD = 6.9; // lines' worth of font above the first line

/** `lines`: of each station. Returns { font, height, stations: [{ x, y, width, height }], pipes: [{ x1, y1, x2, y2 }] }. */
export function layOut(width, lines) {
  const count = lines.length;
  const isWide = width >= SIDE_BY_SIDE;
  const font = Math.round(Math.min(FONT.most, Math.max(FONT.least, isWide ? width * FONT.perPixel : FONT.below)) * 10) / 10;
  const heightOf = (n) => Math.round(font * (HEAD + n * LINE + 1.1));
  if (isWide) {
    const gap = Math.round(width * GAP);
    const each = (width - (count - 1) * gap) / count;
    const height = heightOf(Math.max(...lines));
    const stations = lines.map((n, i) => ({ x: i * (each + gap), y: 0, width: each, height }));
    const middle = font * 2.4;
    return { font, height, isWide, stations,
      pipes: stations.slice(1).map(({ x }) => ({ x1: x - gap, y1: middle, x2: x, y2: middle })) };
  }
  const gap = Math.round(font * 2.2);
  let y = 0;
  const stations = lines.map((n) => {
    const station = { x: 0, y, width, height: heightOf(n) };
    y += station.height + gap;
    return station;
  });
  return { font, height: y - gap, isWide, stations,
    pipes: stations.slice(1).map((station) => ({ x1: font * 2.4, y1: station.y - gap, x2: font * 2.4, y2: station.y })) };
}
