// SPDX-License-Identifier: GPL-3.0-or-later

// A publisher turns the phone, or shares a window that is resized: viewers play on.

import assert from "node:assert/strict";
import test from "node:test";
import { publish, showInstead, withBrowser } from "./support/browser.mjs";
import { assertHealthy } from "./support/health.mjs";
import { measured } from "./support/measured.mjs";
import { doctor } from "./support/programs.mjs";
import { sleep, until, withStack } from "./support/rig.mjs";
import { openViewer, servePages } from "./support/viewer.mjs";
import { Vlc } from "./support/vlc.mjs";

const STALL_MS = 1000; // five programs share the machine, and the decoder begins anew

test("the size of the picture changes every 10 s", async (t) => {
  const pages = await servePages();
  t.after(() => pages.close());
  await withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      const page = await publish(context, stack, "shop");
      await sleep(7000);
      const viewer = await openViewer(context, pages, stack.playlist("shop"));
      const vlc = await Vlc.play(stack.playlist("shop"));
      try {
        await until("hls.js plays", async () => (await viewer.state()).playingAt !== null, 15000);
        const watching = doctor(stack.playlist("shop"), 38);
        await sleep(2000);
        for (const [width, height] of [[360, 640], [480, 270], [640, 360]]) {
          await showInstead(page, { width, height });
          await sleep(10000);
        }
        const report = await watching;
        const { errors, stalls } = await viewer.state();
        const played = await vlc.stats();
        t.diagnostic(`VLC: ${JSON.stringify(played)}`);
        assertHealthy(report);
        assert.equal(report.discontinuities, 3);
        assert.deepEqual(errors.filter((error) => error !== "mediaError/bufferStalledError"), []);
        measured(() => assert.ok(stalls.every(({ ms }) => ms < STALL_MS), JSON.stringify(stalls)));
        assert.ok(played.seconds > 0, JSON.stringify(played));
        measured(() => assert.ok(played.seconds >= 25, JSON.stringify(played)));
        assert.equal(played.corrupted, 0);
      } finally {
        await vlc.stop();
      }
    }));
});
