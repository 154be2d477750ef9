// SPDX-License-Identifier: GPL-3.0-or-later

// Parts that are asked for all at once. hls.js asks for one after the other: of ten that it needs of another size before
// that can be shown, each costs a way to the server and back, which is longer than what is in the buffer lasts.

import { timeLimit } from "./time-limit.js";

const PATIENCE_MS = 20000; // then hls.js asks for them itself: a connection may be dead without a word

/** Asked for, and not yet taken by hls.js. */
export class PartsAhead {
  #together = null; // a promise that ends when they may be taken
  #answers = new Map(); // by address: promises of { data, startMs, firstMs, endMs }
  #stop = new AbortController();
  #fetch;
  #now;
  #wait;
  #limit;

  /** `wait(ms)`: a promise that ends after so long; `limit(ms)`: a signal that aborts then. */
  constructor({ fetch = (...args) => globalThis.fetch(...args), now = () => performance.now(),
    wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms)), limit = timeLimit } = {}) {
    this.#fetch = fetch;
    this.#now = now;
    this.#wait = wait;
    this.#limit = limit;
  }

  /**
   * Asks for these; none can be taken before all are there, for `lastsMs` at most: so long there is something to show.
   * What was asked for before and not taken is not wanted any more.
   */
  ask(urls, lastsMs) {
    this.forget();
    const stop = this.#stop;
    if (urls.length) this.#limit(PATIENCE_MS).addEventListener("abort", () => stop.abort());
    for (const url of urls) {
      const answer = this.#ask(url);
      answer.catch(() => {}); // it may never be taken
      this.#answers.set(url, answer);
    }
    this.#together = Promise.race([Promise.allSettled(this.#answers.values()), this.#wait(lastsMs)]);
  }

  async #ask(url) {
    const startMs = this.#now();
    // the sound that is asked for meanwhile goes first
    const response = await this.#fetch(url, { signal: this.#stop.signal, priority: "low" });
    const firstMs = this.#now();
    if (!response.ok) throw new Error(`status ${response.status}`);
    return { data: await response.arrayBuffer(), startMs, firstMs, endMs: this.#now() };
  }

  /** The promise of an answer, for once; undefined if this was not asked for. */
  take(url) {
    const answer = this.#answers.get(url);
    this.#answers.delete(url);
    return answer && this.#together.then(() => answer);
  }

  forget() {
    this.#answers.clear();
    this.#stop.abort();
    this.#stop = new AbortController();
  }
}

/**
 * The addresses of the parts that hls.js will ask for in a size with these `details`, in which nothing is loaded: those of
 * the segment at `bufferEnd` and behind it. None if it is one, or none yet. `toleranceS`: of a segment's end.
 */
export function partsAt({ partList, fragmentHint }, bufferEnd, toleranceS) {
  const isWanted = ({ fragment, gap }) =>
    !gap && (fragment.end > bufferEnd + toleranceS || fragment.sn === fragmentHint?.sn);
  const wanted = (partList ?? []).filter(isWanted);
  return wanted.length > 1 ? wanted.map(({ url }) => url) : [];
}

/** A loader as hls.js wants it, a class like `Loader`, that takes what `ahead` has. */
export const loaderWith = (Loader, ahead) => class extends Loader {
  #isOver = false;

  load(context, config, callbacks) {
    const answer = ahead.take(context.url);
    if (!answer) return void super.load(context, config, callbacks);
    Object.assign(this, { context, config, callbacks });
    answer.then(({ data, startMs, firstMs, endMs }) => {
      if (this.#isOver) return;
      const { stats } = this;
      Object.assign(stats.loading, { start: startMs, first: firstMs, end: endMs });
      stats.loaded = stats.total = data.byteLength;
      stats.isAhead = true; // others were on the way with it: it does not tell how fast the connection is
      callbacks.onSuccess({ url: context.url, data, code: 200 }, stats, context, null);
    }, () => this.#isOver || super.load(context, config, callbacks));
  }

  abort() {
    this.#isOver = true;
    super.abort();
  }

  destroy() {
    this.#isOver = true;
    super.destroy();
  }
};
