#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// What is learnt of how little was ahead, and what is done for a viewer who stands though enough has come; time is given.

import assert from "node:assert/strict";
import test from "node:test";
import { assemblePages } from "./assembled_pages.mjs";

const importPage = assemblePages();
const { default: Hls } = await importPage("vendor/hls.mjs");
const { LowWater } = await importPage("js/low-water.js");

const HOLD_BACK_S = 0.3;

/** A viewer at 10 s, 0.3 s behind the end of the list. */
class Viewer {
  ms = 0;
  lows = []; // that were told
  seeks = 0;
  #handlers = {};

  constructor(t, { hasBegun = true } = {}) {
    t.mock.method(performance, "now", () => this.ms);
    const { Events } = Hls;
    this.hls = { latestLevelDetails: { live: true, edge: 10.2, age: 0.1, partHoldBack: HOLD_BACK_S }, on: (event, handler) => (this.#handlers[event] = handler) };
    const video = this.video = Object.assign(new EventTarget(), { paused: false, seeking: false });
    Object.defineProperty(video, "currentTime", { get: () => 10, set: (time) => {
      assert.equal(time, 10, "it stays where it is");
      this.seeks++;
      video.seeking = true;
      video.dispatchEvent(new Event("seeking"));
      video.dispatchEvent(new Event("waiting")); // as Chromium does
    } });
    this.ahead(0.2);
    new LowWater(this.hls, video, { onLow: (low) => this.lows.push(low) });
    this.append = (aheadS) => {
      this.#handlers[Events.BUFFER_APPENDING]();
      this.ahead(aheadS);
      this.#handlers[Events.BUFFER_APPENDED]();
    };
    this.end = () => this.#handlers[Events.DESTROYING]();
    if (hasBegun) this.tell("playing");
  }

  ahead(seconds) {
    this.video.buffered = { length: 1, start: () => 0, end: () => 10 + seconds };
  }

  tell(event) {
    if (event === "playing") this.video.seeking = false;
    this.video.dispatchEvent(new Event(event));
  }
}

test("what is left when more comes is told, with how far from live that is", (t) => {
  const viewer = new Viewer(t);
  viewer.tell("playing");
  viewer.ms = 2000;
  viewer.ahead(0.07);
  viewer.hls.latestLevelDetails.edge = 10.25;
  viewer.append(0.17);
  assert.deepEqual(viewer.lows.map((low) => Object.values(low).map((one) => one.toFixed(2))), [["0.07", "0.05"]]);
});

for (const [what, change] of [
  ["just after the beginning", (viewer) => (viewer.ms = 1999)],
  ["in a pause", ({ video }) => (video.paused = true)],
  ["just after a stall", (viewer) => viewer.tell("playing")],
  ["in a stall", (viewer) => (viewer.tell("waiting"), (viewer.ms += 3000))],
  ["after the end", ({ hls }) => (hls.latestLevelDetails.live = false)],
  ["without a list", ({ hls }) => (hls.latestLevelDetails = null)],
])
  test(`${what} it tells nothing`, (t) => {
    const viewer = new Viewer(t);
    viewer.ms = 5000;
    change(viewer);
    viewer.append(0.2);
    assert.deepEqual(viewer.lows, []);
  });

test("who stands goes on as soon as there is enough, and not sooner", (t) => {
  const viewer = new Viewer(t);
  viewer.tell("playing");
  viewer.tell("waiting");
  viewer.append(0.23);
  assert.equal(viewer.seeks, 0);
  viewer.append(0.3);
  viewer.append(0.4);
  assert.equal(viewer.seeks, 1);
});

test("who plays, seeks or has made a pause is left alone", (t) => {
  const viewer = new Viewer(t);
  viewer.append(0.3);
  viewer.tell("waiting");
  viewer.tell("playing");
  viewer.append(0.4);
  viewer.video.seeking = true;
  viewer.tell("waiting");
  viewer.append(0.4);
  viewer.tell("playing");
  viewer.tell("waiting");
  viewer.video.paused = true;
  viewer.append(0.4);
  assert.equal(viewer.seeks, 0);
});

test("who waits for the beginning has not run dry", (t) => {
  const viewer = new Viewer(t, { hasBegun: false });
  viewer.tell("waiting"); // as soon as it is told to play
  viewer.append(0.3);
  assert.equal(viewer.seeks, 0);
  viewer.tell("playing");
  viewer.tell("waiting");
  viewer.append(0.3);
  assert.equal(viewer.seeks, 1);
});

test("where that does not help it is not done at once again", (t) => {
  const viewer = new Viewer(t);
  const stand = (ms) => {
    viewer.ms = ms;
    viewer.tell("waiting");
    viewer.append(0.3);
    viewer.tell("playing");
  };
  for (const ms of [1000, 2000, 5999, 6000]) stand(ms);
  assert.equal(viewer.seeks, 2);
});

test("what comes after hls.js has ended is not its own", (t) => {
  const viewer = new Viewer(t);
  viewer.end();
  viewer.tell("waiting");
  viewer.append(0.3);
  assert.equal(viewer.seeks, 0);
});
