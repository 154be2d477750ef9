// SPDX-License-Identifier: GPL-3.0-or-later

// What hls.js is told for low latency, and what of it is otherwise here.

import Hls from "../vendor/hls.mjs";

// hls.js takes a segment for loaded if all but 0.2 s of it is in the buffer. If a playlist that lists a
// segment's end arrives while the part before its last one is loaded, as happens on a busy machine, the
// last part is never asked for, and the viewer stands still. Parts join exactly; this is a frame of sound.
const PADDING_S = 0.02;

class StreamController extends Hls.DefaultConfig.streamController {
  constructor(hls, fragments, ...others) {
    super(hls, fragments, ...others);
    fragments.bufferPadding = PADDING_S;
  }
}

// What is asked for is held until it is there, for three target durations, and then refused: that is
// no fault, it is asked for again.
export const LOW_LATENCY = {
  lowLatencyMode: true,
  streamController: StreamController,
  liveSyncOnStallIncrease: 0.2, // seconds further from live after a stall; a part, not the default of 1
  backBufferLength: 30,
  playlistLoadPolicy: {
    default: {
      maxTimeToFirstByteMs: 200000,
      maxLoadTimeMs: 210000,
      timeoutRetry: { maxNumRetry: 4, retryDelayMs: 0, maxRetryDelayMs: 0 },
      errorRetry: { maxNumRetry: 20, retryDelayMs: 500, maxRetryDelayMs: 2000 },
    },
  },
};
