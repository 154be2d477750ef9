#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// What rungs cost that nobody watches: hls-bridge with transcode.when = "watched" beside hls-bridge without a ladder, with
// the same streams at the same time, so that whatever else the machine does meets both. Not a part of ./check.

import { mkdir, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { bridgeStreams, startBridge } from "../../tools/stack/bridge.mjs";
import { Child, sleep } from "../../tools/stack/child.mjs";
import { freePorts } from "../../tools/stack/ports.mjs";
import { built } from "../../tools/stack/stack.mjs";
import { ROUND, recordingFile } from "./support/recording.mjs";
import { runSeconds } from "./support/usage.mjs";

const USAGE = `Usage: tests/bench/watched.mjs [OPTIONS]
Prints what hls-bridge takes of a machine for streams with a ladder of which nobody watches the rungs, and for the same
streams without a ladder, and the one by the other. It uses the build in build/, or in $JANUS_HLS_BUILD.

  --streams N        how many each has (50)
  --ladder TEXT      as transcode.ladder has it (480p:900k, 240p:250k)
  --seconds S        how long it is measured (20)
  --bound R          the ratio from which on it fails; 0: none (0)
  --directory DIR    where segments go (/dev/shm, or if it is not there, the system's temporary folder)
  --recording FILE   what they send (720p30 of about 2.5 Mbit/s in all, recorded once and kept in the build)

Status 1: a stream is not live or has lost packets, a transcoder ran, or the ratio is above the bound.
`;

const WARM_UP_S = 20; // the first files are removed again

/** A bridge and its publishers. */
async function startSide(started, { name, folder, settings, recording, streams, seconds }) {
  const own = path.join(folder, name);
  const [port, llPort] = await freePorts(2);
  await mkdir(own);
  const bridge = await started(startBridge({ program: built().bridge, folder: own, hls: path.join(own, "hls"), port, llPort, settings }));
  const replay = () => started(new Child("rtp-replay", built().replay,
    ["--bridge", `http://127.0.0.1:${port}`, "--stream", "bench", "--streams", String(streams), "--seconds", String(seconds),
      ...ROUND, recording], { logFile: path.join(own, "replay.log") }));
  return { name, port, bridge, replay };
}

/** How many processes of this name there are among the children of another. */
async function childrenOf(pid, name) {
  const stats = await Promise.all((await readdir("/proc")).filter((entry) => /^\d+$/.test(entry))
    .map((entry) => readFile(`/proc/${entry}/stat`, "utf8").catch(() => "")));
  return stats.filter((stat) => stat.includes(`(${name})`) && Number(stat.split(") ")[1].split(" ")[1]) === pid).length;
}

/** Throws unless all of a side's streams are live and whole, and no transcoder has made anything. */
async function check({ name, port, bridge }, streams) {
  const all = await bridgeStreams(port);
  const live = all.filter(({ state }) => state === "live");
  if (live.length !== streams) throw new Error(`${name}: ${live.length} of ${streams} streams are live`);
  const lost = live.reduce((sum, { source }) => sum + source.kernel_drops + source.backlog_drops, 0);
  if (lost > 0) throw new Error(`${name}: ${lost} packets were dropped: the machine is too small for this`);
  const started = live.reduce((sum, { transcoder }) => sum + (transcoder?.started ?? 0), 0);
  if (started > 0) throw new Error(`${name}: ${started} transcoders were started`);
  return { rungs: live.reduce((sum, { transcoder }) => sum + (transcoder?.rungs.length ?? 0), 0),
    processes: await childrenOf(bridge.pid, "hls-transcoder") };
}

async function measure({ recording, streams, ladder, seconds, directory }) {
  const folder = await mkdtemp(path.join(directory, "janus-hls-bench-"));
  const children = [];
  const started = async (child) => (children.push(await child), children.at(-1));
  try {
    const both = { folder, recording, streams, seconds: WARM_UP_S + seconds + 10 };
    const without = { "hls.thumbnail": 0 };
    const sides = [await startSide(started, { ...both, name: "without", settings: without }),
      await startSide(started, { ...both, name: "watched", settings: { ...without, "transcode.ladder": ladder, "transcode.when": "watched" } })];
    for (const { replay } of sides) await replay();
    await sleep(WARM_UP_S * 1000);
    const spent = () => Promise.all(sides.map(({ bridge }) => runSeconds(bridge.pid)));
    const before = await spent(), from = performance.now();
    await sleep(seconds * 1000);
    const after = await spent(), took = (performance.now() - from) / 1000;
    const found = await Promise.all(sides.map((side) => check(side, streams)));
    return after.map((now, i) => ({ cpu: (100 * (now - before[i])) / took, ...found[i] }));
  } finally {
    for (const child of children.reverse()) await child.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const { values } = parseArgs({
  options: {
    streams: { type: "string", default: "50" }, ladder: { type: "string", default: "480p:900k, 240p:250k" },
    seconds: { type: "string", default: "20" }, bound: { type: "string", default: "0" }, directory: { type: "string" },
    recording: { type: "string" }, help: { type: "boolean" },
  },
});
if (values.help) {
  console.log(USAGE.trimEnd());
} else {
  const shm = await readdir("/dev/shm").then(() => "/dev/shm", () => os.tmpdir());
  const streams = Number(values.streams), bound = Number(values.bound);
  const [without, watched] = await measure({ recording: values.recording ?? await recordingFile(), streams, ladder: values.ladder,
    seconds: Number(values.seconds), directory: values.directory ?? shm });
  const ratio = watched.cpu / without.cpu;
  const each = ({ cpu }) => `${cpu.toFixed(1)} % of a core, ${(cpu / streams).toFixed(2)} for each stream`;
  console.log(`${streams} streams without a ladder: ${each(without)}`);
  console.log(`${streams} streams, ${watched.rungs} rungs that nobody watches: ${each(watched)}; ${watched.processes} transcoders`);
  console.log(`the one by the other: ${ratio.toFixed(2)}`);
  process.exitCode = watched.processes > 0 || (bound > 0 && ratio > bound) ? 1 : 0;
}
