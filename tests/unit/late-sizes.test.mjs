#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// What is asked and learnt of sizes that come late, with hls.js's own parser and levels.

import assert from "node:assert/strict";
import test from "node:test";
import { assemblePages } from "./assembled_pages.mjs";

const importPage = assemblePages();
const { default: Hls, Level, M3U8Parser } = await importPage("vendor/hls.mjs");
const { LateSizes } = await importPage("js/late-sizes.js");
const { mergeLevels } = await importPage("js/qualities.js");

const URL_OF = "http://x/live/demo/master.m3u8";
const variant = (uri, height, bits, audio) => `#EXT-X-STREAM-INF:BANDWIDTH=${bits},RESOLUTION=${(height * 16) / 9}x${height},` +
  `CODECS="avc1.42C01F,mp4a.40.2",AUDIO="${audio}"\n${uri}\n`;
const levelsOf = (...variants) => M3U8Parser.parseMasterPlaylist(`#EXTM3U\n${variants.join("")}`, URL_OF).levels.map((one) => new Level(one));

test("a size with a sound of its own that comes late has the sound that there is", () => {
  const best = variant("video.m3u8", 720, 2e6, "audio"), mid = variant("video-mid.m3u8", 360, 6e5, "audio");
  const low = variant("video-low.m3u8", 180, 1.7e5, "audio-low");
  const merged = mergeLevels(levelsOf(best), levelsOf(best, mid, low));
  assert.deepEqual(merged.map(({ height, audioGroups }) => `${height} ${audioGroups}`), ["180 audio", "360 audio", "720 audio"]);
  const both = mergeLevels(levelsOf(best, low), levelsOf(best, mid, low));
  assert.deepEqual(both.map(({ audioGroups }) => `${audioGroups}`), ["audio-low", "audio", "audio"]);
});

/** Lets all that has begun come to its end. */
const settle = async () => { for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate); };

/** An hls.js that has `levels`, with what replaceLevels() needs of it; what it is told is handed to `handlers`. */
const hlsWith = (levels, handlers) => ({ levels, allAudioTracks: [], url: URL_OF, on: (event, handler) => (handlers[event] = handler),
  levelController: {}, streamController: { fragmentTracker: { fragments: {}, activePartLists: {} } }, abrController: { heldFragments: [] },
  networkControllers: [{ loaders: {} }], trigger(event, { levels: others }) { this.levels = others; } });

test("a size that hls.js has given up is not given to it again", async (t) => {
  const best = variant("video.m3u8", 720, 2e6, "audio"), mid = variant("video-mid.m3u8", 360, 6e5, "audio");
  const low = variant("video-low.m3u8", 180, 1.7e5, "audio");
  const handlers = {}, hls = hlsWith(levelsOf(best, mid), handlers);
  t.mock.method(globalThis, "fetch", async () => new Response(`#EXTM3U\n${best}${mid}${low}`));
  new LateSizes(hls);
  const list = (uri) => handlers[Hls.Events.LEVEL_UPDATED](null, { details: { renditionReports: [{ URI: uri }], url: URL_OF } });
  list("video-mid.m3u8");
  hls.levels = hls.levels.filter(({ height }) => height === 720);
  list("video-low.m3u8");
  await settle();
  handlers[Hls.Events.FRAG_BUFFERED](null, { frag: { type: "main" } });
  assert.deepEqual(hls.levels.map(({ height }) => height), [180, 720]);
});

test("a size that began with the pictures of another gets its own, if it is not the one that is shown", async (t) => {
  const low = variant("video-low.m3u8", 180, 1.7e5, "audio"), begun = variant("video.m3u8", 180, 1.8e5, "audio");
  const best = variant("video.m3u8", 720, 2e6, "audio");
  const handlers = {}, hls = hlsWith(levelsOf(low, begun), handlers);
  const fetched = t.mock.method(globalThis, "fetch", async () => new Response(`#EXTM3U\n${best}${low}`));
  new LateSizes(hls);
  const list = () => handlers[Hls.Events.LEVEL_UPDATED](null, { details: { renditionReports: [{ URI: "video.m3u8" }], url: URL_OF } });
  list();
  await settle();
  handlers[Hls.Events.FRAG_BUFFERED](null, { frag: { type: "main" } });
  assert.deepEqual(hls.levels.map(({ uri, height }) => `${uri.split("/").at(-1)} ${height}`), ["video-low.m3u8 180", "video.m3u8 720"]);
  list();
  await settle();
  assert.equal(fetched.mock.callCount(), 1, "all is clear");
});

