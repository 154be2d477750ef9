#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// What a StreamPlayer does for a viewer who is not at live: by its own will, or not.

import assert from "node:assert/strict";
import test from "node:test";
import { PlayedPage } from "./played_page.mjs";

const isLive = ({ video, edge }) => edge - video.currentTime < 1;

test("who has fallen far behind is taken to live", async (t) => {
  const page = await PlayedPage.open(t);
  page.live(20);
  await page.play(1);
  assert.ok(isLive(page), `${page.edge - page.video.currentTime} s behind`);
});

test("that hls.js moves on over a hole is not taken for the will to be behind", async (t) => {
  const page = await PlayedPage.open(t);
  page.live(13);
  page.video.currentTime += 0.1;
  await page.play(1);
  page.live(page.edge + 3);
  await page.play(1);
  assert.ok(isLive(page), `${page.edge - page.video.currentTime} s behind`);
});

test("who goes back stays there, whatever hls.js knows of that yet", async (t) => {
  const page = await PlayedPage.open(t);
  await page.play(20);
  page.video.currentTime -= 10;
  page.video.tell("timeupdate");
  const from = page.video.currentTime;
  await page.play(3);
  assert.equal(page.video.currentTime, from + 3);
  assert.ok(page.player.isBehind);
});

test("what a viewer has gone back to may take seconds to load; if it never comes, live is shown", async (t) => {
  const page = await PlayedPage.open(t);
  await page.play(20);
  page.video.currentTime -= 10;
  const place = page.video.currentTime;
  page.video.seeking = true;
  await page.pass(6000);
  assert.equal(page.video.currentTime, place);
  await page.pass(6000);
  assert.ok(isLive(page));
});

test("nor has the stream ended for who loads the midst of an ended one", async (t) => {
  const page = await PlayedPage.open(t);
  const states = [];
  page.player.addEventListener("state", ({ detail }) => states.push(detail.state));
  await page.play(20);
  page.video.currentTime -= 10;
  page.live(page.edge, { live: false });
  await page.pass(6000);
  assert.deepEqual(states, []);
});

test("a speed that a viewer chooses stays, and does not take it beyond live", async (t) => {
  const page = await PlayedPage.open(t);
  const { video } = page;
  await page.play(2);
  video.playbackRate = 0.5;
  page.live(page.edge + 8); // it falls behind
  const from = video.currentTime;
  await page.play(2);
  assert.equal(video.playbackRate, 0.5);
  assert.equal(video.currentTime, from + 2);
  video.playbackRate = 2;
  await page.play(1);
  assert.equal(video.playbackRate, 2);
  video.arrive(page.edge - 0.5);
  await page.play(1);
  assert.ok(video.playbackRate <= 1, `${video.playbackRate}`);
});

test("a pause outlasts a stream that is opened again", async (t) => {
  const page = await PlayedPage.open(t);
  const states = [];
  page.player.addEventListener("state", ({ detail }) => states.push(detail.state));
  await page.play(1);
  page.video.pause();
  const { plays } = page.video;
  const { length } = page.Hls.opened;
  await page.fail("manifestLoadError");
  assert.equal(page.Hls.opened.length, length + 1);
  assert.equal(page.video.plays, plays);
  page.video.tell("loadeddata");
  assert.equal(states.at(-1) ?? "playing", "playing", "nothing covers what it shows");
  await page.video.play();
  page.video.tell("playing");
  await page.fail("manifestLoadError");
  assert.equal(page.video.plays, plays + 2, "who has gone on plays what is opened next");
});

test("troubles of long ago are forgotten, wherever the clock of the day was set to", async (t) => {
  const page = await PlayedPage.open(t);
  const day = t.mock.method(Date, "now", () => 1e12);
  for (let i = 0; i < 6; i++) {
    await page.fail("levelLoadError");
    assert.match(page.hls.url, /master\.m3u8$/, `after ${i + 1} errors`);
    page.live(page.edge);
    page.video.tell("playing");
    await page.play(40);
    day.mock.mockImplementation(() => 1e12 - i * 3600e3);
  }
});

test("a stream that cannot be decoded here is played from the classic playlist, which may have its sound", async (t) => {
  const page = await PlayedPage.open(t);
  await page.fail("manifestIncompatibleCodecsError", { type: "mediaError" });
  assert.match(page.hls.url, /index\.m3u8$/);
});

for (const [what, length, file] of [
  ["who comes while a camera is frozen has its sound, from the classic playlist", 0, "index.m3u8"],
  ["a browser that takes the pictures plays them at low latency", 1, "master.m3u8"],
])
  test(what, async (t) => {
    const page = await PlayedPage.begin(t);
    for (const sn of ["initSegment", ...Array(8).fill(7)])
      page.hls.trigger(page.Hls.Events.BUFFER_APPENDED, { type: "video", frag: { sn, type: "main" }, timeRanges: { video: { length } } });
    await page.pass(1000);
    assert.equal(page.hls.url.split("/").at(-1), file);
  });

