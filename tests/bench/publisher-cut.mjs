#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// A publisher of three sizes whose connection is cut to a quarter and is whole again, again and again, so that its upper
// layers pause and resume. Viewers play on, nothing that was listed goes, and a layer that is back is shown soon. It wants a
// network namespace of its own:
//   tests/e2e/in-namespace tests/bench/publisher-cut.mjs

import os from "node:os";
import { parseArgs } from "node:util";
import { openPage, withBrowser } from "../e2e/support/browser.mjs";
import { limitUplink } from "../e2e/support/rate-limit.mjs";
import { sleep, until, withStack } from "../e2e/support/rig.mjs";
import { LAYERS, publishLayers } from "../e2e/support/simulcast.mjs";
import { servePages } from "../e2e/support/viewer.mjs";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { hold, inSeconds } from "./support/bounds.mjs";
import { PLAYERS } from "./support/players.mjs";

const USAGE = `Usage: tests/e2e/in-namespace tests/bench/publisher-cut.mjs [OPTIONS] [VIEWER...]
Cuts a publisher's connection, and says what became of its viewers.

VIEWER is any of watch (the watch page), hls (hls.js, low latency), classic (hls.js, classic HLS), shaka (DASH),
dashjs (DASH) and videojs (classic HLS); watch and shaka unless told.

  --times N     cuts (10)
  --rate KBIT   of the whole connection, kbit/s (2800)
`;

const SHOP = "shop";
const SETTLE_MS = 10000;
const CUT_MS = 4000; // after the best layer has paused
const PAUSE_MS = 25000, RETURN_MS = 60000; // until Chromium pauses it, and until it sends it again
const SEGMENTS_MS = 2 * 2000;
const STOOD_MS = 1000; // longer than a change of size, and what a machine that encodes and decodes at once takes for itself

/** In the page: keeps in window.stood for how long, at most, the time has stood (ms), and in window.sizes what was shown. */
function lookOn() {
  const video = document.querySelector("video");
  let at = video.currentTime, since = performance.now();
  Object.assign(window, { stood: 0, sizes: new Set() });
  setInterval(() => {
    const now = performance.now();
    window.stood = Math.max(window.stood, now - since);
    window.sizes.add(video.videoHeight);
    if (video.currentTime !== at) [at, since] = [video.currentTime, now];
  }, 50);
}

async function openOne(context, what, { stack, pages }) {
  const page = await openPage(context, PLAYERS[what](stack, pages, SHOP));
  await until(`${what} plays`, () => page.evaluate(() => document.querySelector("video")?.currentTime > 0));
  await page.evaluate(() => (document.querySelector("video").style.width = "160px")); // painting takes of the machine
  return { what, page };
}

const statusOf = async (stack) => (await bridgeStreams(stack.bridgePort)).find(({ name }) => name === SHOP);
const isLive = (status, label) => status.layers?.find((layer) => layer.label === label)?.live === true;
const isOwn = (status, name) => status.renditions?.find((one) => one.name === name)?.feeding === "own";

/** What all lists of lists name. */
async function namesOf(stack) {
  const texts = await Promise.all([stack.master(SHOP), stack.sizes(SHOP), stack.manifest(SHOP)].map(async (url) =>
    (await fetch(url, { cache: "no-store" })).text()));
  return new Set([...texts[0].matchAll(/^[^#\n]+$/gm), ...texts[1].matchAll(/^[^#\n]+$/gm)].map(([name]) => name));
}

/** Looks at the lists all the time; `missing` has what was listed and is not any more. */
function lookAtLists(stack) {
  const known = new Set(), missing = new Set();
  let over = false;
  const looking = (async () => {
    while (!over) {
      const now = await namesOf(stack);
      for (const name of known) if (!now.has(name)) missing.add(name);
      for (const name of now) known.add(name);
      await sleep(500);
    }
  })();
  return { known, missing, end: () => ((over = true), looking) };
}

/** One cut: how long after the best layer's return it is shown, ms. */
async function cut(stack, setRate, rate) {
  const best = LAYERS[0].rid;
  await setRate(rate / 4);
  const from = Date.now();
  await until("the best layer pauses", async () => !isLive(await statusOf(stack), best), PAUSE_MS);
  const paused = Date.now() - from;
  await sleep(CUT_MS);
  await setRate(rate);
  const whole = Date.now();
  await until("the best layer is back", async () => isLive(await statusOf(stack), best), RETURN_MS);
  const back = Date.now();
  await until("it is shown", async () => isOwn(await statusOf(stack), ""), RETURN_MS);
  return { paused, back: back - whole, shown: Date.now() - back };
}

const text = (fallback) => ({ type: "string", default: fallback });
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { times: text("10"), rate: text("2800"), help: { type: "boolean", short: "h" } },
});
const chosen = positionals.length ? positionals : ["watch", "shaka"];
const [times, rate] = [Number(values.times), Number(values.rate)];
if (values.help || chosen.some((what) => !PLAYERS[what]) || !(times >= 1) || !(rate > 0)) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
const pages = await servePages();
await withStack({ bodyMs: 3600000 }, (stack) => withBrowser({}, async (context) => {
  const setRate = await limitUplink(rate, rate / 4);
  await publishLayers(context, stack, SHOP);
  await until("each size is its own", async () => {
    const status = await statusOf(stack);
    return status?.renditions?.length === LAYERS.length && status.renditions.every(({ feeding }) => feeding === "own");
  }, RETURN_MS);
  await sleep(SETTLE_MS);
  const lists = lookAtLists(stack);
  const viewers = [];
  for (const what of chosen) viewers.push(await openOne(context, what, { stack, pages }));
  await sleep(SETTLE_MS);
  for (const { page } of viewers) await page.evaluate(lookOn);
  const found = [];
  for (let i = 0; i < times; i++) {
    found.push(await cut(stack, setRate, rate));
    const { paused, back, shown } = found[i];
    console.log(`${i + 1}: paused after ${inSeconds(paused)}, sent again ${inSeconds(back)} after it is whole, shown ${inSeconds(shown)} later; ` +
      `load ${os.loadavg()[0].toFixed(1)}`);
    await sleep(3000 + (i * 730) % 2000);
  }
  await lists.end();
  const most = Math.max(...found.map(({ shown }) => shown));
  hold(`publisher's cut, ${times} times: the best layer is shown after its return, at most`, inSeconds(most), inSeconds(SEGMENTS_MS), most <= SEGMENTS_MS);
  hold("publisher's cut: what was listed and went", `${lists.missing.size} of ${lists.known.size} lists`, "none", lists.missing.size === 0 && lists.known.size > 0);
  for (const { what, page } of viewers) {
    const { stood, sizes } = await page.evaluate(() => ({ stood: window.stood, sizes: [...window.sizes] }));
    hold(`publisher's cut, ${what}: the longest that its time stood`, `${inSeconds(stood)} (showed ${sizes.sort((a, b) => b - a).join(", ")} lines)`,
      inSeconds(STOOD_MS), stood <= STOOD_MS);
  }
})).finally(() => pages.close());
