#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// When a machine is too busy for its test card.

import assert from "node:assert/strict";
import test from "node:test";
import { BusyMachine, isTiny, lightenIfBusy } from "../../web-publisher/js/busy-machine.js";

const WELL = { limit: null, drawn: 1 }, SLOW = { limit: "cpu", drawn: 1 }, LATE = { limit: null, drawn: 0.79 };

/** After how many of these seconds it is too busy; 0: not at all. */
const busyAfter = (cores, ...seconds) => {
  const machine = new BusyMachine(cores);
  return seconds.findIndex((second) => machine.look(second)) + 1;
};
const times = (count, second) => Array(count).fill(second);

for (const [what, cores, seconds, expected] of [
  ["it goes well", 2, times(60, WELL), 0],
  ["the network is slow, which a smaller card may not mend", 2, times(60, { limit: "bandwidth", drawn: 0.9 }), 0],
  ["the encoder is slow", 2, times(10, SLOW), 3],
  ["pictures are drawn late", 2, times(10, LATE), 3],
  ["there are many cores, and something else may end", 8, times(10, SLOW), 6],
  ["nobody knows how many cores there are", undefined, times(10, SLOW), 6],
  ["both signs in turn", 2, [SLOW, LATE, SLOW], 3],
  ["bad seconds now and then", 2, [...times(2, SLOW), WELL, ...times(2, LATE), WELL, ...times(2, SLOW)], 0],
  ["bad seconds now and then, and in the end three", 2, [SLOW, SLOW, WELL, SLOW, SLOW, SLOW], 6],
  ["what was drawn is not known", 2, times(10, { limit: null, drawn: null }), 0],
])
  test(what, () => assert.equal(busyAfter(cores, ...seconds), expected));

test("one core is too few, and nothing else is known to be", () =>
  assert.deepEqual([1, 2, 8, undefined].map(isTiny), [true, false, false, false]));

test("a card is lightened once, and one whose size was chosen is not", () => {
  const machine = { look: ({ limit, drawn }) => limit === "cpu" && drawn === 0.5 };
  let times = 0;
  const source = { drawn: () => 0.5, lighten: () => times++ };
  assert.deepEqual([null, "cpu", "cpu"].map((limit) => lightenIfBusy(source, machine, limit)), [false, true, false]);
  assert.equal(times, 1);
  assert.equal(lightenIfBusy({ drawn: () => 0.5 }, machine, "cpu"), false);
  assert.equal(lightenIfBusy(null, machine, "cpu"), false);
});
