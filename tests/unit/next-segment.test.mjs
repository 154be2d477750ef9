#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

import assert from "node:assert/strict";
import test from "node:test";
import { keepGrowing, segmentBehind, segmentToEnd } from "../../web-publisher/js/next-segment.js";

const SEGMENT_S = 2;
/** A segment of a size; it is `length` seconds long. */
const segment = (level, sn, length = SEGMENT_S) => ({ level, sn, start: sn * SEGMENT_S, end: sn * SEGMENT_S + length });
const listed = { fragments: [segment(2, 7), segment(2, 8)], fragmentHint: segment(2, 9, 0.2) };
const justEnded = { fragments: [segment(2, 7), segment(2, 8)] };

const CASES = [
  ["the segment that has ended is not loaded once more", 8, 1, 18, listed, 9],
  ["nor by a millisecond of another rounding", 8, 1, 17.999, listed, 9],
  ["nor if it is not the last whole one", 7, 1, 16, listed, 8],
  ["the next one is waited for", 8, 1, 18, justEnded, null],
  ["within a segment all of it is needed", 8, 1, 17.8, listed, 8],
  ["a segment that grows ends where it is listed", 9, 1, 18.2, listed, 9],
  ["the same size is hls.js's own affair", 8, 2, 18, listed, 8],
];

for (const [what, sn, level, bufferEnd, details, wanted] of CASES)
  test(what, () => {
    const fragment = [...details.fragments, details.fragmentHint].find((one) => one?.sn === sn);
    assert.equal(segmentBehind(fragment, { bufferEnd, details, before: segment(level, sn) })?.sn ?? null, wanted);
  });

test("at the beginning, and where there is nothing, hls.js's word holds", () => {
  const [fragment] = listed.fragments;
  assert.equal(segmentBehind(fragment, { bufferEnd: fragment.end, details: listed, before: null }), fragment);
  assert.equal(segmentBehind(null, { bufferEnd: 18, details: listed, before: segment(1, 8) }), null);
});

/** Parts of a second, of segment 8; `loaded` and `gap`: the numbers of those that are. */
const partsOf8 = (fragment, { loaded = [], gap = [] }) =>
  [0, 1].map((index) => ({ fragment, index, end: 17 + index, loaded: loaded.includes(index), gap: gap.includes(index) }));

const ENDS = [
  ["a last part that is missing is wanted before the next segment", { loaded: [0], bufferEnd: 17.003 }, 8],
  ["a segment that has all its parts has ended", { loaded: [0, 1], bufferEnd: 17.997 }, 9],
  ["a part that will never come is not waited for", { loaded: [0], gap: [1], bufferEnd: 17 }, 9],
  ["what lies behind is not wanted by who has gone on", { loaded: [0], bufferEnd: 18.5 }, 9],
  ["nor what another size has", { loaded: [0], bufferEnd: 17, level: 1 }, 9],
];

for (const [what, { bufferEnd, level = 2, ...parts }, wanted] of ENDS)
  test(what, () => {
    const before = segment(level, 8);
    const details = { ...listed, partList: partsOf8(listed.fragments[1], parts) };
    assert.equal(segmentToEnd(listed.fragmentHint, { bufferEnd, details, before }).sn, wanted);
  });

/** What of hls.js's FragmentTracker matters: it forgets what is neither in the buffer nor a whole segment that is appended. */
function makeTracker(fragments) {
  return {
    fragments,
    detectEvictedFragments(stream, ranges, type, appended, part, removeAppending) {
      for (const [key, { buffered, loaded }] of Object.entries(fragments))
        if (!buffered && (!loaded || removeAppending)) delete fragments[key];
    },
  };
}

test("a segment whose parts are being appended is not forgotten when old pictures are removed", () => {
  const whole = { loaded: {}, buffered: false }, growing = { loaded: null, buffered: false };
  const tracker = makeTracker({ whole, growing, old: { loaded: null, buffered: true } });
  keepGrowing(tracker);
  tracker.detectEvictedFragments("video", [], "main");
  assert.deepEqual(Object.keys(tracker.fragments), ["whole", "growing", "old"]);
  assert.equal(growing.loaded, null, "it is as hls.js has left it");
  tracker.detectEvictedFragments("video", [], "main", null, null, true);
  assert.deepEqual(Object.keys(tracker.fragments), ["old"], "if hls.js wants it, it is");
});
