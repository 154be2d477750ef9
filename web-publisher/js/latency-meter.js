// SPDX-License-Identifier: GPL-3.0-or-later

// Glass to glass, live, of the last minute: reads the clock that a test card shows in the picture, and if there is none, takes
// what the playlist's dates tell.

import { readTimeCode, STRIP_HEIGHT } from "./time-code.js";

const PERIOD_MS = 200;
export const SPAN_MS = 60000;
const FAR_MS = 120000; // a clock in the picture that is further away is not of now: a recording's

export class LatencyMeter {
  #video;
  #player;
  #looked;
  #timer;
  #row = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  samples = []; // { at, ms, exact }, oldest first

  /** `player`: the StreamPlayer of `video`; `looked(now)` is called after each look. */
  constructor(video, player, looked = () => {}) {
    this.#video = video;
    this.#player = player;
    this.#looked = looked;
    this.#timer = setInterval(() => this.#look(), PERIOD_MS);
  }

  /** Looks no more. */
  stop() {
    clearInterval(this.#timer);
  }

  /** { ms, median, worst, exact } of the last minute; null if there is nothing yet. */
  get figures() {
    if (this.samples.length === 0) return null;
    const sorted = this.samples.map(({ ms }) => ms).sort((a, b) => a - b);
    const { ms, exact } = this.samples.at(-1);
    return { ms, exact, median: sorted[Math.floor(sorted.length / 2)], worst: sorted.at(-1) };
  }

  /** How far behind its clock the picture is, or null. */
  #readPicture() {
    const { videoWidth: width, videoHeight: height } = this.#video;
    if (!width) return null;
    this.#row.canvas.width = width;
    this.#row.canvas.height = 1;
    const y = Math.round(height * (1 - STRIP_HEIGHT / 2)) - 1;
    this.#row.drawImage(this.#video, 0, y, width, 1, 0, 0, width, 1);
    const code = readTimeCode(this.#row.getImageData(0, 0, width, 1).data, width, Date.now());
    const ms = code === null ? null : Date.now() - code;
    return ms !== null && Math.abs(ms) < FAR_MS ? ms : null;
  }

  #look() {
    const now = Date.now();
    const read = this.#readPicture();
    const { latency } = this.#player;
    const ms = read ?? (latency === null ? null : latency * 1000);
    if (ms !== null && !this.#video.paused) this.samples.push({ at: now, ms, exact: read !== null });
    while (this.samples.length && now - this.samples[0].at > SPAN_MS) this.samples.shift();
    this.#looked(now);
  }
}
