#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// What end-to-end tests excuse of what hls-doctor finds, and what not.

import assert from "node:assert/strict";
import test from "node:test";
import { inspect } from "node:util";
import { faultsOf, withoutForcedCuts } from "../e2e/support/measured.mjs";

const fault = (rule, count = 1) => ({ rule, count, examples: [] });
const CUT = fault("a segment does not begin with an IDR picture (6.2.1)", 2), GAP = fault("a segment is missing");

test("what was not looked at is not without a fault", () => {
  for (const report of [{ segments: 0 }, { renditions: [] }, { renditions: [{ segments: 0 }, { segments: 0 }] }])
    assert.throws(() => faultsOf({ ...report, faults: [] }), /no segment/);
  assert.deepEqual(faultsOf({ segments: 1, faults: [GAP] }).map(({ rule }) => rule), [GAP.rule]);
  assert.equal(faultsOf({ renditions: [{ segments: 0 }, { segments: 1 }], faults: [GAP] }).length, 1);
});

test("an assertion says where a fault was seen", () => {
  const found = faultsOf({ segments: 1, faults: [{ ...GAP, examples: ["video.m3u8: segment 4", "video-mid.m3u8: segment 4"] }] });
  assert.throws(() => assert.deepEqual(found, []), ({ message, actual }) => {
    for (const said of [message, inspect({ actual })]) // what reporters print of it
      assert.match(said, /video\.m3u8: segment 4; video-mid\.m3u8: segment 4/);
    return true;
  });
});

test("no more segments without a key frame are excused than the bridge says that it has cut so", () => {
  assert.deepEqual(withoutForcedCuts([CUT, GAP], 2), [GAP]);
  assert.deepEqual(withoutForcedCuts([CUT, GAP], 1), [CUT, GAP]);
  assert.deepEqual(withoutForcedCuts([CUT], undefined), [CUT], "a bridge that says nothing excuses nothing");
});
