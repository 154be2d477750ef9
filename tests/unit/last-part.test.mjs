#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// hls.js itself, as the watch page sets it up for low latency: which part it asks for at the end of a segment.

import assert from "node:assert/strict";
import { test } from "node:test";
import { assemblePages } from "./assembled_pages.mjs";

const importPage = assemblePages();
const { default: Hls, M3U8Parser } = await importPage("vendor/hls.mjs");
const { lowLatency } = await importPage("js/low-latency.js");

const PART_S = 0.08533; // four frames of sound
const FRAME_S = 0.02133;
const DRIFT_S = 0.003; // the list's times are so much before those of the media: dates are rounded

const part = (sn, index, seconds) => `#EXT-X-PART:DURATION=${seconds},URI="a-${sn}.${index}.m4s",INDEPENDENT=YES\n`;
const whole = (sn) => part(sn, 0, PART_S) + part(sn, 1, PART_S) + part(sn, 2, FRAME_S) +
  `#EXTINF:${2 * PART_S + FRAME_S},\na-${sn}.m4s\n`;

/** A list of three whole segments, and what more there is. */
const list = (...more) => M3U8Parser.parseLevelPlaylist("#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:1\n" +
  "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.3\n#EXT-X-PART-INF:PART-TARGET=0.1\n" +
  `#EXT-X-MEDIA-SEQUENCE:5\n#EXT-X-MAP:URI="a.mp4"\n${[5, 6, 7].map(whole).join("")}${more.join("")}`,
"http://x/audio.m3u8", 0, "audio", 0, null);

/** hls.js that has these parts of a list of sound. */
class Player {
  #hls = new Hls({ ...lowLatency(), enableWorker: false });
  #sound = this.#hls.networkControllers.find(({ playlistType }) => playlistType === "audio");
  #details;
  #end = 0;

  constructor(t) {
    t.after(() => this.#hls.destroy());
    this.#sound.loadingParts = this.#sound.startFragRequested = true;
  }

  /** A list that has come. */
  show(details) {
    this.#details = details;
    this.#hls.trigger(Hls.Events.AUDIO_TRACK_UPDATED, { details, id: 0, groupId: "audio" });
  }

  #find(sn, index) {
    return this.#details.partList.find((part) => part.fragment.sn === sn && part.index === index);
  }

  /** A part that has been read. */
  read(sn, index) {
    const part = this.#find(sn, index);
    this.#hls.trigger(Hls.Events.FRAG_LOADED, { frag: part.fragment, part });
    this.#sound.fragPrevious = part.fragment;
  }

  /** The browser has it now. */
  buffer(sn, index) {
    const part = this.#find(sn, index);
    const { fragment: frag } = part;
    const times = [part.start, part.end].map((time) => time + DRIFT_S);
    for (const one of [part, frag])
      one.elementaryStreams.audio = { startPTS: times[0], endPTS: times[1], startDTS: times[0], endDTS: times[1] };
    this.#end = times[1];
    const timeRanges = { audio: { length: 1, start: () => DRIFT_S, end: () => times[1] } };
    this.#hls.trigger(Hls.Events.BUFFER_APPENDED, { type: "audio", frag, part, parent: "audio", timeRanges });
    this.#sound.fragmentTracker.onFragBuffered(Hls.Events.FRAG_BUFFERED, { frag, part, stats: part.stats, id: "audio" });
  }

  take(sn, index) {
    this.read(sn, index);
    this.buffer(sn, index);
  }

  /** What it asks for next. */
  get wanted() {
    const { partList, partEnd } = this.#details;
    const frag = this.#sound.getFragmentAtPosition(this.#end, partEnd, this.#details);
    if (!frag || !["NOT_LOADED", "PARTIAL"].includes(this.#sound.fragmentTracker.getState(frag))) return null;
    return partList[this.#sound.getNextPart(partList, frag, Math.max(frag.start, this.#end))]?.relurl ?? null;
  }
}

const growing = () => list(part(8, 0, PART_S), part(8, 1, PART_S));
const ended = () => list(whole(8), part(9, 0, PART_S));

/** A player that has all before the last two parts of segment 8. */
function makePlayer(t) {
  const player = new Player(t);
  player.show(growing());
  for (const sn of [5, 6, 7]) for (const index of [0, 1, 2]) player.take(sn, index);
  player.take(8, 0);
  return player;
}

test("a segment's last part is asked for if it is listed after the one before it was taken", (t) => {
  const player = makePlayer(t);
  player.take(8, 1);
  assert.equal(player.wanted, null);
  player.show(ended());
  assert.equal(player.wanted, "a-8.2.m4s");
  player.take(8, 2);
  assert.equal(player.wanted, "a-9.0.m4s");
});

test("and if it is listed while that one is read", (t) => {
  const player = makePlayer(t);
  player.show(ended());
  player.take(8, 1);
  assert.equal(player.wanted, "a-8.2.m4s");
  player.take(8, 2);
  assert.equal(player.wanted, "a-9.0.m4s");
});

test("and if it is listed between that one's being read and the browser's having it", (t) => {
  const player = makePlayer(t);
  player.read(8, 1);
  player.show(ended());
  player.buffer(8, 1);
  assert.equal(player.wanted, "a-8.2.m4s");
  player.take(8, 2);
  assert.equal(player.wanted, "a-9.0.m4s");
});
