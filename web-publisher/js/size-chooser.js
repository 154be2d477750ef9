// SPDX-License-Identifier: GPL-3.0-or-later

// Which size a viewer at low latency gets, by how the parts of the picture come. With half a second in the
// buffer there is no time for a mean to follow: parts that take nearly as long as they last are the sign.
// Pure: time is given to it.

const KEEP = 0.75; // part of the connection that a size may take if it is shown already
const CLIMB = 0.6; // and if it is not
const SLOW = 0.8; // of its own duration, for a part to be slow
const SLOW_TWICE = 2; // slow parts, one after the other, until it goes down; a machine that is busy makes one
const TOO_SLOW = 1.2; // of its own duration: one such part is enough
const HOLD_MS = 4000; // after going down it stays there, at first
const HOLD_MAX_MS = 32000; // twice as long each time, if the way up was wrong
const PROVEN_MS = 15000; // a way up that has held so long was right

export class SizeChooser {
  #slow = 0; // slow parts, one after the other
  #most = Infinity; // level that may be chosen, until it has been
  #holdMs = HOLD_MS;
  #holdUntil = -Infinity;
  #climbedAt = -Infinity;

  /** A part of the picture in size `level` came: `bytes` in `ms` from its first to its last, of `duration` s. */
  onPart({ level, bytes, ms, duration, bitrates }, now) {
    const share = ms / (duration * 1000);
    this.#slow = share > SLOW ? this.#slow + 1 : 0;
    if (share < TOO_SLOW && this.#slow < SLOW_TWICE) return;
    const carried = (bytes * 8000) / ms;
    this.#goBelow(level, bitrates.findLastIndex((bitrate) => bitrate <= carried * KEEP), now);
  }

  /** The viewer stands still, in size `level`. */
  onStall(level, now) {
    this.#goBelow(level, level - 1, now);
  }

  #goBelow(level, wanted, now) {
    this.#slow = 0;
    this.#most = Math.max(0, Math.min(wanted, level - 1));
    if (now - this.#climbedAt < PROVEN_MS) this.#holdMs = Math.min(2 * this.#holdMs, HOLD_MAX_MS);
    else if (now >= this.#holdUntil) this.#holdMs = HOLD_MS;
    this.#climbedAt = -Infinity; // slow parts and a stall may tell of the same fall
    this.#holdUntil = now + this.#holdMs;
  }

  /**
   * The level to load next. `bitrates`: of each level, ascending; `current`: the one that is loaded now;
   * `carried`: bit/s of the connection; `mayClimb`: a segment begins, or nothing has been loaded.
   */
  choose({ bitrates, current, carried, mayClimb }, now) {
    const fits = (bitrate, level) => bitrate <= carried * (level > current ? CLIMB : KEEP);
    const best = Math.max(0, bitrates.findLastIndex(fits));
    if (current <= this.#most) this.#most = Infinity; // it has been done
    const level = Math.min(best, this.#most);
    if (level <= current) return level;
    if (!mayClimb || now < this.#holdUntil) return current;
    this.#climbedAt = now;
    return level;
  }
}
