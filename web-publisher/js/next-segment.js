// SPDX-License-Identifier: GPL-3.0-or-later

// Which segment a viewer loads where it changes to another size. Pure.

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
