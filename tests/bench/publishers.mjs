#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Many WebRTC publishers on one real Janus: ICE, DTLS and SRTP as browsers do them, of a recording that
// was encoded long ago. What Janus and the bridge take for each; then some leave and others arrive, which
// the ones that stay must not notice. It wants a network namespace of its own, and what
// ./bootstrap --publishers installs:
//   tests/e2e/in-namespace tests/bench/publishers.mjs

import { spawn } from "node:child_process";
import { access, readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import readline from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { attach } from "../e2e/support/janus-api.mjs";
import { sleep, until, withStack } from "../e2e/support/rig.mjs";
import { built } from "../../tools/stack/stack.mjs";

const USAGE = `Usage: tests/e2e/in-namespace tests/bench/publishers.mjs [OPTIONS]
Publishes over WebRTC many times over, and prints what each program took of a core.

  --publishers N   so many at once, up to 100 (10)
  --seconds S      measured for S seconds, and then for as long while some leave and others arrive (20)
  --recording F    what they send, a pcap file for rtp-replay (a test card of 320x180)
`;
const RECORDING = fileURLToPath(new URL("../fixtures/rtp/testcard-320x180.pcap", import.meta.url));
const TICKS_PER_S = 100; // USER_HZ, which Linux has fixed
const ARRIVE_MS = 300; // from one to the next
const STAY_MS = 2000; // of those who come and go, from one to the next
const SETTLE_MS = 5000;
const PUBLISHERS_MAX = 100;

/** webrtc-publishers, and whoever waits for what it says of a publisher. */
class Swarm {
  #waiting = new Map(); // "number key value" -> resolve

  constructor(program, recording) {
    this.process = spawn(program, [recording], { stdio: ["pipe", "pipe", "inherit"] });
    readline.createInterface({ input: this.process.stdout }).on("line", (line) => this.#onLine(JSON.parse(line)));
  }

  #onLine({ publisher, offer, state }) {
    const key = `${publisher} ${offer ? "offer" : state}`;
    this.#waiting.get(key)?.(offer ?? state);
    this.#waiting.delete(key);
  }

  say(message) {
    this.process.stdin.write(`${JSON.stringify(message)}\n`);
  }

  hears(publisher, what) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`publisher ${publisher}: no ${what} after 15 s`)), 15000);
      this.#waiting.set(`${publisher} ${what}`, (value) => (clearTimeout(timer), resolve(value)));
    });
  }

  /** Publishes `stream` as number `publisher`. Resolves to the handle when media flows. */
  async publish(stack, publisher, stream) {
    const offered = this.hears(publisher, "offer");
    this.say({ open: publisher });
    const sdp = await offered;
    const handle = await attach(stack);
    const answer = await handle.publish({ request: "publish", stream }, { type: "offer", sdp });
    const connected = this.hears(publisher, "connected");
    this.say({ publisher, answer: answer.jsep.sdp });
    for (const { candidate } of handle.events.filter(({ janus }) => janus === "trickle"))
      if (candidate.candidate)
        this.say({ publisher, candidate: candidate.candidate, mline: candidate.sdpMLineIndex });
    await connected;
    return handle;
  }

  async leave(publisher, handle) {
    await handle.request({ request: "unpublish" });
    handle.close();
    this.say({ close: publisher });
  }

  stop() {
    this.process.stdin.end();
    return new Promise((resolve) => this.process.on("exit", resolve));
  }
}

async function cpuSeconds(pid) {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /s, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

/** What each takes while `body()` runs, and prints it. */
async function measure(title, pids, count, body) {
  const all = () => Promise.all(Object.values(pids).map(cpuSeconds));
  const before = await all(), from = performance.now();
  await body();
  const after = await all(), took = (performance.now() - from) / 1000;
  console.log(`${title}, % of a core (and for each publisher):`);
  Object.keys(pids).forEach((name, i) => {
    const percent = (100 * (after[i] - before[i])) / took;
    console.log(`  ${name.padEnd(10)} ${percent.toFixed(1).padStart(6)}  ${(percent / count).toFixed(2)}`);
  });
}

/** Throws where a stream that stayed has lost anything. */
async function checkStreams(stack, names) {
  const streams = await bridgeStreams(stack.bridgePort);
  for (const name of names) {
    const stream = streams.find((one) => one.name === name);
    const { pictures, kernel_drops: drops, tracks } = stream.source;
    const lost = tracks.reduce((sum, track) => sum + track.lost, 0);
    if (stream.state !== "live" || pictures.damaged || drops || lost || stream.output.discontinuities)
      throw new Error(`${name} is disturbed: ${JSON.stringify(stream)}`);
  }
  console.log(`  ${names.length} streams have lost nothing`);
}

const { values } = parseArgs({
  options: {
    publishers: { type: "string", default: "10" },
    seconds: { type: "string", default: "20" },
    recording: { type: "string", default: RECORDING },
    help: { type: "boolean", short: "h" },
  },
});
const count = Number(values.publishers), seconds = Number(values.seconds);
if (values.help || !(count >= 2 && count <= PUBLISHERS_MAX) || !(seconds >= 1)) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
const program = path.join(path.dirname(path.dirname(built().bridge)), "tests", "bench", "webrtc-publishers");
if (!(await access(program).then(() => true, () => false))) {
  console.error("webrtc-publishers is not built: run ./bootstrap --publishers, and make");
  process.exit(2);
}

console.log(`${os.cpus().length} cores, ${os.cpus()[0].model}, load ${os.loadavg()[0].toFixed(1)}; ${count} publishers`);
await withStack({ bodyMs: 3600000 }, async (stack) => {
  const swarm = new Swarm(program, values.recording);
  const handles = [];
  const name = (i) => `seller-${i}`;
  const pids = { Janus: stack.parts.janus.pid, bridge: stack.parts.bridge.pid, publishers: swarm.process.pid };
  try {
    for (let i = 0; i < count; i++) {
      handles.push(await swarm.publish(stack, i, name(i)));
      await sleep(ARRIVE_MS);
    }
    await until("all are live", async () =>
      (await bridgeStreams(stack.bridgePort)).filter(({ state, output }) => state === "live" && output.segments > 0).length === count, 20000);
    await sleep(SETTLE_MS);
    await measure("all publish", pids, count, () => sleep(seconds * 1000));
    const staying = Math.ceil(count / 2);
    const names = Array.from({ length: staying }, (none, i) => name(i));
    await checkStreams(stack, names);
    const end = performance.now() + seconds * 1000;
    let changes = 0;
    await measure("half of them stay", pids, count, async () => {
      for (let i = staying; performance.now() < end; i = i + 1 < count ? i + 1 : staying, changes++) {
        await swarm.leave(i, handles[i]);
        handles[i] = await swarm.publish(stack, i, name(i));
        await sleep(STAY_MS);
      }
    });
    console.log(`  ${changes} left and came again`);
    await checkStreams(stack, names);
  } finally {
    await swarm.stop();
    handles.forEach((handle) => handle.close());
  }
});
