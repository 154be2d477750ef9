// SPDX-License-Identifier: GPL-3.0-or-later

// A publisher of whom little comes: a still screen, a frozen picture, silence that is not sent.

import assert from "node:assert/strict";
import test from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { mute, openPage, publish, publishWithDtx, untilLive, withBrowser } from "./support/browser.mjs";
import { assertSkew } from "./support/health.mjs";
import { doctor } from "./support/programs.mjs";
import { sleep, withStack } from "./support/rig.mjs";

test("a still screen of one picture a second", () =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      const page = await openPage(context, `${stack.url}/publish.html?stream=slides`);
      await page.evaluate(async () => {
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [1280, 720];
        const paint = canvas.getContext("2d");
        const draw = () => {
          paint.fillStyle = `hsl(${(Date.now() / 50) % 360} 50% 50%)`;
          paint.fillRect(0, 0, 1280, 720);
        };
        draw();
        setInterval(draw, 1000);
        const { startTestSound } = await import("/js/test-sound.js");
        const sound = await startTestSound();
        const stream = new MediaStream([...canvas.captureStream().getVideoTracks(), sound.track]);
        await window.janusHls.publisher.publish(stream, { name: "slides" });
      });
      await untilLive(page);
      const report = await doctor(stack.playlist("slides"), 20);
      assert.deepEqual(report.faults, []);
      assert.equal(report.discontinuities, 0);
      assert.equal(report.with_audio, report.segments);
      assert.ok(report.longest_gap_seconds <= 3, `no new segment for ${report.longest_gap_seconds} s`);
    })));

test("a picture that freezes, and comes back", () =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      const page = await publish(context, stack, "shop");
      await sleep(3000);
      const replace = (gone) => page.evaluate(async (gone) => {
        const { peerConnection } = window.janusHls.publisher;
        const sender = (window.videoSender ??= peerConnection.getSenders().find((s) => s.track?.kind === "video"));
        window.videoTrack ??= sender.track;
        await sender.replaceTrack(gone ? null : window.videoTrack);
      }, gone);
      const watching = doctor(stack.playlist("shop"), 24);
      await replace(true);
      await sleep(8000);
      await replace(false);
      const report = await watching;
      assert.deepEqual(report.faults, []);
      assert.equal(report.discontinuities, 0);
      assertSkew(report);
    })));

test("muted with DTX on: the sound has no gap", () =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      const page = await publishWithDtx(context, stack, "shop");
      const packets = async () => {
        const [{ source }] = await bridgeStreams(stack.bridgePort);
        return source.tracks.find((track) => track.kind === "audio").packets;
      };
      await sleep(4000);
      const watching = doctor(stack.playlist("shop"), 30);
      await mute(page, true);
      await sleep(2000);
      const before = await packets();
      await sleep(10000);
      const sent = (await packets()) - before;
      assert.ok(sent < 100, `DTX is not on: ${sent} packets in 10 s of silence`);
      await mute(page, false);
      const report = await watching;
      assert.deepEqual(report.faults, []);
      assert.equal(report.discontinuities, 0);
      assertSkew(report);
    })));
