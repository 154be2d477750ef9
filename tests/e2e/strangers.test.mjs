// SPDX-License-Identifier: GPL-3.0-or-later

// Each half works with a stranger: the bridge takes RTP from a stock VideoRoom and from ffmpeg, and
// the plugin's RTP plays in stock ffmpeg.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import test, { describe } from "node:test";
import { askBridge, startBridge } from "../../tools/stack/bridge.mjs";
import { Child, sleep } from "../../tools/stack/child.mjs";
import { freePorts } from "../../tools/stack/ports.mjs";
import { built } from "../../tools/stack/stack.mjs";
import { cpuSeconds } from "../bench/support/usage.mjs";
import { attach } from "./support/janus-api.mjs";
import { faultsOfLive } from "./support/health.mjs";
import { measured } from "./support/measured.mjs";
import { run, watch } from "./support/programs.mjs";
import { publishRecorded, startSwarm } from "./support/recorded.mjs";
import { until, withStack } from "./support/rig.mjs";
import { session } from "./support/session.mjs";
import { TESTCARD } from "./support/testcard.mjs";

const KEEP_ALIVE_MS = 20000; // Janus ends a session that says nothing for a minute

/**
 * Runs `body(bridge)` with a bridge that takes pictures at the port `video` of loopback, RTCP at the next, and sound two
 * further: { playlist, folder, child, bridgePort }.
 */
async function withFixedPorts(video, body, settings = {}) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-test-"));
  const hls = path.join(folder, "hls");
  const file = path.join(folder, "stream.sdp");
  await writeFile(file, session(video + 2, video));
  const [port] = await freePorts(1);
  const child = await startBridge({
    program: built().bridge, folder, hls, port, settings,
    args: ["--sdp", file, "--stream", "class", "--verbose"],
  });
  try {
    await body({ playlist: path.join(hls, "class", "index.m3u8"), child, folder, bridgePort: port });
  } finally {
    await child.stop();
  }
  assert.equal(child.status.code, 0);
  await rm(folder, { recursive: true, force: true });
}

/** Publishes in a VideoRoom until `stack` ends, and forwards what is sent to the fixed ports. */
async function forwardFromVideoRoom(stack, video) {
  const publisher = await attach(stack, "janus.plugin.videoroom");
  const room = await publisher.publish({ request: "join", room: 1234, ptype: "publisher", id: 77, display: "x" });
  assert.equal(room.plugindata?.data?.videoroom, "joined", JSON.stringify(room));
  const swarm = startSwarm(TESTCARD);
  const staying = setInterval(() => publisher.keepAlive(), KEEP_ALIVE_MS);
  const end = async () => {
    clearInterval(staying);
    assert.equal(await swarm.stop(), 0);
    publisher.close();
  };
  stack.guests.add({ end });
  await swarm.connect(0, publisher, { request: "publish", videocodec: "h264", audiocodec: "opus" });
  const handle = await attach(stack, "janus.plugin.videoroom");
  await until("the room takes it for a publisher", async () => {
    const { participants } = await handle.request({ request: "listparticipants", room: 1234 });
    assert.deepEqual(participants.map(({ id }) => id), [77]);
    return participants[0].publisher;
  });
  const answer = await handle.request({
    request: "rtp_forward", room: 1234, publisher_id: 77, host: "127.0.0.1",
    audio_port: video + 2, audio_pt: 111, audio_rtcp_port: video + 3, video_port: video, video_pt: 96, video_rtcp_port: video + 1,
  });
  assert.equal(answer.videoroom, "rtp_forward", JSON.stringify(answer));
  handle.close();
}

