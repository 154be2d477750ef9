#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// What hls-bridge takes of a machine, beside the ffmpeg that people would run in its place: both get
// the same packets at the same time. Not a part of ./check: it wants an otherwise idle machine.

import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createSocket } from "node:dgram";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { session } from "../e2e/support/session.mjs";
import { quantile } from "../e2e/support/viewer.mjs";
import { run } from "../e2e/support/programs.mjs";
import { startBridge } from "../../tools/stack/bridge.mjs";
import { Child, sleep } from "../../tools/stack/child.mjs";
import { freePorts } from "../../tools/stack/ports.mjs";
import { built } from "../../tools/stack/stack.mjs";
import { ROUND, recordingFile } from "./support/recording.mjs";
import { usageOf } from "./support/usage.mjs";

const USAGE = `Usage: tests/bench/bridge-vs-ffmpeg.mjs [OPTIONS]
Runs hls-bridge and ffmpeg side by side on the same RTP, and prints what each takes of the machine.
It uses the build in build/, or in $JANUS_HLS_BUILD.

  --recording FILE   what they get (720p30 of about 2.5 Mbit/s, recorded once and kept in the build)
  --seconds S        how long each run is measured (60)
  --runs N           how many; the median is told (3)
  --streams N        how many at once: one hls-bridge, N times ffmpeg (1)
  --low-latency      hls-bridge makes low-latency HLS and DASH too, which ffmpeg cannot
  --directory DIR    where segments go (the system's temporary folder)
`;

const WARM_UP_S = 10; // start and first segments are not counted
const IDLE_MIN = 10; // % of the machine: where there is less, who needs more takes no more, and waits

/** Whether a UDP port is free, and so the one above it. */
async function isFree(port) {
  const sockets = [port, port + 1].map((number) => [createSocket("udp4"), number]);
  const bound = await Promise.all(sockets.map(([socket, number]) => new Promise((resolve) => {
    socket.on("error", () => resolve(false));
    socket.bind(number, "127.0.0.1", () => resolve(true));
  })));
  sockets.forEach(([socket], i) => bound[i] && socket.close());
  return bound.every(Boolean);
}

/** So many free pairs of UDP ports. */
async function freePairs(count) {
  const found = [];
  for (let port = 15000; found.length < count; port += 2) if (await isFree(port)) found.push(port);
  return found;
}

async function startFfmpeg(folder, { audio, video }) {
  const sdp = path.join(folder, `ffmpeg-${audio}.sdp`);
  const hls = path.join(folder, `ffmpeg-${audio}`);
  await mkdir(hls);
  await writeFile(sdp, session(audio, video));
  return new Child("ffmpeg", "ffmpeg",
    ["-nostdin", "-v", "error", "-protocol_whitelist", "file,rtp,udp", "-i", sdp, "-c:v", "copy", "-c:a", "aac",
      "-f", "hls", "-hls_time", "2", "-hls_list_size", "6", "-hls_flags", "delete_segments",
      path.join(hls, "index.m3u8")], { logFile: path.join(folder, `ffmpeg-${audio}.log`) });
}

/** Throws where a folder of `folder` that holds a playlist holds next to nothing else. */
async function checkSegments(folder) {
  for (const name of await readdir(folder, { recursive: true })) {
    if (!name.endsWith("index.m3u8")) continue;
    const names = await readdir(path.dirname(path.join(folder, name)));
    if (names.filter((file) => file.endsWith(".ts")).length < 3) throw new Error(`${name} has no segments`);
  }
}

/** Sends `recording` to the bridge, and each copy to an ffmpeg too. */
function startReplay({ recording, folder, control, streams, receivers, seconds }) {
  return new Child("rtp-replay", built().replay,
    ["--bridge", `http://127.0.0.1:${control}`, "--stream", "bench", "--streams", String(streams),
      ...receivers.flatMap(({ audio, video }) => ["--to", `127.0.0.1:${audio},${video}`]),
      "--seconds", String(seconds), ...ROUND, recording], { logFile: path.join(folder, "replay.log") });
}

/** Seconds of all cores, since the machine's start: { idle, all }. */
function machineTime() {
  const times = os.cpus().map((cpu) => cpu.times);
  const sum = (numbers) => numbers.reduce((total, n) => total + n, 0);
  return { idle: sum(times.map(({ idle }) => idle)), all: sum(times.flatMap((one) => Object.values(one))) };
}

