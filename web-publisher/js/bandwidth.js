// SPDX-License-Identifier: GPL-3.0-or-later

// How much a viewer's connection carries, by what came over it. It has the methods of hls.js's
// EwmaBandWidthEstimator, in whose place it stands.
//
// A part is asked for before it exists. The time from a request to the end of its answer is then mostly
// the time until the part was made, and bits by that time are the rate of the stream, not of the
// connection. Only the time from an answer's first byte to its last says something. For one small part
// that is a millisecond or none, so bytes and milliseconds of several are summed, and what is older
// counts for less.

const FAST_MS = 300; // half-lives: the lower of the two is believed
const SLOW_MS = 1200;
const OVERHEAD_MS = 1; // of each answer: no clock here is better
const ENOUGH_BYTES = 10000; // before that, nothing is known

/** Sums of bytes and milliseconds that lose half of their weight in `halfLife`. */
class Sums {
  #halfLife;
  #at = null;
  bytes = 0;
  ms = 0;

  constructor(halfLife) {
    this.#halfLife = halfLife;
  }

  add(bytes, ms, now) {
    const left = this.#at === null ? 0 : 0.5 ** ((now - this.#at) / this.#halfLife);
    this.#at = now;
    this.bytes = this.bytes * left + bytes;
    this.ms = this.ms * left + ms;
  }

  get bitsPerSecond() {
    return (this.bytes * 8000) / this.ms;
  }
}

export class Bandwidth {
  #fast = new Sums(FAST_MS);
  #slow = new Sums(SLOW_MS);
  #total = 0; // bytes
  #firstByteMs; // from request to answer, a moving mean
  #default;
  #now;

  /** `defaultEstimate`: bit/s, until something is known; `now()`: milliseconds. */
  constructor(defaultEstimate, now = () => performance.now()) {
    this.#default = defaultEstimate;
    this.#now = now;
  }

  /** An answer of `bytes` took `ms` from its first byte to its last. */
  sample(ms, bytes) {
    if (!(bytes > 0)) return;
    this.#total += bytes;
    for (const sums of [this.#fast, this.#slow]) sums.add(bytes, Math.max(0, ms) + OVERHEAD_MS, this.#now());
  }

  sampleTTFB(ms) {
    this.#firstByteMs = this.#firstByteMs === undefined ? ms : this.#firstByteMs * 0.8 + ms * 0.2;
  }

  canEstimate() {
    return this.#total >= ENOUGH_BYTES;
  }

  getEstimate() {
    return this.canEstimate() ? Math.min(this.#fast.bitsPerSecond, this.#slow.bitsPerSecond) : this.#default;
  }

  getEstimateTTFB() {
    return this.#firstByteMs ?? 100;
  }

  get defaultEstimate() {
    return this.#default;
  }

  /** hls.js chooses half-lives by whether a stream is live. */
  update() {}

  destroy() {}
}
