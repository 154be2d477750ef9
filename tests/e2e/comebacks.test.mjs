// SPDX-License-Identifier: GPL-3.0-or-later

// Publishers and the bridge go and come back while people watch: they stay, at the same address, and
// nobody has to press anything.

import assert from "node:assert/strict";
import test from "node:test";
import { publish, untilLive, withBrowser } from "./support/browser.mjs";
import { faultsOfLive, forcedCuts, OUTAGE } from "./support/health.mjs";
import { measured } from "./support/measured.mjs";
import { watch } from "./support/programs.mjs";
import { publishRecorded } from "./support/recorded.mjs";
import { sleep, until, withStack } from "./support/rig.mjs";
import { assertDiscontinuities, stepsOf } from "./support/steps.mjs";
import { openViewer, servePages } from "./support/viewer.mjs";
import { Vlc } from "./support/vlc.mjs";

const KEY = "the same on both devices";
const STILL_MS = 3 * 2000 + 3000; // hold-back, which is three target durations, and 3 s

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

test("the page reloads, another device takes over, the bridge is killed: viewers go on", async (t) => {
  const pages = await servePages();
  t.after(() => pages.close());
  await withStack({ open: false, keys: { shop: KEY } }, (stack) =>
    withBrowser({ shell: true }, async (context) => {
      const page = await publish(context, stack, "shop", { key: KEY });
      await until("a playlist to join", async () => (await lastOf(stack)).segment >= 2);
      const viewer = await openViewer(context, pages, stack.playlist("shop"));
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
        },
        "the bridge is killed": async () => {
          before = await forcedCuts(stack, "shop");
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
    }));
});
