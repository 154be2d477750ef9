// SPDX-License-Identifier: GPL-3.0-or-later

// hls.js's choice of a size, for parts: with an estimate of the connection that is right for them (see
// bandwidth.js; of hls.js: https://github.com/video-dev/hls.js/issues/3563 and 7133), down as soon as they
// come slowly (see size-chooser.js), and up only where a segment begins.

import Hls from "../vendor/hls.mjs";
import { Bandwidth } from "./bandwidth.js";
import { SizeChooser } from "./size-chooser.js";

/** Whether all of segment `sn` has been loaded, by a playlist that lists its end. */
function isLoaded(details, sn) {
  return details.endSN >= sn && !details.partList?.some((part) => part.fragment.sn === sn && !part.loaded);
}

export class PartAbr extends Hls.DefaultConfig.abrController {
  #isSampled = false; // hls.js is about to give its own sample of what we have sampled
  #chooser = new SizeChooser();
  #last = null; // fragment of the picture that was loaded last

  initEstimator() {
    const bandwidth = new Bandwidth(this.hls.config.abrEwmaDefaultEstimate);
    const sample = bandwidth.sample.bind(bandwidth);
    bandwidth.sample = (ms, bytes) => !this.#isSampled && sample(ms, bytes);
    return bandwidth;
  }

  onFragLoaded(event, data) {
    const { loading, loaded } = (data.part ?? data.frag).stats;
    if (data.frag.sn !== "initSegment") {
      this.bwEstimator.sample(loading.end - loading.first, loaded);
      if (data.frag.type === "main") this.#onPicture(data, loading.end - loading.first, loaded);
    }
    super.onFragLoaded(event, data);
  }

  get #bitrates() {
    return this.hls.levels.map(({ bitrate }) => bitrate);
  }

  #onPicture({ frag, part }, ms, bytes) {
    this.#last = frag;
    const { duration } = part ?? frag;
    this.#chooser.onPart({ level: frag.level, bytes, ms, duration, bitrates: this.#bitrates }, performance.now());
  }

  onError(event, data) {
    if (data.details === Hls.ErrorDetails.BUFFER_STALLED_ERROR) this.#chooser.onStall(this.hls.loadLevel, performance.now());
    super.onError(event, data);
  }

  onFragBuffered(event, data) {
    this.#isSampled = true;
    super.onFragBuffered(event, data);
    this.#isSampled = false;
  }

  /**
   * A picture of another size needs its segment from the beginning. There is time for that with a smaller
   * one, but hardly with a larger one: that waits for the next segment.
   */
  get nextAutoLevel() {
    const theirs = super.nextAutoLevel;
    const { loadLevel, levels } = this.hls ?? {};
    if (!this.#last || !levels?.[loadLevel] || levels.length < 2) return theirs;
    const { details } = levels[loadLevel];
    const mayClimb = this.#last.level !== loadLevel || !details || isLoaded(details, this.#last.sn);
    const ours = this.#chooser.choose({ bitrates: this.#bitrates, current: loadLevel,
      carried: this.bwEstimator.getEstimate(), mayClimb }, performance.now());
    return Math.min(theirs, ours);
  }

  set nextAutoLevel(level) {
    super.nextAutoLevel = level;
  }
}
