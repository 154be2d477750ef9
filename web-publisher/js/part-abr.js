// SPDX-License-Identifier: GPL-3.0-or-later

// hls.js's choice of a size, for parts: with an estimate of the connection that is right for them (see
// bandwidth.js; of hls.js: https://github.com/video-dev/hls.js/issues/3563 and 7133), down as soon as one
// comes slowly (see size-chooser.js), and up only where a segment begins.

import Hls from "../vendor/hls.mjs";
import { Bandwidth } from "./bandwidth.js";
import { SizeChooser } from "./size-chooser.js";

const REQUESTS = 2; // one after the other, until another size can be shown: its list, and all parts at once
const CHECK_MS = 25; // between two looks at what is being loaded
const QUIET_MS = 120; // nothing has come for so long: it has stopped

/** The part of this fragment's segment that is coming now; undefined: none. */
const comingOf = ({ sn, level }, { partList }) => partList?.find(({ fragment, stats: { loading, aborted } }) =>
  fragment.sn === sn && fragment.level === level && loading.start > 0 && !loading.end && !aborted);

/** Whether all of segment `sn` has been loaded, by a playlist that lists its end. */
function isLoaded(details, sn) {
  return details.endSN >= sn && !details.partList?.some((part) => part.fragment.sn === sn && !part.loaded);
}

export class PartAbr extends Hls.DefaultConfig.abrController {
  #isSampled = false; // hls.js is about to give its own sample of what we have sampled
  #chooser = new SizeChooser();
  #last = null; // of the picture that was loaded: its fragment, and where it ends
  #progress = { stats: null, loaded: 0, at: 0 }; // of what is being loaded
  #shownUntil = 0; // end of the size that was left: its pictures are shown until the other one is there

  constructor(hls) {
    super(hls);
    this._abandonRulesCheck = () => this.#checkLoading(); // in place of its own, which hls.js calls at a list, too
  }

  initEstimator() {
    const bandwidth = new Bandwidth(this.hls.config.abrEwmaDefaultEstimate);
    const sample = bandwidth.sample.bind(bandwidth);
    bandwidth.sample = (ms, bytes) => !this.#isSampled && sample(ms, bytes);
    return bandwidth;
  }

  onFragLoaded(event, data) {
    const { loading, loaded, isAhead } = (data.part ?? data.frag).stats;
    if (data.frag.sn !== "initSegment") {
      if (!isAhead) this.bwEstimator.sample(loading.end - loading.first, loaded);
      if (data.frag.type === "main") this.#onPicture(data, isAhead ? 0 : loading.end - loading.first, loaded);
    }
    super.onFragLoaded(event, data); // which ends the watch
    if (data.part && data.frag.type === "main") this.#watch();
  }

