// SPDX-License-Identifier: GPL-3.0-or-later

// Which size a viewer at low latency gets, by how the parts of the picture come. With half a second in the
// buffer there is no time for a mean to follow: a part that comes slowly is the sign, and it is left before
// it is there if what is ahead would not last. Pure: time is given to it.

const KEEP = 0.75; // part of the connection that a size may take if it is shown already
const CLIMB = 0.7; // and if it is not
const SLOW = 0.8; // of its own duration, for a part to be slow
const SLOW_TWICE = 2; // slow parts, one after the other, until it goes down; a machine that is busy makes one
const TOO_SLOW = 1.2; // of its own duration: one such part is enough
const PROVEN_MS = 15000; // a way up that has held so long was right

// How long it stays below a size that was left; twice as long each time, if the way up was wrong. What slow
// parts tell of a connection is known again soon; of a machine that cannot show a size, only a stall tells.
const HOLD_MS = { slow: { first: 3000, most: 6000 }, stall: { first: 4000, most: 32000 } };

const KNOWN = { bytes: 3000, ms: 40 }; // of an answer, before it says how fast the connection is
const RESERVE_S = 0.12; // of media ahead that should be left when a size has been changed
const NEXT_S = 0.2; // and when the next segment begins: its first part is the largest
const WORTH = 0.7; // of its duration: what is missing of a part and comes sooner is waited for
const BEGIN_S = 0.3; // of a size's mean, what the first part has

/*
 * Where a viewer is, in seconds of media, is a `place`: `aheadS` can be shown still; `edgeS` are from what is loaded next
 * to the live edge, `leftS` from there to its segment's end, which is `toEndS` from what is shown. Another size has to be
 * loaded from the segment's beginning to the live edge, `intoS`, with so many `requests`, each answered after `requestMs`.
 */

/** Seconds until so much of a size is there; `loaded` bytes of it are. */
const loadS = (mediaS, bitrate, carried, loaded = 0) => (mediaS * bitrate - loaded * 8) / carried;

/** Seconds until another size can be shown. */
const switchS = (bitrate, carried, { intoS, requests, requestMs }) =>
  (requests * requestMs) / 1000 + loadS(intoS, bitrate, carried);

/** Seconds that a viewer lacks who stays with a size until the segment's end, where another one begins at no cost. */
const lackedS = (bitrate, carried, { leftS, toEndS }, loaded = 0) => loadS(leftS, bitrate, carried, loaded) + NEXT_S - toEndS;

/** The same of a viewer who goes to another size at once. */
const lackedBy = (bitrate, carried, place) => switchS(bitrate, carried, place) + RESERVE_S - place.aheadS;

/** The best level below this one that the connection carries and that is there in time; else the lowest. */
const smaller = (level, bitrates, carried, place) =>
  Math.max(0, bitrates.findLastIndex((bitrate, i) =>
    i < level && bitrate <= carried * KEEP && lackedBy(bitrate, carried, place) < 0));

export class SizeChooser {
  #slow = 0; // slow parts, one after the other
  #carried = Infinity; // bit/s of the last part, if it took longer than it lasts: a mean follows too late
  #most = Infinity; // level that may be chosen, until it has been
  #below = Infinity; // only levels below this one, until #holdUntil
  #holdMs = 0;
  #holdUntil = -Infinity;
  #climbed = { level: -1, at: -Infinity };

  /** A part of the picture in size `level` came: `bytes` in `ms` from its first to its last, of `duration` s. */
  onPart({ level, bytes, ms, duration, bitrates }, now) {
    const share = ms / (duration * 1000);
    const carried = (bytes * 8000) / ms;
    this.#slow = share > SLOW ? this.#slow + 1 : 0;
    this.#carried = share > 1 ? carried : Infinity;
    if (share < TOO_SLOW && this.#slow < SLOW_TWICE) return;
    const wanted = bitrates.findLastIndex((bitrate) => bitrate <= carried * KEEP);
    if (bitrates[level] > carried * KEEP) this.#goBelow(level, wanted, HOLD_MS.slow, now);
  }

  /**
   * A part of the picture is coming: the level to leave it for, or null. `loaded` bytes of it came in `ms`, of `total`;
   * it lasts `duration` s. `place`: see above.
   */
  onLoading({ level, bitrates, loaded, total, ms, duration, place }, now) {
    if (level === 0 || loaded < KNOWN.bytes || ms < KNOWN.ms || loaded >= total) return null;
    const carried = (loaded * 8000) / ms;
    const restS = ((total - loaded) * 8) / carried;
    if (restS < place.aheadS && restS < WORTH * duration) return null; // it gives more than it takes
    const partS = Math.max(restS, loadS(place.edgeS, bitrates[level], carried, loaded));
    const staying = bitrates[level] <= carried ? partS + RESERVE_S - place.aheadS :
      Math.max(partS - place.aheadS, lackedS(bitrates[level], carried, place, loaded));
    const next = smaller(level, bitrates, carried, place);
    if (staying <= Math.max(0, lackedBy(bitrates[next], carried, place))) return null;
    this.#goBelow(level, next, HOLD_MS.slow, now);
    return next;
  }

  /** The viewer stands still, in size `level`. */
  onStall(level, now) {
    this.#goBelow(level, level - 1, HOLD_MS.stall, now);
  }

  #goBelow(level, wanted, hold, now) {
    this.#slow = 0;
    this.#most = Math.max(0, Math.min(wanted, level - 1));
    const wasWrong = level <= this.#climbed.level && now - this.#climbed.at < PROVEN_MS;
    if (wasWrong) this.#holdMs = Math.min(2 * Math.max(this.#holdMs, hold.first), Math.max(hold.most, this.#holdMs));
    else if (now >= this.#holdUntil) this.#holdMs = hold.first;
    this.#climbed = { level: -1, at: -Infinity }; // slow parts and a stall may tell of the same fall
    this.#below = now < this.#holdUntil ? Math.min(this.#below, level) : level;
    this.#holdUntil = now + this.#holdMs;
  }

  /**
   * The level to load next. `bitrates`: of each level, ascending; `current`: the one that is loaded now;
   * `carried`: bit/s of the connection, a mean; `place`: see above; `begins`: what is loaded next begins a segment.
   */
  choose({ bitrates, current, carried: mean, place, begins }, now) {
    const carried = Math.min(mean, this.#carried);
    const spareS = (level) => place.aheadS - (level === current ? 0 : RESERVE_S);
    const isInTime = (bitrate, level) => !begins || loadS(BEGIN_S, bitrate, carried) < spareS(level);
    const fits = (bitrate, level) => bitrate <= carried * (level > current ? CLIMB : KEEP) && isInTime(bitrate, level);
    const best = Math.max(0, bitrates.findLastIndex(fits));
    if (current <= this.#most) this.#most = Infinity; // it has been done
    const level = Math.min(best, this.#most);
    if (level < current && !begins) {
      const next = Math.min(level, smaller(current, bitrates, carried, place));
      const staying = lackedS(bitrates[current], carried, place);
      return staying <= Math.max(0, lackedBy(bitrates[next], carried, place)) ? current : next;
    }
    if (level <= current) return level;
    const held = now < this.#holdUntil ? this.#below - 1 : Infinity;
    if (!begins || held <= current) return current;
    this.#climbed = { level: Math.min(level, held), at: now };
    return this.#climbed.level;
  }
}
