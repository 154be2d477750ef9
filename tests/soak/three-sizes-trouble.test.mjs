// SPDX-License-Identifier: GPL-3.0-or-later

// A browser that sends three sizes, through all that may happen to it: packets are lost, the page is loaded again, others take
// over, each part is restarted. In every size nothing but the outage itself breaks a rule, all sizes are cut alike, the
// sound fits, and each picture that is listed decodes. SECONDS=10 makes it a shorter look; ONLY=loss, one that is named so.

import assert from "node:assert/strict";
import test from "node:test";
import { publish, untilLive, withBrowser } from "../e2e/support/browser.mjs";
import { assertSkew, faultsBut } from "../e2e/support/health.mjs";
import { withBursts, withLoss } from "../e2e/support/network.mjs";
import { startNotingProxy } from "../e2e/support/noting-proxy.mjs";
import { run, watch } from "../e2e/support/programs.mjs";
import { sleep, subtest, until, withStack } from "../e2e/support/rig.mjs";
import { LAYERS } from "../e2e/support/simulcast.mjs";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";

const SECONDS = Number(process.env.SECONDS ?? 60);
const ONLY = new RegExp(process.env.ONLY ?? "");
const STREAM = "shop", KEY = "a key of both devices";
const AFTER_MS = 5000; // what is looked at behind a trouble that is over in a moment

// what a viewer cannot but notice of an outage
const OUTAGE = /no new (segment|part) for|playlist cannot be fetched|hinted part cannot be fetched|trickles in/;
/** Of a publisher that is cut off in the middle of a segment, sound and pictures end where each had come to. */
const CUT_OFF = new RegExp(`${OUTAGE.source}|sound does not end with its pictures`);
/** Of an outage, and what is not there while a part is down, of which refusedBut() judges each request. */
const DOWN = new RegExp(`${OUTAGE.source}|cannot be (fetched|read)|went too soon`);
/** The same; and low latency lists nothing from before the bridge began, so for some seconds its lists are short, of one size too. */
const BEGINS_AGAIN = new RegExp(`${DOWN.source}|falls below three target durations|not one EXT-X-RENDITION-REPORT`);

/** What hls-doctor asks for to see it refused. */
const isTrial = ({ url, status }) => (status === 400 && url.endsWith(".m3u8")) || url.endsWith("/no-such-part.m4s");
const isPart = (url) => /\.\d+\.m4s$/.test(url);
const numberOf = (part) => /\d+\.\d+(?=\.m4s$)/.exec(part)[0]; // the same in all sizes

/**
 * The requests that had no answer, or a bad one, but for those of the time from `down` to `up`. A part that was hinted at
 * then may never come, and whoever has not read the list again yet asks for it once more; and so does whoever reads a list
 * of the run before, which stands until the publisher is there `again`.
 */
function refusedBut({ down, up, again }, failures) {
  const within = failures.filter(({ from, to }) => to >= down && from <= up);
  const asked = new Set(within.map(({ url }) => url));
  const isLate = ({ url, status, from }) => from > up && status === 404 && isPart(url);
  const hinted = new Set(failures.filter((one) => isLate(one) && one.from < again).map(({ url }) => numberOf(url)));
  return failures.filter((one) => !within.includes(one) && !isTrial(one) &&
    !(isLate(one) && (asked.has(one.url) || (hinted.size === 1 && hinted.has(numberOf(one.url))))));
}

const statusOf = async (stack) => (await bridgeStreams(stack.bridgePort)).find(({ name }) => name === STREAM);

const isOwn = (status) => status?.renditions?.length === LAYERS.length && status.renditions.every(({ feeding }) => feeding === "own");
const untilOwn = (stack) => until("each size is its own", async () => isOwn(await statusOf(stack)), 180000);
const untilFedBy = (stack, layers) => until(`${layers} layers feed all sizes`, async () => {
  const status = await statusOf(stack);
  return status.layers?.length === layers && status.renditions.length === LAYERS.length &&
    new Set(status.renditions.map(({ from }) => from)).size === layers;
});

const restart = (part, how) => async ({ stack, page }) => {
  const down = Date.now();
  await how(stack.parts[part]);
  await stack.parts[part].exited();
  await sleep(500);
  await stack[`start${part[0].toUpperCase()}${part.slice(1)}`]();
  const up = Date.now();
  await untilLive(page());
  await untilOwn(stack);
  return { down, up, again: Date.now() };
};
const stop = (part) => part.stop();
const kill = async (part) => void part.kill("SIGKILL");

/** Another browser page takes the name over; the old one sees that and goes. */
const takeover = (layers, options) => async ({ stack, context, page, become }) => {
  const old = page();
  become(await publish(context, stack, STREAM, { key: KEY, ...options }));
  await old.close();
  await (layers === LAYERS.length ? untilOwn(stack) : untilFedBy(stack, layers));
};

const three = { size: "1280x720", simulcast: true };

/**
 * Each: what happens; `outage`: it resolves to { down, up, again }, see refusedBut(); `excused`: rules that it breaks;
 * `marks`: the skew is told, and judged if there is time for enough of them.
 */