/** What both use in `seconds`, and what the machine has left (`idle`, % of it): { bridge, ffmpeg }, each { cpu (% of a core), peakMb, pssMb, ownMb }. */
async function watch({ bridge, ffmpegs }, seconds) {
  const both = async () => ({ bridge: await usageOf([bridge]), ffmpeg: await usageOf(ffmpegs) });
  const before = await both(), machineBefore = machineTime();
  const from = performance.now();
  await sleep(seconds * 1000);
  const after = await both(), machine = machineTime();
  const idle = (100 * (machine.idle - machineBefore.idle)) / (machine.all - machineBefore.all);
  const took = (performance.now() - from) / 1000;
  const figures = (name) => ({
    cpu: (100 * (after[name].cpuS - before[name].cpuS)) / took,
    cpuEach: (100 * (after[name].cpuS - before[name].cpuS)) / took / ffmpegs.length,
    peakMb: after[name].peakKb / 1024,
    pssMb: after[name].pssKb / 1024,
    ownMb: after[name].ownKb / 1024,
  });
  return { idle, bridge: figures("bridge"), ffmpeg: figures("ffmpeg") };
}

/** One run. */
async function measure({ recording, seconds, streams, lowLatency, directory }) {
  const folder = await mkdtemp(path.join(directory, "janus-hls-bench-"));
  const numbers = await freePairs(2 * streams);
  const receivers = Array.from({ length: streams }, (none, i) => ({ audio: numbers[2 * i], video: numbers[2 * i + 1] }));
  const [control, ll] = await freePorts(2);
  const children = [];
  const started = async (child) => (children.push(await child), children.at(-1));
  try {
    const bridge = await started(startBridge({
      program: built().bridge, folder, hls: path.join(folder, "bridge"), port: control,
      llPort: lowLatency ? ll : undefined }));
    const ffmpegs = [];
    for (const receiver of receivers) ffmpegs.push(await started(startFfmpeg(folder, receiver)));
    await sleep(1000); // until ffmpeg listens
    await started(startReplay({ recording, folder, control, streams, receivers, seconds: seconds + WARM_UP_S + 5 }));
    await sleep(WARM_UP_S * 1000);
    const figures = await watch({ bridge, ffmpegs }, seconds);
    for (const child of children) if (!child.running) throw new Error(await child.obituary());
    await checkSegments(folder);
    return figures;
  } finally {
    for (const child of children.reverse()) await child.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function printTable(results) {
  const rows = [
    ["CPU, % of a core", "cpu", 2],
    ["  for each stream", "cpuEach", 2],
    ["memory, peak (VmHWM), MB", "peakMb", 1],
    ["  libraries shared (PSS)", "pssMb", 1],
    ["  without files (RssAnon)", "ownMb", 1],
  ];
  const cells = (...texts) => console.log(texts.map((text, i) => (i ? text.padStart(10) : text.padEnd(26))).join(""));

  cells("", "bridge", "ffmpeg", "times");
  for (const [title, key, digits] of rows) {
    const median = (name) => quantile(results.map((result) => result[name][key]), 0.5);
    const [bridge, ffmpeg] = [median("bridge"), median("ffmpeg")];
    cells(title, bridge.toFixed(digits), ffmpeg.toFixed(digits), (ffmpeg / bridge).toFixed(2));
  }
}

const { values } = parseArgs({
  options: {
    recording: { type: "string" },
    seconds: { type: "string", default: "60" },
    runs: { type: "string", default: "3" },
    streams: { type: "string", default: "1" },
    "low-latency": { type: "boolean" },
    directory: { type: "string", default: os.tmpdir() },
    help: { type: "boolean", short: "h" },
  },
});
const [seconds, runs, streams] = [values.seconds, values.runs, values.streams].map(Number);
if (values.help || !(seconds > 0 && runs > 0 && streams > 0)) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
const recording = values.recording ?? (await recordingFile());
const { stdout } = await run(built().replay, ["--info", recording]);
console.log(stdout);
const results = [];
for (let i = 1; i <= runs; i++) {
  results.push(await measure({ recording, seconds, streams, lowLatency: values["low-latency"], directory: values.directory }));
  console.log(`Run ${i} of ${runs}:`);
  printTable(results.slice(-1));
  const { idle } = results.at(-1);
  console.log(`the machine was idle for ${idle.toFixed(0)} % of the time` +
    (idle < IDLE_MIN ? ", which is too little to compare: fewer --streams" : "") + "\n");
}
console.log(`Median of ${runs}:`);
printTable(results);
