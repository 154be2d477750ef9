// SPDX-License-Identifier: GPL-3.0-or-later

// A publisher turns the phone, and turns it back, again and again: viewers play on. It is a recording of real Chromium;
// what a live one sends when its picture changes is looked at in conformance.test.mjs and low-latency.test.mjs.

import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";
import { segmentsOf } from "../replay/support/replays.mjs";
import { withBrowser } from "./support/browser.mjs";
import { assertHealthy } from "./support/health.mjs";
import { LIVE, measured, OF_A_BUSY_MACHINE } from "./support/measured.mjs";
import { ffprobe, watch } from "./support/programs.mjs";
import { publishRecorded } from "./support/recorded.mjs";
import { until, withStack } from "./support/rig.mjs";
import { recordingOf } from "./support/testcard.mjs";
import { openViewer, servePages } from "./support/viewer.mjs";
import { Vlc } from "./support/vlc.mjs";

const ROUND_S = 11; // so that an IDR picture comes wherever a segment is to end
const CHANGES = LIVE ? 6 : 3; // that are waited for; there is one in each 5 s
const STALL_MS = 1000; // five programs share the machine, and the decoder begins anew

/** In what is listed now there is a discontinuity between two sizes, and nowhere else. */
async function assertBetweenSizes(stack) {
  const segments = segmentsOf(await (await fetch(stack.playlist("shop"))).text());
  let before;
  for (const { uri, after } of segments) {
    const { streams } = await ffprobe(path.join(stack.hls, "shop", uri));
    const { width, height } = streams.find(({ codec_type }) => codec_type === "video");
    const size = `${width}x${height}`;
    if (before) assert.equal(after, size !== before, `${uri} is ${size} behind ${before}`);
    before = size;
  }
}

test("the size of the picture changes while people watch", async (t) => {
  const pages = await servePages();
  t.after(() => pages.close());
  await withStack({}, (stack) =>
    withBrowser({ shell: true }, async (context) => {
      await publishRecorded(stack, "shop", { recording: recordingOf("rotation"), roundS: ROUND_S });
      await until("it can be watched", async () => (await fetch(stack.playlist("shop"))).ok);
      const watching = watch(stack.playlist("shop"));
      const viewer = await openViewer(context, pages, stack.playlist("shop"));
      const vlc = await Vlc.play(stack, stack.playlist("shop"));
      await until("hls.js plays", async () => (await viewer.state()).playingAt !== null);
      await until("VLC plays", async () => (await vlc.stats()).pictures > 0);
      const before = await vlc.stats(), from = performance.now();
      for (const size of ["180x320", "320x180"])
        await until(`${size} is listed`, async () => (await (await fetch(stack.master("shop"))).text()).includes(`RESOLUTION=${size}`));
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
      assertHealthy(report);
      assert.ok(report.discontinuities >= CHANGES, `${report.discontinuities} discontinuities`);
      // a page that takes long to begin with another size has no picture meanwhile, which hls.js leaves out
      const others = errors.filter((error) => error !== "mediaError/bufferStalledError");
      assert.deepEqual(others.filter((error) => !OF_A_BUSY_MACHINE.test(error) && error !== "mediaError/bufferSeekOverHole"), []);
      measured(() => assert.deepEqual(others, []));
      measured(() => assert.ok(stalls.every(({ ms }) => ms < STALL_MS), JSON.stringify(stalls)));
      measured(() => assert.ok(played.pictures - before.pictures >= seconds * 20, JSON.stringify(played)));
      assert.equal(played.corrupted, 0);
    }));
});
