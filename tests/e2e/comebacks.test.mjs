// SPDX-License-Identifier: GPL-3.0-or-later

// Publishers and the bridge go and come back while people watch: they stay, at the same address, and
// nobody has to press anything. And a publisher turns the phone, and turns it back, again and again: viewers play on. That one
// is a recording of real Chromium; what a live one sends when its picture changes is looked at in conformance.test.mjs and
// low-latency.test.mjs.

import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";
import { segmentsOf } from "../replay/support/replays.mjs";
import { publish, SMALL_SIZE, untilLive, withBrowser } from "./support/browser.mjs";
import { assertHealthy, faultsOfLive, forcedCuts, OUTAGE } from "./support/health.mjs";
import { LIVE, measured, OF_A_BUSY_MACHINE } from "./support/measured.mjs";
import { ffprobe, watch } from "./support/programs.mjs";
import { publishRecorded } from "./support/recorded.mjs";
import { sleep, subtest, until, withStack } from "./support/rig.mjs";
import { assertDiscontinuities, stepsOf } from "./support/steps.mjs";
import { recordingOf } from "./support/testcard.mjs";
import { hidePicture, openViewer, servePages } from "./support/viewer.mjs";
import { Vlc } from "./support/vlc.mjs";

const BODY_MS = 540000; // what both tests may take
const KEY = "the same on both devices";
const STILL_MS = 3 * 2000 + 3000; // hold-back, which is three target durations, and 3 s
const ROUND_S = 11; // so that an IDR picture comes wherever a segment is to end
const CHANGES = LIVE ? 6 : 3; // of the picture's size, that are waited for; there is one in each 5 s
const STALL_MS = 1000; // five programs share the machine, and the decoder begins again

