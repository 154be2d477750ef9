#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// How far behind the test card's clock viewers are, glass to glass: hls.js with its own defaults on
// the classic playlist and at low latency, and the watch page. They join again and again, at any phase
// of the segments, those of one kind after the other. It wants a network namespace of its own and an
// otherwise idle machine:
//   tests/e2e/in-namespace tests/bench/latency.mjs

import { spawn } from "node:child_process";
import os from "node:os";
import { parseArgs } from "node:util";
import { sleep } from "../../tools/stack/child.mjs";
import { FULL_SIZE, outbound, publish, withBrowser } from "../e2e/support/browser.mjs";
import { until, withStack } from "../e2e/support/rig.mjs";
import { openViewer, openWatchPage, quantile, servePages } from "../e2e/support/viewer.mjs";
import { hold } from "./support/bounds.mjs";

const USAGE = `Usage: tests/e2e/in-namespace tests/bench/latency.mjs [OPTIONS] [WHAT...]
Measures glass to glass, and counts stalls.

Of hls.js at low latency it says where the time goes.

WHAT is any of:
  classic   hls.js with its defaults, the classic playlist
  low       the same, low latency
  watch     the watch page

  --joins N      viewers of each, one after the other (10)
  --seconds S    that each watches, once it plays (6)
  --profile P    the bridge's ll.profile: near, default or far (default)
  --busy         a program beside it that takes all of a core
  --sizes N      that the publisher sends: 1 or 3 (1)

Of the watch page, and of hls.js at low latency, it says whether the bounds are kept that there are.

The first minute after joining, five minutes of three sizes, and near live for five, and beside a busy core for one:
  latency.mjs --joins 20 --seconds 60 watch
  latency.mjs --joins 20 low
  latency.mjs --sizes 3 --joins 1 --seconds 300 watch
  latency.mjs --profile near --joins 1 --seconds 300 watch
  latency.mjs --profile near --joins 1 --seconds 60 --busy watch
`;
const ALL = ["classic", "low", "watch"];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    joins: { type: "string", default: "10" },
    seconds: { type: "string", default: "6" },
    profile: { type: "string", default: "default" },
    busy: { type: "boolean", default: false },
    sizes: { type: "string", default: "1" },
    help: { type: "boolean", short: "h" },
  },
});
const chosen = positionals.length ? positionals : ALL;
const joins = Number(values.joins), watchMs = Number(values.seconds) * 1000;
if (values.help || !["1", "3"].includes(values.sizes) || !(joins >= 1) || !(watchMs >= 1000) || chosen.some((what) => !ALL.includes(what))) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}

const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;

const mean = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

/** By the playlist's dates, which are those of arrival at the bridge, and by what hls.js thinks is the
 * end of the list. */
const position = () => ({ dated: Date.now() - window.hls?.playingDate, behind: window.hls?.latency * 1000 });

/** What a viewer sees who joins now. */
async function join(viewer) {
  const places = [];
  await until("it plays", async () => (await viewer.state()).playingAt !== null, 30000);
  for (const from = performance.now(); performance.now() - from < watchMs; await sleep(500))
    places.push(await viewer.evaluate(position));
  const { latencies, stalls } = await viewer.state();
  await viewer.close();
  return { latencies, stalls: stalls.length, longestMs: Math.max(0, ...stalls.map(({ ms }) => ms ?? 0)), places };
}

/** Where the time went, stage by stage. */
async function tellBudget(found, publisher, stack) {
  const glass = mean(found.flatMap(({ latencies }) => latencies));
  const dated = mean(found.flatMap(({ places }) => places.map((place) => place.dated)));
  const behind = mean(found.flatMap(({ places }) => places.map((place) => place.behind)));
  const { video } = await outbound(publisher);
  const metrics = await (await fetch(`http://127.0.0.1:${stack.bridgePort}/metrics`)).text();
  const part = 'what="part"';
  const sum = (name, label = 'kind="video"') => Number(new RegExp(`^hls_bridge_${name}\\{[^}]*${label}[^}]*\\} (.*)$`, "m").exec(metrics)?.[1]);
  const listed = 1000 * sum("publish_latency_seconds_sum", part) / sum("publish_latency_seconds_count", part);
  const reorder = 1000 * sum("rtp_reorder_wait_seconds_total") / sum("rtp_packets_total");
  const ms = (value) => `${value.toFixed(1)} ms`;
  console.log(`glass to glass ${ms(glass)}:
  camera to bridge                 ${ms(glass - dated)}
    of it encoding                 ${ms(1000 * video.totalEncodeTime / video.framesEncoded)}
    of it the browser's pacer      ${ms(1000 * video.totalPacketSendDelay / video.packetsSent)}
    and its capture, network, Janus; decoding and drawing in the viewer
  bridge to the player's list      ${ms(dated - behind)}
    of it reordering               ${ms(reorder)}
    of it until the part is listed ${ms(listed)}
  behind the end of that list      ${ms(behind)}`);
}

