#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Many WebRTC publishers on one real Janus: ICE, DTLS and SRTP as browsers do them, of a recording that
// was encoded long ago. What Janus and the bridge take for each; then some leave and others arrive, which
// the ones that stay must not notice. It wants a network namespace of its own, and what
// ./bootstrap --tests installs:
//   tests/e2e/in-namespace tests/bench/publishers.mjs

import os from "node:os";
import { parseArgs } from "node:util";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { sleep, until, withStack } from "../e2e/support/rig.mjs";
import { TESTCARD } from "../e2e/support/testcard.mjs";
import { cpuSeconds } from "./support/usage.mjs";
import { PUBLISHERS_MAX, startSwarm } from "../e2e/support/recorded.mjs";

const USAGE = `Usage: tests/e2e/in-namespace tests/bench/publishers.mjs [OPTIONS]
Publishes over WebRTC many times over, and prints what each program took of a core.

  --publishers N   so many at once, up to 100 (10)
  --seconds S      measured for S seconds, and then for as long while some leave and others arrive (20)
  --recording F    what they send, a pcap file for rtp-replay (a test card of 320x180)
`;
const ARRIVE_MS = 300; // from one to the next
const STAY_MS = 2000; // of those who come and go, from one to the next
const SETTLE_MS = 5000;

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
    recording: { type: "string", default: TESTCARD },
    help: { type: "boolean", short: "h" },
  },
});
const count = Number(values.publishers), seconds = Number(values.seconds);
if (values.help || !(count >= 2 && count <= PUBLISHERS_MAX) || !(seconds >= 1)) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
console.log(`${os.cpus().length} cores, ${os.cpus()[0].model}, load ${os.loadavg()[0].toFixed(1)}; ${count} publishers`);
await withStack({ bodyMs: 3600000 }, async (stack) => {
  const swarm = startSwarm(values.recording);
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
