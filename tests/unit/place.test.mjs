#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// Where hls.js, as the watch page has it, places a list in time that has no segment in common with the one before it.

import assert from "node:assert/strict";
import test from "node:test";
import { assemblePages } from "./assembled_pages.mjs";

const importPage = assemblePages();
const { M3U8Parser } = await importPage("vendor/hls.mjs");
const { lowLatency } = await importPage("js/low-latency.js");

const NOON = Date.UTC(2026, 0, 1, 12);
const AWAY_MS = 30000;
const SEGMENT_S = 0.5; // shorter than the target duration, as when publishers take turns

/**
 * A list from segment `first` to `last`, each dated if `isDated`; the stream began at noon, and its publisher was away for
 * half a minute before segment `back`.
 */
function list(first, last, { isDated = true, back = Infinity } = {}) {
  const lines = ["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-TARGETDURATION:2", `#EXT-X-MEDIA-SEQUENCE:${first}`];
  for (let i = first; i <= last; i++) {
    if (isDated) lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(NOON + i * SEGMENT_S * 1000 + (i >= back ? AWAY_MS : 0)).toISOString()}`);
    lines.push(`#EXTINF:${SEGMENT_S},`, `video-${i}.m4s`);
  }
  return M3U8Parser.parseLevelPlaylist(lines.join("\n"), "http://x/video.m3u8", 0, "main", 0, null);
}

/** `details`, placed so that its first segment begins at `start`. */
function at(start, details) {
  const shift = start - details.fragments[0].start;
  for (const fragment of details.fragments) fragment.addStart(shift);
  return details;
}

/** Where the list is placed by the page's hls.js, that has placed it at `guess` by the numbers. */
function placed(guess, details, previous, latest) {
  const { streamController: Controller } = lowLatency();
  const controller = Object.create(Controller.prototype);
  controller.log = controller.warn = () => {};
  return [controller.alignPlaylists(at(guess, details), previous, latest), details.fragments[0].start];
}

for (const [what, expected, ...lists] of [
  ["a size that was not shown for long is placed beside the one that is", 95, 300, list(90, 95), at(50, list(0, 5)), at(97.5, list(95, 100))],
  ["so is what comes after a restart", 55, 110, list(10, 15), at(50, list(0, 5)), at(50, list(0, 5))],
  ["so it is if the other one has begun before a publisher went and came back", 48, 300, list(96, 102, { back: 95 }), at(50, list(0, 5)), at(45, list(90, 100, { back: 95 }))],
  ["and if it has itself", 48.5, 300, list(92, 100, { back: 95 }), at(50, list(0, 5)), at(50, list(95, 105, { back: 95 }))],
  ["what follows is placed behind the last, whenever it is of", 53, 53, list(6, 10, { back: 6 }), ...Array(2).fill(at(50, list(0, 5)))],
  ["what goes on stays where it is", 51, 51, list(2, 8), at(50, list(0, 5)), at(90, list(0, 5))],
  ["so does the first list of all", 0, 0, list(0, 5)],
  ["so does what has no dates", 110, 110, list(10, 15, { isDated: false }), at(50, list(0, 5)), at(50, list(0, 5))],
])
  test(what, () => assert.deepEqual(placed(...lists), [expected, expected]));