test("and its picture, at low latency, when the camera is back", async (t) => {
  const page = await PlayedPage.open(t);
  await page.fail("manifestIncompatibleCodecsError", { type: "mediaError" });
  const noRoom = { type: "mediaError", fatal: false, sourceBufferName: "video" };
  Object.assign(page.video, { videoWidth: 640 });
  await page.fail("bufferAppendError", noRoom);
  assert.match(page.hls.url, /index\.m3u8$/, "it has a picture, so it is something else");
  Object.assign(page.video, { videoWidth: 0 });
  await page.fail("bufferAppendError", { ...noRoom, sourceBufferName: "audio" });
  assert.match(page.hls.url, /index\.m3u8$/);
  await page.fail("bufferAppendError", noRoom);
  await page.pass(1000);
  assert.match(page.hls.url, /master\.m3u8$/);
});

test("what cannot be played is opened again ever more seldom, and at once if it has played", async (t) => {
  const page = await PlayedPage.open(t);
  const { length } = page.Hls.opened;
  const opened = () => page.Hls.opened.length - length;
  await page.fail("manifestParsingError");
  assert.equal(opened(), 1, "it has played");
  const failed = new Set();
  for (let ms = 0; ms < 120000; ms += 100) {
    const { hls } = page;
    if (!failed.has(hls)) await page.fail("manifestParsingError");
    failed.add(hls);
    await page.pass(100);
  }
  assert.ok(opened() >= 8 && opened() < 12, `${opened()} times in two minutes`);
});

test("a browser that plays HLS itself opens it again, and then the classic playlist", async (t) => {
  const page = await PlayedPage.begin(t, { withHls: false });
  const { sources } = page.video;
  for (let i = 0; i < 4; i++) {
    page.video.tell("error");
    await page.pass(5000);
  }
  assert.deepEqual(sources.map((url) => url.split("/").at(-1)), [...Array(3).fill("master.m3u8"), ...Array(2).fill("index.m3u8")]);
  page.video.playbackRate = 0.5;
  page.video.arrive(3);
  assert.equal(page.video.playbackRate, 0.5);
});

test("a browser that cannot limit the time of a request by itself plays, too", async (t) => {
  const { timeout } = AbortSignal;
  t.after(() => (AbortSignal.timeout = timeout));
  AbortSignal.timeout = undefined; // Safari until 15, which some phones stay at
  const page = await PlayedPage.begin(t, { withHls: false });
  assert.match(page.video.sources[0], /master\.m3u8$/);
});

test("what somebody else answers in the server's place, as a network that wants a login, is no stream", async (t) => {
  const { length } = PlayedPage.prototype.Hls.opened;
  const page = await PlayedPage.begin(t, { text: "<html>Sign in" });
  await page.pass(60000);
  assert.equal(page.Hls.opened.length, length);
  page.answer = PlayedPage.PLAYLIST;
  await page.pass(60000);
  assert.equal(page.Hls.opened.length, length + 1);
});

const missing = () => new Response("", { status: 404 });

test("a low-latency playlist that comes a look later than the classic one is waited for", async (t) => {
  const { length } = PlayedPage.prototype.Hls.opened;
  let looks = 0;
  const page = await PlayedPage.begin(t, { text: (url) => {
    if (/index\.m3u8$/.test(url)) return looks++, new Response("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:2,\na.ts\n");
    return looks > 1 ? new Response("#EXTM3U\n") : missing();
  } });
  assert.equal(page.Hls.opened.length, length, "the classic list is young");
  await page.pass(1000);
  assert.deepEqual(page.Hls.opened.slice(length).map(({ url }) => url.split("/").at(-1)), ["master.m3u8"]);
});

test("a player that was stopped asks nothing more, and no server holds a request of it", async (t) => {
  const asked = [];
  const page = await PlayedPage.begin(t, { text: (url, { signal }) => {
    asked.push({ file: url.split("/").at(-1), signal });
    return asked.at(-1).file === "wait.json" ? new Promise((resolve, reject) => signal.addEventListener("abort", reject)) : missing();
  } });
  const files = () => asked.map(({ file }) => file);
  assert.deepEqual(files(), ["index.m3u8", "master.m3u8", "wait.json"]);
  page.player.stop();
  await page.pass(60000);
  assert.deepEqual(files(), ["index.m3u8", "master.m3u8", "wait.json"]);
  assert.ok(asked.at(-1).signal.aborted);
});

