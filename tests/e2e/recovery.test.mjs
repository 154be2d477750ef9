// SPDX-License-Identifier: GPL-3.0-or-later

// Parts die and come back: the stream goes on at the same address, and its numbers only grow.

import assert from "node:assert/strict";
import test from "node:test";
import { publish, untilLive, withBrowser } from "./support/browser.mjs";
import { faultsBut } from "./support/health.mjs";
import { measured } from "./support/measured.mjs";
import { doctor } from "./support/programs.mjs";
import { sleep, until, withStack } from "./support/rig.mjs";

// what a viewer cannot but notice of an outage
const OUTAGE = /no new segment for 1\.5 target|playlist cannot be fetched/;

const sequenceOf = async (stack, stream) => {
  const text = await (await fetch(stack.playlist(stream))).text();
  return { text, media: Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)[1]) };
};

test("Janus is restarted: the publisher comes back by itself", () =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      const page = await publish(context, stack, "shop");
      await until("segments", async () => (await fetch(stack.playlist("shop"))).ok);
      const watching = doctor(stack.playlist("shop"), 22);
      await sleep(3000);
      stack.parts.janus.kill("SIGKILL");
      await stack.parts.janus.exited();
      await until("the page says that it reconnects",
        async () => (await page.textContent("#badge")) === "RECONNECTING");
      await stack.startJanus();
      await untilLive(page, 20000);
      const report = await watching;
      assert.deepEqual(faultsBut(report, OUTAGE), []);
      assert.equal(report.discontinuities, 1);
    })));

test("nginx is restarted: nothing is lost but a moment", () =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      const page = await publish(context, stack, "shop");
      await until("segments", async () => (await fetch(stack.playlist("shop"))).ok);
      const watching = doctor(stack.playlist("shop"), 12);
      await sleep(3000);
      await stack.parts.nginx.stop();
      await sleep(500);
      await stack.startNginx();
      const report = await watching;
      assert.deepEqual(faultsBut(report, OUTAGE), []);
      assert.equal(report.discontinuities, 0, "the media flows on while the WebSocket is gone");
      await untilLive(page);
    })));

test("a publisher who leaves is waited for, then the stream ends; it may begin again", () =>
  withStack({ bridgeSettings: { "hls.hold": 4 } }, (stack) =>
    withBrowser({}, async (context) => {
      const page = await publish(context, stack, "shop");
      await sleep(6000);
      await page.click("#stop");
      await sleep(1500);
      assert.doesNotMatch((await sequenceOf(stack, "shop")).text, /ENDLIST/, "held open");
      const ended = await until("the playlist ends", async () => {
        const playlist = await sequenceOf(stack, "shop");
        return /ENDLIST/.test(playlist.text) && playlist;
      });
      const count = ended.text.match(/EXTINF/g).length;
      await publish(context, stack, "shop");
      const again = await until("it begins again", async () => {
        const playlist = await sequenceOf(stack, "shop");
        return !/ENDLIST/.test(playlist.text) && playlist;
      });
      assert.equal(again.media, ended.media + count, "numbers go on");
      assert.match(again.text, /DISCONTINUITY-SEQUENCE:[1-9]/);
    })));

test("the bridge ends within a second, and writes out what it has", () =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      await publish(context, stack, "shop");
      await sleep(5000);
      const before = await sequenceOf(stack, "shop");
      const asked = Date.now();
      await stack.parts.bridge.stop();
      const took = Date.now() - asked; // the sanitizer's search for leaks included
      measured(() => assert.ok(took < 2000, `${took} ms`));
      assert.equal(stack.parts.bridge.status.code, 0);
      const after = await sequenceOf(stack, "shop");
      assert.ok(after.text.match(/EXTINF/g).length > before.text.match(/EXTINF/g).length, "one segment more");
      assert.doesNotMatch(after.text, /ENDLIST/);
    })));
