#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// What publishers do, each over networks that are as bad as one likes: what viewers get is whole all the same.

import assert from "node:assert/strict";
import test from "node:test";
import { assertInStep, assertSound, LOW_LATENCY, replay } from "./support/replays.mjs";

// Each recording: how often decoding restarts, and the least flashes with a beep where nothing is lost.
const RECORDINGS = {
  "testcard-320x180": { restarts: 0, pairs: 8 },
  simulcast: { restarts: 0, pairs: 8 },
  dtx: { restarts: 0, pairs: 4 },
  mute: { restarts: 0, pairs: 4 },
  still: { restarts: 0, pairs: 0 },
  resize: { restarts: 2, pairs: 8 },
  rotation: { restarts: 2, pairs: 8 },
  "loss-repaired": { restarts: 0, pairs: 8 },
  "loss-stays": { restarts: 0, pairs: 8 },
  stall: { restarts: 0, pairs: 5 },
};
const PAIRS_LOSSY = 2; // a lost IDR picture takes all pictures to the next one with it, since nobody answers requests here

// What is lost stays lost, pictures and reports: `lossy`. `already` names recordings of which another test asserts as much.
const NETWORKS = {
  // recordings.test.mjs has those of which nothing is lost
  "nothing is sent again": { options: ["--no-nack"], already: (name) => !name.startsWith("loss-") },
  // network.test.mjs has the test card
  "packets overtake each other, and come twice": {
    options: ["--reorder", "10:80", "--duplicate", 5, "--jitter", 60], already: (name) => name === "testcard-320x180",
  },
  "4 % more is lost": { options: ["--loss", 4], lossy: true },
  "4 % more is lost, and not waited for, at low latency": { options: ["--loss", 4, "--no-nack", LOW_LATENCY], lossy: true },
};

for (const [name, { restarts, pairs }] of Object.entries(RECORDINGS))
  for (const [network, { options, lossy, already }] of Object.entries(NETWORKS)) {
    if (already?.(name)) continue;
    test(`${name}: ${network}`, async (t) => {
      const both = await replay(t, name, options);
      const { result, report } = both;
      assertSound(both);
      // a layer that waits long for an IDR picture is filled with another one, behind a discontinuity
      assert.ok(result.switches === 0 || (lossy && name === "simulcast"), `${result.switches} switches`);
      assert.ok(result.discontinuities >= restarts && result.discontinuities <= restarts + result.switches,
        `${result.discontinuities} discontinuities, ${result.switches} switches`);
      if (pairs) assertInStep(both, { pairs: lossy ? PAIRS_LOSSY : pairs, p95Ms: 60 });
      if (!options.includes(LOW_LATENCY)) {
        assert.equal(report.with_audio, report.segments, "every segment has sound");
        assert.ok(report.with_video >= report.segments - 1 && report.starting_with_idr >= report.segments - 1, JSON.stringify(report));
      }
      if (lossy) {
        if (name !== "still") assert.ok(result.damaged + result.undecodable > 0, "pictures were lost, and left out");
        assert.ok(result.rebuilt_s + result.concealed_s > 0, "sound was lost, and made up for");
        return;
      }
      assert.equal(result.by_reports, true);
      assert.equal(report.with_video, report.segments);
    });
  }
