// SPDX-License-Identifier: GPL-3.0-or-later

// While a camera is frozen there is no IDR picture, and no decoder can begin. Who comes then would see and hear nothing until
// the camera is back: a browser takes none of the pictures, and plays no sound without them.

import Hls from "../vendor/hls.mjs";

const APPENDED = 5; // parts from a segment's beginning on, of which nothing is in the buffer

/** Whether an error of hls.js says that pictures have come to what played the sound alone in `video`: it has no room for them. */
export function isWithoutRoom({ details, sourceBufferName }, { videoWidth }) {
  return details === Hls.ErrorDetails.BUFFER_APPEND_ERROR && sourceBufferName === "video" && !videoWidth;
}

/** Whether a fatal error of hls.js says that the browser has no decoder for a codec. */
export const isUnknownCodec = ({ details, error }) => details === Hls.ErrorDetails.MANIFEST_INCOMPATIBLE_CODECS_ERROR ||
  (details === Hls.ErrorDetails.BUFFER_ADD_CODEC_ERROR && error?.name === "NotSupportedError");

/**
 * Looks after an `hls`, and calls `giveUp` once if the browser takes nothing of the pictures from the beginning on. Who comes in
 * the midst of a segment that has no IDR picture can decode nothing until the next segment begins.
 */
export class Undecodable {
  #count = 0;

  constructor(hls, giveUp) {
    hls.on(Hls.Events.BUFFER_APPENDED, (event, { type, frag, part, timeRanges }) => {
      if (type !== "video" || frag.sn === "initSegment") return;
      if (timeRanges.video?.length) this.#count = -Infinity;
      else if (this.#count > 0 || !part?.index) this.#count++;
      if (this.#count === APPENDED) queueMicrotask(giveUp); // hls.js is in the midst of it
    });
  }
}
