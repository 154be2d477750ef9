// SPDX-License-Identifier: GPL-3.0-or-later

// A disk that is slow for a while: what the publisher has sent is not lost, whatever waits for the disk.
// SOAK=1: for longer.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import test, { describe } from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { built } from "../../tools/stack/stack.mjs";
import { beginReplay, replay } from "./support/audience.mjs";
import { openPage, outbound, publish, untilLive, withBrowser } from "./support/browser.mjs";
import { assertHealthy, faultsBut, forcedCuts } from "./support/health.mjs";
import { measured } from "./support/measured.mjs";
import { watch } from "./support/programs.mjs";
import { SOUND_OFFER } from "./support/session.mjs";
import { preload, sleep, until, withStack } from "./support/rig.mjs";
import { assertDiscontinuities } from "./support/steps.mjs";

// Dates are of when the picture came, not of when it was written; a single picture may be drawn late.
const DATE_OFF_MS = { median: 100, max: 500 };

const BACKLOG = 1 << 17;
const SLOW_MS = process.env.SOAK ? 30000 : 5000;

/** Runs `body(stack, disk)`; disk.slow(call, ms) and disk.mend() are for the bridge's disk. */
async function withSlowDisk(options, body) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-slow-"));
  const control = path.join(folder, "calls");
  const bridge = { LD_PRELOAD: preload(built().slowDisk), SLOW_DISK: control };
  const disk = {
    slow: (call, ms) => writeFile(control, `${call} ${ms}`),
    mend: () => rm(control, { force: true }),
  };
  try {
    await withStack({ ...options, env: { bridge } }, (stack) => body(stack, disk));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const assertWhole = async (report, stack) =>
  assertHealthy({ ...report, faults: faultsBut(report) }, { marks: false, forced: await forcedCuts(stack, "shop") });

const status = async (stack, stream = "shop") =>
  (await bridgeStreams(stack.bridgePort)).find(({ name }) => name === stream);
const logOf = (stack) => readFile(path.join(stack.options.folder, "bridge", "hls-bridge.log"), "utf8");
const count = (text, pattern) => text.match(new RegExp(pattern, "g"))?.length ?? 0;

/** How often shop has caught up. Each time is said once, in turn with being held up, which a busy machine may do as well. */
async function caughtUp(stack) {
  const said = (await logOf(stack)).match(/(?<= shop: )(held|caught) up/g) ?? [];
  assert.deepEqual(said, said.map((_, i) => ["held up", "caught up"][i % 2]), "each once, in turn");
  return Math.floor(said.length / 2);
}

/** The bridge ends well though its disk hangs, and is started again on one that does not. */
async function restartWhileItHangs(stack, disk) {
  const asked = Date.now();
  await stack.parts.bridge.stop();
  const took = Date.now() - asked;
  measured(() => assert.ok(took < 1500, `${took} ms`));
  assert.equal(stack.parts.bridge.status.code, 0);
  await disk.mend();
  await stack.startBridge();
}

describe("a disk that is slow for a while", { concurrency: 3 }, () => {
  // Beside the browser's stream a recorded one: that has no encoder, which a busy machine may hold up for so
  // long that the sound comes too late, so all of its sound has to be there.
  test("writes hang for 3 s, then every rename takes 150 ms: nothing is lost", () =>
    withSlowDisk({}, (stack, disk) => withBrowser({}, async (context) => {
      await publish(context, stack, "shop");
      const recording = await replay(stack, "recording");
      await until("it can be watched", async () => (await fetch(stack.playlist("shop"))).ok);
      const { samples } = (await status(stack, "recording")).source; // sound may begin after the picture
      const watching = watch(stack.playlist("shop"));

      await sleep(1000);
      const times = [await caughtUp(stack)];
      for (const [call, ms, forMs] of [["write", 0, 3000], ["rename", 150, SLOW_MS]]) {
        await disk.slow(call, ms);
        await sleep(forMs);
        await disk.mend();
        times.push(await until("it has caught up", async () => { const now = await caughtUp(stack); return now > times.at(-1) && now; }));
        await sleep(2000); // a state of its own: the next trouble is told again
      }
      await caughtUp(stack); // what a probe finds wrong is only tried again
      measured(() => assert.deepEqual(times, [0, 1, 2]));

      const report = await watching.end();
      assert.ok(report.segments >= 5, `${report.segments} segments`);
      await assertWhole(report, stack);
      await assertDiscontinuities(stack, "shop", report.discontinuities, 0);
      measured(() => {
        assert.ok(Math.abs(report.date_off_median_ms) <= DATE_OFF_MS.median, `dates are off by ${report.date_off_median_ms} ms`);
        assert.ok(Math.abs(report.date_off_max_ms) <= DATE_OFF_MS.max, `a date is off by ${report.date_off_max_ms} ms`);
      });
      for (const stream of ["shop", "recording"]) {
        const { output, source } = await status(stack, stream);
        assert.equal(output.failed_writes, 0, JSON.stringify(output));
        await assertDiscontinuities(stack, stream, output.discontinuities, 0);
        assert.deepEqual([source.kernel_drops, source.backlog_drops], [0, 0]);
      }
      assert.deepEqual((await status(stack, "recording")).source.samples, samples);
      await recording.stop();
    })));

  test("a write hangs for longer than packets can wait: the stream starts again by itself", () =>
    withSlowDisk({ status: true, bridgeSettings: { "sources.backlog": BACKLOG } }, (stack, disk) => withBrowser({}, async (context) => {
      const page = await publish(context, stack, "shop");
      const operator = await openPage(context, `${stack.url}/status.html`);
      await until("it can be watched", async () => (await fetch(stack.playlist("shop"))).ok);
      const watching = watch(stack.playlist("shop"));
      await sleep(1000);
      const sentBytes = async () => Object.values(await outbound(page)).reduce((sum, { bytesSent }) => sum + bytesSent, 0);
      const before = await sentBytes();
      await disk.slow("write", 0);
      await sleep(2000);
      // the bridge says that there is no room only when the write has ended
      await until("more has come than has room", async () => (await sentBytes()) > before + 3 * BACKLOG);
      await disk.mend();
      await until("the status page shows what was dropped", async () =>
        (await operator.locator("#load .bad", { hasText: /^Packets dropped[1-9]\d*found no room here$/ }).count()) === 1);
      await until("and why", async () => (await operator.locator(".warnings .bad", { hasText: /the disk held this stream up/ }).count()) > 0);
      await operator.close();
      const [list] = await until("the gap is listed, and more behind it", async () =>
        /[^]*#EXT-X-DISCONTINUITY\n[^]*#EXTINF[^]*#EXTINF[^]*/.exec(await (await fetch(stack.playlist("shop"))).text()));

      const report = await watching.end();
      await assertWhole(report, stack);
      // what was lost is a gap that players are told of
      await assertDiscontinuities(stack, "shop", count(list, "#EXT-X-DISCONTINUITY\n"), 1);
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
      await restartWhileItHangs(stack, disk);
      await page.click("#go");
      await until("it goes on", async () => (await status(stack))?.state === "live");
    })));

  test("a folder that takes long to be made holds up its own stream alone", () =>
    withSlowDisk({}, async (stack, disk) => {
      const first = await replay(stack, "first");
      const { samples } = (await status(stack, "first")).source;
      await disk.slow("mkdir", 0);
      const coming = replay(stack, "second");
      await until("the publisher is let in", () => status(stack, "second"));
      await until("it is said", async () => /second: its folder takes long to open/.test(await logOf(stack)));
      assert.equal((await status(stack, "second")).state, "held");
      const metrics = await fetch(`http://127.0.0.1:${stack.bridgePort}/metrics`);
      assert.match(await metrics.text(), /\{stream="second"/);
      await disk.mend();
      const second = await coming;
      assert.equal(count(await logOf(stack), "takes long to open"), 1);
      const { source } = await status(stack, "second");
      assert.deepEqual([source.kernel_drops, source.backlog_drops, source.samples.dropped], [0, 0, 0]);
      assert.deepEqual((await status(stack, "first")).source.samples, samples);
      await first.stop();
      await second.stop();
    }));

  test("a sync that hangs holds up the stream that begins or has ended, no other", () =>
    withSlowDisk({ bridgeSettings: { "hls.hold": 2 } }, async (stack, disk) => {
      const end = async (replayed, stream) => {
        await fetch(`http://127.0.0.1:${stack.bridgePort}/streams/${stream}`, { method: "DELETE" });
        await replayed.stop();
        await until("it has ended", async () =>
          (await readFile(path.join(stack.hls, stream, "index.m3u8"), "utf8")).includes("#EXT-X-ENDLIST"));
      };
      const first = await replay(stack, "first");
      const ending = await replay(stack, "ending");
      const { samples } = (await status(stack, "first")).source;
      const before = (await status(stack, "first")).output;
      await disk.slow("sync", 0);
      const second = beginReplay(stack, "second");
      await until("the publisher is let in", () => status(stack, "second"));
      await end(ending, "ending");
      await until("the first goes on", async () =>
        (await status(stack, "first")).output.segments > before.segments + 1);
      for (const list of ["index.m3u8", "video.m3u8", "audio.m3u8"])
        await assert.rejects(readFile(path.join(stack.hls, "second", list)), { code: "ENOENT" }, "its numbers could be lost");

      await disk.mend();
      await until("the second goes on", async () => (await status(stack, "second")).output.segments > 2);
      const { output, source } = await status(stack, "second");
      assert.deepEqual([source.kernel_drops, source.backlog_drops, source.samples.dropped], [0, 0, 0]);
      assert.equal(output.discontinuities + output.failed_writes, 0, JSON.stringify(output));
      assert.deepEqual((await status(stack, "first")).source.samples, samples);
      assert.equal((await status(stack, "first")).output.failed_writes, 0);

      await disk.slow("sync", 0);
      await end(first, "first");
      await restartWhileItHangs(stack, disk);
      await second.stop();
    }));

  test("a folder that cannot be had at first is tried again", () =>
    withSlowDisk({}, async (stack, disk) => {
      await disk.slow("mkdir", 0);
      const coming = replay(stack, "shop");
      await until("the publisher is let in", () => status(stack));
      const gone = `http://127.0.0.1:${stack.bridgePort}/streams/gone`;
      const { status: code } = await fetch(gone, { method: "PUT", body: SOUND_OFFER });
      assert.equal(code, 201, "another one too");
      for (const name of ["shop", "gone"]) await writeFile(path.join(stack.hls, name), "no folder");
      await disk.mend();
      await until("it is said", async () => /shop: cannot be opened: Not a directory/.test(await logOf(stack)));
      await fetch(gone, { method: "DELETE" });
      await until("who goes is not waited for", async () => !(await status(stack, "gone")));
      await rm(path.join(stack.hls, "shop"));
      await (await coming).stop();
      assert.equal(count(await logOf(stack), "shop: cannot be opened"), 1);
      assert.equal((await status(stack)).output.failed_writes, 0);
    }));
});
