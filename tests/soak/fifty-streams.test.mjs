// SPDX-License-Identifier: GPL-3.0-or-later

// As many streams as one small machine is asked to take: nothing is lost, and what viewers get of them is
// as good as of one.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { ROUND, recordingFile } from "../bench/support/recording.mjs";
import { usage } from "../bench/support/usage.mjs";
import { assertNoFaults } from "../e2e/support/conformance.mjs";
import { assertHealthy, assertSkew } from "../e2e/support/health.mjs";
import { doctor } from "../e2e/support/programs.mjs";
import { sleep, until, withStack } from "../e2e/support/rig.mjs";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { Child } from "../../tools/stack/child.mjs";
import { built } from "../../tools/stack/stack.mjs";

process.env.TMPDIR = "/dev/shm"; // segments belong on a tmpfs: a disk that many machines share is another matter

const STREAMS = 50;
const MINUTES = 10;
const SETTLE_MS = 30000; // files are removed again
const LOOK_S = 80; // at one stream at low latency, then at the next

const name = (i) => `shop-${i}`;

async function publishAll(stack, recording) {
  const replay = new Child("rtp-replay", built().replay,
    ["--bridge", `http://127.0.0.1:${stack.bridgePort}`, "--stream", "shop", "--streams", String(STREAMS),
      "--seconds", String(MINUTES * 60 + 60), "--keep", "--json", ...ROUND, recording],
    { logFile: path.join(stack.options.folder, "replay.log") });
  await until("all are live", async () => (await bridgeStreams(stack.bridgePort))
    .filter(({ state, output }) => state === "live" && output.segments > 0).length === STREAMS, 20000);
  return replay;
}

/** What the bridge says of a stream that has lost nothing. */
function assertWhole({ name: stream, state, publishers, output, source }) {
  const what = `${stream}: ${JSON.stringify({ output, source })}`;
  assert.deepEqual([state, publishers], ["live", 1], what);
  assert.deepEqual([source.kernel_drops, source.backlog_drops], [0, 0], what);
  assert.deepEqual([source.pictures.damaged, source.pictures.undecodable], [0, 0], what);
  assert.deepEqual([source.samples.rebuilt, source.samples.concealed], [0, 0], what);
  assert.deepEqual([output.failed_writes, output.discontinuities, output.forced_cuts], [0, 0, 0], what);
  assert.equal(source.sync.by_reports, true, what);
  assert.equal(source.tracks.length, 2, what);
  for (const track of source.tracks) assert.equal(track.lost, 0, what);
}

/** Ends the replay, and holds what came against what it says it has sent. */
async function checkAllCame(t, stack, replay) {
  replay.kill("SIGINT");
  await replay.exited();
  const { sent, refused, late_max_ms: lateMs } = JSON.parse(await readFile(replay.logFile, "utf8"));
  let came;
  await until("what came last is in the status", async () => {
    const streams = await bridgeStreams(stack.bridgePort);
    came = streams.flatMap(({ source }) => [source.sync.reports, ...source.tracks.map(({ packets }) => packets)])
      .reduce((sum, n) => sum + n, 0);
    return came >= sent;
  }, 3000).catch(() => {}); // what is missing is told below
  t.diagnostic(`${sent} packets, sent up to ${lateMs.toFixed(0)} ms late`);
  assert.equal(refused, 0);
  const metrics = await (await fetch(`http://127.0.0.1:${stack.bridgePort}/metrics`)).text();
  assert.deepEqual(metrics.match(/^hls_bridge_implausible_sender_reports_total\{.*\} [1-9].*$/gm), null);
  assert.equal(came, sent, "every packet and report has come");
}

/** Watches one stream after the other at low latency, each by all rules. */
async function watchInTurn(t, stack, end) {
  for (let i = 2; i <= STREAMS && Date.now() + LOOK_S * 1000 < end; i++) {
    const report = await doctor(stack.master(name(i)), LOOK_S);
    assertNoFaults(report);
    assertSkew(report);
    t.diagnostic(`${name(i)} at low latency: skew ${report.marks.skew_median_ms.toFixed(1)} ms, parts ` +
      `${report.renditions.map((r) => r.longest_part_gap_seconds).join(" and ")} s apart at the most`);
    assert.equal(report.renditions.length, 2);
    for (const r of report.renditions) assert.equal(r.discontinuities, 0, r.uri);
  }
}

test(`${STREAMS} streams of 720p30 for ${MINUTES} min`, async (t) => {
  const recording = await recordingFile();
  await withStack({ bodyMs: (MINUTES + 3) * 60000 }, async (stack) => {
    const replay = await publishAll(stack, recording);
    const end = Date.now() + MINUTES * 60000;
    await sleep(SETTLE_MS);
    const { pid } = stack.parts.bridge;
    const before = await usage(pid), from = Date.now();
    const [report] = await Promise.all([
      doctor(stack.playlist(name(1)), Math.round((end - from) / 1000)),
      watchInTurn(t, stack, end),
    ]);
    const after = await usage(pid);
    t.diagnostic(`the bridge took ${((100000 * (after.cpuS - before.cpuS)) / (Date.now() - from)).toFixed(1)} % of a core, ` +
      `and has ${(after.pssKb / 1024).toFixed(0)} MB (${(before.pssKb / 1024).toFixed(0)} MB when it began)`);
    const streams = await bridgeStreams(stack.bridgePort);
    assert.equal(streams.length, STREAMS);
    streams.forEach(assertWhole);
    await checkAllCame(t, stack, replay);
    t.diagnostic(`classic: skew ${report.marks.skew_median_ms.toFixed(1)} ms, 95 % within ` +
      `${report.marks.skew_p95_ms.toFixed(1)} ms, drift ${report.marks.drift_ms_per_hour.toFixed(2)} ms per hour`);
    assertNoFaults(report); // how soon segments come to a viewer is the busy machine's too
    assertHealthy({ ...report, faults: [] });
    assert.equal(report.discontinuities, 0);
  });
});
