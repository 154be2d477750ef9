#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// What the status page says of the sizes that are made of a stream.

import assert from "node:assert/strict";
import test from "node:test";
import { describeRungs, describeSpeed } from "../../web-publisher/js/rungs.js";
import { english } from "./english.mjs";

const rung = (state, more = {}) => ({ name: "480p", state, width: 0, height: 0, filled: true, pictures: 0, ...more });
const transcoder = (...rungs) => ({ runs: true, load: 0.25, lag_ms: 33.4, pictures: { waiting: 1 }, rungs });

test("each rung has a line that says what it is, or why it is filled", () => {
  const made = { width: 854, height: 480, pictures: 9 };
  for (const [one, text, bad] of [
    [rung("made", { ...made, filled: false }), "480p: 854 × 480", false],
    [rung("made", made), "480p: 854 × 480, from the next segment on", false],
    [rung("unwatched"), /^480p: shows the copied pictures, nobody watches it$/, false],
    [rung("no-encoder"), /there is no encoder for it \(transcode\.encoders/, false],
    [rung("behind"), /this machine cannot keep up/, true],
    [rung("starting"), /it starts/, false],
    [rung("failed"), /its process has failed/, true],
    [rung("refused"), /it cannot be made/, true],
    [rung("waiting"), /waits for a key frame, or the publisher's picture is no larger/, false],
    [rung(undefined), /shows the copied pictures/, false],
  ]) {
    const [line] = describeRungs(transcoder(one));
    const said = english(line);
    if (typeof text === "string") assert.equal(said, text);
    else assert.match(said, text);
    assert.equal(line.bad, bad, said);
  }
  assert.equal(describeRungs(transcoder(rung("made"), rung("behind"))).length, 2);
  assert.deepEqual(describeRungs(undefined), []);
});

test("the speed is told as times real time", () => {
  assert.equal(english(describeSpeed(transcoder())), "4.0 times as fast as real time, 33 ms behind, 1 picture waits");
  assert.equal(english(describeSpeed({ ...transcoder(), load: 0.05, pictures: { waiting: 0 } })),
    "20 times as fast as real time, 33 ms behind, 0 pictures wait");
  assert.equal(describeSpeed({ ...transcoder(), runs: false }), null);
  assert.equal(describeSpeed({ ...transcoder(), load: 0 }), null);
  assert.equal(describeSpeed(undefined), null);
});
