// SPDX-License-Identifier: GPL-3.0-or-later

// The sizes of a stream as people choose among them. Pure.

/** What people call a size: by its shorter side, so that a phone held upright has the same names. */
const nameOf = ({ width, height }) => `${Math.min(width, height)}p`;

/**
 * hls.js's levels as [{ index, name, bitrate }], the best first. Those of one size are told apart by their
 * bitrates: `name` is of each alone. None if there is nothing to choose.
 */
export function toQualities(levels) {
  const sized = levels.map((level, index) => ({ index, level })).filter(({ level }) => level.width && level.height);
  if (sized.length < 2) return [];
  const count = (name) => sized.filter(({ level }) => nameOf(level) === name).length;
  return sized
    .sort((a, b) => b.level.width * b.level.height - a.level.width * a.level.height || b.level.bitrate - a.level.bitrate)
    .map(({ index, level }) => {
      const name = nameOf(level);
      const kilobits = Math.round(level.bitrate / 1000);
      return { index, name: count(name) > 1 ? `${name} (${kilobits} kbit/s)` : name, bitrate: level.bitrate };
    });
}

/** The one of `qualities` that was called `name`, or if there is none, the best that is no larger; else null. */
export function sameQuality(qualities, name) {
  const side = parseInt(name, 10);
  return qualities.find((one) => one.name === name) ??
    qualities.find((one) => parseInt(one.name, 10) <= side) ?? qualities.at(-1) ?? null;
}
