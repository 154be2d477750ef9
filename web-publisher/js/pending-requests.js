// SPDX-License-Identifier: GPL-3.0-or-later

// Requests to the plugin that wait for their answer. An answer names the kind of its request, an error does not
// (docs/protocol.md), and janus.js does not tell the transaction of either. Janus may hand over two requests of one
// handle in any order, so only one is under way at a time.

/** The request that each answer is to. */
const REQUEST_OF = { published: "publish", configured: "configure", reported: "report" };

const ANSWER_WITHIN_MS = 10000; // then it is lost, as the connection may have been for a while

export class PendingRequests {
  #underWay = []; // { request, send, resolve, reject, timer }, the oldest first
  #queue = [];

  /**
   * Calls `send()` once no other request is under way; of `urgent` ones at once. A promise of the answer, the
   * message; it rejects if that is an error, or if none comes.
   */
  add(request, send, { urgent = false } = {}) {
    const answered = new Promise((resolve, reject) => {
      const entry = { request, send, resolve, reject };
      if (urgent) this.#begin(entry);
      else this.#queue.push(entry);
    });
    answered.catch(() => {}); // a caller that does not wait for it is not told
    this.#next();
    return answered;
  }

  /** Whether one waits for its answer, or for others to have theirs. */
  has(request) {
    return [...this.#underWay, ...this.#queue].some((entry) => entry.request === request);
  }

  /**
   * Takes a message of the plugin. Returns the name of the request that it answers; null: it came unasked.
   * `makeError(message)` is what a request is rejected with.
   */
  settle(message, makeError) {
    const isError = message.hls === "error";
    const entry = this.#underWay.find(({ request }) => isError || request === REQUEST_OF[message.hls]);
    if (!entry) return null;
    if (isError) entry.reject(makeError(message));
    else entry.resolve(message);
    this.#end(entry);
    return entry.request;
  }

  /** No answer comes any more: all are rejected with `error`. */
  abandon(error) {
    for (const { reject, timer } of [...this.#underWay.splice(0), ...this.#queue.splice(0)]) {
      clearTimeout(timer);
      reject(error);
    }
  }

  #begin(entry) {
    this.#underWay.push(entry);
    entry.timer = setTimeout(() => {
      entry.reject(new Error("The server does not answer"));
      this.#end(entry);
    }, ANSWER_WITHIN_MS);
    entry.send();
  }

  #end(entry) {
    clearTimeout(entry.timer);
    this.#underWay.splice(this.#underWay.indexOf(entry), 1);
    this.#next();
  }

  #next() {
    if (this.#queue.length && !this.#underWay.length) this.#begin(this.#queue.shift());
  }
}