test("sizes that all begin with the pictures of the smallest are one, and come as soon as it has its own", async (t) => {
  const all = (...sizes) => sizes.map(([height, bits, audio = "audio"], i) => variant(`video${["", "-mid", "-low"][i]}.m3u8`, height, bits, audio)).join("");
  const begun = all([180, 170002], [180, 170001], [180, 170000, "audio-low"]), grown = all([720, 2e6], [360, 6e5], [180, 150000, "audio-low"]);
  const opus = begun.replaceAll("mp4a.40.2", "opus").replaceAll('"audio"', '"audio-opus"');
  const handlers = {}, hls = hlsWith(levelsOf(opus, begun), handlers);
  Object.assign(hls, { firstLevel: 0, currentLevel: 0, media: { videoWidth: 320, videoHeight: 180 } });
  let master = `#EXTM3U\n${begun}${opus}`, now = 0;
  t.mock.method(globalThis, "fetch", async () => new Response(master));
  t.mock.method(performance, "now", () => now);
  new LateSizes(hls);
  handlers[Hls.Events.MANIFEST_PARSED]();
  const shown = () => hls.levels.map(({ uri, height, audioGroups }) => `${uri.split("/").at(-1)} ${height} ${audioGroups}`);
  const listsUntil = async (end) => {
    for (; now < end; now += 200) {
      handlers[Hls.Events.LEVEL_UPDATED](null, { details: { url: URL_OF, renditionReports: [{ URI: "video-mid.m3u8" }, { URI: "video-low.m3u8" }] } });
      await settle();
      handlers[Hls.Events.FRAG_BUFFERED](null, { frag: { type: "main" } });
    }
  };
  await listsUntil(20000);
  assert.deepEqual(shown(), ["video.m3u8 180 audio"], "they are all the same still");
  master = `#EXTM3U\n${grown}`;
  hls.media = { videoWidth: 1280, videoHeight: 720 };
  await listsUntil(21000);
  assert.deepEqual(shown(), ["video-low.m3u8 180 audio", "video-mid.m3u8 360 audio", "video.m3u8 720 audio"]);
});

test("a size that is new is looked for at once, however long two others have been of one size; of two codecs they may be", async (t) => {
  const low = variant("video-low.m3u8", 180, 1.7e5, "audio"), filled = variant("video.m3u8", 180, 1.8e5, "audio");
  const mid = variant("video-mid.m3u8", 360, 6e5, "audio");
  const handlers = {}, hls = hlsWith(levelsOf(low, filled), handlers);
  let now = 0, master = `#EXTM3U\n${low}${filled}`;
  const fetched = t.mock.method(globalThis, "fetch", async () => new Response(master));
  t.mock.method(performance, "now", () => now);
  new LateSizes(hls);
  const list = async (uri) => {
    handlers[Hls.Events.LEVEL_UPDATED](null, { details: { renditionReports: [{ URI: uri }], url: URL_OF } });
    await settle();
  };
  for (let i = 0; i < 8; i++) { // less and less often
    now += 61000;
    await list("video.m3u8");
  }
  now += 1000;
  await list("video.m3u8");
  assert.equal(fetched.mock.callCount(), 8);
  master += mid;
  await list("video-mid.m3u8");
  assert.equal(fetched.mock.callCount(), 9);
  handlers[Hls.Events.FRAG_BUFFERED](null, { frag: { type: "main" } });
  assert.deepEqual(hls.levels.map(({ height }) => height), [180, 180, 360]);

  hls.levels = levelsOf(low, filled.replace("avc1.42C01F", "vp09.00.11.08"));
  now += 61000;
  await list("video.m3u8");
  assert.equal(fetched.mock.callCount(), 9, "nothing is unclear");
});

/** A list came that names a rendition that hls.js does not know; `answer` is what fetch() gives. Resolves to what was asked. */
async function ask(t, answer, lists) {
  const handlers = {};
  const hls = { levels: [], allAudioTracks: [], url: URL_OF, on: (event, handler) => (handlers[event] = handler) };
  const fetched = t.mock.method(globalThis, "fetch", async () => answer());
  let now = 0;
  t.mock.method(performance, "now", () => now);
  new LateSizes(hls);
  for (let i = 0; i < lists; i++, now += 61000) {
    handlers[Hls.Events.LEVEL_UPDATED](null, { details: { renditionReports: [{ URI: "video-mid.m3u8" }], url: URL_OF } });
    await settle();
  }
  return fetched.mock.callCount();
}

for (const [what, answer] of [
  ["has no such size", () => new Response("#EXTM3U\n")],
  ["is not there", () => new Response(null, { status: 404 })],
  ["does not come", () => { throw new TypeError("failed to fetch"); }],
  ["breaks off", () => new Response(new ReadableStream({ pull: (body) => body.error(new TypeError("it broke off")) }))],
])
  test(`a multivariant playlist that ${what} is asked for again`, async (t) => assert.equal(await ask(t, answer, 3), 3));

test("what is left out for its sound is not looked for again", async (t) => {
  const handlers = {};
  const sound = (uri, codec) => `#EXT-X-STREAM-INF:BANDWIDTH=100000,CODECS="${codec}"\n${uri}\n`;
  const hls = { levels: levelsOf(sound("audio.m3u8", "mp4a.40.2"), sound("audio-opus.m3u8", "opus")), allAudioTracks: [], url: URL_OF,
    firstLevel: 0, on: (event, handler) => (handlers[event] = handler), trigger: (event, { levels }) => (hls.levels = levels) };
  const fetched = t.mock.method(globalThis, "fetch", async () => new Response(""));
  new LateSizes(hls);
  handlers[Hls.Events.MANIFEST_PARSED]();
  assert.deepEqual(hls.levels.map(({ audioCodec }) => audioCodec), ["mp4a.40.2"]);
  handlers[Hls.Events.LEVEL_UPDATED](null, { details: { renditionReports: [{ URI: "audio-opus.m3u8" }], url: URL_OF } });
  await settle();
  assert.equal(fetched.mock.callCount(), 0);
});
