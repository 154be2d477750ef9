// SPDX-License-Identifier: GPL-3.0-or-later

// The playback token of a viewer of a protected stream (docs/protocol.md). The player, and hls.js in it, know their addresses
// without it: it comes in as a request is sent, and goes out of the address of an answer. So a newer one takes its place in
// mid-show, and nothing that is told apart by its address is another thing.

import { timeLimit } from "./time-limit.js";

const LOOK_MS = 250; // whether it is time to renew it, or over
const EARLY_MS = 60000; // before its end it is renewed, or when a third of its life is left if that is less
const AGAIN_MS = { least: 500, most: 10000 }; // after a renewal that failed; a third of what is left
const ANSWER_MS = 10000; // a renewal that takes longer has failed

/** When a token ends, in ms since 1970; null: it does not say, and the server will. */
export function endOf(token) {
  try {
    const payload = token.split(".")[2].replaceAll("-", "+").replaceAll("_", "/");
    const { exp } = JSON.parse(atob(payload));
    return Number.isFinite(exp) ? exp * 1000 : null;
  } catch {
    return null;
  }
}

/** When a token that was given at `now` and ends at `end` is to be renewed. */
export const renewalAt = (now, end) => end - Math.min(EARLY_MS, Math.max(0, end - now) / 3);

export class PlaybackToken {
  #token;
  #live;
  #renew;
  #now;
  #timer = null;
  #renewAt = null; // as long as the time is not known
  #isAsking = false;

  /**
   *   token   "": the stream is for everybody
   *   live    the address of the streams' folder, without a token
   *   renew   gives a promise of a newer token for the one that it is given; null: there will be none
   *   now     the server's time, in ms since 1970; null as long as it is not known: ours may be hours off
   */
  constructor({ token = "", live, renew = null, now = () => Date.now() }) {
    this.#token = token;
    this.#live = live;
    this.#renew = renew;
    this.#now = now;
  }

  get isThere() {
    return this.#token !== "";
  }

  get #base() {
    return this.#live.replace(/[^/]*\/$/, "");
  }

  /** An address as it is asked for. */
  wire = (address) => (this.isThere && address.startsWith(this.#live)
    ? `${this.#base}p/${encodeURIComponent(this.#token)}/${address.slice(this.#base.length)}` : address);

  /** The address of an answer, as the player knows it. */
  plain = (address) => {
    const [base, before] = [this.#base, `${this.#base}p/`];
    return address.startsWith(before) ? base + address.slice(before.length).replace(/^[^/]*\//, "") : address;
  };

  fetch = (address, options) => globalThis.fetch(this.wire(address), options);

  /** What hls.js is to be told; `Loader` is its own for playlists. */
  forHls(Loader) {
    if (!this.isThere) return {};
    const { plain, wire } = this;
    return {
      xhrSetup: (request, address) => request.open("GET", wire(address), true),
      pLoader: class extends Loader {
        load(context, config, callbacks) {
          const onSuccess = (response, ...more) => callbacks.onSuccess({ ...response, url: plain(response.url) }, ...more);
          super.load(context, config, { ...callbacks, onSuccess });
        }
      },
    };
  }

  #plan() {
    const [now, end] = [this.#now(), endOf(this.#token)];
    if (now !== null) this.#renewAt = this.#renew && end !== null ? renewalAt(now, end) : Infinity;
  }

  /** Renews it in time from now on. `onEnd` is called once, if it is over and no newer one has come. */
  start(onEnd) {
    if (!this.isThere) return;
    this.#plan();
    this.#timer = setInterval(() => this.#look(onEnd), LOOK_MS);
  }

  #look(onEnd) {
    if (this.#renewAt === null) this.#plan();
    const [now, end] = [this.#now(), endOf(this.#token)];
    if (now === null) return;
    if (now >= this.#renewAt) { // also if the page slept until it was over
      if (!this.#isAsking) this.#ask(end);
    } else if (end !== null && now >= end) {
      this.stop();
      onEnd();
    }
  }

  async #ask(end) {
    this.#isAsking = true;
    const limit = new Promise((resolve, reject) => timeLimit(ANSWER_MS).addEventListener("abort", reject));
    const newer = await Promise.race([(async () => this.#renew(this.#token))(), limit]).catch(() => null);
    this.#isAsking = false;
    const now = this.#now();
    if (typeof newer === "string" && (endOf(newer) ?? 0) > Math.max(end, now ?? 0)) {
      this.#token = newer;
      this.#plan();
    } else {
      this.#renewAt = now + Math.min(AGAIN_MS.most, Math.max(AGAIN_MS.least, (end - now) / 3));
    }
  }

  stop() {
    clearInterval(this.#timer);
  }
}
