// SPDX-License-Identifier: GPL-3.0-or-later

// Which segment a viewer loads where it changes to another size, and which it has. Pure.

const TOLERANCE_S = 0.02; // dates, by which sizes are placed beside each other, are rounded; a frame of sound
const MISSING_S = 0.01; // of a part's end: less is such a rounding, and no frame of sound

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

/** The parts of this fragment's segment that are listed and have not been loaded. */
const missingOf = ({ sn, level }, { partList }) =>
  (partList ?? []).filter(({ fragment, loaded, gap }) => fragment.sn === sn && fragment.level === level && !loaded && !gap);

/**
 * The same, of a size that goes on; hls.js loads parts. If a segment's last parts are listed while the one before them is
 * read, hls.js would go on with the next segment. They are wanted first.
 */
export function segmentToEnd(fragment, { bufferEnd, details, before }) {
  if (!fragment || !before || before.level !== fragment.level || before.sn >= fragment.sn) return fragment;
  return missingOf(before, details).find(({ end }) => end - bufferEnd > MISSING_S)?.fragment ?? fragment;
}

/**
 * Of hls.js's `tracker` of fragments. It takes a segment for loaded if nearly all of its time is in the buffer, and never
 * asks for a last part that is as short as a frame. `detailsOf(fragment)`: the newest of the playlist that it is of.
 */
export function countParts(tracker, detailsOf) {
  const getBufferedTimes = tracker.getBufferedTimes.bind(tracker);
  const hasMore = (fragment, { index }) =>
    missingOf(fragment, detailsOf(fragment) ?? {}).some((part) => part.index > index);
  tracker.getBufferedTimes = (fragment, part, partial, ranges) =>
    getBufferedTimes(fragment, part, partial || Boolean(part && hasMore(fragment, part)), ranges);
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
