#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// What hls-bridge takes of a machine for one stream, and for each of many: CPU, memory, wake-ups and
// system calls. A recording publishes them all, in one size or in three. Not a part of ./check: it wants an otherwise
// idle machine.

import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { doctor, run } from "../e2e/support/programs.mjs";
import { LAYERS } from "../e2e/support/simulcast.mjs";
import { bridgeStreams, startBridge } from "../../tools/stack/bridge.mjs";
import { Child, sleep } from "../../tools/stack/child.mjs";
import { startNginx } from "../../tools/stack/nginx.mjs";
import { freePorts } from "../../tools/stack/ports.mjs";
import { SOURCE, built } from "../../tools/stack/stack.mjs";
import { hold } from "./support/bounds.mjs";
import { ROUND, recordingFile, simulcastFile } from "./support/recording.mjs";
import { usage, wakeUps } from "./support/usage.mjs";

const USAGE = `Usage: tests/bench/streams.mjs [OPTIONS]
Replays a recording to hls-bridge many times over, and prints what the bridge takes for each stream.
It uses the build in build/, or in $JANUS_HLS_BUILD.

  --streams LIST     how many at once, one run for each number (1,20,50,100)
  --sizes N          sizes that each publisher sends: 1, or 3 as a browser does (1)
  --seconds S        how long each run is measured (20)
  --watch S          hls-doctor watches one stream after another meanwhile, each for S seconds (0: it does not). It takes of
                     the machine too, but not of what the bridge is said to take
  --syscalls S       then count its system calls for S seconds, which slows it down (0: do not)
  --classic          no low-latency HLS
  --directory DIR    where segments go (/dev/shm, or where it is not there, the system's temporary folder)
  --recording FILE   what they send (720p30 of about 2.5 Mbit/s in all, recorded once and kept in the build)

Status 1: something was dropped, a stream is not live, or hls-doctor has found a fault.
`;

const WARM_UP_S = 32; // buffers have grown, and the first files are removed again
const TELL = 12; // kinds of system calls, of the most frequent

async function startReplay({ recording, sizes, folder, control, streams, seconds }) {
  const labels = LAYERS.slice(0, sizes).map(({ rid }) => rid).join();
  return new Child("rtp-replay", built().replay,
    ["--bridge", `http://127.0.0.1:${control}`, "--stream", "bench", "--streams", String(streams), "--json",
      ...(sizes > 1 ? ["--video-tracks", String(sizes), "--labels", labels] : []),
      "--seconds", String(seconds), ...ROUND, recording], { logFile: path.join(folder, "replay.log") });
}

/** Watches one stream after another at low latency until `seconds` are over: what is told of each that was watched. */
async function watchInTurn({ url, streams, each, seconds }) {
  const end = performance.now() + seconds * 1000;
  const found = [];
  for (let i = 0; performance.now() + 0.9 * each * 1000 < end; i++) {
    const name = streams === 1 ? "bench" : `bench-${1 + (i % streams)}`;
    found.push({ name, ...(await doctor(`${url}/live/${name}/master.m3u8`, each, { options: ["--aligned"] })) });
  }
  return found;
}

/** What the bridge has lost of what was sent, over all streams. */
async function losses(control) {
  const streams = await bridgeStreams(control);
  const sum = (of) => streams.reduce((all, stream) => all + of(stream), 0);
  return {
    live: sum(({ state }) => state === "live"),
    kernel: sum(({ source }) => source?.kernel_drops ?? 0),
    backlog: sum(({ source }) => source?.backlog_drops ?? 0),
    missing: sum(({ source }) => source?.tracks.reduce((all, track) => all + track.lost, 0) ?? 0),
  };
}

/** System calls of a process in `seconds`, by name. */
async function countSyscalls(pid, seconds, folder) {
  const file = path.join(folder, "strace.txt");
  const { status, stderr } = await run("timeout",
    ["--signal=INT", String(seconds), "strace", "-c", "-f", "-q", "-U", "name,calls", "-o", file, "-p", String(pid)]);
  const text = await readFile(file, "utf8").catch(() => "");
  const rows = [...text.matchAll(/^(\w+)\s+(\d+)$/gm)].filter(([, name]) => name !== "total");
  if (rows.length === 0) throw new Error(`strace counts nothing (status ${status}): ${stderr}`);
  return rows.map(([, name, calls]) => ({ name, perS: Number(calls) / seconds })).sort((a, b) => b.perS - a.perS);
}

