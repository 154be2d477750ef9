// SPDX-License-Identifier: GPL-3.0-or-later

// A disk that is slow for a while: what the publisher has sent is not lost, whatever waits for the disk.
// SOAK=1: for longer.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { built } from "../../tools/stack/stack.mjs";
import { publish, untilLive, withBrowser } from "./support/browser.mjs";
import { assertHealthy } from "./support/health.mjs";
import { doctor } from "./support/programs.mjs";
import { preload, sleep, until, withStack } from "./support/rig.mjs";

// Dates are of when the picture came, not of when it was written; a single picture may be drawn late.
const DATE_OFF_MS = { median: 100, max: 500 };

const SLOW_MS = process.env.SOAK ? 30000 : 8000;

// what a viewer cannot but notice while nothing is written
const OUTAGE = /no new segment for 1\.5 target/;

/** Runs `body(stack, context, disk)`; disk.slow(call, ms) and disk.mend() are for the bridge's disk. */
async function withSlowDisk(options, body) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-slow-"));
  const control = path.join(folder, "calls");
  const bridge = { LD_PRELOAD: preload(built().slowDisk), SLOW_DISK: control };
  const disk = {
    slow: (call, ms) => writeFile(control, `${call} ${ms}`),
    mend: () => rm(control, { force: true }),
  };
  try {
    await withStack({ ...options, env: { bridge } }, (stack) =>
      withBrowser({}, (context) => body(stack, context, disk)));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const assertWhole = (report) =>
  assertHealthy({ ...report, faults: report.faults.filter((fault) => !OUTAGE.test(fault.rule)) }, { marks: false });

const status = async (stack) => (await bridgeStreams(stack.bridgePort))[0];
const logOf = (stack) => readFile(path.join(stack.options.folder, "bridge", "hls-bridge.log"), "utf8");
const count = (text, pattern) => text.match(new RegExp(pattern, "g"))?.length ?? 0;

test("writes hang for 3 s, then every rename takes 150 ms: nothing is lost", { timeout: 180000 }, () =>
  withSlowDisk({}, async (stack, context, disk) => {
    await publish(context, stack, "shop");
    await sleep(3000);
    const { samples } = (await status(stack)).source; // sound may begin after the picture, behind silence
    const watching = doctor(stack.playlist("shop"), 18 + 2 * SLOW_MS / 1000);

    await sleep(2000);
    await disk.slow("write", 0);
    await sleep(3000);
    await disk.mend();
    await sleep(6000);
    assert.equal(count(await logOf(stack), "held up"), 1);
    assert.equal(count(await logOf(stack), "caught up"), 1);

    await disk.slow("rename", 150);
    await sleep(SLOW_MS);
    await disk.mend();
    await until("it has caught up", async () => count(await logOf(stack), "caught up") === 2);
    assert.equal(count(await logOf(stack), "held up"), 2, "said once of each");

    const report = await watching;
    assertWhole(report);
    assert.equal(report.discontinuities, 0);
    assert.ok(Math.abs(report.date_off_median_ms) <= DATE_OFF_MS.median, `dates are off by ${report.date_off_median_ms} ms`);
    assert.ok(Math.abs(report.date_off_max_ms) <= DATE_OFF_MS.max, `a date is off by ${report.date_off_max_ms} ms`);
    const { output, source } = await status(stack);
    assert.equal(output.discontinuities + output.failed_writes, 0, JSON.stringify(output));
    assert.deepEqual([source.kernel_drops, source.backlog_drops], [0, 0]);
    assert.deepEqual(source.samples, samples);
  }));

test("a write hangs for longer than packets can wait: the stream begins anew by itself", { timeout: 120000 }, () =>
  withSlowDisk({ bridgeSettings: { "sources.backlog": 1 << 17 } }, async (stack, context, disk) => {
    const page = await publish(context, stack, "shop");
    await sleep(3000);
    const watching = doctor(stack.playlist("shop"), 17);
    await sleep(2000);
    await disk.slow("write", 0);
    await sleep(5000);
    await disk.mend();

    const report = await watching;
    assertWhole(report);
    assert.equal(report.discontinuities, 1, "what was lost is a gap that players are told of");
    const { output, source } = await status(stack);
    assert.equal(output.failed_writes + source.kernel_drops, 0);
    assert.ok(source.backlog_drops > 0);
    assert.equal(count(await logOf(stack), "sources.backlog"), 1);
    await untilLive(page);
    const metrics = await (await fetch(`http://127.0.0.1:${stack.bridgePort}/metrics`)).text();
    assert.match(metrics, /^hls_bridge_backlog_dropped_packets_total\{stream="shop"\} [1-9]/m);

    await disk.slow("write", 0);
    await page.click("#stop"); // so that the list of what is live is due, and what there is of the segment
    await sleep(3000);
    const asked = Date.now();
    await stack.parts.bridge.stop();
    assert.ok(Date.now() - asked < 1000, `${Date.now() - asked} ms`);
    assert.equal(stack.parts.bridge.status.code, 0);
    await disk.mend();
    await stack.startBridge();
    await page.click("#go");
    await until("it goes on", async () => (await status(stack))?.state === "live", 15000);
  }));
