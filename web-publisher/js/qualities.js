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

const isOpus = ({ audioCodec }) => audioCodec?.toLowerCase() === "opus";

/**
 * hls.js's `levels`, each size once: a stream may have the publisher's Opus beside the AAC, and then each size is listed with either
 * (docs/low-latency.md). Those with AAC, unless this browser takes Opus alone.
 */
export function withOneSound(levels) {
  const others = levels.filter((level) => !isOpus(level));
  return others.length ? others : levels;
}

const area = ({ width, height }) => width * height;

const APART = 16; // bit/s. The bridge lists sizes that show the same by a bit per second apart, or they would be one in several places

/** Whether one of two levels shows the pictures of the other, as far as the multivariant playlist says. */
const isCopy = (level, other) => area(level) > 0 && area(level) === area(other) && level.codecSet === other.codecSet &&
  Math.abs(level.bitrate - other.bitrate) < APART;

/** hls.js's `levels`, of those that show the same the best: what begins with the pictures of another is none to choose yet. */
export const withoutCopies = (levels) =>
  levels.filter((level) => !levels.some((other) => isCopy(level, other) && other.bitrate > level.bitrate));

/** What a multivariant playlist may say otherwise of a size than it did before. */
const CHANGES = ["bitrate", "width", "height", "frameRate", "videoCodec", "_attrs", "_avgBitrate"];

/** hls.js does not learn of sound that comes late, as one of fewer bits for the smallest size: that size has the others'. */
function giveKnownSound(level, levels) {
  const known = levels.flatMap(({ audioGroups }) => audioGroups ?? []);
  if (known.length && !level.audioGroups?.every((group) => known.includes(group))) level._audioGroups = [known[0]];
}

/**
 * hls.js's `levels` by what the multivariant playlist says now, which is `fresh`; null if that is what there is. No level
 * goes. One that had the pictures of a smaller size gets what it is; while its layer is paused, it stays what it was.
 * One that says the same as another has the same pictures still, and one that needs another decoder is not added. The same
 * size with another sound is not meant.
 */
export function mergeLevels(levels, fresh) {
  const merged = [...levels];
  const listedNow = (level) => fresh.find((now) => now.uri === level.uri && now.codecSet === level.codecSet && area(now) === area(level)) ?? level;
  let isOther = false;
  for (const one of fresh.filter((level) => levels.some((has) => isOpus(has) === isOpus(level)))) {
    const known = levels.find(({ uri }) => uri === one.uri);
    const isCopied = () => merged.some((level) => isCopy(listedNow(level), one));
    if (known ? area(one) <= area(known) : isCopied() || !levels.some(({ codecSet }) => codecSet === one.codecSet)) continue;
    if (known) for (const name of CHANGES) known[name] = one[name];
    else {
      giveKnownSound(one, levels);
      merged.push(one);
    }
    isOther = true;
  }
  return isOther ? merged.sort((a, b) => a.height - b.height || a.bitrate - b.bitrate) : null; // as hls.js sorts them
}
