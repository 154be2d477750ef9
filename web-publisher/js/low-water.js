// SPDX-License-Identifier: GPL-3.0-or-later

// What a viewer at low latency has ahead when it is lowest, and how it goes on if that was too little.

import Hls from "../vendor/hls.mjs";
import { aheadOf } from "./distance.js";

const SETTLED_MS = 2000; // after a beginning, a stall or a seek
/*
 * Chromium begins with 0.2 s of sound. Each time that sound has run out it wants twice as much (0.4 s, 0.8 s, up to 3 s; see
 * audio_renderer_algorithm.cc), and stands until that is there. A seek, also to where it is, makes it forget that.
 */
const ENOUGH_S = 0.24;
const AGAIN_MS = 5000; // if a seek did not help, it was not this: a machine that cannot decode in time is not to do so twice

/** Looks after an `hls` that plays at low latency in `video`; `distance` (a Distance) is told how low it was. */
export class LowWater {
  #hls;
  #video;
  #distance;
  #hasPlayed = false; // before that it waits for its beginning
  #isDry = false;
  #wentOnAt = -Infinity;
  #movedAt = performance.now(); // it began to play, or was sent elsewhere

  constructor(hls, video, distance) {
    this.#hls = hls;
    this.#video = video;
    this.#distance = distance;
    const over = new AbortController();
    const handlers = {
      waiting: () => (this.#isDry = this.#hasPlayed && !video.seeking),
      playing: () => ((this.#hasPlayed = true), (this.#isDry = false)),
      seeking: () => {},
    };
    for (const [event, handler] of Object.entries(handlers))
      video.addEventListener(event, () => ((this.#movedAt = performance.now()), handler()), { signal: over.signal });
    hls.on(Hls.Events.BUFFER_APPENDING, () => this.#look());
    hls.on(Hls.Events.BUFFER_APPENDED, () => this.#goOn());
    hls.on(Hls.Events.DESTROYING, () => over.abort());
  }

  /** More comes only now: this is how low it was. */
  #look() {
    const { paused, seeking, currentTime } = this.#video;
    const { live, edge, age, partHoldBack } = this.#hls.latestLevelDetails ?? {};
    const now = performance.now();
    if (paused || seeking || this.#isDry || !live || !partHoldBack || now - this.#movedAt < SETTLED_MS) return;
    this.#distance.onLow({ aheadS: aheadOf(this.#video), furtherS: edge + age - currentTime - partHoldBack }, now);
  }

  #goOn() {
    const { paused, seeking, currentTime } = this.#video;
    const now = performance.now();
    if (!this.#isDry || paused || seeking || now - this.#wentOnAt < AGAIN_MS || aheadOf(this.#video) < ENOUGH_S) return;
    this.#isDry = false;
    this.#wentOnAt = now;
    this.#video.currentTime = currentTime;
  }
}
