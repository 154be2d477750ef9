#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// Parts that are asked for before they exist.

import assert from "node:assert/strict";
import test from "node:test";
import { hintOf, HintedParts, isAtEnd, loadBy } from "../../web-publisher/js/hinted-parts.js";
import { assemblePages } from "./assembled_pages.mjs";

const importPage = assemblePages();
const { default: Hls, M3U8Parser } = await importPage("vendor/hls.mjs");
const { lowLatency } = await importPage("js/low-latency.js");

const URL_OF = "http://x/live/demo/audio.m3u8";
const list = { live: true, partTarget: 0.1, url: URL_OF, preloadHint: { TYPE: "PART", URI: "audio-1-7.3.m4s" } };

for (const [what, details, wanted] of [
  ["a list with short parts", list, "http://x/live/demo/audio-1-7.3.m4s"],
  ["a list with long parts: there is time enough", { ...list, partTarget: 0.2 }, null],
  ["a list that has ended", { ...list, live: false }, null],
  ["a list that hints at nothing", { ...list, preloadHint: undefined }, null],
  ["a list that hints at an initialisation segment", { ...list, preloadHint: { TYPE: "MAP", URI: "a.mp4" } }, null],
])
  test(what, () => assert.equal(hintOf(details), wanted));

test("who is far behind asks for segments", () => {
  assert.deepEqual([9.5, 8.5, -Infinity].map((end) => isAtEnd(end, { partEnd: 10 })), [true, false, false]);
});

/** { parts, asked, left }: addresses that were asked for, and those that were given up. */
function server() {
  const asked = [], left = [];
  const parts = new HintedParts((url, signal) => {
    asked.push(url);
    signal.addEventListener("abort", () => left.push(url));
    return url === "bad" ? Promise.reject(new Error("status 404")) : Promise.resolve({ data: url });
  });
  return { parts, asked, left };
}

test("each is asked for once, and taken once", async () => {
  const { parts, asked } = server();
  parts.ask("7.1");
  parts.ask("7.1");
  assert.deepEqual(asked, ["7.1"]);
  assert.deepEqual(await parts.take("7.1"), { data: "7.1" });
  assert.equal(parts.take("7.1"), undefined);
  assert.equal(parts.take("7.2"), undefined);
});

test("what nobody takes is given up, but for the last two", () => {
  const { parts, left } = server();
  for (const url of ["7.1", "7.2", "7.3", "7.4"]) parts.ask(url);
  assert.deepEqual(left, ["7.1", "7.2"]);
  parts.take("7.3");
  parts.ask("7.5");
  assert.deepEqual(left, ["7.1", "7.2"], "what is taken makes room");
  parts.forget();
  assert.deepEqual(left, ["7.1", "7.2", "7.4", "7.5"]);
});

test("what cannot be had is told to who takes it", async () => {
  const { parts } = server();
  parts.ask("bad");
  await assert.rejects(parts.take("bad"), /404/);
});

/** The browser's requests, which are answered by hand. */
function requestsOf(t) {
  const requests = [];
  const before = globalThis.XMLHttpRequest;
  t.after(() => (globalThis.XMLHttpRequest = before));
  globalThis.XMLHttpRequest = class {
    isAborted = false;
    constructor() { requests.push(this); }
    open(method, url) { Object.assign(this, { method, url }); }
    send() {}
    abort() { this.isAborted = true; }
    answer(status) { Object.assign(this, { status, response: new ArrayBuffer(3) }).onprogress(), this.onload(); }
  };
  return requests;
}

const load = (signal = new AbortController().signal) => loadBy((url) => `${url}?wire`)("http://x/7.1", signal);

