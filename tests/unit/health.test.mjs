#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// What a publisher is told of its connection in one word, and how loud it is.

import assert from "node:assert/strict";
import test from "node:test";
import { healthOf } from "../../web-publisher/js/health.js";
import { loudness } from "../../web-publisher/js/sound-meter.js";
import { english } from "./english.mjs";

const WELL = { loss: 0, roundTripMs: 20, limit: null };

for (const [what, more, mood, says] of [
  ["all is well", {}, "good", /good/],
  ["nothing is known yet", { loss: null, roundTripMs: null }, "good", /good/],
  ["a little loss", { loss: 0.01 }, "good", /good/],
  ["some loss", { loss: 0.05 }, "busy", /being lost/],
  ["much loss, on a slow network", { loss: 0.2, limit: "bandwidth" }, "bad", /Many packets/],
  ["a slow network", { limit: "bandwidth" }, "busy", /network is slow/],
  ["a slow machine", { limit: "cpu" }, "busy", /machine is busy/],
  ["a reason of its own", { limit: "other" }, "good", /good/],
  ["a server that is far away", { roundTripMs: 900 }, "busy", /far away/],
])
  test(what, () => {
    const health = healthOf({ ...WELL, ...more });
    assert.equal(health.mood, mood);
    assert.match(english(health), says);
  });

test("sound is as loud as it is heard to be", () => {
  const tone = (amplitude) => Float32Array.from({ length: 2048 }, (none, i) => amplitude * Math.sin(i / 7));
  assert.equal(loudness(tone(0)), 0);
  assert.equal(loudness(new Float32Array(0)), 0);
  const [low, middle, high] = [0.001, 0.03, 1].map((amplitude) => loudness(tone(amplitude)));
  assert.ok(low < 0.1 && middle > 0.4 && middle < 0.6 && high > 0.9 && high <= 1, [low, middle, high].join());
});
