#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// A viewer at low latency whose connection is cut to a quarter and is whole again later, in a model with a clock of its
// own: parts are made as the bridge makes them, asked for as the watch page does, and share the connection with the sound. What is chosen is what the watch page chooses.

import assert from "node:assert/strict";
import test from "node:test";
import { Bandwidth } from "../../web-publisher/js/bandwidth.js";
import { SizeChooser } from "../../web-publisher/js/size-chooser.js";

const BITRATES = [210e3, 550e3, 2040e3]; // of 110, 450 and 1940 kbit/s of picture, with the sound
const SOUND_BPS = 90e3;
const PARTS_S = [...Array(10).fill(0.192), 0.08]; // of a segment
const SEGMENT_S = 2;
const FIRST_PART = 1.4; // times as large as its share: it has the IDR picture
const REQUEST_MS = 15, LIST_MS = 20; // until an answer begins; until a part that is there is in the list
const STEP_MS = 5, LOOK_MS = 25, PROGRESS_MS = 50; // of the model, of the page, of what a browser tells of an answer
const REQUESTS = 2; // until another size begins to come: for its list, and for its parts
const HOLD_BACK_S = 0.6;
const SHOWN_WITH_S = 0.25; // so much of another size must be ahead until it is shown

const startOf = (index) => PARTS_S.slice(0, index).reduce((sum, one) => sum + one, 0);

/** Part `index` of segment `sn`, in size `level`; its times are in seconds of media. */
function partOf(sn, index, level) {
  const start = sn * SEGMENT_S + startOf(index);
  const duration = PARTS_S[index];
  const bytes = Math.round((BITRATES[level] - SOUND_BPS) * duration * (index ? 0.96 : FIRST_PART) / 8);
  return { sn, index, level, start, duration, end: start + duration, bytes };
}

class Viewer {
  #chooser = new SizeChooser();
  #bandwidth;
  #part = null; // that is loaded
  #next; // part to load, once it is there
  #aheadTo = 0; // until there, what was left to load was asked for at once
  #until; // end of what can be shown
  level = BITRATES.length - 1;
  stoodMs = 0;
  changes = []; // [{ ms, level }], as they are shown

  constructor(startMs, bps) {
    this.ms = startMs;
    this.bps = bps;
    this.#bandwidth = new Bandwidth(bps, () => this.ms);
    this.timeS = startMs / 1000 - HOLD_BACK_S;
    const sn = Math.floor(this.timeS / SEGMENT_S);
    const index = PARTS_S.findLastIndex((none, i) => sn * SEGMENT_S + startOf(i) <= this.timeS);
    this.#next = partOf(sn, index, this.level);
    this.#until = this.#next.start;
  }

  run(seconds) {
    for (const end = this.ms + seconds * 1000; this.ms < end; this.ms += STEP_MS) {
      this.#load();
      if (this.ms % LOOK_MS === 0) this.#look();
      if (this.#until - this.timeS > STEP_MS / 1000) this.timeS += STEP_MS / 1000;
      else this.stoodMs += STEP_MS;
    }
  }

  skipToLive() {
    this.timeS = this.ms / 1000 - HOLD_BACK_S;
    this.stoodMs = 0;
  }

  get #edge() {
    return this.ms / 1000 - LIST_MS / 1000;
  }

  #load() {
    if (!this.#part) {
      if (this.#next.end > this.#edge || this.ms < (this.#next.notBefore ?? 0)) return;
      const isAsked = this.#next.end <= this.#aheadTo; // with all others of the size
      this.#part = { ...this.#next, firstMs: this.ms + (isAsked ? 0 : REQUEST_MS), loaded: 0 };
    }
    const part = this.#part;
    if (this.ms < part.firstMs) return;
    part.loaded += ((this.bps - SOUND_BPS) * STEP_MS) / 8000;
    if (part.loaded >= part.bytes) this.#onLoaded(part);
  }

