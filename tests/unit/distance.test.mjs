#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// How far behind live a viewer at low latency is; time is given.

import assert from "node:assert/strict";
import test from "node:test";
import { classicRate, Distance, rateFor } from "../../web-publisher/js/distance.js";

const PART_S = 0.1;
const rounded = (seconds) => Math.round(seconds * 1000) / 1000;

/** When it comes nearer from `from` on, and how far it is then: [[s, s]]. */
function steps(distance, from, seconds) {
  const seen = [];
  let before = distance.extraS(PART_S, from);
  for (let now = from; now < from + seconds * 1000; now += 250) {
    const extra = distance.extraS(PART_S, now);
    if (extra !== before) seen.push([(now - from) / 1000, rounded(extra)]);
    before = extra;
  }
  return seen;
}

test("without trouble it is as near as the playlist allows", () => {
  assert.deepEqual(steps(new Distance(), 0, 600), []);
});

test("a trouble is a step away, two of one moment are one, and all together have an end", () => {
  const distance = new Distance();
  for (const now of [0, 300, 999]) distance.onTrouble(PART_S, now);
  assert.equal(distance.extraS(PART_S, 999), 0.1);
  for (let now = 1000; now < 60000; now += 1000) distance.onTrouble(PART_S, now);
  assert.equal(distance.extraS(PART_S, 60000), 1);
  const far = new Distance();
  far.onTrouble(1, 0);
  assert.equal(far.extraS(1, 0), 0.2, "a step is a part, but no more than this");
});

test("troubles that follow each other take it away twice as fast", () => {
  const distance = new Distance();
  const far = [0, 5000, 20000, 45000].map((now) => {
    distance.onTrouble(PART_S, now);
    return rounded(distance.extraS(PART_S, now));
  });
  assert.deepEqual(far, [0.1, 0.3, 0.7, 0.8], "and one that comes after a calm, by a step");
});

test("it comes nearer bit by bit", () => {
  const distance = new Distance();
  distance.onTrouble(PART_S, 0);
  distance.onTrouble(PART_S, 1000);
  assert.deepEqual(steps(distance, 1000, 100), [[20, 0.2], [40, 0.1], [60, 0]]);
});

test("if nearer was wrong it waits for longer, and forgets that when it was right", () => {
  const distance = new Distance();
  let now = 0;
  const waits = [];
  for (let i = 0; i < 6; i++) {
    distance.onTrouble(PART_S, now);
    const from = now;
    while (distance.extraS(PART_S, now) > 0) now += 250;
    waits.push((now - from) / 1000);
    now += 500;
  }
  assert.deepEqual(waits, [20, 40, 80, 160, 320, 320]);
});

test("a step nearer that held is forgotten", () => {
  const distance = new Distance();
  distance.onTrouble(PART_S, 0);
  distance.extraS(PART_S, 20000);
  distance.onTrouble(PART_S, 21000);
  assert.deepEqual(steps(distance, 21000, 100), [[40, 0]]);
  distance.onTrouble(PART_S, 200000);
  assert.deepEqual(steps(distance, 200000, 100), [[20, 0]]);
});

const low = (distance, aheadS, furtherS, now) => {
  distance.onLow({ aheadS, furtherS }, now);
  return rounded(distance.extraS(PART_S, now));
};

test("before it stands, it goes as far away as was missing when it was lowest", () => {
  const distance = new Distance();
  assert.equal(low(distance, 0.1, 0, 0), 0, "that was enough");
  assert.equal(low(distance, 0.07, 0, 1000), 0.03);
  assert.equal(low(distance, 0.09, 0, 2000), 0.03, "it has not fallen back yet, so this tells nothing more");
  assert.equal(low(distance, 0.08, 0.03, 3000), 0.05, "it has, and that was not enough");
  assert.equal(low(distance, 0, 0.5, 4000), 0.3, "this has an end");
});

test("who is further back than it ever goes by itself, as after a seek, tells nothing of what comes late", () => {
  const distance = new Distance();
  assert.equal(low(distance, 0.02, 60, 0), 0);
});

test("and comes nearer by a small step, each time that all has gone well for a while", () => {
  const distance = new Distance();
  low(distance, 0.08, 0, 0);
  assert.deepEqual(steps(distance, 0, 60), [[8, 0.01], [16, 0]]);
  low(distance, 0.08, 0, 60000);
  low(distance, 0.09, 0.01, 66000);
  assert.deepEqual(steps(distance, 66000, 60), [[8, 0.01], [16, 0]], "from the last time on that it was as low");
});

test("of what a stall and the lowest tell, the larger holds", () => {
  const distance = new Distance();
  distance.onTrouble(PART_S, 0);
  assert.equal(low(distance, 0.05, 0, 0), 0.1);
  assert.equal(low(distance, 0.05, 0.1, 1000), 0.15);
});

for (const [what, now, wanted] of [
  ["where it is aimed at, it plays as it is", { behindS: 0.03 }, 1],
  ["behind, it catches up", { behindS: 0.05 }, 1.05],
  ["until it is there", { behindS: 0.03, rate: 1.05 }, 1.05],
  ["and no further", { behindS: 0.01, rate: 1.05 }, 1],
  ["far behind, faster", { behindS: 0.6 }, 1.1],
  ["not if the next part may be late", { behindS: 0.05, aheadS: 0.12 }, 1],
  ["nor does it begin with what stretched sound takes by itself", { behindS: 0.05, aheadS: 0.14 }, 1],
  ["but goes on", { behindS: 0.05, aheadS: 0.14, rate: 1.05 }, 1.05],
  ["long parts want more ahead", { behindS: 0.5, aheadS: 1.2, partS: 1 }, 1],
  ["and more behind", { behindS: 0.07, aheadS: 2, partS: 1 }, 1],
  ["too near, it falls back", { behindS: -0.07 }, 0.95],
  ["until it is there again", { behindS: -0.03, rate: 0.95 }, 0.95],
  ["a little too near is nothing", { behindS: -0.02 }, 1],
  ["nor is more, with longer parts", { behindS: -0.05, partS: 0.2 }, 1],
  ["with too little ahead for stretched sound it does not begin to fall back", { behindS: -0.07, aheadS: 0.14 }, 1],
  ["but goes on falling back", { behindS: -0.07, aheadS: 0.1, rate: 0.95 }, 0.95],
])
  test(what, () => assert.equal(rateFor({ aheadS: 0.3, partS: PART_S, rate: 1, ...now }), wanted));

for (const [what, now, wanted] of [
  ["the classic playlist: near enough", { behindS: 0.9 }, 1],
  ["the classic playlist: behind, it catches up", { behindS: 1.1 }, 1.05],
  ["the classic playlist: until it is there", { behindS: 0.4, rate: 1.05 }, 1.05],
  ["the classic playlist: and no further", { behindS: 0.2, rate: 1.05 }, 1],
  ["the classic playlist: far behind, faster", { behindS: 2.5 }, 1.1],
  ["the classic playlist: not if the next segment may be late", { behindS: 5, aheadS: 2 }, 1],
])
  test(what, () => assert.equal(classicRate({ aheadS: 5, rate: 1, ...now }), wanted));
