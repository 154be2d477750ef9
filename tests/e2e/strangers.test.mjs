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
import { attach } from "./support/janus-api.mjs";
import { faultsOf, measured } from "./support/measured.mjs";
import { run, watch } from "./support/programs.mjs";
import { publishRecorded, startSwarm } from "./support/recorded.mjs";
import { until, withStack } from "./support/rig.mjs";
import { session } from "./support/session.mjs";
import { TESTCARD } from "./support/testcard.mjs";

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

/** Publishes in a VideoRoom, and forwards what is sent to the fixed ports. */
async function forwardFromVideoRoom(stack) {
  const publisher = await attach(stack, "janus.plugin.videoroom");
  const room = await publisher.publish({ request: "join", room: 1234, ptype: "publisher", id: 77, display: "x" });
  assert.equal(room.plugindata?.data?.videoroom, "joined", JSON.stringify(room));
  const swarm = startSwarm(TESTCARD);
  await swarm.connect(0, publisher, { request: "publish", videocodec: "h264", audiocodec: "opus" });
  const handle = await attach(stack, "janus.plugin.videoroom");
  const participants = await handle.request({ request: "listparticipants", room: 1234 });
  assert.deepEqual(participants.participants.map(({ id, publisher }) => [id, publisher]), [[77, true]]);
  const answer = await handle.request({
    request: "rtp_forward", room: 1234, publisher_id: 77, host: "127.0.0.1",
    audio_port: 5006, audio_pt: 111, audio_rtcp_port: 5007, video_port: 5004, video_pt: 96, video_rtcp_port: 5005,
  });
  assert.equal(answer.videoroom, "rtp_forward", JSON.stringify(answer));
  return async () => {
    handle.close();
    publisher.close();
    assert.equal(await swarm.stop(), 0);
  };
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
    return withStack({ janus }, async (stack) => {
      const end = await forwardFromVideoRoom(stack);
      const report = await watched(bridge.playlist);
      await end();
      assert.deepEqual(faultsOf(report), []);
      assert.equal(report.with_audio, report.segments);
      measured(() => assert.ok(Math.abs(report.marks.skew_median_ms) <= 60,
        `by arrival alone, since rtp_forward sends no reports: ${JSON.stringify(report.marks)}`));
    });
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
  withStack({ janus: { general: '  forward = "127.0.0.1:5004"\n' } }, async (stack) => {
    await writeFile(path.join(stack.options.folder, "stream.sdp"), SDP);
    const playing = run("ffmpeg", ["-v", "info", "-protocol_whitelist", "file,udp,rtp",
      "-i", path.join(stack.options.folder, "stream.sdp"), "-t", "5", "-f", "null", "-"], { timeout: 120000 });
    await sleep(1000);
    const publisher = await publishRecorded(stack, "shop", { silent: true });
    await publisher.untilHeard();
    publisher.speak(); // there is a key frame every two seconds
    const { status, stderr } = await playing;
    assert.equal(status, 0, stderr);
    assert.match(stderr, /Video: h264.*320x180/);
    assert.match(stderr, /Audio: opus, 48000 Hz, stereo/);
    const frames = Number(/frame= *(\d+)(?![\s\S]*frame=)/.exec(stderr)?.[1]);
    assert.ok(frames > 20, `${frames} pictures in 5 s`);
    measured(() => assert.ok(frames > 100, `${frames} pictures in 5 s`));
  }));
