#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// What playback tokens cost a cache of nginx: a stream for everybody and a protected one, in turns, each with as many
// viewers. Each viewer of the second has a token of its own. Not a part of ./check; it wants a network namespace of
// its own and an otherwise idle machine:
//   tests/e2e/in-namespace tests/bench/protected.mjs

import { readFile, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { beginReplay, watchWith } from "../e2e/support/audience.mjs";
import { Edges } from "../e2e/support/edges.mjs";
import { signToken } from "../e2e/support/gate.mjs";
import { sleep, until, withStack } from "../e2e/support/rig.mjs";
import { newSecret } from "../../tools/stack/stack.mjs";
import { recordingFile, ROUND } from "./support/recording.mjs";
import { runSeconds } from "./support/usage.mjs";

const USAGE = `Usage: tests/e2e/in-namespace tests/bench/protected.mjs [OPTIONS]
Prints what nginx takes of a core for viewers without and with tokens, what a request with one takes by what one without
takes, and how often the origin was asked for each object.

  --viewers N    of each stream (1000)
  --rounds N     each is watched N times, in turns (3)
  --seconds S    for S seconds (10)
  --bound R      the ratio from which on it fails; 0: none (0)

Status 1: viewers were refused something, an object was fetched more than once, or the ratio is above the bound.
`;

const RAMP_S = 3, SETTLE_S = 1; // hls-viewers measures from then on
const STREAMS = { without: "open", with: "shop" };

/** What the workers of an nginx have used up. */
async function workersOf(pid) {
  const workers = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim().split(" ").map(Number);
  return (await Promise.all(workers.map(runSeconds))).reduce((sum, one) => sum + one, 0);
}

async function measure(edges, { stream, viewers, seconds, args }) {
  const watching = watchWith(edges.url(stream, "index.m3u8"), ["-n", viewers, "-t", seconds, "--ramp", RAMP_S, ...args]);
  await sleep((RAMP_S + SETTLE_S) * 1000);
  const before = await workersOf(edges.pid("edge")), from = performance.now();
  await sleep(seconds * 1000 - 500);
  const spent = (await workersOf(edges.pid("edge"))) - before, took = (performance.now() - from) / 1000;
  const watched = await watching;
  const requests = watched.requests / watched.seconds;
  return { cpu: (100 * spent) / took, each: (1e6 * spent) / took / requests, requests, errors: watched.errors, joined: watched.joined };
}

/** The most often that the origin was asked for one segment. */
function mostFetches(requests) {
  const times = new Map();
  for (const { url, status } of requests) if (status === 200 && /\.ts$/.test(url)) times.set(url, (times.get(url) ?? 0) + 1);
  return { objects: times.size, most: Math.max(0, ...times.values()) };
}

async function run({ viewers, rounds, seconds, bound }) {
  const secrets = { k1: newSecret() };
  let failed = false;
  await withStack({ secrets, bridgeSettings: Edges.BRIDGE_SETTINGS, bodyMs: 3600000 }, async (stack) => {
    const tokens = path.join(stack.options.folder, "tokens");
    await writeFile(tokens, Array.from({ length: viewers }, (unused, i) => `${signToken(secrets, { stream: STREAMS.with, sid: String(i) })}\n`).join(""));
    const recording = await recordingFile();
    for (const [kind, name] of Object.entries(STREAMS))
      beginReplay(stack, name, { seconds: 3600, recording, options: [...ROUND, ...(kind === "with" ? ["--protected"] : [])] });
    const edges = new Edges(stack, "nginx");
    try {
      await edges.start();
      const first = (await readFile(tokens, "utf8")).split("\n")[0];
      for (const url of [edges.url(STREAMS.without, "index.m3u8"), stack.withToken(edges.url(STREAMS.with, "index.m3u8"), first)])
        await until(`${url} is there`, async () => (await fetch(url)).ok);
      await sleep(14000); // until the playlists are as long as they get
      const found = { without: [], with: [] };
      for (let round = 0; round < rounds; round++)
        for (const [kind, stream] of Object.entries(STREAMS)) {
          const one = await measure(edges, { stream, viewers, seconds, args: kind === "with" ? ["--tokens", tokens] : [] });
          console.log(`${kind} tokens: ${one.joined} viewers, ${one.requests.toFixed(0)} requests a second, ${one.errors} errors, ` +
            `the edge takes ${one.cpu.toFixed(1)} % of a core, ${one.each.toFixed(0)} us for each`);
          failed ||= one.errors > 0 || one.joined < viewers;
          found[kind].push(one.each);
        }
      const [without, withTokens] = [found.without, found.with].map((all) => all.reduce((sum, one) => sum + one, 0) / all.length);
      const { objects, most } = mostFetches(await edges.requests("origin-1"));
      console.log(`the origin was asked for ${objects} segments, for none more than ${most} times`);
      console.log(`with tokens by without: ${(withTokens / without).toFixed(2)}`);
      failed ||= objects === 0 || most > 1 || (bound > 0 && withTokens / without > bound);
    } finally {
      await edges.stop();
    }
  });
  return failed;
}

const { values } = parseArgs({
  options: { viewers: { type: "string", default: "1000" }, rounds: { type: "string", default: "3" }, seconds: { type: "string", default: "10" },
    bound: { type: "string", default: "0" }, help: { type: "boolean" } },
});
if (values.help) {
  process.stdout.write(USAGE);
} else {
  console.log(`${os.cpus().length} cores, ${os.cpus()[0].model}, load ${os.loadavg()[0].toFixed(1)}`);
  const numbers = Object.fromEntries(["viewers", "rounds", "seconds", "bound"].map((name) => [name, Number(values[name])]));
  process.exitCode = (await run(numbers)) ? 1 : 0;
}
