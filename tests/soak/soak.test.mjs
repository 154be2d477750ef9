// SPDX-License-Identifier: GPL-3.0-or-later

// What takes too long for every day: ./check soak.

import assert from "node:assert/strict";
import test from "node:test";
import { FULL_SIZE, mute, publish, publishWithDtx, untilLive, withBrowser } from "../e2e/support/browser.mjs";
import { assertConforms, assertShakaReadsAll, followThroughTrouble } from "../e2e/support/conformance.mjs";
import { assertHealthy, assertSkew } from "../e2e/support/health.mjs";
import { cut } from "../e2e/support/network.mjs";
import { doctor, run } from "../e2e/support/programs.mjs";
import { sleep, until, withStack } from "../e2e/support/rig.mjs";
import { openViewer, openWatchPage, quantile, servePages } from "../e2e/support/viewer.mjs";

const HOUR_S = 3600;
const CLEAN_S = 600;
const MEMORY_GROWTH = 1 << 20;
const DRIFT_MS = 4; // over a whole run; the bridge lets 2 ms either way be

const tell = (t, { marks }) => t.diagnostic(`skew ${marks.skew_median_ms.toFixed(1)} ms, 95 % within ` +
  `${marks.skew_p95_ms.toFixed(1)} ms, drift ${marks.drift_ms_per_hour.toFixed(2)} ms per hour over ${marks.pairs} marks`);

function assertNoDrift({ marks }, seconds) {
  const drift = (marks.drift_ms_per_hour * seconds) / HOUR_S;
  assert.ok(Math.abs(drift) <= DRIFT_MS, `${drift} ms in ${seconds} s`);
}

/** The resident memory of a process, in bytes. */
async function residentBytes(pid) {
  const { stdout } = await run("ps", ["-o", "rss=", "-p", String(pid)]);
  return Number(stdout) * 1024;
}

/** The watch page for so long: tells how far behind the test card's clock that was. */
async function watchAtLowLatency(t, context, stack, seconds) {
  const viewer = await openWatchPage(context, stack, "shop");
  await until("it plays", async () => (await viewer.state()).playingAt !== null, 15000);
  await sleep(seconds * 1000);
  const { stalls, latencies } = await viewer.state();
  t.diagnostic(`low latency for ${seconds} s: glass to glass ${quantile(latencies, 0.5)} ms (median of ` +
    `${latencies.length}), 95 % within ${quantile(latencies, 0.95)} ms`);
  assert.deepEqual(viewer.errors, []);
  assert.deepEqual(stalls, []);
  await viewer.close();
}

test("10 min on a clean network", async (t) => {
  const pages = await servePages();
  t.after(() => pages.close());
  await withStack({ bodyMs: 700000 }, (stack) =>
    withBrowser({}, async (context) => {
      await publish(context, stack, "shop", { size: FULL_SIZE });
      await sleep(7000);
      const viewer = await openViewer(context, pages, stack.playlist("shop"));
      const watching = doctor(stack.playlist("shop"), CLEAN_S);
      await watchAtLowLatency(t, context, stack, 300);
      const report = await watching;
      tell(t, report);
      assertHealthy(report);
      assertNoDrift(report, CLEAN_S);
      assert.equal(report.discontinuities, 0);
      const { errors, stalls } = await viewer.state();
      assert.deepEqual(errors, []);
      assert.deepEqual(stalls, []);
    }));
});

test("low-latency HLS keeps every rule for 10 min, with a minute of loss, of a still screen and of another size", (t) =>
  withStack({ bodyMs: 700000 }, (stack) =>
    withBrowser({}, async (context) => {
      const page = await publish(context, stack, "shop", { size: FULL_SIZE });
      await until("the multivariant playlist is there", async () => (await fetch(stack.master("shop"))).ok, 15000);
      const report = await followThroughTrouble(stack.master("shop"), page,
        { lossMs: 60000, stillMs: 60000, sizeMs: 60000, pauseMs: 60000, seconds: 600 });
      assertConforms(t, report);
      await assertShakaReadsAll(t, stack, "shop");
    })));

test("muted for 60 s with DTX on", (t) =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      const page = await publishWithDtx(context, stack, "shop");
      await sleep(4000);
      const watching = doctor(stack.playlist("shop"), 90);
      await mute(page, true);
      await sleep(60000);
      await mute(page, false);
      const report = await watching;
      tell(t, report);
      assert.deepEqual(report.faults, []);
      assert.equal(report.discontinuities, 0);
      assertSkew(report);
    })));

test("a network that is away for 2 min: the stream ends, and begins again at the same URL", () =>
  withStack({ bodyMs: 300000 }, (stack) =>
    withBrowser({}, async (context) => {
      const page = await publish(context, stack, "shop", { size: FULL_SIZE });
      await sleep(6000);
      const playlist = async () => (await fetch(stack.playlist("shop"))).text();
      const next = (text) => Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)[1]) + text.match(/#EXTINF/g).length;
      const away = cut(120000);
      await until("the playlist is ended", async () => (await playlist()).includes("ENDLIST"), 60000);
      const before = next(await playlist());
      await away;
      await untilLive(page, 30000);
      await until("segments come again", async () => next(await playlist()) > before + 2, 15000);
      const report = await doctor(stack.playlist("shop"), 10);
      assertHealthy(report);
    })));

test("2 h of two streams", async (t) => {
  await withStack({ bodyMs: 3 * HOUR_S * 1000 }, (stack) =>
    withBrowser({}, async (context) => {
      for (const name of ["one", "two"]) await publish(context, stack, name, { size: FULL_SIZE });
      await sleep(60000);
      const { pid } = stack.parts.bridge;
      const before = await residentBytes(pid);
      const reports = await Promise.all(["one", "two"].map((name) => doctor(stack.playlist(name), 2 * HOUR_S)));
      const growth = (await residentBytes(pid)) - before;
      t.diagnostic(`memory grew by ${growth} bytes`);
      for (const report of reports) {
        tell(t, report);
        assertHealthy(report);
        assertNoDrift(report, 2 * HOUR_S);
        assert.equal(report.discontinuities, 0);
      }
      assert.ok(before > 0 && growth <= MEMORY_GROWTH, `memory grew by ${growth} bytes`);
    }));
});
