// SPDX-License-Identifier: GPL-3.0-or-later

// Each half works with a stranger: the bridge takes RTP from a stock VideoRoom and from ffmpeg, and
// the plugin's RTP plays in stock ffmpeg.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { startBridge } from "../../tools/stack/bridge.mjs";
import { Child, sleep } from "../../tools/stack/child.mjs";
import { freePorts } from "../../tools/stack/ports.mjs";
import { built } from "../../tools/stack/stack.mjs";
import { cpuSeconds } from "../bench/support/usage.mjs";
import { openPage, publish, withBrowser } from "./support/browser.mjs";
import { attach } from "./support/janus-api.mjs";
import { faultsOf, measured } from "./support/measured.mjs";
import { run, watch } from "./support/programs.mjs";
import { until, withStack } from "./support/rig.mjs";
import { session } from "./support/session.mjs";

const SDP = session(5006, 5004);

/** Runs `body(bridge)` with a bridge in fixed-port mode: { playlist, folder, stream, child }. */
async function withFixedPorts(sdp, body, settings = {}) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-test-"));
  const hls = path.join(folder, "hls");
  const file = path.join(folder, "stream.sdp");
  await writeFile(file, sdp);
  const [port] = await freePorts(1);
  const child = await startBridge({
    program: built().bridge, folder, hls, port, settings,
    args: ["--sdp", file, "--stream", "class", "--verbose"],
  });
  try {
    await body({ playlist: path.join(hls, "class", "index.m3u8"), child, folder });
  } finally {
    await child.stop();
  }
  assert.equal(child.status.code, 0);
  await rm(folder, { recursive: true, force: true });
}

/** Joins a VideoRoom from a page, and forwards what it sends to the fixed ports. */
async function forwardFromVideoRoom(context, stack) {
  const page = await openPage(context, `${stack.url}/publish.html?stream=room`);
  await page.evaluate(async () => {
    const { default: Janus } = await import("/vendor/janus.es.js");
    const { startTestCard } = await import("/js/test-card.js");
    const card = await startTestCard({ name: "room" });
    const janus = await new Promise((resolve, reject) => {
      const j = new Janus({ server: `ws://${location.host}/janus`, success: () => resolve(j), error: reject });
    });
    await new Promise((resolve, reject) => {
      let room;
      janus.attach({
        plugin: "janus.plugin.videoroom",
        success: (handle) => {
          room = handle;
          room.send({ message: { request: "join", room: 1234, ptype: "publisher", id: 77, display: "x" } });
        },
        error: reject,
        webrtcState: (up) => up && resolve(),
        onmessage: (message, jsep) => {
          if (jsep) room.handleRemoteJsep({ jsep });
          if (message.videoroom !== "joined") return;
          room.createOffer({
            tracks: card.stream.getTracks().map((track) => ({ type: track.kind, capture: track, recv: false })),
            success: (offer) => room.send({ message: { request: "publish", videocodec: "h264" }, jsep: offer }),
            error: reject,
          });
        },
      });
    });
  });
  const handle = await attach(stack, "janus.plugin.videoroom");
  const answer = await handle.request({
    request: "rtp_forward", room: 1234, publisher_id: 77, host: "127.0.0.1",
    streams: [
      { mid: "0", port: 5006, pt: 111, rtcp_port: 5007 },
      { mid: "1", port: 5004, pt: 96, rtcp_port: 5005 },
    ],
  });
  assert.equal(answer.videoroom, "rtp_forward", JSON.stringify(answer));
  return handle;
}

/** What hls-doctor says of a few segments. */
async function watched(playlist) {
  const watching = watch(playlist, { wait: 60 });
  const count = async () => (await readFile(playlist, "utf8")).match(/#EXTINF/g).length;
  await until("some segments", async () => (await count()) >= 5);
  const report = await watching.end();
  assert.ok(report.segments >= 3, `${report.segments} segments`);
  return report;
}

test("a stock VideoRoom's rtp_forward", () =>
  withFixedPorts(SDP, (bridge) => {
    const room = `room-1234: { publishers = 6 videocodec = "h264" audiocodec = "opus" lock_record = false }\n`;
    const janus = { stockPlugins: ["videoroom"], files: { "janus.plugin.videoroom.jcfg": room } };
    return withStack({ janus }, (stack) =>
      withBrowser({}, async (context) => {
        const handle = await forwardFromVideoRoom(context, stack);
        const report = await watched(bridge.playlist);
        handle.close();
        assert.deepEqual(faultsOf(report), []);
        assert.equal(report.with_audio, report.segments);
        measured(() => assert.ok(Math.abs(report.marks.skew_median_ms) <= 60,
          `by arrival alone, since rtp_forward sends no reports: ${JSON.stringify(report.marks)}`));
      }));
  }));

test("ffmpeg, with B-frames", () =>
  withFixedPorts(SDP, async (bridge) => {
    const sender = new Child("ffmpeg", "ffmpeg", ["-v", "error", "-re",
      "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000",
      "-map", "0:v", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "25", "-b:v", "500k",
      "-payload_type", "96", "-f", "rtp", "rtp://127.0.0.1:5004?pkt_size=1200",
      "-map", "1:a", "-c:a", "libopus", "-payload_type", "111", "-f", "rtp", "rtp://127.0.0.1:5006?pkt_size=1200"],
      { logFile: path.join(bridge.folder, "ffmpeg.log") });
    try {
      const report = await watched(bridge.playlist);
      assert.deepEqual(faultsOf(report), []);
      assert.deepEqual([report.width, report.height], [640, 360]);
    } finally {
      await sender.stop();
    }
    // the next one needs no restart of anything
    await sleep(1000);
    assert.ok(bridge.child.running);
  }));

test("fixed ports that nobody sends to cost nothing, when all was ended and removed, too", () =>
  withFixedPorts(SDP, async ({ child }) => {
    await sleep(2000);
    const before = await cpuSeconds(child.pid);
    await sleep(2000);
    assert.ok((await cpuSeconds(child.pid)) - before < 0.5);
  }, { "hls.hold": 0, "hls.keep": 0 }));

test("the plugin's RTP plays in stock ffmpeg", () =>
  withStack({ janus: { general: '  forward = "127.0.0.1:5004"\n' } }, (stack) =>
    withBrowser({}, async (context) => {
      await writeFile(path.join(stack.options.folder, "stream.sdp"), SDP);
      const playing = run("ffmpeg", ["-v", "info", "-protocol_whitelist", "file,udp,rtp",
        "-i", path.join(stack.options.folder, "stream.sdp"), "-t", "5", "-f", "null", "-"], { timeout: 120000 });
      await sleep(1000);
      const page = await publish(context, stack, "shop");
      // ffmpeg asks for no key frame by itself
      await until("ffmpeg has what it needs", async () => {
        await page.evaluate(() => window.janusHls.publisher.configure({ keyframe: true }));
        return Promise.race([playing.then(() => true), sleep(1000)]);
      });
      const { status, stderr } = await playing;
      assert.equal(status, 0, stderr);
      assert.match(stderr, /Video: h264.*640x360/);
      assert.match(stderr, /Audio: opus, 48000 Hz, stereo/);
      const frames = Number(/frame= *(\d+)(?![\s\S]*frame=)/.exec(stderr)?.[1]);
      assert.ok(frames > 20, `${frames} pictures in 5 s`);
      measured(() => assert.ok(frames > 100, `${frames} pictures in 5 s`));
    })));
