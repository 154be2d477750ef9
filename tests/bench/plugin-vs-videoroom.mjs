#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// What Janus takes of a core for publishers of the HLS plugin, beside what it takes for the same ones in
// its own VideoRoom with rtp_forward of sound and picture to the same bridge: one Janus, one after the other,
// round after round, so that the machine's mood hits both. It wants a network namespace of its own, and what
// ./bootstrap --tests installs:
//   tests/e2e/in-namespace tests/bench/plugin-vs-videoroom.mjs

import { createSocket } from "node:dgram";
import { writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { bridgeStreams, startBridge } from "../../tools/stack/bridge.mjs";
import { freePorts } from "../../tools/stack/ports.mjs";
import { built } from "../../tools/stack/stack.mjs";
import { attach } from "../e2e/support/janus-api.mjs";
import { sleep, until, withStack } from "../e2e/support/rig.mjs";
import { session } from "../e2e/support/session.mjs";
import { quantile } from "../e2e/support/viewer.mjs";
import { TESTCARD } from "../e2e/support/testcard.mjs";
import { cpuSeconds } from "./support/usage.mjs";
import { PUBLISHERS_MAX, startSwarm } from "../e2e/support/recorded.mjs";

const USAGE = `Usage: tests/e2e/in-namespace tests/bench/plugin-vs-videoroom.mjs [OPTIONS]
Publishes to the HLS plugin and to a VideoRoom with rtp_forward in turn, and prints what Janus took. Status 1
is that the plugin took more.

  --publishers N   so many at once, up to 100 (10)
  --seconds S      each is measured for S seconds (10)
  --rounds R       of both; the median is told (3)
  --recording F    what they send, a pcap file for rtp-replay (a test card of 320x180)
`;
const ROOM = 1234;
const MIDS = ["audio0", "video1"]; // as webrtcbin calls them
const SETTLE_MS = 3000;

/** A pair of UDP ports that were free a moment ago, for RTP and RTCP. */
async function portPair() {
  for (;;) {
    const sockets = [createSocket("udp4"), createSocket("udp4")];
    const bind = (socket, port) => new Promise((resolve) => {
      socket.on("error", () => resolve(0));
      socket.bind(port, "127.0.0.1", () => resolve(socket.address().port));
    });
    const port = await bind(sockets[0], 0);
    const above = port % 2 === 0 && await bind(sockets[1], port + 1);
    for (const socket of above ? sockets : [sockets[0]]) await new Promise((resolve) => socket.close(resolve));
    if (above) return port;
  }
}

/** A bridge that takes what a VideoRoom forwards: the same receiver for both. */
async function receiver(folder, number) {
  const audio = await portPair(), video = await portPair();
  const [port, llPort] = await freePorts(2);
  const file = path.join(folder, `room-${number}.sdp`);
  await writeFile(file, session(audio, video));
  const child = await startBridge({
    program: built().bridge, folder: path.join(folder, `room-${number}`), hls: path.join(folder, `hls-${number}`),
    port, llPort, args: ["--sdp", file, "--stream", "class"],
  });
  const isLive = async () => (await bridgeStreams(port)).some(({ state }) => state === "live");
  return { ports: [audio, video], isLive, stop: () => child.stop() };
}

/** Janus's CPU for each publisher while all of `handles` publish, in % of a core. */
async function measure(stack, count, seconds) {
  const { pid } = stack.parts.janus;
  await sleep(SETTLE_MS);
  const before = await cpuSeconds(pid), from = performance.now();
  await sleep(seconds * 1000);
  return (100 * (await cpuSeconds(pid) - before) * 1000) / (performance.now() - from) / count;
}

async function throughPlugin(stack, swarm, { count, seconds }) {
  const handles = [];
  for (let i = 0; i < count; i++) handles.push(await swarm.publish(stack, i, `seller-${i}`));
  const live = async () => (await bridgeStreams(stack.bridgePort)).filter(({ state }) => state === "live").length;
  await until("all are live", async () => (await live()) === count, 20000);
  const cpu = await measure(stack, count, seconds);
  if ((await live()) !== count) throw new Error("a stream of the plugin has ended meanwhile");
  for (let i = 0; i < count; i++) await swarm.leave(i, handles[i]);
  return cpu;
}

async function throughRoom(stack, swarm, { count, seconds }) {
  const handles = [], receivers = [];
  for (let i = 0; i < count; i++) {
    const handle = await attach(stack, "janus.plugin.videoroom");
    await handle.request({ request: "join", room: ROOM, ptype: "publisher", id: i + 1 });
    await swarm.connect(i, handle, { request: "publish", audiocodec: "opus", videocodec: "h264" });
    const own = await receiver(stack.options.folder, i);
    receivers.push(own);
    const answer = await handle.request({
      request: "rtp_forward", room: ROOM, publisher_id: i + 1, host: "127.0.0.1",
      streams: MIDS.map((mid, track) => ({ mid, port: own.ports[track], rtcp_port: own.ports[track] + 1, pt: track ? 96 : 111 })),
    });
    if (answer.videoroom !== "rtp_forward") throw new Error(JSON.stringify(answer));
    handles.push(handle);
  }
  await until("all are live", async () => (await Promise.all(receivers.map(({ isLive }) => isLive()))).every(Boolean), 20000);
  const cpu = await measure(stack, count, seconds);
  for (let i = 0; i < count; i++) await swarm.leave(i, handles[i]);
  await Promise.all(receivers.map(({ stop }) => stop()));
  return cpu;
}

const { values } = parseArgs({
  options: {
    publishers: { type: "string", default: "10" },
    seconds: { type: "string", default: "10" },
    rounds: { type: "string", default: "3" },
    recording: { type: "string", default: TESTCARD },
    help: { type: "boolean", short: "h" },
  },
});
const [count, seconds, rounds] = [values.publishers, values.seconds, values.rounds].map(Number);
if (values.help || !(count >= 1 && count <= PUBLISHERS_MAX) || !(seconds >= 1) || !(rounds >= 1)) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}

const room = `room-${ROOM}: { publishers = ${count} videocodec = "h264" audiocodec = "opus" bitrate = 0 lock_record = false }\n`;
const janus = { stockPlugins: ["videoroom"], files: { "janus.plugin.videoroom.jcfg": room } };
console.log(`${os.cpus().length} cores, ${os.cpus()[0].model}, load ${os.loadavg()[0].toFixed(1)}; ${count} publishers, ${seconds} s each`);
console.log("Janus for each publisher, % of a core:");
await withStack({ bodyMs: 3600000, janus }, async (stack) => {
  const swarm = startSwarm(values.recording);
  const took = { plugin: [], room: [] };
  try {
    for (let round = 0; round < rounds; round++) {
      took.plugin.push(await throughPlugin(stack, swarm, { count, seconds }));
      took.room.push(await throughRoom(stack, swarm, { count, seconds }));
      console.log(`  HLS plugin ${took.plugin.at(-1).toFixed(2)}, VideoRoom with rtp_forward ${took.room.at(-1).toFixed(2)}`);
    }
  } finally {
    await swarm.stop();
  }
  const [plugin, videoRoom] = [took.plugin, took.room].map((all) => quantile(all, 0.5));
  const ratio = plugin / videoRoom;
  console.log(`median: HLS plugin ${plugin.toFixed(2)}, VideoRoom with rtp_forward ${videoRoom.toFixed(2)}, ratio ${ratio.toFixed(2)}`);
  process.exitCode = ratio > 1 ? 1 : 0;
});
