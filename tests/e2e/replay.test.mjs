// SPDX-License-Identifier: GPL-3.0-or-later

// A recorded publisher (real Chromium, both codecs, sender reports) through the bridge's own code, over
// networks and from senders that are as bad as one likes, without waiting for the time to pass. What
// comes out is looked at as a viewer would. SOAK=1: hours of it.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { built } from "../../tools/stack/stack.mjs";
import { assertSkew } from "./support/health.mjs";
import { run } from "./support/programs.mjs";
import { TESTCARD } from "./support/testcard.mjs";

const SECONDS = 110; // all of it stays in the playlist
const HOURS = process.env.SOAK ? 4 : 0.1;
const MEMORY_GROWTH = 1 << 20;

/** Replays with `faults` (options of rtp-replay). Returns { result, report }: its own account, and hls-doctor's. */
async function replay(t, faults, seconds = SECONDS, list = "index.m3u8") {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-replay-"));
  t.after(() => rm(folder, { recursive: true }));
  const made = await run(built().replay, ["--json", "--hls", folder, "--seconds", seconds, ...faults, TESTCARD]);
  assert.equal(made.status, 0, made.stderr);
  const seen = await run(built().doctor, ["--json", "--time", "1", path.join(folder, "replay", list)]);
  assert.notEqual(seen.status, 2, seen.stderr);
  return { result: JSON.parse(made.stdout), report: JSON.parse(seen.stdout) };
}

function assertSound({ result, report }) {
  for (const wrong of ["audio_breaks", "too_long", "backward_dates"]) assert.equal(result[wrong], 0, wrong);
  assert.deepEqual(report.faults, []);
}

/** `check(both)` beside what always holds. */
function through(name, faults, check = () => {}) {
  test(name, async (t) => {
    const both = await replay(t, faults);
    const { marks } = both.report;
    t.diagnostic(`skew ${marks.skew_median_ms.toFixed(1)} ms, 95 % within ${marks.skew_p95_ms.toFixed(1)} ms`);
    assertSound(both);
    check(both);
  });
}

const inStep = ({ report }) => assertSkew(report);
const unbroken = ({ result, report }) => {
  assert.equal(result.discontinuities, 0);
  assertSkew(report);
};

through("as recorded", [], (both) => {
  unbroken(both);
  const { result, report } = both;
  assert.deepEqual([result.damaged, result.undecodable, result.forced_cuts, result.concealed_s], [0, 0, 0, 0]);
  assert.ok(result.silent_s < 0.1, "but until the first sound has come");
  assert.equal(result.by_reports, true);
  assert.equal(report.starting_with_idr, report.segments);
});
through("another SSRC, other numbers and clocks every 20 s", ["--new-ssrc", "20"], inStep);
through("numbers and clocks that wrap", ["--first-sequence", "65500", "--first-timestamp", "4294900000"], unbroken);
through("5 % loss that stays lost", ["--loss", "5", "--no-nack"], (both) => {
  unbroken(both);
  assert.ok(both.result.rebuilt_s > 1, "in-band FEC is used");
});
through("bursts of 300 ms", ["--bursts", "5:300"], unbroken);
through("packets overtaken, doubled and delayed",
  ["--reorder", "10:80", "--duplicate", "5", "--jitter", "60"], (both) => {
    unbroken(both);
    assert.equal(both.result.undecodable, 0);
  });
for (const [name, without] of [["at all", "both"], ["of the picture", "video"], ["of the sound", "audio"]])
  through(`no sender reports ${name}`, ["--no-reports", without], (both) => {
    unbroken(both);
    assert.equal(both.result.by_reports, false);
  });
through("sound alone", ["--only", "audio"], ({ report }) => assert.equal(report.with_video, 0));
through("pictures alone", ["--only", "video"], ({ report }) => assert.equal(report.with_audio, 0));
through("the sound stops for 30 s", ["--pause-audio", "40:70"], (both) => {
  unbroken(both);
  assert.ok(Math.abs(both.result.silent_s - 30) < 1, `${both.result.silent_s} s of silence`);
});

for (const lost of [0.15, 0.7])
  through(`the sound card stalls for ${lost} s`, ["--lose-audio", `40:${40 + lost}`], (both) => {
    unbroken(both);
    assert.equal(both.result.forced_cuts, 0);
  });

test("at low latency too, with packets overtaken", async (t) => {
  const { result, report } = await replay(t, ["--low-latency", "--reorder", "10:80"], 30, "master.m3u8");
  assert.equal(result.audio_breaks, 0);
  assert.deepEqual(report.faults, []);
  assert.deepEqual(report.renditions.map(({ uri }) => uri).sort(), ["audio.m3u8", "video.m3u8"]);
  for (const { uri, segments, parts } of report.renditions) assert.ok(segments >= 6 && parts > 20, `${uri}: ${parts} parts`);
  assertSkew(report);
});

test("whenever the publisher goes, both renditions have the same segments", async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-replay-"));
  t.after(() => rm(folder, { recursive: true }));
  // around an IDR picture that begins a segment, late enough to be put where those before it have ended
  for (let ms = 9960; ms <= 10080; ms += 10) {
    await rm(path.join(folder, "replay"), { recursive: true, force: true });
    const made = await run(built().replay, ["--json", "--low-latency", "--hls", folder, "--seconds", ms / 1000,
      "--jitter", "300", TESTCARD]);
    assert.equal(made.status, 0, made.stderr);
    const [video, audio] = await Promise.all(["video", "audio"].map(async (kind) =>
      (await readFile(path.join(folder, "replay", `${kind}.m3u8`), "utf8")).match(/^\w.*\.m4s$/gm).length));
    assert.equal(video, audio, `gone after ${ms} ms`);
  }
});

for (const ppm of [200, -200])
  test(`a sound card ${ppm} ppm off, for ${HOURS} h`, async (t) => {
    const both = await replay(t, ["--audio-clock", ppm], HOURS * 3600);
    const growth = both.result.rss_late - both.result.rss_early;
    t.diagnostic(`skew ${both.report.marks.skew_median_ms.toFixed(1)} ms at the end, memory grew by ${growth} bytes`);
    assertSound(both);
    unbroken(both);
    assert.ok(Math.abs(both.report.marks.skew_median_ms) <= 20);
    if (!process.env.JANUS_HLS_SANITIZED) assert.ok(growth <= MEMORY_GROWTH, `memory grew by ${growth} bytes`);
  });
