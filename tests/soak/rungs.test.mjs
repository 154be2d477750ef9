// SPDX-License-Identifier: GPL-3.0-or-later

// A recorded browser of one size, and three rungs that hls-transcoder makes of it for ten minutes: what hls-doctor says of
// each, and how much later than the copied pictures they come. MINUTES=1 makes it a shorter look.

import assert from "node:assert/strict";
import test from "node:test";
import { recordingFile, ROUND } from "../bench/support/recording.mjs";
import { replay } from "../e2e/support/audience.mjs";
import { assertNoFaults } from "../e2e/support/conformance.mjs";
import { doctor } from "../e2e/support/programs.mjs";
import { until, withStack } from "../e2e/support/rig.mjs";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";

const MINUTES = Number(process.env.MINUTES ?? 10);
const STREAM = "shop";
const RUNGS = ["720p", "480p", "240p"];
const LADDER = "720p:1500k, 480p:900k, 240p:250k";
const LATER_MS = 250; // than the copied pictures
const PARTS = 3 * 60; // that are compared in each minute, at the least, of five a second

/** The part that comes next in a playlist: { msn, part }. */
function nextOf(text) {
  const msn = Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)[1]) + text.match(/^#EXTINF/gm).length;
  return { msn, part: text.slice(text.lastIndexOf("#EXTINF")).match(/^#EXT-X-PART:/gm)?.length ?? 0 };
}

/** Follows a playlist by held requests. Returns when each part was told: a Map of "MSN.PART" to ms. */
async function partTimes(url, endMs) {
  const times = new Map();
  let { msn, part } = nextOf(await (await fetch(url)).text());
  while (performance.now() < endMs) {
    const answer = await fetch(`${url}?_HLS_msn=${msn}&_HLS_part=${part}`);
    assert.equal(answer.status, 200, `${url} ${msn}.${part}`);
    const text = await answer.text();
    times.set(`${msn}.${part}`, performance.now());
    ({ msn, part } = nextOf(text));
  }
  return times;
}

/** By how many ms each part of `times` was told later than that of `copied`, the shortest first. */
const later = (times, copied) =>
  [...times].filter(([part]) => copied.has(part)).map(([part, ms]) => ms - copied.get(part)).toSorted((a, b) => a - b);

function tell(t, name, { alignment, faults, renditions }) {
  t.diagnostic(`${name}: ${alignment.segments} cuts compared, ${alignment.video_off_max_ticks} ticks apart at the most, ` +
    `${faults.length} rules broken${faults.map(({ rule, count }) => `; ${rule} (${count})`).join("")}`);
  for (const { uri, width, height, segments, discontinuities } of renditions.filter((one) => one.width))
    t.diagnostic(`${uri}: ${width}x${height}, ${segments} segments, ${discontinuities} discontinuities`);
}

function assertLadder(report) {
  assertNoFaults(report);
  assert.ok(report.alignment.segments >= 20 * MINUTES, `${report.alignment.segments} cuts compared`);
  assert.equal(report.alignment.video_off_max_ticks, 0);
  assert.equal(report.renditions.filter(({ width }) => width > 0).length, 1 + RUNGS.length);
}

test(`${MINUTES} min of three rungs: cut like the copied pictures, whole, and soon there`, async (t) => {
  const recording = await recordingFile();
  await withStack({ bridgeSettings: { "transcode.ladder": LADDER }, bodyMs: (MINUTES + 3) * 60000 }, async (stack) => {
    const publisher = await replay(stack, STREAM, { recording, options: ROUND, seconds: (MINUTES + 2) * 60 });
    const transcoder = async () => (await bridgeStreams(stack.bridgePort)).find(({ name }) => name === STREAM)?.transcoder;
    await until("all rungs are made", async () => (await transcoder())?.rungs.every(({ filled, pictures }) => filled === false && pictures > 0));
    const before = await transcoder();
    const seconds = MINUTES * 60, endMs = performance.now() + seconds * 1000;
    const list = (name) => String(new URL(name, stack.master(STREAM)));
    const [lowLatency, classic, copied, ...rungs] = await Promise.all([
      ...[stack.master(STREAM), stack.sizes(STREAM)].map((url) => doctor(url, seconds, { options: ["--aligned"] })),
      ...["video.m3u8", ...RUNGS.map((name) => `video-${name}.m3u8`)].map((name) => partTimes(list(name), endMs)),
    ]);
    const after = await transcoder();
    tell(t, "low latency", lowLatency);
    tell(t, "classic", classic);
    const lateness = rungs.map((times) => later(times, copied));
    lateness.forEach((ms, i) => t.diagnostic(`${RUNGS[i]}: ${ms.length} parts, later than the copied ones by ` +
      `${[0.5, 0.95, 0.99].map((q) => ms[Math.floor(q * ms.length)].toFixed(0)).join(", ")} ms (median, 95 %, 99 %), ${ms.at(-1).toFixed(0)} ms at the most`));
    t.diagnostic(`transcoder: ${JSON.stringify(after)}`);
    [lowLatency, classic].forEach(assertLadder);
    lateness.forEach((ms, i) => {
      assert.ok(ms.length >= PARTS * MINUTES, `${ms.length} parts of ${RUNGS[i]}`);
      assert.ok(ms[Math.floor(0.95 * ms.length)] < LATER_MS, RUNGS[i]);
    });
    after.rungs.forEach(({ fillings, dropped }, i) =>
      assert.deepEqual([fillings, dropped], [before.rungs[i].fillings, before.rungs[i].dropped], RUNGS[i]));
    await publisher.stop();
  });
});
