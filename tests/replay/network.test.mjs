#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// The test card over networks and from senders that are as bad as one likes, round after round.
// SOAK=1: hours of it.

import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { built } from "../../tools/stack/stack.mjs";
import { runLoaded } from "./support/loaded.mjs";
import { assertInStep, assertSound, folderOf, LOW_LATENCY, plain, recording, replay, segmentsOf } from "./support/replays.mjs";

const CARD = "testcard-320x180";
const SECONDS = 24; // nearly two rounds; all of it stays in the playlist
/** How long a sound card is off, by how much, and what the memory may grow by meanwhile, in bytes. */
const OFF = process.env.SOAK ? { seconds: 4 * 3600, ppm: 200, growth: 1 << 20 } : { seconds: 150, ppm: 400, growth: 1 << 19 };

/** `check(both)` beside what always holds. */
function through(name, faults, check) {
  test(name, async (t) => {
    const both = await replay(t, CARD, ["--seconds", SECONDS, ...faults]);
    const { marks } = both.report;
    t.diagnostic(`skew ${marks.skew_median_ms.toFixed(1)} ms, 95 % within ${marks.skew_p95_ms.toFixed(1)} ms`);
    assertSound(both);
    await check(both);
  });
}

const inStep = (both) => assertInStep(both, { pairs: 12 });
const unbroken = (both) => {
  assert.equal(both.result.discontinuities, 0);
  inStep(both);
};

through("as recorded", [], (both) => {
  unbroken(both);
  const { result, report } = both;
  assert.deepEqual([result.damaged, result.undecodable, result.forced_cuts, result.concealed_s], [0, 0, 0, 0]);
  assert.ok(result.silent_s < 0.1, "but until the first sound has come");
  assert.equal(result.by_reports, true);
  assert.equal(report.starting_with_idr, report.segments);
});
through("another SSRC, other numbers and clocks every 6 s", ["--new-ssrc", "6"], async (both) => {
  inStep(both);
  const restarts = segmentsOf(await both.list("index.m3u8")).filter(({ after }) => after).length;
  assert.equal(restarts, both.result.discontinuities);
  assert.ok(restarts <= 3, `${restarts} discontinuities`);
});
through("numbers and clocks that wrap", ["--first-sequence", "65500", "--first-timestamp", "4294900000"], unbroken);
through("5 % loss that stays lost", ["--loss", "5", "--no-nack"], (both) => {
  assert.equal(both.result.discontinuities, 0);
  assertInStep(both, { pairs: 5 }); // a lost IDR picture takes all to the next one with it
  assert.ok(both.result.rebuilt_s > 0.4, "in-band FEC is used");
});
through("bursts of 300 ms", ["--bursts", "5:300"], unbroken);
through("packets overtaken, doubled and delayed",
  ["--reorder", "10:80", "--duplicate", "5", "--jitter", "60"], (both) => {
    unbroken(both);
    const { result, report } = both;
    assert.deepEqual([result.undecodable, result.switches, result.by_reports], [0, 0, true]);
    assert.deepEqual([report.with_audio, report.with_video], [report.segments, report.segments]);
    assert.ok(report.starting_with_idr >= report.segments - 1, JSON.stringify(report));
  });
for (const [name, without] of [["at all", "both"], ["of the picture", "video"], ["of the sound", "audio"]])
  through(`no sender reports ${name}`, ["--no-reports", without], (both) => {
    unbroken(both);
    assert.equal(both.result.by_reports, false);
  });
through("sound alone", ["--only", "audio"], ({ result, report }) => {
  assert.equal(report.with_video, 0);
  assert.ok(result.audio_frames > 0 && report.with_audio === report.segments);
});
through("pictures alone", ["--only", "video"], ({ result, report }) => {
  assert.deepEqual([report.with_audio, result.audio_frames], [0, 0]);
  assert.ok(report.with_video === report.segments && report.segments >= SECONDS / 2 - 1, `${report.segments} segments`);
});
through("the sound stops for 15 s", ["--pause-audio", "4:19", "--seconds", 32], (both) => {
  unbroken(both);
  assert.ok(Math.abs(both.result.silent_s - 15) < 1, `${both.result.silent_s} s of silence`);
});

for (const lost of [0.15, 0.7])
  through(`the sound card stalls for ${lost} s`, ["--lose-audio", `9:${9 + lost}`], (both) => {
    unbroken(both);
    assert.equal(both.result.forced_cuts, 0);
    assert.ok(both.result.silent_s >= lost - 0.1, `${both.result.silent_s} s of silence`);
  });

test("at low latency too, with packets overtaken", async (t) => {
  const both = await replay(t, CARD, [LOW_LATENCY, "--seconds", SECONDS, "--reorder", "10:80"]);
  const { result, report } = both;
  assert.equal(result.audio_breaks, 0);
  assert.deepEqual(report.faults, []);
  assert.deepEqual(report.renditions.map(({ uri }) => uri).sort(), ["audio.m3u8", "video.m3u8"]);
  for (const { uri, segments, parts } of report.renditions) assert.ok(segments >= 6 && parts > 20, `${uri}: ${parts} parts`);
  assertInStep(both, { pairs: 8 });
});

test("whenever the publisher goes, both renditions have the same segments", async (t) => {
  const folder = await folderOf(t);
  // around an IDR picture that begins a segment, late enough to be put where those before it have ended
  for (let ms = 9960; ms <= 10080; ms += 10) {
    await rm(path.join(folder, "replay"), { recursive: true, force: true });
    const made = await runLoaded(built().replay, ["--json", LOW_LATENCY, "--hls", folder, "--seconds", ms / 1000,
      "--jitter", "300", recording(CARD)]);
    assert.equal(made.status, 0, made.stderr);
    const [video, audio] = await Promise.all(["video", "audio"].map(async (kind) =>
      (await readFile(path.join(folder, "replay", `${kind}.m3u8`), "utf8")).match(/^\w.*\.m4s$/gm).length));
    assert.ok(video >= 3, `${video} segments`);
    assert.equal(video, audio, `gone after ${ms} ms`);
  }
});

// Without sanitizers: with them memory tells nothing.
for (const ppm of [OFF.ppm, -OFF.ppm])
  test(`a sound card ${ppm} ppm off, for ${OFF.seconds} s`, async (t) => {
    const both = await replay(t, CARD, ["--seconds", OFF.seconds, "--audio-clock", ppm], { programs: plain });
    const growth = both.result.rss_late - both.result.rss_early;
    t.diagnostic(`skew ${both.report.marks.skew_median_ms.toFixed(1)} ms at the end, memory grew by ${growth} bytes`);
    assertSound(both);
    unbroken(both);
    assert.ok(Math.abs(both.report.marks.skew_median_ms) <= 20);
    assert.ok(both.result.rss_early > 0 && growth <= OFF.growth, `memory grew by ${growth} bytes`);
  });
