#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// Which parts the watch page looks at while they come, with hls.js's own parser and choice of a size; time is given.

import assert from "node:assert/strict";
import test from "node:test";
import { assemblePages } from "./assembled_pages.mjs";

const importPage = assemblePages();
const { default: Hls, M3U8Parser } = await importPage("vendor/hls.mjs");
const { PartAbr } = await importPage("js/part-abr.js");

const PART_S = 0.2, PART_BYTES = 50000; // of 2 Mbit/s
const parts = (sn, count) =>
  Array.from({ length: count }, (none, i) => `#EXT-X-PART:DURATION=${PART_S},URI="v-${sn}.${i}.m4s"${i ? "" : ",INDEPENDENT=YES"}\n`).join("");

/** A list of three whole segments, and of the next one six parts. */
const list = (level) => M3U8Parser.parseLevelPlaylist("#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n" +
  "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.6\n#EXT-X-PART-INF:PART-TARGET=0.2\n" +
  `#EXT-X-MEDIA-SEQUENCE:5\n#EXT-X-MAP:URI="v.mp4"\n${[5, 6, 7].map((sn) => `#EXTINF:2,\nv-${sn}.m4s\n`).join("")}${parts(8, 6)}`,
"http://x/video.m3u8", level, "main", 0, null);

/** A choice of a size that is asked for parts by hls.js, in a viewer with 0.4 s ahead. */
class Viewer {
  ms = 1000;
  left = []; // the parts that were left before they were there
  #watches = new Map();

  constructor(t) {
    t.mock.method(performance, "now", () => this.ms);
    let last = 0;
    t.mock.method(globalThis, "setInterval", (look) => (this.#watches.set(++last, look), last));
    t.mock.method(globalThis, "clearInterval", (id) => this.#watches.delete(id));
    const silent = { log() {}, warn() {}, info() {}, debug() {}, error() {}, trace() {} };
    const hls = this.hls = { config: Hls.DefaultConfig, logger: silent, on() {}, off() {}, once() {},
      levels: [200e3, 2e6].map((bitrate, level) => ({ bitrate, details: list(level) })), loadLevel: 1, minAutoLevel: 0, maxAutoLevel: 1,
      autoLevelEnabled: true, media: { paused: false, currentTime: 6.5, playbackRate: 1 }, mainForwardBufferInfo: { len: 0.4 },
      trigger: (event, { part }) => event === Hls.Events.FRAG_LOAD_EMERGENCY_ABORTED && this.left.push(part.index) };
    this.abr = new PartAbr(hls);
  }

  part(index) {
    return this.hls.levels[1].details.partList.find((part) => part.index === index);
  }

  /** It is asked for, and its first bytes come. `tells`: it is the first of those that are asked for one after the other. */
  ask(index, tells) {
    const part = this.part(index);
    Object.assign(part.stats.loading, { start: this.ms, first: this.ms + 5 });
    part.stats.total = PART_BYTES;
    if (tells) this.abr.onFragLoading(Hls.Events.FRAG_LOADING, { frag: part.fragment, part });
  }

  pass(ms, index, loaded) {
    this.part(index).stats.loaded = loaded;
    for (const end = this.ms + ms; this.ms < end;) {
      this.ms += 25;
      for (const look of [...this.#watches.values()]) look();
    }
  }

  take(index) {
    const part = this.part(index);
    part.stats.loading.end = this.ms;
    part.stats.loaded = PART_BYTES;
    this.abr.onFragLoaded(Hls.Events.FRAG_LOADED, { frag: part.fragment, part });
  }

  get isWatching() {
    return this.#watches.size > 0;
  }
}

test("a part behind the first of those that are asked for one after the other is left, too, if it comes too slowly", (t) => {
  const viewer = new Viewer(t);
  viewer.ask(4, true);
  viewer.pass(50, 4, PART_BYTES);
  viewer.take(4);
  viewer.ask(5, false);
  viewer.pass(300, 5, 6000);
  assert.deepEqual(viewer.left, [5]);
  assert.equal(viewer.hls.nextLoadLevel, 0);
});

test("one that comes in time is not, and when nothing comes nobody looks", (t) => {
  const viewer = new Viewer(t);
  viewer.ask(4, true);
  viewer.pass(50, 4, PART_BYTES);
  viewer.take(4);
  viewer.ask(5, false);
  viewer.pass(50, 5, 40000);
  viewer.take(5);
  viewer.pass(50, 5, PART_BYTES);
  assert.deepEqual(viewer.left, []);
  assert.equal(viewer.isWatching, false);
});
