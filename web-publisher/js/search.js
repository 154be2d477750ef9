// SPDX-License-Identifier: GPL-3.0-or-later

// Looks for a stream until it can be played, and chooses how.

import { afterAnswer, NOT_ASKED } from "./waiting-room.js";

const LOOK_MS = 500; // between two looks for a stream that begins
const AGAIN_MOST_MS = 30000; // before it is opened again: twice as long as the time before, if it did not play
const YOUNG_SEGMENTS = 3; // with so few segments, low latency may be about to come

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Search {
  #lookout;
  #lowLatencyUrl;
  #trust;
  #signal;

  /** `lowLatencyUrl`: null if it is not wanted; `trust`: in low latency. It ends when `signal` is aborted. */
  constructor({ lookout, lowLatencyUrl, trust, signal }) {
    this.#lookout = lookout;
    this.#lowLatencyUrl = lowLatencyUrl;
    this.#trust = trust;
    this.#signal = signal;
  }

  /**
   * Resolves to { isLow, isUnanswered } when there is something to play, and to null if it was ended before. `fruitless`: how
   * often the stream was opened since it last played; `say` is called with the state meanwhile.
   */
  async find(fruitless, say) {
    let known = NOT_ASKED;
    if (fruitless > 0) await sleep(Math.min(LOOK_MS * 2 ** (fruitless - 1), AGAIN_MOST_MS));
    while (!this.#signal.aborted) {
      const playlist = await this.#lookout.look();
      if (this.#signal.aborted) break;
      const isLive = playlist && !playlist.ended;
      const found = isLive ? await this.#choose(playlist) : null;
      if (found) return found;
      if (playlist?.ended) this.#trust.forget(); // what comes next is another stream
      say(playlist?.ended ? "ended" : this.#lookout.refused ? "refused" : this.#lookout.reached ? "waiting" : "unreachable");
      if (isLive) await sleep(LOOK_MS);
      else known = await this.#untilItMayHaveBegun(known);
    }
    return null;
  }

  /** Chooses how to play it. Null: wait a moment, since low latency begins a little after the classic playlist. */
  async #choose({ sequence, segments }) {
    const wanted = Boolean(this.#lowLatencyUrl) && !this.#trust.isTroubled(performance.now());
    const isLow = wanted && (await this.#lookout.isThere(this.#lowLatencyUrl));
    if (wanted && !isLow && sequence === 0 && segments < YOUNG_SEGMENTS) return null;
    return { isLow, isUnanswered: wanted && !isLow && !this.#lookout.reached };
  }

  /** Resolves when another look is worth it; takes and gives what afterAnswer() knows. */
  async #untilItMayHaveBegun(known) {
    while (!this.#signal.aborted) {
      const asked = performance.now();
      const status = await this.#lookout.waitForIt();
      const next = afterAnswer({ known, status, tookMs: performance.now() - asked,
        isWell: this.#lookout.reached, random: Math.random() });
      await sleep(next.pauseMs);
      if (next.look) return next.known;
      known = next.known;
    }
    return known;
  }
}
