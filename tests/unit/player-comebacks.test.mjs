#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// A StreamPlayer that plays the classic playlist in place of low latency, and when it tries that again.

import assert from "node:assert/strict";
import test from "node:test";
import { PlayedPage } from "./played_page.mjs";

const { PLAYLIST } = PlayedPage;
const fileOf = (url) => url.split("/").at(-1);

/** A server with or without low latency; `has.low` null: it does not answer for that. */
const serve = (has) => async (url) => {
  if (fileOf(url) === "wait.json") return new Response("", { status: 204 });
  if (fileOf(url) === "index.m3u8") return new Response(PLAYLIST);
  if (has.low === null) throw new TypeError("no answer");
  return new Response(has.low ? "#EXTM3U\n" : "", { status: has.low ? 200 : 404 });
};

/** It plays on for so long, classic or not. */
async function playOn(page, seconds) {
  page.video.tell("playing");
  for (let i = 0; i < seconds; i++) {
    await page.pass(1000);
    page.video.arrive(page.video.currentTime + 1);
    page.video.tell("playing");
  }
}

/** Low latency fails three times. */
async function fails(page) {
  for (let i = 0; i < 3; i++) {
    await page.fail("levelLoadError");
    await page.pass(3000);
  }
  assert.equal(fileOf(page.hls.url), "index.m3u8");
}

/** Seconds of classic playing until low latency is tried again. */
async function secondsUntilLow(page, most) {
  let seconds = 0;
  for (; seconds < most && fileOf(page.hls.url) === "index.m3u8"; seconds += 5) await playOn(page, 5);
  return seconds;
}

test("low latency that was given up is tried again, ever more seldom, until it has gone well", async (t) => {
  const page = await PlayedPage.open(t);
  const waits = [];
  for (let i = 0; i < 3; i++) {
    await fails(page);
    waits.push(await secondsUntilLow(page, 600));
    assert.equal(fileOf(page.hls.url), "master.m3u8");
  }
  const isNear = (s, wanted) => Math.abs(s - wanted) <= 15;
  assert.ok(isNear(waits[0], 60) && isNear(waits[1], 120) && isNear(waits[2], 240), `after ${waits} s`);
  await playOn(page, 150);
  await fails(page);
  assert.ok(isNear(await secondsUntilLow(page, 600), 60));
});

for (const [what, happen] of [
  ["has made a pause", (page) => page.video.pause()],
  ["has gone back", (page) => (page.video.currentTime -= 5)],
  ["plays slowly", (page) => (page.video.playbackRate = 0.5)],
])
  test(`nobody who ${what} is taken to low latency`, async (t) => {
    const page = await PlayedPage.open(t);
    await fails(page);
    await playOn(page, 20);
    happen(page);
    await page.pass(200000);
    assert.equal(fileOf(page.hls.url), "index.m3u8");
  });

test("nor who makes a pause while the server is asked whether it is there", async (t) => {
  const page = await PlayedPage.open(t);
  await fails(page);
  await playOn(page, 20);
  const answer = serve({ low: true });
  page.answer = (url) => (fileOf(url) === "master.m3u8" && page.video.pause(), answer(url));
  for (let i = 0; i < 20 && !page.video.paused; i++) await playOn(page, 5);
  assert.ok(page.video.paused);
  assert.equal(fileOf(page.hls.url), "index.m3u8");
});

test("what is not there is not opened, nor what this browser has no decoder for", async (t) => {
  const has = { low: true };
  const page = await PlayedPage.begin(t, { text: serve(has) });
  await fails(page);
  has.low = false;
  assert.equal(await secondsUntilLow(page, 300), 300);
  has.low = true;
  assert.ok((await secondsUntilLow(page, 600)) < 600);
  await page.fail("manifestIncompatibleCodecsError", { type: "mediaError" });
  assert.equal(await secondsUntilLow(page, 3000), 3000);
});

test("a server that did not answer whether there is low latency is asked again soon", async (t) => {
  const has = { low: null };
  const page = await PlayedPage.begin(t, { text: serve(has) });
  assert.equal(fileOf(page.hls.url), "index.m3u8");
  has.low = true;
  assert.ok((await secondsUntilLow(page, 300)) <= 20);
  assert.equal(fileOf(page.hls.url), "master.m3u8");
});

/** hls.js has appended these parts of a segment, and nothing of them is in the buffer. */
const append = (page, sn, indexes) => {
  for (const index of indexes)
    page.hls.trigger(page.Hls.Events.BUFFER_APPENDED,
      { type: "video", frag: { sn, type: "main" }, part: { index }, timeRanges: { video: { length: 0 } } });
};

test("who comes in the midst of a segment that cannot be decoded waits for the next one", async (t) => {
  const page = await PlayedPage.begin(t);
  append(page, 7, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  await page.pass(1000);
  assert.equal(fileOf(page.hls.url), "master.m3u8");
  append(page, 8, [0, 1, 2, 3]);
  await page.pass(1000);
  assert.equal(fileOf(page.hls.url), "master.m3u8");
  append(page, 8, [4]);
  await page.pass(1000);
  assert.equal(fileOf(page.hls.url), "index.m3u8");
});

test("if no picture could be decoded, and the classic playlist has one, low latency is tried again soon", async (t) => {
  const page = await PlayedPage.begin(t);
  append(page, 7, [0, 1, 2, 3, 4]);
  await page.pass(1000);
  assert.equal(await secondsUntilLow(page, 300), 300, "the camera is frozen, and there is only sound");
  page.video.videoWidth = 640;
  assert.ok((await secondsUntilLow(page, 300)) <= 10);
  append(page, 9, [0, 1, 2, 3, 4]);
  await page.pass(1000);
  const again = await secondsUntilLow(page, 300);
  assert.ok(again >= 15 && again <= 30, `after ${again} s`);
});
