// SPDX-License-Identifier: GPL-3.0-or-later

// How near to live the watch page is: of a recorded publisher, which takes nothing of the machine, in each test the same.

import assert from "node:assert/strict";
import test from "node:test";
import { replay } from "./support/audience.mjs";
import { openPage } from "./support/browser.mjs";
import { measured } from "./support/measured.mjs";
import { until } from "./support/rig.mjs";
import { shareStack } from "./support/shared.mjs";
import { hidePicture, openWatchPage } from "./support/viewer.mjs";

const stackOf = shareStack({}, { shell: true });
let begun = null; // the publisher

/** A test of the watch page of a stream that is live. */
const shared = (body) => stackOf(async ({ stack, context }) => {
  await (begun ??= replay(stack, "shop"));
  await body({ stack, context });
});

async function openPlaying(context, stack) {
  const watch = await openWatchPage(context, stack, "shop");
  await hidePicture(watch);
  await until("it plays", async () => (await watch.state()).playingAt !== null);
  return watch;
}

test("the watch page is near live from its first second on", shared(async ({ stack, context }) => {
  const watch = await openPage(context, `${stack.url}/watch.html?stream=shop`);
  const behind = await until("it says how far behind", async () =>
    Number(/^(\d+\.\d) s$/.exec(await watch.textContent("#figure-latency"))?.[1] ?? 0));
  measured(() => assert.ok(behind < 0.9, `${behind} s behind live`));
  assert.deepEqual(watch.errors, []);
}));

test("who seeks to where nothing is stands still, and that is counted", shared(async ({ stack, context }) => {
  const watch = await openPlaying(context, stack);
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

/** Keeps in window.jumps how far each seek goes. */
const keepJumps = (page) => page.evaluate(() => {
  const { get, set } = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "currentTime");
  window.jumps = [];
  Object.defineProperty(document.getElementById("player"), "currentTime", { get, set(time) {
    window.jumps.push(time - get.call(this));
    set.call(this, time);
  } });
});

test("whose machine was too slow is near live again by itself; who made a pause stays where it was", shared(async ({ stack, context }) => {
  const watch = await openPlaying(context, stack);
  const isBehind = () => watch.evaluate(() => !document.getElementById("to-live").hidden);
  await slowDown(watch);
  await until("it is behind", isBehind);
  await speedUp(watch);
  await until("it is near live", async () => !(await isBehind()));

  const [time, behindS] = [() => watch.evaluate(() => document.getElementById("player").currentTime),
    async () => Number.parseFloat(await watch.textContent("#figure-latency"))];
  await watch.evaluate(() => document.getElementById("player").pause());
  await until("it is behind", isBehind);
  const least = await behindS() + 1.5; // it may aim a second further from live by now if the machine is slow
  await until("it is so far behind that it stays so", async () => (await behindS()) > least);
  await keepJumps(watch);
  const before = await time();
  await watch.evaluate(() => document.getElementById("player").play());
  await until("it plays on", async () => (await time()) > before + 0.5);
  assert.deepEqual(await watch.evaluate(() => window.jumps.filter((seconds) => seconds > 1)), []);
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
  const watch = await openPlaying(context, stack);
  const buffers = await watch.evaluate(() => window.sourceBuffers.length);
  await wedge(watch);
  await until("it has begun again", () => watch.evaluate((before) =>
    window.sourceBuffers.length > before && document.getElementById("player").readyState >= 3, buffers));
}));
