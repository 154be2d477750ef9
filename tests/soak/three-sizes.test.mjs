// SPDX-License-Identifier: GPL-3.0-or-later

// A browser that sends three sizes for ten minutes: what hls-doctor says of each of them, at low latency and of classic HLS.
// MINUTES=1 makes it a shorter look.

import assert from "node:assert/strict";
import test from "node:test";
import { hold } from "../bench/support/bounds.mjs";
import { assertNoFaults } from "../e2e/support/conformance.mjs";
import { withBrowser } from "../e2e/support/browser.mjs";
import { assertSkew } from "../e2e/support/health.mjs";
import { doctor } from "../e2e/support/programs.mjs";
import { until, withStack } from "../e2e/support/rig.mjs";
import { LAYERS, publishLayers } from "../e2e/support/simulcast.mjs";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";

const MINUTES = Number(process.env.MINUTES ?? 10);
const STREAM = "shop";

/** What hls-doctor says of all sizes in one multivariant playlist. */
function tell(t, name, { alignment, faults, renditions }) {
  t.diagnostic(`${name}: ${alignment.segments} cuts compared, ${alignment.video_off_max_ticks} ticks apart at the most, ` +
    `${faults.length} rules broken${faults.map(({ rule, count }) => `; ${rule} (${count})`).join("")}`);
  for (const { uri, width, height, segments, discontinuities, marks } of renditions.filter((one) => one.marks))
    t.diagnostic(`${uri}: ${width}x${height}, ${segments} segments, ${discontinuities} discontinuities, skew ` +
      `${marks.skew_median_ms.toFixed(1)} ms, 95 % within ${marks.skew_p95_ms.toFixed(1)} ms of ${marks.pairs} marks`);
}

/** The same, beside the bounds: a row for tests/bench/sizes.mjs. */
function judge(name, { alignment, faults, renditions }) {
  const shown = renditions.filter(({ width }) => width > 0);
  hold(`three sizes for ${MINUTES} min, ${name}`, `${alignment.segments} cuts compared, ${alignment.video_off_max_ticks} ticks apart, ` +
    `${faults.length} rules broken; skew, 95 %: ${shown.map(({ marks }) => `${marks.skew_p95_ms.toFixed(0)} ms`).join(", ")}`,
  "0 ticks, none broken", alignment.video_off_max_ticks === 0 && faults.length === 0);
}

function assertLadder(report) {
  assertNoFaults(report);
  assert.ok(report.alignment.segments >= 20 * MINUTES, `${report.alignment.segments} cuts compared`);
  assert.equal(report.alignment.video_off_max_ticks, 0);
  const shown = report.renditions.filter(({ width }) => width > 0);
  assert.deepEqual(shown.map(({ width, height }) => [width, height]), LAYERS.map(({ width, height }) => [width, height]));
  shown.forEach(assertSkew);
}

test(`${MINUTES} min of three sizes: cut alike, whole, and in time with the sound`, (t) =>
  withStack({ bodyMs: (MINUTES + 3) * 60000 }, (stack) =>
    withBrowser({}, async (context) => {
      await publishLayers(context, stack, STREAM);
      const status = async () => (await bridgeStreams(stack.bridgePort)).find(({ name }) => name === STREAM);
      const before = await until("each size is its own", async () => {
        const now = await status();
        return now?.renditions?.length === LAYERS.length && now.renditions.every(({ feeding }) => feeding === "own") && now;
      });
      const lists = { "low latency": stack.master(STREAM), classic: stack.sizes(STREAM) };
      const reports = await Promise.all(Object.values(lists).map((url) => doctor(url, MINUTES * 60, { options: ["--aligned"] })));
      const after = await status();
      Object.keys(lists).forEach((name, i) => tell(t, name, reports[i]));
      Object.keys(lists).forEach((name, i) => judge(name, reports[i]));
      const pictures = (now) => now.source.tracks.filter(({ kind }) => kind === "video").map((track) => track.pictures);
      t.diagnostic(`pictures of each layer: ${JSON.stringify(pictures(after))}; what feeds a size changed ` +
        `${after.switches - before.switches} times, ${after.output.forced_cuts - before.output.forced_cuts} cuts without a key frame`);
      reports.forEach(assertLadder);
      pictures(after).forEach(({ damaged, undecodable }, i) =>
        assert.deepEqual([damaged, undecodable], [pictures(before)[i].damaged, pictures(before)[i].undecodable], LAYERS[i].rid));
    })));