/** What hls-doctor says of a few segments. */
async function watched({ playlist }) {
  const watching = watch(playlist, { wait: 60 });
  const count = async () => (await readFile(playlist, "utf8")).match(/#EXTINF/g).length;
  await until("some segments", async () => (await count()) >= 4);
  const report = await watching.end();
  assert.ok(report.segments >= 3, `${report.segments} segments`);
  return report;
}

/** Nothing is wrong but what the bridge counts itself: segments that it has cut without a key frame, for want of one. */
const assertRight = async (report, bridge) => assert.deepEqual(await faultsOfLive(report, bridge, "class"), []);

/** Whether somebody listens at a UDP port. */
const isListening = async (port) =>
  (await readFile("/proc/self/net/udp", "utf8")).includes(`:${port.toString(16).toUpperCase().padStart(4, "0")} `);

describe("strangers", { concurrency: 4 }, () => {
  test("a stock VideoRoom's rtp_forward", () =>
    withFixedPorts(5004, (bridge) => {
      const room = `room-1234: { publishers = 6 videocodec = "h264" audiocodec = "opus" lock_record = false }\n`;
      const janus = { stockPlugins: ["videoroom"], files: { "janus.plugin.videoroom.jcfg": room } };
      return withStack({ janus }, async (stack) => {
        await forwardFromVideoRoom(stack, 5004);
        const report = await watched(bridge);
        await assertRight(report, bridge);
        assert.equal(report.with_audio, report.segments);
        measured(() => assert.ok(Math.abs(report.marks.skew_median_ms) <= 60,
          `by arrival alone, since rtp_forward sends no reports: ${JSON.stringify(report.marks)}`));
      });
    }));

  test("ffmpeg, with B-frames", () =>
    withFixedPorts(5014, async (bridge) => {
      const sender = new Child("ffmpeg", "ffmpeg", ["-v", "error", "-re",
        "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000",
        "-map", "0:v", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "25", "-b:v", "300k",
        "-payload_type", "96", "-f", "rtp", "rtp://127.0.0.1:5014?pkt_size=1200",
        "-map", "1:a", "-c:a", "libopus", "-payload_type", "111", "-f", "rtp", "rtp://127.0.0.1:5016?pkt_size=1200"],
        { logFile: path.join(bridge.folder, "ffmpeg.log") });
      try {
        const report = await watched(bridge);
        await assertRight(report, bridge);
        assert.deepEqual([report.width, report.height], [320, 180]);
      } finally {
        await sender.stop();
      }
      // the next one needs no restart of anything
      assert.equal((await askBridge({ port: bridge.bridgePort }, "/healthz")).status, 200);
      assert.ok(bridge.child.running);
    }, { "hls.segment": 1 }));

  test("fixed ports that nobody sends to cost nothing, when all was ended and removed, too", () =>
    withFixedPorts(5024, async ({ child }) => {
      await sleep(2000);
      const before = await cpuSeconds(child.pid);
      await sleep(2000);
      assert.ok((await cpuSeconds(child.pid)) - before < 0.5);
    }, { "hls.hold": 0, "hls.keep": 0 }));

  test("the plugin's RTP plays in stock ffmpeg", () =>
    withStack({ janus: { general: '  forward = "127.0.0.1:5034"\n' } }, async (stack) => {
      const file = path.join(stack.options.folder, "stream.sdp");
      await writeFile(file, session(5036, 5034));
      const playing = run("ffmpeg", ["-v", "info", "-protocol_whitelist", "file,udp,rtp", "-i", file,
        "-frames:v", "100", "-shortest", "-f", "null", "-"], { timeout: 120000 });
      await until("ffmpeg listens", () => isListening(5034));
      const publisher = await publishRecorded(stack, "shop", { silent: true }); // the bridge is not asked, and has none of it
      await publisher.untilHeard();
      publisher.speak(); // there is a key frame every two seconds
      const { status, stderr } = await playing;
      assert.equal(status, 0, stderr);
      assert.match(stderr, /Video: h264.*320x180/);
      assert.match(stderr, /Audio: opus, 48000 Hz, stereo/);
      const [, frames, time] = /frame= *(\d+).* time=00:00:([\d.]+)(?![\s\S]*frame=)/.exec(stderr);
      assert.equal(Number(frames), 100, stderr);
      measured(() => assert.ok(Number(time) < 5, `${frames} pictures in ${time} s`));
    }));
});