test("a request is sent as it goes over the wire, and brings the bytes", async (t) => {
  const requests = requestsOf(t);
  const answer = load();
  const [{ method, url, responseType }] = requests;
  assert.deepEqual([method, url, responseType], ["GET", "http://x/7.1?wire", "arraybuffer"]);
  requests[0].answer(200);
  const { data, startMs, firstMs, endMs } = await answer;
  assert.equal(data.byteLength, 3);
  assert.ok(startMs <= firstMs && firstMs <= endMs, `${[startMs, firstMs, endMs]}`);
});

for (const [what, end, wanted] of [
  ["is refused", (request) => request.answer(403), /403/],
  ["cannot be sent", (request) => request.onerror(), /reached/],
  ["is never answered", (request) => (assert.ok(request.timeout > 0 && request.timeout <= 10000, `${request.timeout}`), request.ontimeout()), /long/],
])
  test(`one that ${what} fails, and hls.js asks itself`, async (t) => {
    const requests = requestsOf(t);
    const answer = load();
    end(requests[0]);
    await assert.rejects(answer, wanted);
  });

test("one that is given up is ended", async (t) => {
  const requests = requestsOf(t);
  const stop = new AbortController();
  const answer = load(stop.signal);
  stop.abort();
  await assert.rejects(answer, { name: "AbortError" });
  assert.ok(requests[0].isAborted);
});

/** A list of sound that grows by parts of 0.1 s, and ends at 3.4 s. */
const soundList = () => M3U8Parser.parseLevelPlaylist("#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:1\n" +
  "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.3\n#EXT-X-PART-INF:PART-TARGET=0.1\n#EXT-X-MEDIA-SEQUENCE:5\n" +
  `#EXT-X-MAP:URI="a.mp4"\n${[5, 6, 7].map((sn) => `#EXTINF:1,\na-${sn}.m4s\n`).join("")}` +
  [0, 1, 2, 3].map((i) => `#EXT-X-PART:DURATION=0.1,URI="a-8.${i}.m4s",INDEPENDENT=YES\n`).join("") +
  "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"a-8.4.m4s\"\n", "http://x/live/demo/audio.m3u8", 0, "audio", 0, null);

/** hls.js as the page sets it up, in an element that shows this and has so much of the picture. */
function makePlayer(t, { paused = false, end = 3.3 } = {}) {
  const hls = new Hls({ ...lowLatency({ wire: (url) => url.replace("/live/", "/p/token/live/") }), enableWorker: false });
  t.after(() => hls.destroy());
  Object.defineProperty(hls, "media", { get: () => ({ paused }) });
  Object.defineProperty(hls, "mainForwardBufferInfo", { get: () => ({ end }) });
  return hls;
}

const show = (hls) => hls.trigger(Hls.Events.AUDIO_TRACK_UPDATED, { details: soundList(), id: 0, groupId: "audio" });

test("who plays near the end asks for the sound that a list hints at, and hls.js gets it", async (t) => {
  const requests = requestsOf(t);
  const hls = makePlayer(t);
  show(hls);
  show(hls);
  assert.deepEqual(requests.map(({ url }) => url), ["http://x/p/token/live/demo/a-8.4.m4s"]);
  const loader = new hls.config.fLoader(hls.config);
  const answer = new Promise((resolve) => loader.load({ url: "http://x/live/demo/a-8.4.m4s" }, {}, { onSuccess: resolve }));
  requests[0].answer(200);
  assert.equal((await answer).data.byteLength, 3);
  assert.equal(requests.length, 1, "it is not asked for twice");
});

for (const [what, at] of [["makes a pause", { paused: true }], ["is further back", { end: 2 }]])
  test(`who ${what} asks for nothing ahead`, (t) => {
    const requests = requestsOf(t);
    show(makePlayer(t, at));
    assert.equal(requests.length, 0);
  });

test("what is asked ahead ends with hls.js", (t) => {
  const requests = requestsOf(t);
  const hls = makePlayer(t);
  show(hls);
  assert.equal(requests[0].isAborted, false);
  hls.destroy();
  assert.ok(requests[0].isAborted);
});
