// SPDX-License-Identifier: GPL-3.0-or-later

// The part that a list hints at, asked for before it exists: it comes with the list that names it, and not after two more ways
// to the server and back. hls.js does not ask for it.

const MOST = 2; // the one that is awaited, and the one before it that hls.js is about to take
const SHORT_S = 0.15; // longer parts leave time enough, and each request that is held costs the server something
const PATIENCE_MS = 10000; // as hls.js has with what it asks for itself; a connection may be dead without a word
const LIVE_S = 1; // from the end of what is loaded to that of the list: who is further back asks for segments

export class HintedParts {
  #asked = new Map(); // by address: { answer, stop }
  #load;

  /** `load(url, signal)` gives a promise of an answer, as PartsAhead has them. */
  constructor(load) {
    this.#load = load;
  }

  ask(url) {
    if (this.#asked.has(url)) return;
    const stop = new AbortController();
    const answer = this.#load(url, stop.signal);
    answer.catch(() => {}); // it may never be taken
    this.#asked.set(url, { answer, stop });
    for (const old of [...this.#asked.keys()].slice(0, -MOST)) this.#forget(old);
  }

  /** The promise of an answer, for once; undefined if this was not asked for. */
  take(url) {
    const answer = this.#asked.get(url)?.answer;
    this.#asked.delete(url);
    return answer;
  }

  #forget(url) {
    this.#asked.get(url).stop.abort();
    this.#asked.delete(url);
  }

  forget() {
    for (const url of this.#asked.keys()) this.#forget(url);
  }
}

/** The address of the part that a list of hls.js's hints at, if it is short; else null. */
export function hintOf({ preloadHint, partTarget, url, live }) {
  if (!live || preloadHint?.TYPE !== "PART" || !(partTarget < SHORT_S)) return null;
  return new URL(preloadHint.URI, url).href;
}

/** Whether a viewer with this much loaded takes parts as they come. */
export const isAtEnd = (loadedEnd, { partEnd }) => partEnd - loadedEnd < LIVE_S;

/** Loads by XMLHttpRequest: the body of a fetch comes one or two turns of the page's thread later than its head. */
export const loadBy = (wire) => (url, signal) => new Promise((resolve, reject) => {
  const request = new XMLHttpRequest();
  const startMs = performance.now();
  let firstMs = startMs;
  request.open("GET", wire(url));
  request.responseType = "arraybuffer";
  request.timeout = PATIENCE_MS;
  request.onprogress = () => (firstMs = firstMs === startMs ? performance.now() : firstMs);
  request.onload = () => (request.status === 200 ? resolve({ data: request.response, startMs, firstMs, endMs: performance.now() })
    : reject(new Error(`status ${request.status}`)));
  request.onerror = () => reject(new Error("it cannot be reached"));
  request.ontimeout = () => reject(new Error("it takes too long"));
  signal.addEventListener("abort", () => (request.abort(), reject(signal.reason)));
  request.send();
});
