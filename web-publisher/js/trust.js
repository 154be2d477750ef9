// SPDX-License-Identifier: GPL-3.0-or-later

// Whether low latency is worth a try: not after it has gone badly, and then again, ever more seldom. Pure.

const TROUBLES_MAX = 3; // stalls and failures in this time, until it is given up
const CALM_MS = 60000; // troubles that are older are forgotten
const AGAIN_MS = { soon: 10000, first: CALM_MS, most: 1920000 }; // until the next try; twice as long after each
const PROVEN_MS = 120000; // if it has gone well for so long, the next try is as soon as the first

export class Trust {
  #troubles = []; // when it stalled or failed; by a clock that nobody sets
  #againMs = AGAIN_MS.first;
  #againAt = Infinity;
  #lowSince = null; // it has been opened at low latency, if need be again and again
  #isOver = false;
  #wantsPicture = false;

  onTrouble(now) {
    this.#troubles.push(now);
  }

  /**
   * It is given up. `forGood`: what is the matter will not be better as long as the stream is the same. `wantsPicture`: no
   * picture could be decoded, so it is no use until one is shown; and then it is likely to go well.
   */
  giveUp(now, { forGood = false, wantsPicture = false } = {}) {
    this.#troubles = Array(TROUBLES_MAX).fill(now);
    this.#isOver ||= forGood;
    if (wantsPicture && !this.#wantsPicture) this.#againMs = AGAIN_MS.soon;
    this.#wantsPicture = wantsPicture;
  }

  /** Whether it has not gone well lately. */
  isTroubled(now) {
    this.#troubles = this.#troubles.filter((at) => now - at < CALM_MS);
    return this.#troubles.length >= TROUBLES_MAX;
  }

  /** The stream is opened. `isUnanswered`: it is not known whether there is low latency, as the server did not answer. */
  onOpened({ isLow, isUnanswered = false }, now) {
    if (isLow) {
      this.#lowSince ??= now;
      this.#againAt = Infinity;
    } else if (this.#againAt === Infinity) {
      if (isUnanswered) this.#againMs = AGAIN_MS.soon;
      else if (this.#lowSince !== null && now - this.#lowSince >= PROVEN_MS) this.#againMs = AGAIN_MS.first;
      this.#againAt = now + this.#againMs;
      this.#lowSince = null;
    }
  }

  /** Whether to try it again, while something else plays, with a picture or without. If so, it is tried now. */
  tryAgain({ hasPicture }, now) {
    if (this.#isOver || now < this.#againAt || (this.#wantsPicture && !hasPicture)) return false;
    this.#againMs = Math.min(2 * this.#againMs, AGAIN_MS.most);
    this.#againAt = now + this.#againMs; // if it is not there
    this.#troubles = [];
    return true;
  }

  /** What was the matter is over: other pictures come, or another stream. */
  forget() {
    this.#troubles = [];
    this.#againMs = AGAIN_MS.first;
    this.#isOver = this.#wantsPicture = false;
  }
}
