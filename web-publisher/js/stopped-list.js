// SPDX-License-Identifier: GPL-3.0-or-later

// Notices a list that does not move though the server has more, as if hls.js asked for none any more. Pure.

const TARGETS = 3; // durations in which a list gets a segment, if all is well: so long it may stand
const LEAST_MS = 6000; // of one whose target duration is not known yet, or short
const MOST_MS = 60000; // however often it was opened and did not play

/** How long a list may stand. `fruitless`: how often the stream was opened since it last played. */
export const patienceMs = (targetS, fruitless) =>
  Math.min(MOST_MS, Math.max(LEAST_MS, TARGETS * 1000 * (targetS ?? 0)) * 2 ** Math.max(0, fruitless - 1));

export class StoppedList {
  #edge = null; // where the list of hls.js ends
  #newest = null; // what the server had at first, of the stream that it has now
  #since = 0;

  /**
   * Whether the list has not moved for so long though there is more. To be called while nothing plays. `edge`: where the list
   * of hls.js ends, null if it has none; `newest`: the number behind the last segment that the server has, Infinity if the
   * stream has ended, null if it gave no list.
   */
  hasStopped({ edge, newest, patienceMs: patience, now }) {
    const isOther = newest < this.#newest; // another stream
    if (edge !== this.#edge || newest === null || this.#newest === null || isOther) {
      this.#edge = edge;
      this.#newest = newest;
      this.#since = now;
    }
    const hasMore = newest === Infinity || newest > this.#newest;
    return newest !== null && hasMore && now - this.#since >= patience;
  }

  /** It plays, or is opened again. */
  forget() {
    this.#newest = null;
  }
}
