#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// How far behind the test card's clock viewers are, glass to glass: hls.js with its own defaults on
// the classic playlist and at low latency, and the watch page. They join again and again, at any phase
// of the segments, those of one kind after the other. It wants a network namespace of its own and an
// otherwise idle machine:
//   tests/e2e/in-namespace tests/bench/latency.mjs

import { parseArgs } from "node:util";
import { sleep } from "../../tools/stack/child.mjs";
import { openPage, publish, withBrowser } from "../e2e/support/browser.mjs";
import { until, withStack } from "../e2e/support/rig.mjs";
import { openViewer, quantile, servePages } from "../e2e/support/viewer.mjs";

const USAGE = `Usage: tests/e2e/in-namespace tests/bench/latency.mjs [OPTIONS] [WHAT...]
Measures glass to glass, and counts stalls.

WHAT is any of:
  classic   hls.js with its defaults, the classic playlist
  low       the same, low latency
  watch     the watch page

  --joins N      viewers of each, one after the other (10)
  --seconds S    that each watches, once it plays (6)
`;
const ALL = ["classic", "low", "watch"];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    joins: { type: "string", default: "10" },
    seconds: { type: "string", default: "6" },
    help: { type: "boolean", short: "h" },
  },
});
const chosen = positionals.length ? positionals : ALL;
const joins = Number(values.joins), watchMs = Number(values.seconds) * 1000;
if (values.help || !(joins >= 1) || !(watchMs >= 1000) || chosen.some((what) => !ALL.includes(what))) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}

/** In the watch page: keeps in window.viewer what hls-page.js does. */
async function lookOn() {
  const { readTimeCode } = await import("/js/time-code.js");
  const video = document.getElementById("player");
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const viewer = (window.viewer = { latencies: [], stalls: [], rates: [], playingAt: null });

  video.addEventListener("waiting", () => viewer.playingAt && viewer.stalls.push({ at: video.currentTime }));
  video.addEventListener("playing", () => (viewer.playingAt ??= performance.now()));
  setInterval(() => {
    const { videoWidth: width, videoHeight: height } = video;
    if (!width || !viewer.playingAt) return;
    Object.assign(context.canvas, { width, height: 1 });
    context.drawImage(video, 0, height - Math.round(height / 36) - 1, width, 1, 0, 0, width, 1);
    const code = readTimeCode(context.getImageData(0, 0, width, 1).data, width, Date.now());
    if (code !== null) viewer.latencies.push(Date.now() - code);
    viewer.rates.push(video.playbackRate);
  }, 200);
}

async function openWatchPage(context, stack) {
  const page = await openPage(context, `${stack.url}/watch.html?stream=shop`);
  await page.evaluate(lookOn);
  page.state = () => page.evaluate(() => window.viewer);
  return page;
}

const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;

/** What a viewer sees who joins now. */
async function join(viewer) {
  await until("it plays", async () => (await viewer.state()).playingAt !== null, 30000);
  await sleep(watchMs);
  const { latencies, stalls, rates = [] } = await viewer.state();
  await viewer.close();
  return { latencies, stalls: stalls.length, fast: rates.filter((rate) => rate > 1).length / (rates.length || 1) };
}

const tell = (what, { latencies, stalls }) =>
  console.log(`${what}: median ${seconds(quantile(latencies, 0.5))}, 95 % ${seconds(quantile(latencies, 0.95))}, ` +
    `first ${seconds(latencies[0])}, last ${seconds(latencies.at(-1))}, ${stalls} stalls`);

const pages = await servePages();
try {
  await withStack({ bodyMs: 3600000 }, (stack) =>
    withBrowser({}, async (context) => {
      await publish(context, stack, "shop");
      await sleep(16000); // the lists are full
      const open = {
        classic: () => openViewer(context, pages, stack.playlist("shop")),
        low: () => openViewer(context, pages, stack.master("shop")),
        watch: () => openWatchPage(context, stack),
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
        tell(what, { latencies: found.flatMap(({ latencies }) => latencies), stalls: found.reduce((n, one) => n + one.stalls, 0) });
      }
    }));
} finally {
  await pages.close();
}