/** One run. */
async function measure({ recording, sizes, streams, seconds, each, syscalls, classic, directory }) {
  const folder = await mkdtemp(path.join(directory, "janus-hls-bench-"));
  const [control, ll, web] = await freePorts(3);
  const children = [];
  const started = async (child) => (children.push(await child), children.at(-1));
  try {
    const bridge = await started(startBridge({ program: built().bridge, folder, hls: path.join(folder, "hls"),
      port: control, llPort: classic ? undefined : ll }));
    const url = `http://127.0.0.1:${web}`;
    if (each > 0) {
      await chmod(folder, 0o755); // nginx's workers are not root
      await started(startNginx({ pieces: path.join(SOURCE, "nginx"), folder: path.join(folder, "nginx"), url: `${url}/`,
        address: `127.0.0.1:${web}`, hls: path.join(folder, "hls"), web: built().web, janusPort: 9,
        ll: `127.0.0.1:${ll}`, bridgePort: control }));
    }
    const replay = await started(startReplay({ recording, sizes, folder, control, streams,
      seconds: seconds + WARM_UP_S + syscalls + 5 }));
    await sleep(WARM_UP_S * 1000);
    const before = { ...(await usage(bridge.pid)), wakeUps: await wakeUps(bridge.pid) };
    const from = performance.now();
    const [watched] = await Promise.all([each > 0 ? watchInTurn({ url, streams, each, seconds }) : [], sleep(seconds * 1000)]);
    const after = { ...(await usage(bridge.pid)), wakeUps: await wakeUps(bridge.pid) };
    const took = (performance.now() - from) / 1000;
    const lost = await losses(control);
    const calls = syscalls > 0 ? await countSyscalls(bridge.pid, syscalls, folder) : [];
    for (const child of children) if (!child.running) throw new Error(await child.obituary());
    replay.kill("SIGINT");
    await replay.exited();
    const { late_max_ms: lateMs } = JSON.parse(await readFile(replay.logFile, "utf8"));
    return {
      streams, lost, calls, lateMs, watched,
      cpu: (100 * (after.cpuS - before.cpuS)) / took,
      user: (100 * (after.userS - before.userS)) / took,
      wakeUps: (after.wakeUps - before.wakeUps) / took,
      ownMb: after.ownKb / 1024,
      pssMb: after.pssKb / 1024,
    };
  } finally {
    for (const child of children.reverse()) await child.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function print(result, previous) {
  const { streams, lost, calls } = result;
  const each = (total, digits) => (total / streams).toFixed(digits);
  console.log(`${streams} streams, ${lost.live} of them live:`);
  console.log(`  CPU ${result.cpu.toFixed(1)} % of a core, ${each(result.cpu, 2)} for each (user ${each(result.user, 2)})`);
  console.log(`  woken ${each(result.wakeUps, 0)} times a second for each`);
  console.log(`  memory ${result.pssMb.toFixed(1)} MB, ${result.ownMb.toFixed(1)} without files` +
    (previous ? `; ${((result.pssMb - previous.pssMb) / (streams - previous.streams)).toFixed(2)} for each further stream` : ""));
  console.log(`  dropped: ${lost.kernel} by the kernel, ${lost.backlog} for want of room; ${lost.missing} missing; ` +
    `sent up to ${result.lateMs.toFixed(0)} ms late`);
  if (calls.length)
    console.log(`  system calls a second for each: ${each(calls.reduce((sum, { perS }) => sum + perS, 0), 0)}; ` +
      calls.slice(0, TELL).map(({ name, perS }) => `${name} ${each(perS, 1)}`).join(", "));
  for (const report of result.watched) printWatched(report);
}

/** What hls-doctor says of one stream. */
function printWatched({ name, renditions, alignment, faults }) {
  const skew = renditions.filter(({ marks }) => marks?.pairs > 0)
    .map(({ uri, marks }) => `, skew of ${uri} ${marks.skew_median_ms.toFixed(1)} ms (95 % within ${marks.skew_p95_ms.toFixed(1)})`);
  console.log(`  ${name}: ${faults.length} rules broken, ${alignment.segments} cuts compared, ` +
    `${alignment.video_off_max_ticks} ticks apart at the most${skew.join("")}`);
  for (const { rule, count, examples } of faults) console.log(`    ${rule} (${count}): ${examples[0]}`);
}

/** Whether all went as it should: tells it, and what a stream takes. */
function judge({ streams, lost, watched, cpu, pssMb }, sizes) {
  const dropped = lost.kernel + lost.backlog + lost.missing, faults = watched.reduce((sum, one) => sum + one.faults.length, 0);
  hold(`${streams} publishers of ${sizes} size${sizes > 1 ? "s" : ""}`, `${lost.live} live, ${dropped} packets dropped, ${faults} rules broken; ` +
    `${(cpu / streams).toFixed(2)} % of a core and ${(pssMb / streams).toFixed(2)} MB a stream`, "none dropped, none broken",
    lost.live === streams && dropped === 0 && faults === 0);
}

const { values } = parseArgs({
  options: {
    streams: { type: "string", default: "1,20,50,100" },
    sizes: { type: "string", default: "1" },
    seconds: { type: "string", default: "20" },
    watch: { type: "string", default: "0" },
    syscalls: { type: "string", default: "0" },
    classic: { type: "boolean" },
    directory: { type: "string" },
    recording: { type: "string" },
    help: { type: "boolean", short: "h" },
  },
});
const counts = values.streams.split(",").map(Number);
const [sizes, seconds, each, syscalls] = [values.sizes, values.seconds, values.watch, values.syscalls].map(Number);
if (values.help || !counts.every((count) => Number.isInteger(count) && count > 0) || ![1, LAYERS.length].includes(sizes) ||
  !(seconds > 0) || !(each >= 0 && each <= seconds) || !(syscalls >= 0) || (values.classic && each > 0)) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
const directory = values.directory ?? await readFile("/proc/mounts", "utf8")
  .then((mounts) => (/^\S+ \/dev\/shm tmpfs /m.test(mounts) ? "/dev/shm" : os.tmpdir()));
const recording = values.recording ?? (await (sizes === 1 ? recordingFile() : simulcastFile()));
console.log(`${os.cpus().length} cores, ${os.cpus()[0].model}, load ${os.loadavg()[0].toFixed(1)}; segments go to ${directory}`);
let previous;
for (const streams of counts) {
  const result = await measure({ recording, sizes, streams, seconds, each, syscalls, classic: values.classic, directory });
  print(result, previous);
  judge(result, sizes);
  previous = result;
}
