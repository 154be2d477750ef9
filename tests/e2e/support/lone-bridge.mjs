// SPDX-License-Identifier: GPL-3.0-or-later

// A bridge by itself, and recorded publishers that announce themselves to it.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { bridgeJson, startBridge } from "../../../tools/stack/bridge.mjs";
import { Child } from "../../../tools/stack/child.mjs";
import { freePorts } from "../../../tools/stack/ports.mjs";
import { built } from "../../../tools/stack/stack.mjs";
import { INSTRUMENTS } from "./programs.mjs";
import { until } from "./rig.mjs";
import { TESTCARD } from "./testcard.mjs";

const SECONDS = "600"; // that each sends at the most, unless it is told otherwise

/** How many packets have come, by the status of a stream, if there is one. */
export const packetsOf = (status) => status?.source?.tracks.reduce((sum, { packets }) => sum + packets, 0) ?? 0;

/** Waits until more has come of a stream than `last`, its status, tells: a sender that stood still then has told what it sent late. */
export const untilSentOn = (port, last) => until(`${last.name} is sent on`, async () =>
  packetsOf(await bridgeJson(port, `/streams/${last.name}`)) > packetsOf(last));

/**
 * Runs `body({ pid, port, llPort, hls, log, stop, end, start, send, sendFile, failed })` with a bridge: its process, the ports of its
 * control API and of low latency, its folder, and log(), what it has said so far; stop(), which ends it and resolves to its status; end(), which
 * does so by SIGKILL; and start(), which starts it again; sendFile(stream, recording, …options of rtp-replay), which sends that to it and returns the child; send(stream, …)
 * sends the test card; and `failed`, for subtest() of rig.mjs. All ends with `body()`. `program`: another hls-bridge than the one that is
 * tested with sanitizers; `env`: its environment; `lowLatency`: it makes low-latency HLS too.
 */
export async function withBridge(settings, body, { program = built().bridge, env, lowLatency = false } = {}) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-test-"));
  const hls = path.join(folder, "hls");
  const [port, llPort] = await freePorts(2);
  let bridge;
  const start = async () => (bridge = await startBridge({ program, folder, hls, port, settings, env, llPort: lowLatency && llPort }));
  const stop = () => bridge.stop().then(() => bridge.status);
  const end = () => (bridge.kill("SIGKILL"), bridge.exited());
  const log = () => readFile(path.join(folder, "hls-bridge.log"), "utf8");
  await start().catch(async (error) => {
    await rm(folder, { recursive: true });
    throw error;
  });
  const senders = new Set(), failed = [];
  const sendFile = (stream, recording, ...options) => {
    const sender = new Child("rtp-replay", INSTRUMENTS.replay,
      ["--bridge", `http://127.0.0.1:${port}`, "--stream", stream, "--seconds", SECONDS, ...options, recording],
      { logFile: path.join(folder, `${stream}.log`), cleanUp: () => senders.delete(sender) });
    senders.add(sender);
    return sender;
  };
  const send = (stream, ...options) => sendFile(stream, TESTCARD, ...options);
  try {
    await body({ pid: bridge.pid, port, llPort, hls, log, stop, end, start, send, sendFile, failed });
  } catch (error) {
    error.message += `\n(logs: ${folder})`;
    throw error;
  } finally {
    await Promise.all([...senders].map((sender) => sender.stop()));
    await bridge.stop();
  }
  assert.equal(bridge.status.code, 0);
  assert.deepEqual(failed, [], `subtests failed (logs: ${folder})`);
  await rm(folder, { recursive: true });
}
