// SPDX-License-Identifier: GPL-3.0-or-later

// Which segment a viewer loads where it changes to another size, and which it has. Pure.

const TOLERANCE_S = 0.02; // dates, by which sizes are placed beside each other, are rounded; a frame of sound

/**
 * hls.js has found that `fragment` is at the end of the buffer, `bufferEnd`, in a playlist with these
 * `details`; `before` was loaded last. If it is of another size and ends there, hls.js would load all of it
 * once more in the new size: for a second in which the buffer runs empty. The next one is what is wanted, or
 * null as long as that has not begun.
 */
export function segmentBehind(fragment, { bufferEnd, details: { fragments, fragmentHint }, before }) {
  const isGrowing = fragment?.sn === fragmentHint?.sn;
  if (!fragment || !before || before.level === fragment.level || isGrowing) return fragment;
  if (fragment.end - bufferEnd > TOLERANCE_S) return fragment;
  return [...fragments, fragmentHint].find((one) => one?.sn === fragment.sn + 1) ?? null;
}

/**
 * Of hls.js's `tracker` of fragments. If what was shown is removed from the buffer while a part is appended, it takes all
 * parts of that segment for removed. The last two would be loaded once more, and from there on the browser takes nothing
 * until the next IDR picture, so the viewer stands still for up to a segment.
 */
export function keepGrowing(tracker) {
  const detect = tracker.detectEvictedFragments.bind(tracker);
  tracker.detectEvictedFragments = (stream, ranges, type, appended, part, removeAppending) => {
    const growing = appended || removeAppending ? [] :
      Object.values(tracker.fragments).filter((one) => one && !one.buffered && !one.loaded);
    for (const one of growing) one.loaded = {}; // so it spares a whole segment that is appended
    detect(stream, ranges, type, appended, part, removeAppending);
    for (const one of growing) one.loaded = null;
  };
}
