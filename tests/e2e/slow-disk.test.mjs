// SPDX-License-Identifier: GPL-3.0-or-later

// A disk that is slow for a while: what the publisher has sent is not lost, whatever waits for the disk.
// SOAK=1: for longer.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import test, { describe } from "node:test";
import { askBridge } from "../../tools/stack/bridge.mjs";
import { built } from "../../tools/stack/stack.mjs";
import { openPage, withBrowser } from "./support/browser.mjs";
import { assertHealthy, OUTAGE } from "./support/health.mjs";
import { attach } from "./support/janus-api.mjs";
import { packetsOf, untilSentOn, withBridge } from "./support/lone-bridge.mjs";
import { measured } from "./support/measured.mjs";
import { watch } from "./support/programs.mjs";
import { publishRecorded } from "./support/recorded.mjs";
import { preload, sleep, until, withStack } from "./support/rig.mjs";
import { SOUND_OFFER } from "./support/session.mjs";
import { stepsOf } from "./support/steps.mjs";

const BACKLOG = 1 << 16;
const HANG_MS = 2000; // the bridge counts as held up after one second
const SLOW_MS = process.env.SOAK ? 30000 : 0;
const PACKET_SAMPLES = 960; // of sound

/** Runs `body(env, disk)`: `env` is for a bridge whose disk is slow as `disk` says. */
async function withSlowDisk(body) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-slow-"));
  const control = path.join(folder, "calls");
  const told = `${control}.held`; // has a byte for each call that was held
  let turn = 0;
  const disk = {
    slow: (call, ms) => rm(told, { force: true }).then(() => writeFile(control, `${call} ${ms} ${++turn}`)),
    untilHeld: (calls = 1) => until("the disk is waited for", async () => (await stat(told)).size >= calls),
    mend: () => rm(control, { force: true }),
  };
  try {
    await body({ LD_PRELOAD: preload(built().slowDisk), SLOW_DISK: control }, disk);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The same with a bridge by itself. */
const withBridgeOnSlowDisk = (settings, body) =>
  withSlowDisk((env, disk) => withBridge(settings, (bridge) => body(bridge, disk), { env, lowLatency: true }));

/** Of one stream; undefined: there is none. */
async function status({ port }, stream) {
  const { status: code, text } = await askBridge({ port }, `/streams/${stream}`);
  return code === 200 ? JSON.parse(text) : undefined;
}

const count = (text, pattern) => text.match(new RegExp(pattern, "g"))?.length ?? 0;

/** Begins to send `stream`, and waits until it can be watched. */
async function begin(bridge, stream) {
  const sender = bridge.send(stream, "--json");
  await until(`${stream} can be watched`, async () => (await status(bridge, stream)).output.segments > 0);
  return sender;
}

/**
 * All sound of `stream` is there, and nothing is made up since its samples were `before`; but for what `sender`, which
 * ends, has sent so late that it came too late. Returns its last status.
 */
async function assertAllIsHeard(bridge, stream, sender, before = {}) {
  const last = await status(bridge, stream);
  const { source } = last;
  await untilSentOn(bridge.port, last);
  await sender.stop();
  const { late_sounds: late } = JSON.parse(await readFile(sender.logFile, "utf8"));
  assert.deepEqual([source.kernel_drops, source.backlog_drops, ...source.tracks.map(({ lost }) => lost)], [0, 0, 0, 0]);
  const nothing = { rebuilt: 0, concealed: 0, silent: source.samples.silent, dropped: 0 }; // sound may begin after the picture
  if (late === 0) assert.deepEqual(source.samples, { ...nothing, ...before });
  else assert.ok(source.samples.dropped <= late * PACKET_SAMPLES, `${source.samples.dropped} samples dropped, ${late} packets came late`);
  return last;
}

/** How often the bridge has said that shop is held up, and that it has caught up: each once, in turn, as on a busy machine. */
async function held(bridge) {
  const said = (await bridge.log()).match(/(?<= shop: )(held|caught) up/g) ?? [];
  assert.deepEqual(said, said.map((_, i) => ["held up", "caught up"][i % 2]), "each once, in turn");
  return { up: Math.ceil(said.length / 2), caughtUp: Math.floor(said.length / 2) };
}

/** Writes hang until `told()`: again and again, if too little has come meanwhile to be told of. */
async function hangUntil(disk, packets, told) {
  do {
    const before = await packets();
    await disk.slow("write", 0);
    await disk.untilHeld();
    await sleep(HANG_MS);
    await disk.mend();
    await until("it goes on", async () => (await packets()) > before);
  } while (!(await told()));
}

describe("a disk that is slow for a while", { concurrency: true }, () => {
  test("writes hang for 2 s, then every rename takes 150 ms: nothing is lost", () =>
    withBridgeOnSlowDisk({}, async (bridge, disk) => {
      const sender = await begin(bridge, "shop");
      const { source: { samples }, output: { segments: first } } = await status(bridge, "shop"); // sound may begin after the picture
      const watching = watch(path.join(bridge.hls, "shop", "index.m3u8"));

      const times = [(await held(bridge)).caughtUp];
      const untilCaughtUp = () => until("it has caught up", async () => (await held(bridge)).caughtUp > times.at(-1));
      await hangUntil(disk, async () => packetsOf(await status(bridge, "shop")), async () => (await held(bridge)).up > times.at(-1));
      await untilCaughtUp();
      times.push((await held(bridge)).caughtUp);

      await disk.slow("rename", 150);
      await until("it is held up", async () => (await held(bridge)).up > times.at(-1));
      await sleep(SLOW_MS);
      await disk.mend();
      await untilCaughtUp();
      times.push((await held(bridge)).caughtUp);
      measured(() => assert.deepEqual(times, [0, 1, 2]));
      const { segments } = (await status(bridge, "shop")).output;
      await until("it goes on", async () => (await status(bridge, "shop")).output.segments >= Math.max(segments + 2, first + 6));

      const report = await watching.end();
      assert.ok(report.segments >= 5, `${report.segments} segments`);
      const { output } = await assertAllIsHeard(bridge, "shop", sender, samples);
      assertHealthy(report, { marks: false, but: OUTAGE, forced: output.forced_cuts });
      assert.deepEqual([output.failed_writes, output.discontinuities, report.discontinuities], [0, 0, 0]);
    }));

  test("a write hangs for longer than packets can wait: the stream starts again by itself", () => withSlowDisk((env, disk) =>
    withStack({ status: true, bridgeSettings: { "sources.backlog": BACKLOG }, env: { bridge: env } }, async (stack) => {
      const bridge = { port: stack.bridgePort };
      const logOf = () => readFile(path.join(stack.options.folder, "bridge", "hls-bridge.log"), "utf8");
      const publisher = await publishRecorded(stack, "shop");
      await until("it can be watched", async () => (await fetch(stack.playlist("shop"))).ok);
      const watching = watch(stack.playlist("shop"));
      await withBrowser({ shell: true }, async (context) => {
        const operator = await openPage(context, `${stack.url}/status.html`);
        await until("the status page shows that none is", async () => (await operator.textContent("#sum-dropped")) === "0");
        const handle = await attach(stack);
        const sent = async () => (await handle.request({ request: "info", stream: "shop" })).tracks.reduce((sum, { bytes }) => sum + bytes, 0);
        const dropped = async () => (await status(bridge, "shop")).source.backlog_drops;
        // what there is no room for is counted only when the write has ended
        for (let before = await sent(); !(await dropped()); before = await sent()) {
          const packets = packetsOf(await status(bridge, "shop"));
          await disk.slow("write", 0);
          await disk.untilHeld();
          await until("more has come than has room", async () => (await sent()) > before + 2 * BACKLOG);
          await disk.mend();
          await until("it goes on", async () => packetsOf(await status(bridge, "shop")) > packets);
        }
        handle.close();
        await until("the status page shows what was dropped", async () =>
          (await operator.locator("#load .bad", { hasText: /^Packets dropped[1-9]\d*found no room here$/ }).count()) === 1);
        await until("and why", async () => (await operator.locator(".warnings .bad", { hasText: /the disk held this stream up/ }).count()) > 0);
      });
      await until("the gap is listed, and more behind it", async () =>
        /#EXT-X-DISCONTINUITY\n[^]*#EXTINF[^]*#EXTINF/.test(await (await fetch(stack.playlist("shop"))).text()));

      const report = await watching.end();
      const { output, source } = await status(bridge, "shop");
      // what found no room may have been all pictures of a segment
      const pictureless = Math.min(report.segments - report.with_video, source.backlog_drops);
      assertHealthy(report, { marks: false, but: OUTAGE, forced: output.forced_cuts + pictureless });
      assert.equal(output.failed_writes + source.kernel_drops, 0);
      // what was lost is a gap that players are told of; a bridge that stands still may make another, and if nothing was shown
      // between two, they are one
      await until("each is told of once", async () => {
        const { discontinuities } = (await status(bridge, "shop")).output, gaps = count(await logOf(), "sources.backlog");
        const most = gaps + await stepsOf(stack, "shop");
        assert.ok(discontinuities >= 1 && discontinuities <= most, `${discontinuities} discontinuities, at most ${most}`);
        measured(() => assert.equal(discontinuities, gaps));
        return true;
      });
      const metrics = await (await fetch(`http://127.0.0.1:${stack.bridgePort}/metrics`)).text();
      assert.match(metrics, /^hls_bridge_backlog_dropped_packets_total\{stream="shop"\} [1-9]/m);
      await publisher.untilLive(stack);
      await until("the publisher is told so", () => publisher.status === "live");

      // the list of what is live, and what there is of the segment
      await disk.slow("write", 0);
      await publisher.leave();
      await disk.untilHeld(2);
      await restartWhileItHangs(disk, () => stack.parts.bridge.stop().then(() => stack.parts.bridge.status), () => stack.startBridge());
      await publishRecorded(stack, "shop");
    })));

  test("a folder that takes long to be made holds up its own stream alone", () =>
    withBridgeOnSlowDisk({}, async (bridge, disk) => {
      const first = await begin(bridge, "first");
      const { samples } = (await status(bridge, "first")).source;
      await disk.slow("mkdir", 0);
      const coming = begin(bridge, "second");
      await until("the publisher is let in", () => status(bridge, "second"));
      await until("it is said", async () => /second: its folder takes long to open/.test(await bridge.log()));
      assert.equal((await status(bridge, "second")).state, "held");
      const metrics = await fetch(`http://127.0.0.1:${bridge.port}/metrics`);
      assert.match(await metrics.text(), /\{stream="second"/);
      await disk.mend();
      const second = await coming;
      assert.equal(count(await bridge.log(), "second: its folder takes long to open"), 1);
      await assertAllIsHeard(bridge, "second", second);
      await assertAllIsHeard(bridge, "first", first, samples);
    }));

  test("a sync that hangs holds up the stream that begins or has ended, no other", () =>
    withBridgeOnSlowDisk({ "hls.hold": 1 }, async (bridge, disk) => {
      const untilEnded = (stream) => until("it has ended", async () =>
        (await readFile(path.join(bridge.hls, stream, "index.m3u8"), "utf8")).includes("#EXT-X-ENDLIST"));
      const first = await begin(bridge, "first");
      const ending = await begin(bridge, "ending");
      const { samples } = (await status(bridge, "first")).source;
      await disk.slow("sync", 0);
      const coming = begin(bridge, "second");
      await until("the publisher is let in", () => status(bridge, "second"));
      await disk.untilHeld();
      await ending.stop();
      await untilEnded("ending");
      const { segments } = (await status(bridge, "first")).output;
      await until("the first goes on", async () => (await status(bridge, "first")).output.segments > segments);
      for (const list of ["index.m3u8", "video.m3u8", "audio.m3u8"])
        await assert.rejects(readFile(path.join(bridge.hls, "second", list)), { code: "ENOENT" }, "its numbers could be lost");

      await disk.mend();
      const second = await coming;
      await until("the second goes on", async () => (await status(bridge, "second")).output.segments > 1);
      const { output } = await assertAllIsHeard(bridge, "second", second);
      assert.equal(output.discontinuities + output.failed_writes, 0, JSON.stringify(output));
      assert.equal((await status(bridge, "first")).output.failed_writes, 0);

      await disk.slow("sync", 0);
      await assertAllIsHeard(bridge, "first", first, samples);
      await untilEnded("first");
      await restartWhileItHangs(disk, bridge.stop, bridge.start);
    }));

  test("a folder that cannot be had at first is tried again", () =>
    withBridgeOnSlowDisk({}, async (bridge, disk) => {
      await disk.slow("mkdir", 0);
      const coming = begin(bridge, "shop");
      await until("the publisher is let in", () => status(bridge, "shop"));
      const gone = `http://127.0.0.1:${bridge.port}/streams/gone`;
      const { status: code } = await fetch(gone, { method: "PUT", body: SOUND_OFFER });
      assert.equal(code, 201, "another one too");
      for (const name of ["shop", "gone"]) await writeFile(path.join(bridge.hls, name), "no folder");
      await disk.mend();
      await until("it is said", async () => /shop: cannot be opened: Not a directory/.test(await bridge.log()));
      await fetch(gone, { method: "DELETE" });
      await until("who goes is not waited for", async () => !(await status(bridge, "gone")));
      await rm(path.join(bridge.hls, "shop"));
      await coming;
      assert.equal(count(await bridge.log(), "shop: cannot be opened"), 1);
      assert.equal((await status(bridge, "shop")).output.failed_writes, 0);
    }));
});

/** The bridge ends well though its disk hangs, and is started again on one that does not. */
async function restartWhileItHangs(disk, stop, start) {
  const asked = Date.now();
  const { code } = await stop();
  const took = Date.now() - asked;
  measured(() => assert.ok(took < 1500, `${took} ms`));
  assert.equal(code, 0);
  await disk.mend();
  await start();
}