const TROUBLES = {
  "2 % loss": { act: () => withLoss(0.02, () => sleep(SECONDS * 1000)), marks: true },
  "5 % loss": { act: () => withLoss(0.05, () => sleep(SECONDS * 1000)), marks: true },
  "bursts of 300 ms": { act: () => withBursts(300, 5000, () => sleep(SECONDS * 1000)), marks: true },
  "a reload": { act: async ({ page, stack }) => {
    await page().reload();
    await untilLive(page());
    await untilOwn(stack);
  }, excused: OUTAGE },
  "a takeover by one layer": { act: takeover(1, { size: "640x360" }), excused: OUTAGE },
  "a takeover by two layers": { act: takeover(2, { size: "640x360", simulcast: true }), excused: OUTAGE },
  "a takeover by three layers": { act: takeover(3, three), excused: OUTAGE },
  "the bridge is restarted": { act: restart("bridge", stop), outage: true, excused: BEGINS_AGAIN },
  "the bridge is killed": { act: restart("bridge", kill), outage: true, excused: BEGINS_AGAIN },
  "nginx is restarted": { act: restart("nginx", stop), outage: true, excused: DOWN },
  "Janus is killed": { act: restart("janus", kill), excused: CUT_OFF },
};

/** What libav says of all that a list has; each segment begins with its own parameter sets. */
async function complaintsOf(stack, list) {
  const url = new URL(list, stack.sizes(STREAM)).href;
  const text = await (await fetch(url, { cache: "no-store" })).text();
  const segments = text.split("\n").filter((line) => line && !line.startsWith("#")).slice(-5);
  assert.ok(segments.length >= 3, `${list}: ${text}`);
  const found = await Promise.all(segments.map(async (name) => {
    const { status, stderr } = await run("ffprobe", ["-v", "error", "-select_streams", "v", "-count_frames", "-show_entries",
      "stream=nb_read_frames", new URL(name, url).href]);
    return status === 0 && !stderr ? "" : `${name}: ${stderr || status}`;
  }));
  return found.filter(Boolean);
}

async function through(t, name, stage) {
  const { act, excused = /^$/, outage, marks } = TROUBLES[name];
  const { stack } = stage;
  const before = await statusOf(stack);
  const proxy = outage ? await startNotingProxy(stack.url) : null; // it is slow on a busy machine
  t.after(() => proxy?.close());
  const via = (url) => (proxy ? url.replace(stack.url, proxy.url) : url);
  const urls = { "low latency": via(stack.master(STREAM)), classic: via(stack.sizes(STREAM)) };
  const watching = Object.values(urls).map((url) => watch(url, { options: ["--aligned"] }));
  const lists = ["video", "video-mid", "video-low", "audio", "index", "index-mid", "index-low"];
  if (proxy) await until("all lists are watched", () => lists.every((list) => proxy.given.has(`/live/${STREAM}/${list}.m3u8`)));
  await sleep(1000);
  const times = await act(stage);
  await sleep(AFTER_MS);
  const reports = await Promise.all(watching.map((one) => one.end()));
  const after = await statusOf(stack);
  const complaints = await Promise.all(["index.m3u8", "index-mid.m3u8", "index-low.m3u8"].map((list) => complaintsOf(stack, list)));
  Object.keys(urls).forEach((kind, i) => {
    const { alignment, faults, renditions } = reports[i];
    const shown = renditions.filter(({ width }) => width);
    t.diagnostic(`${kind}: ${alignment.segments} cuts compared, ${alignment.video_off_max_ticks} ticks apart; ` +
      shown.map((one) => `${one.uri} ${one.segments} segments, ${one.discontinuities} discontinuities` +
        (marks ? `, skew ${one.marks.skew_median_ms?.toFixed(1)} ms (p95 ${one.marks.skew_p95_ms?.toFixed(1)}, ${one.marks.pairs})` : "")).join("; ") +
      (faults.length ? `; ${JSON.stringify(faults)}` : ""));
  });
  t.diagnostic(`switches ${before.switches} -> ${after.switches}, forced cuts ${before.output.forced_cuts} -> ${after.output.forced_cuts}`);
  assert.deepEqual(complaints.flat(), []);
  if (proxy) assert.deepEqual(refusedBut(times, proxy.failures), []);
  for (const report of reports) {
    assert.deepEqual(faultsBut(report, excused), []);
    assert.ok(report.alignment.segments >= 6, `${report.alignment.segments} cuts compared`);
    assert.equal(report.alignment.video_off_max_ticks, 0);
    const shown = report.renditions.filter(({ width }) => width);
    assert.equal(shown.length, LAYERS.length);
    if (marks && SECONDS >= 20) shown.forEach((one) => assertSkew(one));
  }
}

test("three sizes through trouble", (t) =>
  withStack({ bridgeSettings: { "hls.hold": 60 }, bodyMs: 1800000 }, (stack) =>
    withBrowser({}, async (context) => {
      let page = await publish(context, stack, STREAM, { ...three, key: KEY });
      await untilOwn(stack);
      await until("six segments", async () => (await (await fetch(stack.playlist(STREAM))).text()).split("#EXTINF").length > 6);
      const stage = { stack, context, page: () => page, become: (other) => (page = other) };
      for (const name of Object.keys(TROUBLES).filter((one) => ONLY.test(one)))
        await subtest(t, stack, name, (u) => through(u, name, stage));
    })));