/** The last of the stream's numbers: { segment, discontinuity }. */
async function lastOf(stack) {
  const text = await (await fetch(stack.playlist("shop"))).text();
  const number = (tag) => Number(new RegExp(`${tag}:(\\d+)`).exec(text)?.[1] ?? 0);
  const count = (pattern) => text.match(pattern)?.length ?? 0;
  return {
    segment: number("MEDIA-SEQUENCE") + count(/^#EXTINF/gm) - 1,
    discontinuity: number("DISCONTINUITY-SEQUENCE") + count(/^#EXT-X-DISCONTINUITY$/gm),
  };
}

/**
 * In what is listed now there is a discontinuity between two sizes, and nowhere else. A segment that was cut without a key frame,
 * as behind a publisher that stood still, does not say its size.
 */
async function assertBetweenSizes(stack) {
  const segments = segmentsOf(await (await fetch(stack.playlist("phone"))).text());
  const forced = await forcedCuts(stack, "phone"); // or fewer: some have left the list
  let before, sizeless = 0, steps = await stepsOf(stack, "phone");
  for (const { uri, after } of segments) {
    const { streams } = await ffprobe(path.join(stack.hls, "phone", uri));
    const { width, height } = streams.find(({ codec_type }) => codec_type === "video");
    if (!width && ++sizeless <= forced && !after) continue;
    const size = `${width}x${height}`;
    if (size === before && after && steps-- > 0) continue;
    if (before) assert.equal(after, size !== before, `${uri} is ${size} behind ${before}, with ${forced} cuts without a key frame`);
    before = size;
  }
}

/** A picture of another size begins behind a discontinuity, and players play on. */
async function turnPhone(t, stack, context, pages) {
  const publisher = await publishRecorded(stack, "phone", { key: KEY, recording: recordingOf("rotation"), roundS: ROUND_S });
  await until("it can be watched", async () => (await fetch(stack.playlist("phone"))).ok);
  const watching = watch(stack.playlist("phone"));
  const viewer = await openViewer(context, pages, stack.playlist("phone"));
  await hidePicture(viewer);
  const vlc = await Vlc.play(stack, stack.playlist("phone"));
  await until("hls.js plays", async () => (await viewer.state()).playingAt !== null);
  await until("VLC plays", async () => (await vlc.stats()).pictures > 0);
  const before = await vlc.stats(), from = performance.now();
  for (const size of ["180x320", "320x180"])
    await until(`${size} is listed`, async () => (await (await fetch(stack.master("phone"))).text()).includes(`RESOLUTION=${size}`));
  const wanted = CHANGES + (await viewer.state()).discontinuities[0];
  await until("hls.js plays what came last", async () => (await viewer.state()).discontinuities.at(-1) >= wanted);
  const seconds = (performance.now() - from) / 1000;
  const played = await vlc.stats();
  t.diagnostic(`VLC: ${JSON.stringify(played)}`);
  await until("VLC plays on", async () => (await vlc.stats()).pictures > before.pictures + 60);
  const { errors, stalls } = await viewer.state();
  await viewer.close();
  await vlc.stop();

  await assertBetweenSizes(stack);
  const report = await watching.end(); // of a list that is ahead of what hls.js plays
  assertHealthy(report, { forced: await forcedCuts(stack, "phone") });
  assert.ok(report.discontinuities >= CHANGES, `${report.discontinuities} discontinuities`);
  // a page that takes long to begin with another size has no picture meanwhile, which hls.js leaves out
  const others = errors.filter((error) => error !== "mediaError/bufferStalledError");
  assert.deepEqual(others.filter((error) => !OF_A_BUSY_MACHINE.test(error) && error !== "mediaError/bufferSeekOverHole"), []);
  measured(() => assert.deepEqual(others, []));
  measured(() => assert.ok(stalls.every(({ ms }) => ms < STALL_MS), JSON.stringify(stalls)));
  measured(() => assert.ok(played.pictures - before.pictures >= seconds * 20, JSON.stringify(played)));
  assert.equal(played.corrupted, 0);
  await publisher.leave();
}

/** The page reloads, another device takes over, the bridge is killed: none is left out, and each is played on. */
async function comeBack(t, stack, context, pages) {
  const page = await publish(context, stack, "shop", { key: KEY, size: SMALL_SIZE });
  await until("a playlist to join", async () => (await lastOf(stack)).segment >= 2);
  const viewer = await openViewer(context, pages, stack.playlist("shop"));
  await hidePicture(viewer);
  const vlc = await Vlc.play(stack, stack.playlist("shop"));
  await until("hls.js plays", async () => (await viewer.state()).playingAt !== null);
  const watching = watch(stack.playlist("shop"));
  let before = 0; // of the first bridge

  const changes = {
    "the page reloads": async () => {
      await page.reload();
      await untilLive(page);
    },
    "another device takes over": async () => {
      await publishRecorded(stack, "shop", { key: KEY });
      await until("the first one knows", async () => (await page.textContent("#badge")) !== "LIVE");
      await page.close();
    },
    "the bridge is killed": async () => {
      let from = -Infinity; // no cut is missed if we stand still meanwhile
      for (let looks = 0; looks < 20 && performance.now() - from > 500; looks++) {
        from = performance.now();
        before = await forcedCuts(stack, "shop");
      }
      stack.parts.bridge.kill("SIGKILL");
      await stack.parts.bridge.exited();
      await sleep(1000); // the plugin is refused, and tries again
      await stack.startBridge();
    },
  };
  for (const [what, change] of Object.entries(changes)) {
    const { length } = (await viewer.state()).stalls;
    const { discontinuity } = await lastOf(stack);
    await change();
    await until(`${what}: the viewer sees what comes after`, async () =>
      (await viewer.state()).discontinuities.at(-1) > discontinuity);
    const stills = (await viewer.state()).stalls.slice(length).map(({ ms }) => ms);
    const longest = Math.max(0, ...stills);
    t.diagnostic(`${what}: the picture stood still for ${longest} ms`);
    measured(() => assert.ok(longest <= STILL_MS, `${what}: ${longest} ms`));
  }

  await assertDiscontinuities(stack, "shop", (await lastOf(stack)).discontinuity, 3); // one for each change
  const { discontinuities, errors } = await viewer.state();
  // each change was waited for; what has begun with a step may be over before it is played
  const first = discontinuities[0], last = discontinuities.at(-1), steps = await stepsOf(stack, "shop");
  const leftOut = last + 1 - new Set(discontinuities).size;
  assert.ok(first <= steps && last >= 3 && leftOut <= steps, `${discontinuities} with ${steps} steps: none is left out`);
  assert.deepEqual(errors.filter((error) => error.endsWith("fatal")), []);
  const { pictures } = await vlc.stats();
  await until("VLC plays on", async () => (await vlc.stats()).pictures > pictures + 30);
  assert.deepEqual(await faultsOfLive(await watching.end(), stack, "shop", { but: OUTAGE, before }), []);
}

test("while people watch", async (t) => {
  const pages = await servePages();
  t.after(() => pages.close());
  await withStack({ open: false, keys: { shop: KEY, phone: KEY }, bodyMs: BODY_MS }, (stack) =>
    withBrowser({ shell: true }, async (context) => {
      await subtest(t, stack, "the size of the picture changes", (u) => turnPhone(u, stack, context, pages));
      await subtest(t, stack, "the page reloads, another device takes over, the bridge is killed: viewers go on",
        (u) => comeBack(u, stack, context, pages));
    }));
});
