// SPDX-License-Identifier: GPL-3.0-or-later

// Another size was loaded from its segment's beginning, in place of what is being shown. A decoder that is in the midst of
// the old one has nothing to go on with until the next segment: it begins again, where it is.

import Hls from "../vendor/hls.mjs";
import { AHEAD_PARTS } from "./distance.js";

/** Looks after an `hls` that plays at low latency in `video`. */
export class SwitchedSize {
  #hls;
  #video;
  #level = null; // that was loaded last
  #since = 0; // from where on

  constructor(hls, video) {
    this.#hls = hls;
    this.#video = video;
    hls.on(Hls.Events.FRAG_BUFFERED, (event, data) => data.frag.type === "main" && this.#onBuffered(data));
  }

  #onBuffered({ frag, part }) {
    const { levels, latestLevelDetails } = this.#hls;
    const level = levels[frag.level];
    if (level !== this.#level) this.#since = this.#level ? frag.start : Infinity;
    this.#level = level;
    const { currentTime } = this.#video;
    if (this.#since >= currentTime) return; // it comes to it by itself, or has been there
    if ((part ?? frag).end < currentTime + AHEAD_PARTS * (latestLevelDetails?.partTarget || 0.2)) return; // not yet
    this.#since = Infinity;
    this.#video.currentTime = currentTime;
  }
}
