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

/** In the midst of a segment, with as much ahead as there mostly is. */
const PLACE = { aheadS: 0.4, edgeS: PART_S, leftS: 1.2, toEndS: 1.6, intoS: 0.96, requests: 6, requestMs: 15 };

/** A viewer of parts over a connection of `carried` bit/s, which may change; every eleventh part begins a segment. */
function viewer(carried, current = 0) {
  const chooser = new SizeChooser();
  let now = 0;
  return {
    get current() { return current; },
    set carried(bps) { carried = bps; },
    run(seconds) {
      for (const end = now + seconds * 1000; now < end; now += PART_MS) {
        const bytes = (bitrates[current] * PART_S) / 8;
        const ms = (bytes * 8000) / carried;
        chooser.onPart({ level: current, bytes, ms, duration: PART_S, bitrates }, now);
        const begins = Math.round(now / PART_MS) % 11 === 0;
        current = chooser.choose({ bitrates, current, carried, place: PLACE, begins }, now);
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
  one.carried = 1000e3; // a part takes 400 ms
  assert.ok(one.run(0.5) < 2);
  one.run(10);
  assert.equal(one.current, 1);
  one.carried = 10e6;
  assert.equal(one.run(9), 2);
});

test("one slow part on a busy machine changes nothing", () => {
  const chooser = new SizeChooser();
  const slow = { level: 2, bytes: 45000, ms: 0.9 * PART_MS, duration: PART_S, bitrates };
  const choose = (now) => chooser.choose({ bitrates, current: 2, carried: 9e6, place: PLACE, begins: true }, now);
  chooser.onPart(slow, 0);
  chooser.onPart({ ...slow, ms: 5 }, 200);
  chooser.onPart(slow, 400);
  assert.equal(choose(400), 2);
  chooser.onPart(slow, 600);
  assert.ok(choose(600) < 2);
});

test("it climbs only where a segment begins", () => {
  const chooser = new SizeChooser();
  const asked = { bitrates, current: 0, carried: 50e6 };
  assert.equal(chooser.choose({ ...asked, place: PLACE }, 0), 0);
  assert.equal(chooser.choose({ ...asked, place: PLACE, begins: true }, 100), 2);
});

test("what another size has to be loaded of again decides between now and the segment's end", () => {
  const choose = (place) => new SizeChooser().choose({ bitrates, current: 2, carried: 1250e3, place: { ...PLACE, ...place } }, 0);
  assert.equal(choose({ leftS: 0.2, toEndS: 0.6, intoS: 1.9 }), 2, "the end is near");
  assert.equal(choose({ intoS: 0.2, requests: 2 }), 1, "it has just begun");
  assert.equal(choose({}), 0, "the smallest is there in time");
});

test("a part that comes slowly is left before it is there", () => {
  const part = { level: 2, bitrates, loaded: 12000, total: 50000, ms: 80, duration: PART_S, place: PLACE };
  const left = (changed) => new SizeChooser().onLoading({ ...part, ...changed }, 0);
  assert.equal(left({}), 0);
  assert.equal(left({ place: { ...PLACE, intoS: 0.2, requests: 2 } }), 1);
  assert.equal(left({ ms: 20 }), null, "it is too early to tell");
  assert.equal(left({ loaded: 50000 }), null, "it is there");
  assert.equal(left({ loaded: 30000 }), null, "it is not slow");
  assert.equal(left({ level: 0 }), null, "there is none below");
  assert.equal(left({ loaded: 22000, total: 90000, place: { ...PLACE, aheadS: 1.2, toEndS: 2.2 } }), null,
    "a large first part of a size that the connection carries");
  assert.equal(left({ place: { ...PLACE, leftS: 0.25, toEndS: 0.65 } }), null, "the segment ends soon");
});

test("after a fall it may take what the connection carries, but not what it fell from", () => {
  const chooser = new SizeChooser();
  assert.equal(chooser.onLoading({ level: 2, bitrates, loaded: 12000, total: 50000, ms: 80, duration: PART_S, place: PLACE }, 0), 0);
  const climbs = (now) => chooser.choose({ bitrates, current: 0, carried: 50e6, place: PLACE, begins: true }, now);
  assert.equal(climbs(800), 1);
  assert.equal(climbs(2900), 1);
  assert.equal(climbs(3000), 2);
});

test("a stall is a step down, which holds, and longer each time that the way up was wrong", () => {
  const chooser = new SizeChooser();
  const asked = { bitrates, carried: 50e6, place: PLACE, begins: true };
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
  assert.equal(chooser.choose({ bitrates, current: 0, carried: 1e3, place: PLACE, begins: true }, 0), 0);
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
  assert.ok(run(6, 1, 3000) > 3.5, "the best size of the default cap may be climbed to");
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
  const choose = (current, now) => chooser.choose({ bitrates, current, carried: 1e7, place: PLACE, begins: true }, now);
  assert.equal(choose(0, 0), 1);
  chooser.onPart({ level: 1, bytes: 48000, ms: 400, duration: 0.192, bitrates }, 1000);
  chooser.onStall(1, 1100);
  chooser.onPart({ level: 1, bytes: 48000, ms: 400, duration: 0.192, bitrates }, 1200);
  chooser.onPart({ level: 0, bytes: 4800, ms: 4, duration: 0.192, bitrates }, 7000);
  assert.equal(choose(0, 1200 + 5900), 0);
  assert.equal(choose(0, 1200 + 6100), 1);
});