  /** Of parts that hls.js asks for one after the other it tells the first alone, so the watch goes on to those behind it. */
  #watch() {
    this.clearTimer();
    this.timer = setInterval(this._abandonRulesCheck, CHECK_MS);
  }

  get #bitrates() {
    return this.hls.levels.map(({ bitrate }) => bitrate);
  }

  #onPicture({ frag, part }, ms, bytes) {
    const { duration, end } = part ?? frag;
    this.#last = { frag, end };
    this.#chooser.onPart({ level: frag.level, bytes, ms, duration, bitrates: this.#bitrates }, performance.now());
  }

  onError(event, data) {
    if (data.details === Hls.ErrorDetails.BUFFER_STALLED_ERROR) this.#chooser.onStall(this.hls.loadLevel, performance.now());
    super.onError(event, data);
  }

  onLevelSwitching(event, data) {
    super.onLevelSwitching(event, data);
    this.#shownUntil = (this.hls.media?.currentTime ?? 0) + this.#aheadS;
  }

  onFragLoading(event, data) {
    super.onFragLoading(event, data);
    if (data.frag.type === "main" && data.frag.sn !== "initSegment") this.#watch();
  }

  /** Seconds of the picture that are loaded and not yet shown. */
  get #aheadS() {
    return Math.max(0, this.hls.mainForwardBufferInfo?.len ?? 0);
  }

  /** How much of `stats` has come: { loaded, total, ms }. The browser tells it some 20 times a second. */
  #loadedOf({ loaded, total, loading }) {
    const now = performance.now();
    const { stats, loaded: before, at } = this.#progress;
    if (stats !== loading || loaded !== before) this.#progress = { stats: loading, loaded, at: now };
    const until = now - this.#progress.at > QUIET_MS ? now : this.#progress.at;
    return { loaded, total, ms: loading.first ? until - loading.first : 0 };
  }

  /** Where the viewer is (see size-chooser.js) who loads of `frag` from `start` on. */
  #placeAt(frag, start, details) {
    const time = this.hls.media.currentTime;
    const segmentEnd = frag.start + Math.max(frag.duration, details.fragments.at(-1)?.duration ?? 0);
    const edge = Math.max(start, Math.min(details.partEnd, segmentEnd));
    return {
      aheadS: Math.max(this.#aheadS, start < time ? this.#shownUntil - time : 0),
      edgeS: edge - start, leftS: segmentEnd - start, toEndS: segmentEnd - time, intoS: edge - frag.start,
      requests: REQUESTS, requestMs: this.bwEstimator.getEstimateTTFB(),
    };
  }

  /** Leaves what is being loaded for a smaller size, if what is ahead would not last until it is there. */
  #checkLoading() {
    const { fragCurrent: frag, hls } = this;
    const details = hls?.levels[frag?.level]?.details;
    if (!details || !hls.media || !hls.autoLevelEnabled || hls.media.paused || frag.level !== hls.loadLevel) return;
    const part = comingOf(frag, details) ?? this.partCurrent;
    const { stats, start, duration } = part ?? frag;
    if (stats.loading.end) return void this.clearTimer();
    const level = this.#chooser.onLoading({ level: frag.level, bitrates: this.#bitrates, ...this.#loadedOf(stats),
      duration, place: this.#placeAt(frag, start, details) }, performance.now());
    if (level !== null) this.#leave(frag, part, level);
  }

  #leave(frag, part, level) {
    const { stats } = part ?? frag;
    this.clearTimer();
    this.bwEstimator.sample(performance.now() - stats.loading.first, stats.loaded);
    this.fragCurrent = this.partCurrent = null;
    frag.abortRequests();
    this.hls.nextLoadLevel = this.hls.nextAutoLevel = level;
    this.hls.trigger(Hls.Events.FRAG_LOAD_EMERGENCY_ABORTED, { frag, part, stats });
  }

  /** Levels have been added: what the chooser knows of levels is of others. */
  onLevelsUpdated(event, data) {
    if (data) this.#chooser = new SizeChooser();
    super.onLevelsUpdated(event, data);
  }

  /** The fragments that are looked at here. */
  get heldFragments() {
    return [this.#last?.frag, this.fragCurrent];
  }

  onFragBuffered(event, data) {
    this.#isSampled = true;
    super.onFragBuffered(event, data);
    this.#isSampled = false;
  }

  /** A level that hls.js was told, by an error for one, goes before. */
  get nextAutoLevel() {
    const theirs = super.nextAutoLevel;
    const { loadLevel, levels, media, maxAutoLevel } = this.hls ?? {};
    const last = this.#last;
    if (!last || !media || !levels?.[loadLevel] || levels.length < 2 || this.forcedAutoLevel >= 0) return theirs;
    const { details } = levels[last.frag.level] ?? {};
    if (!details) return theirs;
    const ours = this.#chooser.choose({ bitrates: this.#bitrates, current: loadLevel, carried: this.bwEstimator.getEstimate(),
      place: this.#placeAt(last.frag, last.end, details), begins: isLoaded(details, last.frag.sn) }, performance.now());
    return Math.min(maxAutoLevel, ours);
  }

  set nextAutoLevel(level) {
    super.nextAutoLevel = level;
  }
}
