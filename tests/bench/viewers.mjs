#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// What thousands of viewers of one stream get, and what they take of the machine: straight from the
// bridge, through nginx, and through two tiers of cache. A recording publishes, so that no encoder takes
// of the machine. It wants a network namespace of its own and an otherwise idle machine:
//   tests/e2e/in-namespace tests/bench/viewers.mjs

import { readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { replay, watchWith } from "../e2e/support/audience.mjs";
import { Edges } from "../e2e/support/edges.mjs";
import { sleep, withStack } from "../e2e/support/rig.mjs";
import { cpuSeconds } from "./support/usage.mjs";

const USAGE = `Usage: tests/e2e/in-namespace tests/bench/viewers.mjs [OPTIONS] [WHAT...]
Prints how long after a part's birth those who waited for it had it, what each program took of a core,
and how much of what was asked came to the origin.

WHAT is any of: held-bridge held-nginx held-varnish ll-nginx ll-varnish classic-nginx classic-edges
  held-*      2000 viewers who have a video playlist held, and fetch no media
  ll-*        400 low-latency players: both renditions, with their media
  classic-*   1000 players of the classic playlist
  *-bridge    straight from the bridge; *-nginx: through the site's nginx
  *-varnish   through two tiers of Varnish; *-edges: through two tiers of nginx

  --viewers N    in place of these numbers
  --plain        they accept nothing that is compressed
  --seconds S    each is measured for S seconds (10)
`;

const RAMP_S = 3, SETTLE_S = 1; // hls-viewers measures from then on
const KINDS = {
  held: { viewers: 2000, file: "video.m3u8", args: ["--lists"] },
  ll: { viewers: 400, file: "master.m3u8", args: [] },
  classic: { viewers: 1000, file: "index.m3u8", args: [] },
};
const ALL = ["held-bridge", "held-nginx", "held-varnish", "ll-nginx", "ll-varnish", "classic-nginx", "classic-edges"];
const TIERS = { varnish: "varnish", edges: "nginx" };

/** What a process and all that it has started have used up. */
async function cpuSecondsOfAll(pid) {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim().split(" ").filter(Boolean);
  const below = await Promise.all(children.map(cpuSecondsOfAll));
  return below.reduce((sum, one) => sum + one, await cpuSeconds(pid));
}

async function cpuOf(pids) {
  return Promise.all(Object.values(pids).map(async (list) =>
    (await Promise.all(list.map(cpuSecondsOfAll))).reduce((sum, one) => sum + one, 0)));
}

/** Watches `url`; what hls-viewers says, with `cpu`: % of a core for each of `pids`. */
async function measure({ url, viewers, args, seconds, pids }) {
  const watching = watchWith(url, ["-n", viewers, "-t", seconds, "--ramp", RAMP_S, ...args]);
  await sleep((RAMP_S + SETTLE_S) * 1000);
  const before = await cpuOf(pids);
  const from = performance.now();
  await sleep(seconds * 1000 - 500);
  const after = await cpuOf(pids);
  const took = (performance.now() - from) / 1000;
  const watched = await watching;
  const cpu = Object.fromEntries(Object.keys(pids).map((name, i) => [name, (100 * (after[i] - before[i])) / took]));
  return { ...watched, cpu: { ...cpu, viewers: (100 * watched.cpu_s) / watched.seconds } };
}

function print(what, watched, asked) {
  const { held_playlists: held, others } = watched;
  const delay = held.count ? held : others;
  const cpu = Object.entries(watched.cpu).map(([name, percent]) => `${name} ${percent.toFixed(1)} %`).join(", ");
  console.log(`${what}: ${watched.joined} viewers, ${Math.round(watched.requests / watched.seconds)} requests a second, ` +
    `${watched.errors} errors${watched.errors ? ` ${JSON.stringify(watched.errors_by_kind)}` : ""}`);
  console.log(`  ${held.count ? "from the part's birth" : "from the request"}: median ${delay.median_ms} ms, ` +
    `95 % ${delay.p95_ms}, 99 % ${delay.p99_ms}, all ${delay.max_ms}`);
  console.log(`  of a core: ${cpu}`);
  console.log(`  a playlist is ${Math.round(watched.playlist_bytes / watched.playlists)} bytes, ` +
    `${watched.compressed} of ${watched.playlists} compressed, ${watched.deltas} delta updates`);
  if (asked !== undefined)
    console.log(`  the origin was asked ${asked} times: ${((100 * asked) / watched.everything).toFixed(2)} % of what viewers asked`);
}

async function runOne(stack, what, { viewers, seconds, plain }) {
  const [kind, way] = what.split("-");
  const { file, args, viewers: usual } = KINDS[kind];
  const { bridge, nginx } = stack.parts;
  const options = { viewers: viewers ?? usual, seconds, args: [...args, ...(plain ? ["--plain"] : []), "--files", path.join(stack.hls, "shop")] };
  if (!TIERS[way]) {
    const base = way === "bridge" ? `http://127.0.0.1:${stack.llPort}/live/shop/` : stack.master("shop");
    print(what, await measure({ ...options, url: new URL(file, base).href,
      pids: { bridge: [bridge.pid], nginx: [nginx.pid] } }));
    return;
  }
  const edges = new Edges(stack, TIERS[way]);
  try {
    await edges.start();
    const watched = await measure({ ...options, url: edges.url("shop", file),
      pids: { bridge: [bridge.pid], origin: [edges.pid("origin-1")], region: [edges.pid("region")], edge: [edges.pid("edge")] } });
    // what came before measuring is in the origin's log too: the ramp has half of its viewers on average
    watched.everything = watched.requests * (1 + (RAMP_S / 2 + SETTLE_S) / watched.seconds);
    print(what, watched, (await edges.requests("origin-1")).length);
  } finally {
    await edges.stop();
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    viewers: { type: "string" },
    seconds: { type: "string", default: "10" },
    plain: { type: "boolean", default: false },
    help: { type: "boolean", short: "h" },
  },
});
const chosen = positionals.length ? positionals : ALL;
const seconds = Number(values.seconds), viewers = values.viewers && Number(values.viewers);
if (values.help || !(seconds >= 1) || (viewers !== undefined && !(viewers >= 1)) || chosen.some((what) => !ALL.includes(what))) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
console.log(`${os.cpus().length} cores, ${os.cpus()[0].model}, load ${os.loadavg()[0].toFixed(1)}`);
await withStack({ bridgeSettings: Edges.BRIDGE_SETTINGS, bodyMs: 3600000 }, async (stack) => {
  const publisher = await replay(stack, "shop", { seconds: 3600, full: true });
  for (const what of chosen) await runOne(stack, what, { viewers, seconds, plain: values.plain });
  await publisher.stop();
});
