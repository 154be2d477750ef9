#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// What encryption costs hls-bridge at low latency: one that is clear and one of each method are sent the same packets at
// the same time, so whatever else the machine does, it does to all of them. Not a part of ./check: it measures.

import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { bridgeStreams, startBridge } from "../../tools/stack/bridge.mjs";
import { Child, sleep } from "../../tools/stack/child.mjs";
import { freePorts } from "../../tools/stack/ports.mjs";
import { built } from "../../tools/stack/stack.mjs";
import { hold } from "./support/bounds.mjs";
import { ROUND, recordingFile } from "./support/recording.mjs";
import { runSeconds } from "./support/usage.mjs";

const USAGE = `Usage: tests/bench/encrypted.mjs [OPTIONS]
Replays a recording to three bridges at once, of which one is clear, and prints what encryption costs: CPU, and the time
from the arrival of the end of a part until a playlist names it. It uses the build in build/, or in $JANUS_HLS_BUILD.

  --streams N        of each bridge (5)
  --rounds N         how often it is measured (5)
  --seconds S        how long each time (20)
  --directory DIR    where segments go (the system's temporary folder)
  --recording FILE   what they send (720p30 of about 2.5 Mbit/s in all, recorded once and kept in the build)

Status 1: a stream is not live, packets were dropped, or the median of the rounds is more than 5 % over clear.
`;

const METHODS = ["none", "aes-128", "cbcs"];
const WARM_UP_S = 15;
const MOST = 1.05; // of clear
const HOLD_BACK_MS = 600; // PART-HOLD-BACK of the default profile: how far behind the end of a list players are at the least

/** What a bridge has taken up to now: { cpuS, latencyS, parts }, of all streams together. */
async function taken({ bridge, port }) {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const sum = (what) => [...text.matchAll(new RegExp(`^hls_bridge_publish_latency_seconds_${what}\\{[^}]*what="part"[^}]*\\} (\\S+)`, "gm"))]
    .reduce((all, [, value]) => all + Number(value), 0);
  return { cpuS: await runSeconds(bridge.pid), latencyS: sum("sum"), parts: sum("count") };
}

/** How many streams are live, and packets dropped. */
async function state({ port }) {
  const streams = await bridgeStreams(port);
  return { live: streams.filter(({ state: now }) => now === "live").length,
    dropped: streams.reduce((all, { source }) => all + (source?.kernel_drops ?? 0) + (source?.backlog_drops ?? 0), 0) };
}

async function start(method, { folder, recording, streams, seconds }) {
  const place = path.join(folder, method), [port, llPort] = await freePorts(2);
  const bridge = await startBridge({ program: built().bridge, folder: place, hls: path.join(place, "hls"), port, llPort,
    settings: { "encryption.method": method, "hls.thumbnail": 0 } });
  const replay = new Child("rtp-replay", built().replay, ["--bridge", `http://127.0.0.1:${port}`, "--stream", "bench",
    "--streams", String(streams), "--json", "--seconds", String(seconds), ...ROUND, recording], { logFile: path.join(place, "replay.log") });
  return { method, bridge, replay, port };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Prints a round: { method: { cpuS, latencyMs } }. */
function print(round, all) {
  const clear = all.none;
  console.log(`round ${round}: ` + METHODS.map((method) => {
    const { cpuS, latencyMs } = all[method];
    return `${method} CPU ${cpuS.toFixed(3)} s (${(cpuS / clear.cpuS).toFixed(3)}), a part listed after ${latencyMs.toFixed(2)} ms`;
  }).join("; "));
}

async function measure({ folder, recording, streams, rounds, seconds }) {
  const all = [], sides = [];
  try {
    for (const method of METHODS)
      sides.push(await start(method, { folder, recording, streams, seconds: WARM_UP_S + rounds * (seconds + 5) + 60 }));
    await sleep(WARM_UP_S * 1000);
    for (let round = 1; round <= rounds; round++) {
      const before = await Promise.all(sides.map(taken));
      await sleep(seconds * 1000);
      const after = await Promise.all(sides.map(taken));
      all.push(Object.fromEntries(sides.map(({ method }, i) => [method, {
        cpuS: after[i].cpuS - before[i].cpuS,
        latencyMs: 1000 * (after[i].latencyS - before[i].latencyS) / (after[i].parts - before[i].parts),
      }])));
      print(round, all.at(-1));
    }
    for (const side of sides) {
      const { live, dropped } = await state(side);
      hold(`${side.method}: streams`, `${live} live, ${dropped} packets dropped`, `${streams} live, none dropped`, live === streams && dropped === 0);
    }
  } finally {
    for (const { replay, bridge } of sides) {
      await replay.stop();
      await bridge.stop();
    }
  }
  return all;
}

const { values } = parseArgs({
  options: {
    streams: { type: "string", default: "5" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "20" },
    directory: { type: "string" },
    recording: { type: "string" },
    help: { type: "boolean", short: "h" },
  },
});
const [streams, rounds, seconds] = [values.streams, values.rounds, values.seconds].map(Number);
if (values.help || ![streams, rounds, seconds].every((value) => Number.isInteger(value) && value > 0)) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
const directory = values.directory ?? os.tmpdir();
const recording = values.recording ?? (await recordingFile());
const folder = await mkdtemp(path.join(directory, "janus-hls-bench-"));
await chmod(folder, 0o755);
console.log(`${os.cpus().length} cores, ${os.cpus()[0].model}, load ${os.loadavg()[0].toFixed(1)}; segments go to ${directory}`);
try {
  const all = await measure({ folder, recording, streams, rounds, seconds });
  for (const method of METHODS.slice(1)) {
    const cpu = median(all.map((round) => round[method].cpuS / round.none.cpuS));
    const ms = median(all.map((round) => round[method].latencyMs - round.none.latencyMs));
    const behind = median(all.map((round) => (HOLD_BACK_MS + round[method].latencyMs) / (HOLD_BACK_MS + round.none.latencyMs)));
    hold(`${method}: CPU`, `${cpu.toFixed(3)} times clear`, `${MOST}`, cpu <= MOST);
    hold(`${method}: latency`, `${behind.toFixed(4)} times clear; a part is listed ${ms.toFixed(2)} ms later`, `${MOST}`, behind <= MOST);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
