// SPDX-License-Identifier: GPL-3.0-or-later

// A publisher turns the phone, or shares a window that is resized: viewers play on.

import assert from "node:assert/strict";
import test from "node:test";
import { publish, showInstead, withBrowser } from "./support/browser.mjs";
import { assertHealthy, forcedCuts } from "./support/health.mjs";
import { LIVE, measured, OF_A_BUSY_MACHINE } from "./support/measured.mjs";
import { watch } from "./support/programs.mjs";
import { sleep, until, withStack } from "./support/rig.mjs";
import { assertDiscontinuities } from "./support/steps.mjs";
import { openViewer, servePages } from "./support/viewer.mjs";
import { Vlc } from "./support/vlc.mjs";

const EACH_MS = LIVE ? 10000 : 3000; // how long a size stays once it is listed
const STALL_MS = 1000; // five programs share the machine, and the decoder begins anew

test("the size of the picture changes while people watch", async (t) => {
  const pages = await servePages();
  t.after(() => pages.close());
  await withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      const page = await publish(context, stack, "shop");
      await until("it can be watched", async () => (await fetch(stack.playlist("shop"))).ok);
      const viewer = await openViewer(context, pages, stack.playlist("shop"));
      const vlc = await Vlc.play(stack, stack.playlist("shop"));
      try {
        await until("hls.js plays", async () => (await viewer.state()).playingAt !== null);
        await until("VLC plays", async () => (await vlc.stats()).pictures > 0);
        const watching = watch(stack.playlist("shop"));
        await sleep(1000);
        const before = await vlc.stats(), from = performance.now();
        for (const [width, height] of [[360, 640], [480, 270], [640, 360]]) {
          await showInstead(page, { width, height });
          await until(`${width}x${height} is listed`, async () => (await (await fetch(stack.master("shop"))).text()).includes(`RESOLUTION=${width}x${height}`));
          await sleep(EACH_MS);
        }
        await until("hls.js plays what came last", async () => (await viewer.state()).discontinuities.at(-1) >= 3);
        const report = await watching.end(); // of a list that is ahead of what hls.js plays
        const seconds = (performance.now() - from) / 1000;
        const { errors, stalls } = await viewer.state();
        const played = await vlc.stats();
        t.diagnostic(`VLC: ${JSON.stringify(played)}`);
        assertHealthy(report, { forced: await forcedCuts(stack, "shop") });
        await assertDiscontinuities(stack, "shop", report.discontinuities, 3);
        // a page that takes long to begin with another size has no picture meanwhile, which hls.js leaves out
        const others = errors.filter((error) => error !== "mediaError/bufferStalledError");
        assert.deepEqual(others.filter((error) => !OF_A_BUSY_MACHINE.test(error) && error !== "mediaError/bufferSeekOverHole"), []);
        measured(() => assert.deepEqual(others, []));
        measured(() => assert.ok(stalls.every(({ ms }) => ms < STALL_MS), JSON.stringify(stalls)));
        await until("VLC plays on", async () => (await vlc.stats()).pictures > before.pictures + 60);
        measured(() => assert.ok(played.pictures - before.pictures >= seconds * 20, JSON.stringify(played)));
        assert.equal(played.corrupted, 0);
      } finally {
        await vlc.stop();
      }
    }));
});
