#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// A viewer of several sizes whose connection is cut to a quarter and is whole again, at any phase of the segments: when
// another size is asked for and shown, how long pictures stand, and when the best one is back. A recording publishes, so that no encoder
// takes of the machine. It wants a network namespace of its own:
//   tests/e2e/in-namespace tests/bench/viewer-cut.mjs

import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { openPage, withBrowser } from "../e2e/support/browser.mjs";
import { limitRate } from "../e2e/support/rate-limit.mjs";
import { sleep, until, withStack } from "../e2e/support/rig.mjs";
import { servePages } from "../e2e/support/viewer.mjs";
import { hold, inSeconds } from "./support/bounds.mjs";
import { PLAYERS } from "./support/players.mjs";
import { Child } from "../../tools/stack/child.mjs";
import { built } from "../../tools/stack/stack.mjs";
import { ROUND, simulcastFile } from "./support/recording.mjs";

const USAGE = `Usage: tests/e2e/in-namespace tests/bench/viewer-cut.mjs [OPTIONS] [PLAYER...]
Prints of each cut when another size was asked for and shown, how long pictures stood, and when the best size was back;
and of each player what that is beside its bounds.

PLAYER is any of:
  watch     the watch page (this one, unless told)
  hls       hls.js with its defaults, low latency
  classic   the same, classic HLS
  shaka     Shaka Player, DASH
  dashjs    dash.js, DASH
  videojs   video.js, classic HLS

  --recording FILE   of several sizes, the best first (recorded once and kept in the build)
  --rate KBIT        of the whole connection, kbit/s (2.5 times what the best size takes)
  --cuts N           of each player (5)
  --low S, --high S  so long it is cut, and whole again (9, 12)
`;

const SHOP = "shop";
const FULL_MS = 14000; // until the lists are as long as they get
const SETTLE_MS = 8000;
const STOOD_MS = 250; // what people see
const BEST_MS = 30000; // until it has climbed
const TIMES_BEST = 2.5;
const SEGMENT_MS = 2000;
const UP_MS = 10000; // the best size is back by then
const NEAR = ["watch", "hls"]; // players with nothing in hand: another size is seen as soon as it is asked for

/** In the page: keeps in window.seen when pictures were late, and when they had another size. */
function lookOn() {
  const video = document.querySelector("video");
  const seen = (window.seen = { gaps: [], sizes: [] });
  let last = performance.now();
  const each = () => {
    const now = performance.now();
    seen.gaps.push({ at: last, ms: now - last });
    if (seen.sizes.at(-1)?.height !== video.videoHeight) seen.sizes.push({ at: now, height: video.videoHeight });
    last = now;
    video.requestVideoFrameCallback(each);
  };
  video.requestVideoFrameCallback(each);
}

/** What was seen from `from` on; a picture that still stands counts. */
const seenFrom = (page, from) => page.evaluate((since) => {
  const { gaps, sizes } = window.seen;
  const now = performance.now();
  const last = gaps.at(-1);
  const stands = now - (last.at + last.ms);
  return { gaps: [...gaps.filter(({ at, ms }) => at + ms > since).map(({ ms }) => ms), stands],
    sizes: sizes.filter(({ at }) => at >= since).map(({ at, height }) => ({ ms: at - since, height })),
    height: sizes.at(-1).height };
}, from);

/** Media of a smaller size than the best. */
const isSmaller = (url) => /\/[a-z]+-(mid|low)-[^/]*\.(m4s|ts)$/.test(url);

const now = (page) => page.evaluate(() => performance.now());

/** One cut: { askedMs, downMs, upMs, stoodMs, low }; undefined where it was not. */
async function cut(page, setRate, rate, { best, lowS, highS }) {
  await setRate(rate / 4);
  const cutAt = await now(page), from = Date.now();
  await sleep(lowS * 1000);
  const low = await seenFrom(page, cutAt), asked = page.smaller.filter((at) => at >= from);
  await setRate(rate);
  const wholeAt = await now(page);
  await sleep(highS * 1000);
  const high = await seenFrom(page, wholeAt);
  return {
    askedMs: asked.length ? asked[0] - from : undefined,
    downMs: low.sizes.find(({ height }) => height < best)?.ms,
    upMs: low.height === best ? 0 : high.sizes.find(({ height }) => height === best)?.ms,
    stoodMs: Math.max(...low.gaps, ...high.gaps),
    low: low.sizes.map(({ height }) => height),
  };
}

const seconds = (ms) => (ms === undefined ? "never" : `${(ms / 1000).toFixed(1)} s`);

