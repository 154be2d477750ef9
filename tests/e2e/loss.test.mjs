// SPDX-License-Identifier: GPL-3.0-or-later

// A network that loses packets, from a real Chromium: no damaged picture is ever published, the sound
// has no gap, the picture stays with it, and players play on.

import assert from "node:assert/strict";
import test from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { publish, withBrowser } from "./support/browser.mjs";
import { assertSkew, faultsOfLive } from "./support/health.mjs";
import { LIVE, measured } from "./support/measured.mjs";
import { withBursts, withLoss } from "./support/network.mjs";
import { doctor } from "./support/programs.mjs";
import { until, withStack } from "./support/rig.mjs";
import { assertDiscontinuities } from "./support/steps.mjs";
import { openViewer, servePages } from "./support/viewer.mjs";

const SECONDS = LIVE ? 20 : 8;
const SIZE = "960x540"; // some 120 packets a second, and a machine that comes along
const SYNC_MS = 5; // what the bridge may be off what the sender's reports say

/** Publishes through `faulty(body)`, a network with faults, and looks at what viewers get. */
async function throughFaults(t, faulty) {
  const pages = await servePages();
  t.after(() => pages.close());
  await withStack({}, (stack) =>
    withBrowser({ shell: true }, async (context) => {
      await publish(context, stack, "shop", { size: SIZE });
      await until("it can be watched", async () => (await fetch(stack.playlist("shop"))).ok);
      const viewer = await openViewer(context, pages, stack.playlist("shop"));
      await until("hls.js plays", async () => (await viewer.state()).playingAt !== null);

      const place = () => viewer.evaluate(() => document.getElementById("video").currentTime);
      const before = await place();
      const report = await faulty(() => doctor(stack.playlist("shop"), SECONDS));
      const played = (await place()) - before;
      await until("hls.js plays on", async () => (await place()) > before);
      await until("the picture is placed by sender reports", async () => (await bridgeStreams(stack.bridgePort))[0].source.sync.by_reports);
      const [{ source }] = await bridgeStreams(stack.bridgePort);
      const { marks } = report;
      t.diagnostic(`skew ${marks.skew_median_ms.toFixed(1)} ms, 95 % within ${marks.skew_p95_ms.toFixed(1)} ms, ` +
        `${marks.pairs} marks and ${marks.beeps_cut} cut; hls.js played ${played.toFixed(1)} s; ` +
        `pictures ${JSON.stringify(source.pictures)}, samples ${JSON.stringify(source.samples)}, sound's clock ${JSON.stringify(source.sound_clock)}`);
      assert.deepEqual(await faultsOfLive(report, stack, "shop"), []);
      await assertDiscontinuities(stack, "shop", report.discontinuities, 0);
      // single marks are those of a page that shares two cores: tests/replay asks for theirs, without one
      measured(() => assertSkew(report, { p95Ms: Infinity }));
      measured(() => assert.ok(Math.abs(source.sync.correction_ms) <= SYNC_MS, JSON.stringify(source.sync)));
      measured(() => assert.ok(played > SECONDS / 2, `hls.js played ${played} s of ${SECONDS}`));
      const { errors } = await viewer.state();
      assert.deepEqual(errors.filter((error) => error.endsWith("fatal")), []);
    }));
}

if (LIVE) {
  test("2 % of all packets are lost", (t) => throughFaults(t, (body) => withLoss(0.02, body)));
  test("5 % of all packets are lost", (t) => throughFaults(t, (body) => withLoss(0.05, body)));
  test("nothing gets through for 300 ms in each 5 s", (t) => throughFaults(t, (body) => withBursts(300, 5000, body)));
} else // each by itself, and what the bridge makes of it: tests/replay
  test("5 % of all packets are lost, and nothing gets through for 300 ms in each 4 s", (t) =>
    throughFaults(t, (body) => withLoss(0.05, () => withBursts(300, 4000, body))));
