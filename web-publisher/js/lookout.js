// SPDX-License-Identifier: GPL-3.0-or-later

// What the player asks the server itself, apart from hls.js: whether a stream is there, and when it begins.

import { timeLimit } from "./time-limit.js";

const HELD_MS = 40000; // longer than the server holds a request for a stream that is to come
const WRONG_MS = 2000; // of a clock
const ANSWER_MS = 5000; // a server that takes longer for a playlist is gone

/** What nobody reads of an answer would keep its connection. */
const discard = (response) => void response?.body?.cancel().catch(() => {});

export class Lookout {
  reached = true; // whether the server answered, when it was last asked
  refused = false; // what it then answered was that this viewer may not
  clockOffsetMs = 0; // the server's clock minus ours, if ours is wrong
  knowsClock = false; // whether it has told its clock, or does not tell it
  #url;
  #lowLatencyUrl;
  #waitUrl;
  #ask;
  #held = null; // the request that the server holds, to be ended
  #isOver = false;

  /**
   * `lowLatencyUrl`: null if it is not wanted; `waitUrl`: a request that is held until the stream can be played; `fetch`: as
   * the browser's.
   */
  constructor({ url, lowLatencyUrl, waitUrl, fetch = (...args) => globalThis.fetch(...args) }) {
    this.#ask = fetch;
    this.#url = url;
    this.#lowLatencyUrl = lowLatencyUrl;
    this.#waitUrl = waitUrl;
  }

  /** Asks to be told when it begins. The answer's status; 0: none came. */
  async waitForIt() {
    const held = (this.#held = new AbortController());
    const limit = setTimeout(() => held.abort(), HELD_MS);
    const response = await this.#ask(this.#waitUrl, { cache: "no-store", signal: held.signal }).catch(() => null);
    clearTimeout(limit);
    discard(response);
    return response?.status ?? 0;
  }

  /** Nothing is asked any more; a request that the server holds ends. */
  stop() {
    this.#isOver = true;
    this.#held?.abort();
  }

  /** The classic playlist; or, if the server makes none, one of low latency. */
  async #anyPlaylist() {
    const classic = await this.#fetch(this.#url);
    if (classic || !this.#lowLatencyUrl || !(await this.isThere(this.#lowLatencyUrl))) return classic;
    return (await this.#fetch(new URL("video.m3u8", this.#lowLatencyUrl))) ??
      this.#fetch(new URL("audio.m3u8", this.#lowLatencyUrl));
  }

  /** Looks at the stream: { ended, sequence, segments }, or null if there is no playlist. */
  async look() {
    const sent = Date.now();
    const response = await this.#anyPlaylist();
    if (!response) return null;
    this.#readClock(response, sent);
    const text = await response.text().catch(() => null);
    if (!text?.startsWith("#EXTM3U")) return null; // it broke off, or somebody else has answered, as a network that wants a login
    return {
      ended: text.includes("#EXT-X-ENDLIST"),
      sequence: Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1] ?? 0),
      segments: text.split("#EXTINF:").length - 1,
    };
  }

  #readClock({ headers }, sent) {
    // whole seconds on average half a second old: good enough to notice a clock that is wrong
    const offset = Date.parse(headers.get("Date")) + 500 - (sent + Date.now()) / 2;
    if (!Number.isNaN(offset)) this.clockOffsetMs = Math.abs(offset) > WRONG_MS ? offset : 0;
    this.knowsClock = true;
  }

  /** The answer if it is a success, else null. */
  async #fetch(url) {
    if (this.#isOver) return null;
    const sent = Date.now();
    const response = await this.#ask(url, { cache: "no-store", signal: timeLimit(ANSWER_MS) }).catch(() => null);
    this.reached = response !== null && response.status < 500;
    if (this.reached && !this.knowsClock) this.#readClock(response, sent); // also who may not watch, or has to wait
    this.refused = response?.status === 403;
    if (response?.ok) return response;
    discard(response);
    return null;
  }

  /** Whether this address gives something. */
  async isThere(url) {
    const response = await this.#fetch(url);
    discard(response);
    return response !== null;
  }
}
