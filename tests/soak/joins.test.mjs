// SPDX-License-Identifier: GPL-3.0-or-later

// Who joins a stream that has only begun, at any moment, plays on: players know least of it then, and have the
// shortest segments and the fewest parts to find their place in.

import assert from "node:assert/strict";
import test from "node:test";
import { openPage, publish, withBrowser } from "../e2e/support/browser.mjs";
import { until, withStack } from "../e2e/support/rig.mjs";
import { servePages } from "../e2e/support/viewer.mjs";

const STREAMS = 18, VIEWERS = 7;
const APART_MS = [130, 550]; // every other stream: all within its first second; or while it fills its playlist

/** In a page that has hls.js: lets viewers join one after the other. Returns what is wrong, and with which of them. */
async function joinOften([playlist, viewers, apartMs]) {
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const Hls = window.hls.constructor;
  window.hls.destroy();
  const join = async (i) => {
    await sleep(i * apartMs);
    const video = Object.assign(document.createElement("video"), { muted: true, autoplay: true, width: 160 });
    document.body.append(video);
    const hls = new Hls({ enableWorker: false });
    hls.loadSource(playlist);
    hls.attachMedia(video);
    let at = 0, moved = null, longest = 0;
    const look = () => {
      const now = performance.now(), moves = video.currentTime > at;
      if (moved !== null) longest = Math.max(longest, now - moved);
      if (moves) [at, moved] = [video.currentTime, now];
    };
    video.addEventListener("timeupdate", look);
    await sleep(6000);
    look();
    const plays = moved !== null;
    hls.destroy();
    video.remove();
    return plays && longest < 1500 ? null : `viewer ${i} stood still for ${Math.round(longest)} ms, at ${at}`;
  };
  const all = await Promise.all(Array.from({ length: viewers }, (none, i) => join(i)));
  return all.filter((wrong) => wrong);
}

test("a viewer who joins a new stream plays on", async (t) => {
  const pages = await servePages();
  t.after(() => pages.close());
  for (let i = 0; i < STREAMS; i++) {
    await withStack({}, (stack) =>
      withBrowser({}, async (context) => {
        await publish(context, stack, "shop", { size: "320x180" });
        await until("the multivariant playlist is there", async () => (await fetch(stack.master("shop"))).ok);
        const page = await openPage(context, `${pages.url}/hls.html?playlist=none`);
        const wrong = await page.evaluate(joinOften, [stack.master("shop"), VIEWERS, APART_MS[i % 2]]);
        assert.deepEqual(wrong, [], `stream ${i}`);
      }));
  }
});
