// SPDX-License-Identifier: GPL-3.0-or-later

// How near to live the watch page is.

import assert from "node:assert/strict";
import test from "node:test";
import { openPage, publish } from "./support/browser.mjs";
import { measured } from "./support/measured.mjs";
import { until } from "./support/rig.mjs";
import { shareStack } from "./support/shared.mjs";
import { openWatchPage } from "./support/viewer.mjs";

const shared = shareStack();

test("the watch page is near live from its first second on", shared(async ({ stack, context }) => {
  await publish(context, stack, "near");
  const watch = await openPage(context, `${stack.url}/watch.html?stream=near`);
  const behind = await until("it says how far behind", async () =>
    Number(/^(\d+\.\d) s$/.exec(await watch.textContent("#figure-latency"))?.[1] ?? 0));
  measured(() => assert.ok(behind < 0.9, `${behind} s behind live`));
  assert.deepEqual(watch.errors, []);
}));

test("who seeks to where nothing is stands still, and that is counted", shared(async ({ stack, context }) => {
  await publish(context, stack, "seeks");
  const watch = await openWatchPage(context, stack, "seeks");
  await until("it plays", async () => (await watch.state()).playingAt !== null);
  const { length } = (await watch.state()).stalls;
  await watch.evaluate(() => {
    SourceBuffer.prototype.appendBuffer = () => {}; // a seek goes no further than the live edge, and there the next part would be soon
    const video = document.getElementById("player");
    const { get } = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "currentTime");
    video.currentTime += 60;
    Object.defineProperty(video, "currentTime", { get, set() {} }); // nor is it taken back to what is there
  });
  await until("the stall is counted", async () => (await watch.state()).stalls.length > length);
}));

/** The element plays at a quarter of its speed, as on a machine that has no time for it, and says nothing of that. */
const slowDown = (page) => page.evaluate(() => {
  const video = document.getElementById("player");
  video.playbackRate = 0.25;
  Object.defineProperty(video, "playbackRate", { configurable: true, get: () => 1, set() {} });
});
const speedUp = (page) => page.evaluate(() => {
  const video = document.getElementById("player");
  delete video.playbackRate;
  video.playbackRate = 1;
});

test("whose machine was too slow is near live again by itself; who made a pause stays where it was", shared(async ({ stack, context }) => {
  await publish(context, stack, "cut-off");
  const watch = await openWatchPage(context, stack, "cut-off");
  await until("it plays", async () => (await watch.state()).playingAt !== null);
  const isBehind = () => watch.evaluate(() => !document.getElementById("to-live").hidden);
  await slowDown(watch);
  await until("it is behind", isBehind);
  await speedUp(watch);
  await until("it is near live", async () => !(await isBehind()));

  const time = () => watch.evaluate(() => document.getElementById("player").currentTime);
  await watch.evaluate(() => document.getElementById("player").pause());
  await until("it is behind", isBehind);
  const before = await time();
  await watch.evaluate(() => document.getElementById("player").play());
  const after = await until("it plays on", async () => { const now = await time(); return now > before && now; });
  assert.ok(after < before + 2, `from ${before} it has skipped to ${after}`);
  assert.ok(await isBehind());
}));

/** From now on nothing ends what the source buffers that there are have begun, so hls.js waits for ever. */
const wedge = (page) => page.evaluate(() => {
  const { appendBuffer } = SourceBuffer.prototype;
  const wedged = new WeakSet(window.sourceBuffers);
  SourceBuffer.prototype.appendBuffer = function (data) {
    if (!wedged.has(this)) appendBuffer.call(this, data);
  };
});

test("a viewer whose hls.js stands for ever goes on by itself", shared(async ({ stack, context }) => {
  await context.addInitScript(() => {
    const { addSourceBuffer } = MediaSource.prototype;
    window.sourceBuffers = [];
    MediaSource.prototype.addSourceBuffer = function (type) {
      const buffer = addSourceBuffer.call(this, type);
      window.sourceBuffers.push(buffer);
      return buffer;
    };
  });
  await publish(context, stack, "wedged");
  const watch = await openWatchPage(context, stack, "wedged");
  await until("it plays", async () => (await watch.state()).playingAt !== null);
  const buffers = await watch.evaluate(() => window.sourceBuffers.length);
  await wedge(watch);
  await until("it has begun again", () => watch.evaluate((before) =>
    window.sourceBuffers.length > before && document.getElementById("player").readyState >= 3, buffers));
}));
