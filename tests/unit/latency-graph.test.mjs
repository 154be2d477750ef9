#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// The graph of the distance to live: what is written in it is whole.

import assert from "node:assert/strict";
import test from "node:test";
import { labelY } from "../../web-publisher/js/latency-graph.js";

const HIGH = 12; // pixels of a label, which stands on its y

test("no label is cut off at the top, and none hides its own line", () => {
  for (let y = 0; y < 160; y++) {
    const base = labelY(y);
    assert.ok(base >= HIGH, `a line at ${y}: a label from ${base - HIGH}`);
    assert.ok(base < y || base - HIGH > y, `a line at ${y}: a label from ${base - HIGH} to ${base}`);
  }
});
