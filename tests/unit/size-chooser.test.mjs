#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// Which size a viewer at low latency gets, by how parts come; time is given.

import assert from "node:assert/strict";
import test from "node:test";
import { Bandwidth } from "../../web-publisher/js/bandwidth.js";
import { SizeChooser } from "../../web-publisher/js/size-chooser.js";

const bitrates = [180e3, 600e3, 2100e3];
const PART_S = 0.192;
const PART_MS = PART_S * 1000;

/** A viewer of parts over a connection of `carried` bit/s, which may change; every eleventh part begins a segment. */
function viewer(carried, current = 0) {
  const chooser = new SizeChooser();
  const seen = [];
  let now = 0;
  return {
    chooser,
    seen,
    get now() { return now; },
    get current() { return current; },
    set carried(bps) { carried = bps; },
    run(seconds) {
      for (const end = now + seconds * 1000; now < end; now += PART_MS) {
        const bytes = (bitrates[current] * PART_S) / 8;
        const ms = (bytes * 8000) / carried;
        chooser.onPart({ level: current, bytes, ms, duration: PART_S, bitrates }, now);
        const next = chooser.choose({ bitrates, current, carried, mayClimb: Math.round(now / PART_MS) % 11 === 0 }, now);
        if (next !== current) seen.push([Math.round(now / 1000), next]);
        current = next;
      }
      return current;
    },
  };
}

test("it climbs to what fits at the next segment", () => {
  const one = viewer(50e6);
  assert.equal(one.run(2.2), 2);
});

test("it begins with the smallest if nothing fits, and stays", () => {
  assert.equal(viewer(100e3, 2).run(10), 0);
});

test("it is down after two slow parts, in what fits, and up again within ten seconds", () => {
  const one = viewer(10e6, 2);
  one.run(20);
  one.carried = 900e3; // a part takes 450 ms
  assert.equal(one.run(0.5), 1);
  one.run(10);
  assert.equal(one.current, 1);
  one.carried = 10e6;
  assert.equal(one.run(9), 2);
});

test("one slow part on a busy machine changes nothing", () => {
  const chooser = new SizeChooser();
  const slow = { level: 2, bytes: 50000, ms: 0.9 * PART_MS, duration: PART_S, bitrates };
  chooser.onPart(slow, 0);
  chooser.onPart({ ...slow, ms: 5 }, 200);
  chooser.onPart(slow, 400);
  assert.equal(chooser.choose({ bitrates, current: 2, carried: 9e6, mayClimb: true }, 400), 2);
  chooser.onPart(slow, 600);
  assert.ok(chooser.choose({ bitrates, current: 2, carried: 9e6, mayClimb: true }, 600) < 2);
});

test("it climbs only where a segment begins", () => {
  const chooser = new SizeChooser();
  const asked = { bitrates, current: 0, carried: 50e6 };
  assert.equal(chooser.choose({ ...asked, mayClimb: false }, 0), 0);
  assert.equal(chooser.choose({ ...asked, mayClimb: true }, 100), 2);
});

test("a stall is a step down, which holds, and longer each time that the way up was wrong", () => {
  const chooser = new SizeChooser();
  const asked = { bitrates, carried: 50e6, mayClimb: true };
  const held = [];
  let now = 100000;
  for (let i = 0; i < 5; i++) {
    chooser.onStall(2, now);
    assert.equal(chooser.choose({ ...asked, current: 2 }, now), 1);
    const from = now;
    while (chooser.choose({ ...asked, current: 1 }, now) === 1) now += 100;
    held.push((now - from) / 1000);
  }
  assert.deepEqual(held, [4, 8, 16, 32, 32]);
  now += 60000;
  chooser.onStall(2, now);
  assert.equal(chooser.choose({ ...asked, current: 2 }, now), 1);
  assert.equal(chooser.choose({ ...asked, current: 1 }, now + 4000), 2, "what was long ago is forgotten");
});

test("the smallest has none below it", () => {
  const chooser = new SizeChooser();
  chooser.onStall(0, 0);
  assert.equal(chooser.choose({ bitrates, current: 0, carried: 1e3, mayClimb: true }, 0), 0);
});

test("a connection is measured by its answers, not by the wait for them", () => {
  let now = 0;
  const bandwidth = new Bandwidth(500000, () => now);
  assert.equal(bandwidth.getEstimate(), 500000);
  for (; now < 5000; now += 192) bandwidth.sample(2, 3000); // 3 kB in 2 ms, five times a second
  assert.equal(bandwidth.canEstimate(), true);
  assert.equal(Math.round(bandwidth.getEstimate() / 1e6), 8);
});

test("a connection that gets slow is known to be so within half a second, and a fast one in some seconds", () => {
  let now = 0;
  const bandwidth = new Bandwidth(500000, () => now);
  const run = (seconds, ms, bytes) => {
    for (const end = now + seconds * 1000; now < end; now += 192) bandwidth.sample(ms, bytes);
    return bandwidth.getEstimate() / 1e6;
  };
  assert.ok(run(10, 4, 46000) > 50);
  assert.ok(run(0.6, 600, 46000) < 1.2);
  assert.ok(run(8, 1, 3000) > 3.5, "the best size of the default cap may be climbed to");
});

test("no bytes tell nothing", () => {
  const bandwidth = new Bandwidth(500000, () => 0);
  bandwidth.sample(10, 0);
  bandwidth.sample(10, NaN);
  assert.equal(bandwidth.canEstimate(), false);
});

test("a way up that was wrong is held against it once, though slow parts and a stall tell of it", () => {
  const chooser = new SizeChooser();
  const bitrates = [200000, 2000000];
  const choose = (current, now) => chooser.choose({ bitrates, current, carried: 1e7, mayClimb: true }, now);
  assert.equal(choose(0, 0), 1);
  chooser.onPart({ level: 1, bytes: 48000, ms: 400, duration: 0.192, bitrates }, 1000);
  chooser.onStall(1, 1100);
  chooser.onPart({ level: 1, bytes: 48000, ms: 400, duration: 0.192, bitrates }, 1200);
  assert.equal(choose(0, 1200 + 7900), 0);
  assert.equal(choose(0, 1200 + 8100), 1);
});
