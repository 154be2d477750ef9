#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// A StreamPlayer whose hls.js stands still, as it asks for no list any more.

import assert from "node:assert/strict";
import test from "node:test";
import { PlayedPage } from "./played_page.mjs";

const fileOf = (url) => url.split("/").at(-1);
const listTo = (segment) => `#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:${segment - 1}\n#EXTINF:2,\na.ts\n`;

/** A server whose classic playlist is `has.list`. */
const serve = (has) => async (url) => new Response(fileOf(url) === "index.m3u8" ? has.list : "#EXTM3U\n");

/** A page that plays at low latency, and then stands, as hls.js asks for nothing any more. */
async function stand(t, has) {
  const page = await PlayedPage.open(t);
  page.answer = serve(has);
  page.video.tell("waiting");
  return page;
}

test("if hls.js asks for no list any more though the server has more segments, the stream is opened again", async (t) => {
  const has = { list: listTo(5) };
  const page = await stand(t, has);
  const { length } = page.Hls.opened;
  await page.pass(3000);
  has.list = listTo(9);
  await page.pass(2000);
  assert.equal(page.Hls.opened.length, length, "it may still come");
  await page.pass(6000);
  assert.equal(page.Hls.opened.length, length + 1);
  assert.equal(fileOf(page.hls.url), "master.m3u8");
});

test("and again, if it does not play even so, but ever more seldom", async (t) => {
  const has = { list: listTo(5) };
  const page = await stand(t, has);
  const { length } = page.Hls.opened;
  for (let i = 0; i < 300; i++) {
    has.list = listTo(6 + i);
    await page.pass(2000);
  }
  const opened = page.Hls.opened.length - length;
  assert.ok(opened >= 6 && opened <= 16, `${opened} times in ten minutes`);
});

test("also if it stands before it has a list, or since the stream's end", async (t) => {
  const has = { list: listTo(5) };
  const page = await PlayedPage.begin(t, { text: serve(has) });
  await page.video.play();
  const { length } = page.Hls.opened;
  await page.pass(3000);
  has.list = listTo(9);
  await page.pass(8000);
  assert.equal(page.Hls.opened.length, length + 1);
  has.list = `${listTo(9)}#EXT-X-ENDLIST\n`;
  const states = [];
  page.player.addEventListener("state", ({ detail }) => states.push(detail.state));
  await page.pass(30000);
  assert.equal(states.at(-1), "ended");
});

for (const [what, before] of [
  ["another stream has begun since the end of the one that it stands in", `${listTo(90)}#EXT-X-ENDLIST\n`],
  ["its numbers have begun again", listTo(90)],
])
  test(`also if ${what}`, async (t) => {
    const has = { list: before };
    const page = await stand(t, has);
    const { length } = page.Hls.opened;
    await page.pass(3000);
    for (let i = 0; i < 5; i++) {
      has.list = listTo(6 + i);
      await page.pass(2000);
    }
    assert.equal(page.Hls.opened.length, length + 1);
  });

test("nothing is opened again for who makes a pause while the server is asked", async (t) => {
  const has = { list: listTo(5) };
  const page = await stand(t, has);
  const { length } = page.Hls.opened;
  await page.pass(8000); // so long that the next look would do
  page.answer = async (url) => (page.video.pause(), serve({ list: listTo(9) })(url));
  await page.pass(10000);
  assert.ok(page.video.paused);
  assert.equal(page.Hls.opened.length, length);
});

for (const [what, happen] of [
  ["the server has no more, either", () => {}],
  ["hls.js still gets lists", (page, has, i) => (has.list = listTo(6 + i), page.live(page.edge + 0.1))],
  ["the viewer has made a pause", (page, has, i) => (has.list = listTo(6 + i), page.video.pause())],
  ["the whole of an ended stream is loaded slowly", (page, has, i) => (has.list = listTo(6 + i), page.live(page.edge, { live: false }))],
])
  test(`nothing is opened again if ${what}`, async (t) => {
    const has = { list: listTo(5) };
    const page = await stand(t, has);
    page.video.currentTime -= 0.6; // it is behind by its own will, so it takes longer until live is shown
    const { length } = page.Hls.opened;
    for (let i = 0; i < 5; i++) {
      happen(page, has, i);
      await page.pass(2050); // in all a look longer than a list may stand, and less than a viewer's own place may
    }
    assert.equal(page.Hls.opened.length, length);
  });

test("who stands behind the end of a list that was placed elsewhere in time does not wait until that is there", async (t) => {
  const has = { list: listTo(5) };
  const page = await stand(t, has);
  const { length } = page.Hls.opened;
  page.live(page.video.currentTime - 0.5);
  await page.pass(3000);
  assert.equal(page.Hls.opened.length, length, "hls.js itself goes so far");
  page.live(page.video.currentTime - 60);
  for (let i = 0; i < 2; i++) {
    await page.pass(2000);
    page.live(page.edge + 2);
  }
  assert.equal(page.Hls.opened.length, length + 1);
});
