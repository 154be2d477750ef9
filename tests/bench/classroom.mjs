#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// What a server of a class takes: all its places taken by WebRTC publishers of a recording, as large as a class sends, and
// viewers on all of them; and what the one hears who comes when it is full. It wants a network namespace of its own, and
// what ./bootstrap --tests installs:
//   tests/e2e/in-namespace tests/bench/classroom.mjs --recording card.pcap

import { readFile } from "node:fs/promises";
import os from "node:os";
import { parseArgs } from "node:util";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { watchWith } from "../e2e/support/audience.mjs";
import { startSwarm } from "../e2e/support/recorded.mjs";
import { sleep, until, withStack } from "../e2e/support/rig.mjs";
import { TESTCARD } from "../e2e/support/testcard.mjs";
import { cpuSeconds } from "./support/usage.mjs";

const USAGE = `Usage: tests/e2e/in-namespace tests/bench/classroom.mjs [OPTIONS]
Fills a class, watches it, and prints what each program took of a core and of memory, what was lost, and what the next
publisher hears.

  --seats N        places, and publishers (30)
  --viewers N      at low latency, the same number on each stream (60)
  --seconds S      measured for S seconds (60)
  --recording F    what they send, a pcap file for rtp-replay (a test card of 320x180). One as a class sends it:
                     tests/bench/record-rtp.mjs --size 640x360 --fps 15 --bitrate 800000 --lifelike F
`;
const SETTLE_MS = 12000; // until all viewers have joined

const megabytes = async (pid) =>
  Number(/^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))[1]) / 1024;

/** What a process and all that it has started have used up: { cpu, memory }. */
async function usageOf(pid) {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim().split(" ").filter(Boolean);
  const all = await Promise.all(children.map(usageOf));
  return all.reduce(({ cpu, memory }, one) => ({ cpu: cpu + one.cpu, memory: memory + one.memory }),
    { cpu: await cpuSeconds(pid), memory: await megabytes(pid) });
}

/** What each takes while `seconds` go by. */
async function measure(pids, seconds) {
  const all = () => Promise.all(Object.values(pids).map(usageOf));
  const before = await all(), from = performance.now();
  await sleep(seconds * 1000);
  const after = await all(), took = (performance.now() - from) / 1000;
  console.log("% of a core, MB:");
  let cpu = 0, memory = 0;
  Object.keys(pids).forEach((name, i) => {
    const percent = (100 * (after[i].cpu - before[i].cpu)) / took;
    console.log(`  ${name.padEnd(10)} ${percent.toFixed(1).padStart(6)}  ${after[i].memory.toFixed(0).padStart(5)}`);
    if (name === "publishers") return; // they are elsewhere in a class
    cpu += percent;
    memory += after[i].memory;
  });
  console.log(`  ${"server".padEnd(10)} ${cpu.toFixed(1).padStart(6)}  ${memory.toFixed(0).padStart(5)}`);
}

/** What was lost of all streams between two looks at them. */
function tellLosses(before, after) {
  const sum = (streams, of) => streams.reduce((all, stream) => all + of(stream), 0);
  const grown = (of) => sum(after, of) - sum(before, of);
  const tracks = (key) => grown(({ source }) => source.tracks.reduce((all, track) => all + track[key], 0));
  console.log(`of ${tracks("packets")} packets: ${tracks("lost")} lost, ${grown(({ source }) => source.kernel_drops)} dropped by the kernel; ` +
    `${grown(({ source }) => source.pictures.damaged)} damaged pictures, ${grown(({ output }) => output.forced_cuts)} forced cuts, ` +
    `${grown(({ low_latency: ll }) => ll.video.gaps + ll.audio.gaps)} parts missing, ${grown(({ output }) => output.discontinuities)} discontinuities`);
  const rate = sum(after, ({ source }) => source.video_bitrate + source.audio_bitrate);
  console.log(`in: ${(rate / 1e6).toFixed(1)} Mbit/s; ${after[0].source.width}x${after[0].source.height}, ` +
    `${after.map(({ source }) => source.frame_rate).sort((a, b) => a - b)[0].toFixed(1)} fps or more`);
}

const { values } = parseArgs({
  options: {
    seats: { type: "string", default: "30" },
    viewers: { type: "string", default: "60" },
    seconds: { type: "string", default: "60" },
    recording: { type: "string", default: TESTCARD },
    help: { type: "boolean", short: "h" },
  },
});
const [seats, viewers, seconds] = ["seats", "viewers", "seconds"].map((name) => Number(values[name]));
if (values.help || !(seats >= 1 && seats < 100) || !(viewers >= 0 && viewers % seats === 0) || !(seconds >= 1)) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
console.log(`${os.cpus().length} cores, ${os.cpus()[0].model}, load ${os.loadavg()[0].toFixed(1)}; ${seats} publishers, ${viewers} viewers`);
await withStack({ bodyMs: 3600000, janus: { general: `  publishers = ${seats}\n` } }, async (stack) => {
  const swarm = startSwarm(values.recording);
  const handles = [];
  const streams = () => bridgeStreams(stack.bridgePort);
  try {
    const beat = setInterval(() => handles.forEach((handle) => handle.keepAlive()), 20000);
    for (let i = 0; i < seats; i++) handles.push(await swarm.publish(stack, i, `student-${i}`));
    await until("all are live", async () => (await streams()).filter(({ state, output }) => state === "live" && output.segments > 0).length === seats);
    const watching = Array.from({ length: viewers ? seats : 0 }, (none, i) =>
      watchWith(stack.master(`student-${i}`), ["-n", viewers / seats, "-t", seconds + SETTLE_MS / 1000, "--ramp", 5]));
    await sleep(SETTLE_MS);
    const before = await streams();
    await measure({ Janus: stack.parts.janus.pid, bridge: stack.parts.bridge.pid, nginx: stack.parts.nginx.pid, publishers: swarm.process.pid }, seconds);
    tellLosses(before, await streams());
    const watched = await Promise.all(watching);
    const all = (key) => watched.reduce((sum, one) => sum + one[key], 0);
    if (viewers) console.log(`${all("joined")} of ${viewers} viewers joined, ${all("requests")} requests, ${all("errors")} wrong ` +
      `${JSON.stringify(watched.map(({ errors_by_kind: kinds }) => kinds).filter((kinds) => kinds && Object.values(kinds).some(Boolean)))}`);
    await swarm.publish(stack, seats, "one-more").then(() => console.log("one more was let in"),
      (error) => console.log(`one more is refused: ${error.code} ${error.message}`));
    clearInterval(beat);
  } finally {
    await swarm.stop();
    handles.forEach((handle) => handle.close());
  }
});