  #onLoaded(part) {
    const ms = this.ms + STEP_MS - part.firstMs;
    this.#part = null;
    this.#bandwidth.sample(ms, part.bytes);
    if (part.end > this.#until || part.end > this.timeS + SHOWN_WITH_S) this.#show(part);
    this.#chooser.onPart({ level: part.level, bytes: part.bytes, ms, duration: part.duration, bitrates: BITRATES }, this.ms);
    const isLast = part.index === PARTS_S.length - 1;
    this.#next = isLast ? partOf(part.sn + 1, 0, this.level) : partOf(part.sn, part.index + 1, this.level);
    const level = this.#chooser.choose({ bitrates: BITRATES, current: this.level, carried: this.#bandwidth.getEstimate(),
      place: this.#placeAt(part.sn, part.end), begins: isLast }, this.ms);
    if (level !== this.level) this.#changeTo(level);
  }

  #show(part) {
    if (this.changes.at(-1)?.level !== part.level) this.changes.push({ ms: this.ms, level: part.level });
    this.#until = part.end;
  }

  #changeTo(level) {
    this.level = level;
    const { sn } = this.#part ?? this.#next;
    this.#part = null;
    this.#aheadTo = this.#edge;
    this.#next = { ...partOf(sn, 0, level), notBefore: this.ms + REQUESTS * REQUEST_MS };
  }

  /** What the page knows while a part comes. */
  #look() {
    const part = this.#part;
    if (!part || this.ms < part.firstMs) return;
    const knownMs = Math.floor((this.ms - part.firstMs) / PROGRESS_MS) * PROGRESS_MS;
    const loaded = Math.floor(part.loaded * knownMs / Math.max(1, this.ms - part.firstMs));
    const level = this.#chooser.onLoading({ level: part.level, bitrates: BITRATES, loaded, total: part.bytes, ms: knownMs,
      duration: part.duration,
      place: this.#placeAt(part.sn, part.start) }, this.ms);
    if (level === null) return;
    this.#bandwidth.sample(this.ms - part.firstMs, part.loaded);
    this.#changeTo(level);
  }

  #placeAt(sn, startS) {
    const from = sn * SEGMENT_S, end = from + SEGMENT_S;
    const edge = Math.max(startS, Math.min(this.#edge, end));
    return { aheadS: this.#until - this.timeS, edgeS: edge - startS, leftS: end - startS, toEndS: end - this.timeS,
      intoS: edge - from, requests: REQUESTS, requestMs: REQUEST_MS };
  }
}

/** What becomes of a viewer whose connection of `bps` is cut at `cutMs` of a segment, for some seconds. */
function cut(bps, cutMs, seconds) {
  const viewer = new Viewer(8000, bps);
  viewer.run(2);
  viewer.skipToLive(); // as the page does
  viewer.run(18 + cutMs / 1000);
  assert.deepEqual([viewer.stoodMs, viewer.level], [0, 2], "it is well before");
  const cutAt = viewer.ms;
  viewer.bps = bps / 4;
  viewer.run(seconds);
  const down = viewer.changes.find(({ ms, level }) => ms >= cutAt && level < 2);
  const wholeAt = viewer.ms;
  viewer.bps = bps;
  viewer.run(20);
  const up = viewer.changes.findLast(({ ms, level }) => ms >= wholeAt && level === 2);
  return { downMs: down && down.ms - cutAt, upMs: up && up.ms - wholeAt, stoodMs: viewer.stoodMs, level: viewer.level };
}

/** All places of a segment at which it may be cut, and two lengths of that. */
function* cuts() {
  for (let cutMs = 0; cutMs < SEGMENT_S * 1000; cutMs += 50) for (const seconds of [5, 9]) yield { cutMs, seconds };
}

const NOBODY_SEES_MS = 150; // that a picture stands

// the quarter of 10 Mbit/s carries the best size; that of 4 Mbit/s little more than the middle one
for (const [mbit, stoodMs] of [[4, NOBODY_SEES_MS], [4.5, NOBODY_SEES_MS], [5, 0], [6, 0], [7, 0], [8, 0], [10, 0]])
  test(`${mbit} Mbit/s, a quarter of it, and again: another size within a segment, no stall, the best one in ten seconds`, () => {
    for (const { cutMs, seconds } of cuts()) {
      const found = cut(mbit * 1e6, cutMs, seconds);
      const what = `cut at ${cutMs} ms for ${seconds} s: ${JSON.stringify(found)}`;
      assert.ok(found.stoodMs <= stoodMs, what);
      if (mbit < 8) assert.ok(found.downMs <= SEGMENT_S * 1000, what);
      assert.ok(found.downMs === undefined || found.upMs <= 10000, what);
      assert.equal(found.level, 2, what);
    }
  });
