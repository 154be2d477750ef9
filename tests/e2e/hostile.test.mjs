// SPDX-License-Identifier: GPL-3.0-or-later

// Clients that mean no good, or do not know better: those that are stuck, and those that ask without end.
// Media goes on as if nothing were, and others are answered.

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import net from "node:net";
import test from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { attach } from "./support/janus-api.mjs";
import { faultsOfLive, OUTAGE } from "./support/health.mjs";
import { measured } from "./support/measured.mjs";
import { kernelDrops } from "./support/network.mjs";
import { watch } from "./support/programs.mjs";
import { publishRecorded } from "./support/recorded.mjs";
import { until, withStack } from "./support/rig.mjs";
import { SOUND_OFFER } from "./support/session.mjs";
import { assertDiscontinuities } from "./support/steps.mjs";

const CONTROL_CONNECTIONS = 256; // that the control API takes at a time
const FLOOD = 1000; // requests

// All that asks, and all that answers, has two cores here: a segment may come late, but not by so much that players
// notice.
const LATE_S = 5;

const connect = (port) => new Promise((resolve, reject) => {
  const socket = net.connect(port, "127.0.0.1", () => resolve(socket));
  socket.on("error", reject);
});

const request = (line, body = "") => `${line} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** Clients that are stuck: say nothing, half of a request, more than they ever read. */
async function stuckClients(port, count, target) {
  const sayings = ["", "GET /str", `PUT /streams/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nv=0`,
    request(`GET ${target}`).repeat(2000)];
  const sockets = await Promise.all(Array.from({ length: count }, () => connect(port)));
  sockets.forEach((socket, i) => {
    socket.on("error", () => {}); // they are thrown out in the end
    socket.pause();
    socket.write(sayings[i % sayings.length]);
  });
  return () => sockets.forEach((socket) => socket.destroy());
}

/** Asks `total` times on eight connections, each answer at once followed by the next of `requests`. */
async function flood(port, total, requests) {
  let sent = 0, answered = 0;
  const connections = Array.from({ length: 8 }, () => new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1");
    let waiting = 0, tail = "";
    const ask = () => {
      while (waiting < 4 && sent < total) {
        waiting++;
        socket.write(requests[sent++ % requests.length]);
      }
      if (waiting === 0) socket.end();
    };
    socket.setEncoding("latin1");
    socket.on("data", (data) => {
      const text = tail + data;
      const heads = text.split("HTTP/1.1 ").length - 1;
      tail = text.slice(-8);
      waiting -= heads;
      answered += heads;
      if (heads) ask();
    });
    socket.on("connect", ask);
    socket.on("error", reject);
    socket.on("close", resolve);
  }));
  await Promise.all(connections);
  assert.equal(answered, total, "each request is answered");
}

/** Asks the plugin `total` times, some at a time. */
async function floodPlugin(stack, total) {
  const handles = await Promise.all(Array.from({ length: 4 }, () => attach(stack)));
  const bodies = [{ request: "list" }, { request: "info", stream: "shop" }, { request: "info", stream: "nobody" }];
  await Promise.all(handles.map(async (handle) => {
    for (let asked = 0; asked < total / handles.length; asked += 20) {
      const answers = await Promise.all(Array.from({ length: 20 }, (none, i) => handle.request(bodies[i % 3])));
      assert.ok(answers.every(({ hls, error_code: code }) => hls === "list" || hls === "info" || code === 470));
    }
    handle.close();
  }));
}

/** Packets of each track that the plugin did not send on. */
async function droppedByPlugin(stack) {
  const handle = await attach(stack);
  const { tracks } = await handle.request({ request: "info", stream: "shop" });
  handle.close();
  return tracks.map(({ kind, dropped }) => ({ kind, dropped }));
}

test("stuck clients and floods of requests leave media untouched", (t) =>
  withStack({ bridgeSettings: { "sources.max": 5, "hls.hold": 1, "hls.keep": 1 } }, async (stack) => {
    await publishRecorded(stack, "shop");
    const status = async () => (await bridgeStreams(stack.bridgePort)).find(({ name }) => name === "shop");
    const before = await until("pictures are good", async () => {
      const now = await status();
      return now.source?.pictures.good > 60 && now;
    });
    const droppedBefore = await droppedByPlugin(stack);
    const watching = watch(stack.playlist("shop"));
    const answers = () => fetch(`http://127.0.0.1:${stack.bridgePort}/healthz`, { signal: AbortSignal.timeout(10000) })
      .then(({ ok }) => ok, () => false);

    const open = async () => (await readdir(`/proc/${stack.parts.bridge.pid}/fd`)).length;
    const openBefore = await open();
    // as many as there may be: the control API throws them out by itself
    const leave = [await stuckClients(stack.bridgePort, CONTROL_CONNECTIONS, "/metrics"),
      await stuckClients(stack.llPort, 400, "/live/shop/video.m3u8")];
    await until("somebody else is answered", answers);
    leave.forEach((each) => each());
    await until("it knows that they have left", async () => (await open()) < openBefore + CONTROL_CONNECTIONS / 2);
    await until("others are answered", answers);

    // a few of them are let in and never send; those who come after are refused, or take them over
    const announcements = Array.from({ length: 7 }, (none, i) => request(`PUT /streams/new-${i}`, SOUND_OFFER));
    const from = performance.now();
    await flood(stack.bridgePort, FLOOD, [...announcements, ...Array(20).fill(request("GET /streams")),
      ...Array(20).fill(request("GET /metrics")), ...Array(20).fill(request("GET /streams/shop")),
      request("GET /nothing"), request("PUT /streams/x", "nonsense"), request("DELETE /streams/nobody")]);
    await until("others are answered", answers);
    await flood(stack.llPort, FLOOD, [request("GET /live/shop/video.m3u8"), request("GET /live/shop/audio.m3u8?_HLS_part=1"),
      request("GET /live/nobody/video.m3u8?_HLS_msn=1"), request("GET /live/shop/none.m4s"), request("GET /live/shop/video.m3u8?_HLS_msn=0")]);
    await floodPlugin(stack, FLOOD);
    t.diagnostic(`${Math.round((3000 * FLOOD) / (performance.now() - from))} requests a second`);

    await until("media has gone on", async () => (await status()).output.segments > before.output.segments + 2);
    const report = await watching.end();
    assert.ok(report.segments >= 3, `${report.segments} segments`);
    assert.deepEqual(await faultsOfLive(report, stack, "shop", { but: OUTAGE }), []); // who is held up sends no key picture in time
    measured(() => assert.ok(report.longest_gap_seconds < LATE_S, `nothing new for ${report.longest_gap_seconds} s`));
    const { state, publishers, source, output, low_latency: ll } = await status();
    assert.deepEqual([state, publishers], ["live", 1]);
    await assertDiscontinuities(stack, "shop", output.discontinuities, before.output.discontinuities);
    measured(() => assert.equal(output.forced_cuts, 0, "an IDR picture comes in time, every 2 s"));
    measured(() => assert.deepEqual([ll.video.gaps, ll.audio.gaps], [0, 0], "media comes without a break"));
    // of a bridge that is not given the machine for seconds the kernel drops what it has no room for
    measured(() => assert.equal(source.kernel_drops, 0));
    assert.equal(source.backlog_drops, 0);
    const drops = await kernelDrops(); // Janus' socket has a bound, too
    for (const { kind, lost } of source.tracks) assert.ok(lost <= drops, `${kind}: ${lost} lost, ${drops} dropped by the kernel`);
    if (drops === 0) assert.deepEqual(source.pictures.damaged, before.source.pictures.damaged);
    assert.deepEqual(await droppedByPlugin(stack), droppedBefore);
  }));