test("nor does one that was stopped in the midst of a look", async (t) => {
  const asked = [];
  let answer;
  const page = await PlayedPage.begin(t, { text: (url) => {
    asked.push(url.split("/").at(-1));
    return new Promise((resolve) => (answer = () => resolve(missing())));
  } });
  page.player.stop();
  answer();
  await page.pass(60000);
  assert.deepEqual(asked, ["index.m3u8"]);
});

test("a browser without a decoder, not even for the sound, says so, and asks for it ever more seldom", async (t) => {
  const page = await PlayedPage.begin(t);
  const states = [];
  page.player.addEventListener("state", ({ detail }) => states.push(detail.state));
  const { length } = page.Hls.opened;
  const refused = { type: "mediaError", error: new DOMException("", "NotSupportedError") };
  await page.fail("manifestIncompatibleCodecsError", refused);
  let failed;
  for (let i = 0; i < 600; i++) {
    page.video.tell("waiting");
    if (page.hls !== failed) await page.fail(/master/.test(page.hls.url) ? "manifestIncompatibleCodecsError" : "bufferAddCodecError", refused);
    failed = page.hls;
    await page.pass(200);
  }
  assert.deepEqual(states, ["stalled", "unplayable"]);
  const opened = page.Hls.opened.length - length;
  assert.ok(opened >= 4 && opened < 15, `opened ${opened} times in two minutes`);
  page.video.tell("playing");
  assert.equal(states.at(-1), "playing");
});

test("a fault of the media is mended in place once, and if it does not play after that, all is opened again", async (t) => {
  const page = await PlayedPage.open(t);
  await page.fail("manifestIncompatibleCodecsError", { type: "mediaError" });
  const { hls } = page;
  assert.match(hls.url, /index\.m3u8$/);
  page.video.tell("playing");
  await page.fail("bufferAppendError", { type: "mediaError" });
  assert.equal(hls.recovered, 1);
  page.video.tell("playing");
  await page.fail("bufferAppendError", { type: "mediaError" });
  assert.equal(hls.recovered, 2);
  await page.fail("bufferAppendError", { type: "mediaError" });
  assert.equal(hls.recovered, 2);
  await page.pass(1000);
  assert.notEqual(page.hls, hls);
});

test("each size can be chosen once, and is that with AAC, if the stream has Opus too", async (t) => {
  const page = await PlayedPage.begin(t);
  page.player.quality = "360p";
  const level = (height, bitrate, audioCodec) => ({ uri: `${height}`, width: (height * 16) / 9, height, bitrate, audioCodec });
  const { hls } = page;
  hls.levels = [[180, 190e3], [360, 800e3], [720, 2.7e6]].flatMap(([height, bitrate]) =>
    [level(height, bitrate + 20e3, "opus"), level(height, bitrate, "mp4a.40.2")]); // either may come first
  hls.firstLevel = 5;
  const asked = [];
  Object.defineProperty(hls, "loadLevel", { set: (index) => asked.push(hls.levels[index]) });
  hls.trigger(page.Hls.Events.MANIFEST_PARSED);
  assert.deepEqual(page.player.qualities, ["720p", "360p", "180p"]);
  assert.equal(hls.levels[hls.firstLevel].height, 720);
  assert.ok(asked.length > 0);
  for (const one of asked) assert.deepEqual([one.height, one.audioCodec], [360, "mp4a.40.2"]);
});

test("a viewer whose clock is an hour fast sees a protected stream until its token ends, which is renewed before", async (t) => {
  const beginsAt = Date.parse("Mon, 30 Nov 2026 08:00:00 GMT");
  let page, answer;
  t.mock.method(Date, "now", () => beginsAt + 3600e3 + (page?.now ?? 0));
  const connected = new Promise((resolve) => (answer = resolve));
  const renewals = [], states = [];
  const token = `v1.k1.${btoa(JSON.stringify({ stream: "demo", exp: beginsAt / 1000 + 60 }))}.x`;
  page = await PlayedPage.begin(t, {
    text: async () => {
      await connected; // of a slow network
      return new Response(PlayedPage.PLAYLIST, { headers: { Date: new Date(beginsAt + page.now).toUTCString() } });
    },
    options: { token, renew: async () => void renewals.push(page.now) },
  });
  page.player.addEventListener("state", ({ detail }) => states.push(detail.state));
  await page.pass(1000);
  answer();
  await page.pass(56000);
  assert.deepEqual(states.filter((state) => state === "expired"), []);
  assert.ok(renewals[0] > 35000 && renewals[0] < 45000, `renewed at ${renewals[0]} ms`);
  await page.pass(6000);
  assert.deepEqual(states.filter((state) => state === "expired"), ["expired"]);
});