/** The cuts of one player, beside the bounds. One that has seconds in hand may need no other size, and shows what it has first. */
function judge(what, found) {
  const most = (of) => Math.max(...found.map((one) => of(one) ?? Infinity));
  const told = (ms) => (ms < Infinity ? inSeconds(ms) : "never");
  const stood = most(({ stoodMs }) => stoodMs), up = most(({ upMs }) => upMs);
  const down = most(NEAR.includes(what) ? ({ downMs }) => downMs : ({ askedMs }) => askedMs);
  if (NEAR.includes(what))
    hold(`viewer's cut, ${what}: another size is shown after, at most`, told(down), inSeconds(SEGMENT_MS), down <= SEGMENT_MS);
  else
    hold(`viewer's cut, ${what}: another size is asked for after, at most`, told(down), `${inSeconds(2 * SEGMENT_MS)}, or no picture stands`,
      down <= 2 * SEGMENT_MS || stood <= STOOD_MS);
  hold(`viewer's cut, ${what}: the longest that a picture stood`, inSeconds(stood), inSeconds(STOOD_MS), stood <= STOOD_MS);
  hold(`viewer's cut, ${what}: the best size is back after, at most`, told(up), inSeconds(UP_MS), up <= UP_MS);
}

async function watchWith(context, what, { stack, pages, setRate, rate, values, best }) {
  const page = await openPage(context, PLAYERS[what](stack, pages, SHOP));
  page.smaller = []; // when media of a smaller size was asked for
  page.on("request", (request) => isSmaller(request.url()) && page.smaller.push(Date.now()));
  await until("it plays", () => page.evaluate(() => document.querySelector("video").currentTime > 0));
  await page.evaluate(lookOn);
  await sleep(SETTLE_MS);
  const found = [];
  for (let i = 0; i < Number(values.cuts); i++) {
    await until("it shows the best size", async () => (await seenFrom(page, 0)).height === best, BEST_MS)
      .catch(() => console.log(`${what} ${i + 1}: it does not show the best size, before it is cut`));
    await sleep((i * 730) % 2000);
    found.push(await cut(page, setRate, rate, { best, lowS: Number(values.low), highS: Number(values.high) }));
    const { askedMs, downMs, upMs, stoodMs, low } = found.at(-1);
    console.log(`${what} ${i + 1}: smaller asked for after ${seconds(askedMs)}, shown after ${seconds(downMs)} ` +
      `(${low.join(", ") || "none"}), best again after ${seconds(upMs)}, longest picture ${Math.round(stoodMs)} ms; ` +
      `load ${os.loadavg()[0].toFixed(1)}`);
  }
  judge(what, found);
  await page.close();
}

/** Bandwidth (kbit/s) and height of the best size that is listed. */
async function bestOf(stack) {
  const text = await (await fetch(stack.master(SHOP))).text();
  const all = [...text.matchAll(/^#EXT-X-STREAM-INF:BANDWIDTH=(\d+).*RESOLUTION=\d+x(\d+)/gm)].map(([, bps, height]) =>
    ({ kbit: Number(bps) / 1000, height: Number(height) }));
  if (all.length < 2) throw new Error(`this stream has no sizes to choose among:\n${text}`);
  return all.sort((a, b) => b.kbit - a.kbit)[0];
}

const text = (fallback) => ({ type: "string", default: fallback });
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { recording: { type: "string" }, rate: { type: "string" }, cuts: text("5"), low: text("9"), high: text("12"),
    help: { type: "boolean", short: "h" } },
});
const chosen = positionals.length ? positionals : ["watch"];
if (values.help || chosen.some((what) => !PLAYERS[what]) || !(Number(values.cuts) >= 1)) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
const recording = values.recording ?? (await simulcastFile());
const pages = await servePages();
await withStack({ bodyMs: 3600000 }, async (stack) => {
  const replay = new Child("rtp-replay", built().replay,
    ["--bridge", `http://127.0.0.1:${stack.bridgePort}`, "--stream", SHOP, "--labels", "high,mid,low", "--seconds", "3600",
      ...ROUND, recording], { logFile: path.join(stack.options.folder, "replay.log") });
  await sleep(FULL_MS);
  const best = await bestOf(stack);
  const rate = Number(values.rate ?? Math.round(best.kbit * TIMES_BEST));
  console.log(`${rate} kbit/s and ${rate / 4}; the best of the sizes takes ${Math.round(best.kbit)}`);
  const setRate = await limitRate(stack.port, rate);
  for (const what of chosen) // a browser each, so that none has what another has left
    await withBrowser({}, (context) => watchWith(context, what, { stack, pages, setRate, rate, values, best: best.height }));
  await replay.stop();
}).finally(() => pages.close());
