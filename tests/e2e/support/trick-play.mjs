// SPDX-License-Identifier: GPL-3.0-or-later

// Winding back: what hls.js (1.7, createIFramePlayer) shows of the I-frame playlists, in a video element of its own.

import assert from "node:assert/strict";
import path from "node:path";
import { openPage } from "./browser.mjs";
import { until } from "./rig.mjs";

const STEPS = 4; // segments

/** In the page: goes back from segment to segment. Resolves to what was loaded, and what was shown, for each. */
async function windBack(steps) {
  const { hls } = window;
  const player = hls.createIFramePlayer();
  const video = document.body.appendChild(document.createElement("video"));
  const canvas = new OffscreenCanvas(64, 36);
  const paint = canvas.getContext("2d", { willReadFrequently: true });
  let loaded = [];
  player.on("hlsFragLoaded", (event, { frag }) => frag.sn !== "initSegment" &&
    loaded.push({ number: frag.sn, url: frag.url, from: frag.byteRange[0], bytes: frag.stats.loaded, of: frag.baseurl }));
  player.attachMedia(video);
  const seen = [];
  // not the newest: the I-frame playlist may lack it still, and hls.js goes to the end of what is there
  const numbers = hls.latestLevelDetails.fragments.slice(-steps - 1, -1).reverse().map(({ sn }) => sn);
  // each of the two players reckons where a segment begins, by what it has loaded, and again with each list
  const placeOf = (number) => [player, hls].map((one) => one.latestLevelDetails?.fragments.find(({ sn }) => sn === number)).find(Boolean);
  for (const number of numbers) {
    loaded = [];
    // The picture of the segment behind it may stand within it, by some milliseconds, and is shown until what was loaded has gone in.
    const isThere = () => {
      const { start, duration } = placeOf(number);
      return loaded.some((one) => one.number === number) && video.readyState >= 2 && !video.seeking && video.currentTime > start - 0.02 &&
        video.currentTime < start + duration && video.currentTime !== seen.at(-1)?.at;
    };
    // while it begins, hls.js misses that it is to go where it has loaded; a hand on a slider asks again and again
    let asked = 0;
    for (let waited = 0; !isThere() && waited < 20000; waited += 50) {
      if (waited % 2000 === 0) {
        const { start, duration } = placeOf(number);
        player.loadMediaAt(start + duration / 2);
        asked++;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    paint.drawImage(video, 0, 0, 64, 36);
    const picture = paint.getImageData(0, 0, 64, 36).data;
    seen.push({ isThere: isThere(), asked, number, start: placeOf(number).start, at: video.currentTime, height: video.videoHeight, loaded, picture: String(picture) });
  }
  return seen;
}

/** Each segment's first picture is shown, in one of these heights, and nothing else was loaded for it. */
export async function windsBack(context, pages, url, heights, t) {
  const page = await openPage(context, `${pages.url}/hls.html?playlist=${encodeURIComponent(url)}`);
  await page.evaluate(() => (document.getElementById("video").style.display = "none")); // nobody looks at this one
  await until("hls.js has enough to go back", () => page.evaluate((steps) => window.viewer.playingAt !== null &&
    window.hls.latestLevelDetails.fragments.length > steps + 1, STEPS));
  const seen = await page.evaluate(windBack, STEPS);
  let again = []; // what was asked for again in the step before: it may come once more now
  for (const { isThere, height, loaded, asked } of seen) {
    const told = JSON.stringify(seen.map(({ picture, ...rest }) => rest));
    assert.ok(isThere && heights.includes(height), told);
    // that one picture alone, though it may be loaded twice if it was asked for again while it came
    const all = loaded.map(({ url, from, bytes }) => `${url} ${from} ${bytes}`);
    const pieces = new Set(all.filter((piece) => !again.includes(piece)));
    again = asked > 1 ? all : [];
    assert.ok(pieces.size === 1 && loaded[0].from === 0 && path.basename(loaded[0].of).startsWith("iframes"), told);
  }
  assert.equal(new Set(seen.map(({ picture }) => picture)).size, STEPS, "each is another picture");
  t.diagnostic(`hls.js went back ${STEPS} segments, by ${seen.map(({ loaded }) => loaded[0].bytes).join(", ")} bytes`);
  assert.deepEqual(page.errors, []);
  await page.close();
}
