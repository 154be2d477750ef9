// SPDX-License-Identifier: GPL-3.0-or-later

// What hls.js is told for low latency, and what of it is otherwise here.

import Hls from "../vendor/hls.mjs";
import { hintOf, HintedParts, isAtEnd, loadBy } from "./hinted-parts.js";
import { countParts, keepGrowing, segmentBehind, segmentToEnd } from "./next-segment.js";
import { PartAbr } from "./part-abr.js";
import { loaderWith, PartsAhead, partsAt } from "./parts-ahead.js";
import { follows, isApart, placeByDates } from "./place.js";

// hls.js takes a segment for loaded if all but 0.2 s of it is in the buffer. Parts join exactly, and their times in the
// playlists are right to a few milliseconds.
const PADDING_S = 0.02;

/**
 * What was loaded of a size that was left within a segment, the other size has replaced. hls.js would go on
 * behind it if it came back within the same segment, where no decoder can begin.
 */
function forgetLoaded(details, fragments) {
  if (!details?.partList) return;
  for (const part of details.partList) {
    part.clearElementaryStreamInfo();
    if (fragments.hasFragment(part.fragment)) fragments.removeFragment(part.fragment);
  }
}

class StreamController extends Hls.DefaultConfig.streamController {
  constructor(hls, fragments, ...others) {
    super(hls, fragments, ...others);
    fragments.bufferPadding = PADDING_S;
    keepGrowing(fragments);
    this.#countParts(hls, fragments);
    this.#changeOfSize(hls, hls.config.partsAhead);
  }

  #countParts(hls, fragments) {
    const newest = {}; // details, by the type of their fragments
    hls.on(Hls.Events.LEVEL_UPDATED, (event, { details }) => (newest.main = details));
    hls.on(Hls.Events.AUDIO_TRACK_UPDATED, (event, { details }) => (newest.audio = details));
    countParts(fragments, ({ type }) => newest[type]);
  }

  /** All that another size has of the segment is asked for at once. At the beginning the parts tell how fast the connection is. */
  #changeOfSize(hls, partsAhead) {
    let next = -1; // size, until its list is there
    hls.on(Hls.Events.LEVEL_SWITCHING, (event, { level }) => {
      forgetLoaded(hls.levels[level]?.details, this.fragmentTracker);
      partsAhead.forget();
      next = level;
    });
    hls.on(Hls.Events.DESTROYING, () => partsAhead.forget());
    hls.on(Hls.Events.LEVEL_UPDATED, (event, { level, details }) => {
      if (level !== next) return;
      next = -1;
      const { len, end } = hls.mainForwardBufferInfo ?? {};
      if (len > 0) partsAhead.ask(partsAt(details, end, PADDING_S), len * 1000);
    });
  }

  /** `latest`: the list that was loaded last, of any size. */
  alignPlaylists(details, previous, latest) {
    if (isApart(details, previous) && !(latest === previous && follows(details, previous))) placeByDates(details, latest);
    return super.alignPlaylists(details, previous, latest);
  }

  /** What it begins with in a size of which it has loaded nothing yet. */
  getInitialLiveFragment(details) {
    const bufferEnd = this.hls.mainForwardBufferInfo?.end ?? 0;
    return segmentBehind(super.getInitialLiveFragment(details), { bufferEnd, details, before: this.fragPrevious });
  }

  getFragmentAtPosition(bufferEnd, end, details) {
    const at = { bufferEnd, details, before: this.fragPrevious };
    const found = segmentBehind(super.getFragmentAtPosition(bufferEnd, end, details), at);
    return this.loadingParts ? segmentToEnd(found, at) : found;
  }
}

class AudioStreamController extends Hls.DefaultConfig.audioStreamController {
  constructor(hls, ...others) {
    super(hls, ...others);
    const { hintedParts } = hls.config;
    hls.on(Hls.Events.AUDIO_TRACK_UPDATED, (event, { details }) => {
      const hint = hintOf(details);
      if (hint && hls.media && !hls.media.paused && isAtEnd(hls.mainForwardBufferInfo?.end ?? -Infinity, details)) hintedParts.ask(hint);
    });
    hls.on(Hls.Events.DESTROYING, () => hintedParts.forget());
  }

  getFragmentAtPosition(bufferEnd, end, details) {
    const found = super.getFragmentAtPosition(bufferEnd, end, details);
    return this.loadingParts ? segmentToEnd(found, { bufferEnd, details, before: this.fragPrevious }) : found;
  }
}

// What is asked for is held until it is there, for three target durations, and then refused: that is
// no fault, it is asked for again.
const LOW_LATENCY = {
  lowLatencyMode: true,
  streamController: StreamController,
  audioStreamController: AudioStreamController,
  abrController: PartAbr,
  testBandwidth: false, // by a segment that is not shown: it starts with a small size, and climbs
  liveSyncOnStallIncrease: 0, // seconds further from live after a stall: see distance.js
  playlistLoadPolicy: {
    default: {
      maxTimeToFirstByteMs: 200000,
      maxLoadTimeMs: 210000,
      timeoutRetry: { maxNumRetry: 4, retryDelayMs: 0, maxRetryDelayMs: 0 },
      errorRetry: { maxNumRetry: 20, retryDelayMs: 500, maxRetryDelayMs: 2000 },
    },
  },
};

/** The settings of one player. `fetch`: as the browser's; `wire(url)`: an address as it is asked for. */
export function lowLatency({ fetch, wire = (url) => url } = {}) {
  const partsAhead = new PartsAhead({ fetch }), hintedParts = new HintedParts(loadBy(wire));
  const ahead = { take: (url) => partsAhead.take(url) ?? hintedParts.take(url) };
  return { ...LOW_LATENCY, partsAhead, hintedParts, fLoader: loaderWith(Hls.DefaultConfig.loader, ahead) };
}
