// SPDX-License-Identifier: GPL-3.0-or-later

// Requests to the plugin that wait for their answer. On one handle answers come in the order of the requests; an
// answer names its request, an error does not (docs/protocol.md).

/** The request that each answer is to. */
const REQUEST_OF = { published: "publish", configured: "configure", reported: "report" };

export class PendingRequests {
  #waiting = []; // { request, resolve, reject }, the oldest first

  /** Has been asked: a promise of the answer, the message; it rejects if that is an error. */
  add(request) {
    const answered = new Promise((resolve, reject) => this.#waiting.push({ request, resolve, reject }));
    answered.catch(() => {}); // a caller that does not wait for it is not told
    return answered;
  }

  /**
   * Takes a message of the plugin. Returns the name of the request that it answers; null: it came unasked.
   * `makeError(message)` is what a request is rejected with.
   */
  settle(message, makeError) {
    const isError = message.hls === "error";
    const at = isError ? 0 : this.#waiting.findIndex(({ request }) => request === REQUEST_OF[message.hls]);
    const [entry] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (!entry) return null;
    if (isError) entry.reject(makeError(message));
    else entry.resolve(message);
    return entry.request;
  }

  /** No answer comes any more: all are rejected with `error`. */
  abandon(error) {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