const tell = (what, { latencies, stalls, longestMs }) =>
  console.log(`${what}: median ${seconds(quantile(latencies, 0.5))}, 95 % ${seconds(quantile(latencies, 0.95))}, ` +
    `first ${seconds(latencies[0])}, last ${seconds(latencies.at(-1))}, ${stalls} stalls` + (stalls ? `, the longest ${Math.round(longestMs)} ms` : ""));

// What is to be kept to: of all viewers together, of one that watches for long, and of one near live.
const JOINS_95_MS = 750, HLS_MEDIAN_MS = 900, LONG_MEDIAN_MS = 700, NEAR_MEDIAN_MS = 400;
const LASTS_MS = 1000; // a stall that does, beside a busy core

/** What was found, beside the bound that there is for it. */
function judge(what, { latencies, stalls, longestMs }) {
  const median = quantile(latencies, 0.5), most = quantile(latencies, 0.95), { profile, busy } = values;
  const isLong = joins === 1, watched = `the watch page, ${profile}, ${values.seconds} s`;
  const all = `median ${seconds(median)}, 95 % ${seconds(most)}, ${stalls} stalls`;
  if (what === "low" && profile === "default" && !busy)
    hold(`hls.js with its defaults, ${joins} joins: median`, all, seconds(HLS_MEDIAN_MS), median < HLS_MEDIAN_MS);
  if (what !== "watch" || profile === "far") return;
  if (busy)
    hold(`${watched}, beside a busy core: no stall that lasts`, `${all}, the longest ${seconds(longestMs)}`, seconds(LASTS_MS), longestMs < LASTS_MS);
  else if (!isLong && profile === "default")
    hold(`${watched} from joining, ${joins} joins: 95 %`, all, seconds(JOINS_95_MS), most < JOINS_95_MS);
  else {
    const bound = profile === "near" ? NEAR_MEDIAN_MS : LONG_MEDIAN_MS;
    hold(`${watched}, of ${values.sizes} sizes: median, stalls`, all, `${seconds(bound)}, none`, median < bound && stalls === 0);
  }
}

console.log(`${os.cpus().length} cores, load ${os.loadavg()[0].toFixed(1)}; profile ${values.profile}${values.busy ? ", beside a busy core" : ""}`);
const pages = await servePages();
const busy = values.busy && spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" });
try {
  await withStack({ bodyMs: 3600000, bridgeSettings: { "ll.profile": values.profile } }, (stack) =>
    withBrowser({}, async (context) => {
      const publisher = await publish(context, stack, "shop", { size: FULL_SIZE, simulcast: values.sizes === "3" });
      await sleep(16000); // the lists are full
      const open = {
        classic: () => openViewer(context, pages, stack.playlist("shop")),
        low: () => openViewer(context, pages, stack.master("shop")),
        watch: () => openWatchPage(context, stack, "shop"),
      };
      for (const what of chosen) {
        const found = [];
        for (let i = 0; i < joins; i++) {
          await sleep((i * 730) % 2000);
          found.push(await join(await open[what]()));
          tell(`${what} ${i + 1}`, found[i]);
        }
        const medians = found.map(({ latencies }) => quantile(latencies, 0.5));
        console.log(`medians of ${joins} from ${seconds(Math.min(...medians))} to ${seconds(Math.max(...medians))}`);
        const together = { latencies: found.flatMap(({ latencies }) => latencies), stalls: found.reduce((n, one) => n + one.stalls, 0),
          longestMs: Math.max(...found.map(({ longestMs }) => longestMs)) };
        tell(what, together);
        judge(what, together);
        if (what === "low") await tellBudget(found, publisher, stack);
      }
    }));
} finally {
  if (busy) busy.kill();
  await pages.close();
}
