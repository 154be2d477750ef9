// SPDX-License-Identifier: GPL-3.0-or-later

// What a publisher does while live: turns the phone, shares a window that is resized, shows a still
// screen, mutes. Viewers play on, and the playlist tells the truth.

import assert from "node:assert/strict";
import test from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { openPage, publish, untilLive, withBrowser } from "./support/browser.mjs";
import { assertHealthy, assertSkew } from "./support/health.mjs";
import { doctor } from "./support/programs.mjs";
import { sleep, until, withStack } from "./support/rig.mjs";
import { openViewer, servePages } from "./support/viewer.mjs";
import { Vlc } from "./support/vlc.mjs";

/** Puts another picture in the place of the one that is sent: a test card of another size. */
async function showSize(page, width, height) {
  await page.evaluate(async ([width, height]) => {
    const { startTestCard } = await import("/js/test-card.js");
    window.otherCard?.stop();
    window.otherCard = await startTestCard({ width, height, name: `${width}x${height}` });
    const sender = window.janusHls.publisher.peerConnection.getSenders().find((s) => s.track?.kind === "video");
    await sender.replaceTrack(window.otherCard.stream.getVideoTracks()[0]);
  }, [width, height]);
}

test("the size of the picture changes every 10 s", async (t) => {
  const pages = await servePages();
  t.after(() => pages.close());
  await withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      const page = await publish(context, stack, "shop");
      await sleep(7000);
      const viewer = await openViewer(context, pages, stack.playlist("shop"));
      const vlc = await Vlc.play(stack.playlist("shop"));
      try {
        await until("hls.js plays", async () => (await viewer.state()).playingAt !== null, 15000);
        const watching = doctor(stack.playlist("shop"), 36);
        for (const [width, height] of [[720, 1280], [960, 540], [1280, 720]]) {
          await showSize(page, width, height);
          await sleep(10000);
        }
        const report = await watching;
        const { errors, stalls } = await viewer.state();
        const played = await vlc.stats();
        t.diagnostic(`VLC: ${JSON.stringify(played)}`);
        assertHealthy(report);
        assert.equal(report.discontinuities, 3);
        assert.deepEqual(errors, []);
        assert.deepEqual(stalls, []);
        assert.ok(played.seconds >= 25, JSON.stringify(played));
        assert.equal(played.corrupted, 0);
      } finally {
        await vlc.stop();
      }
    }));
});

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

/** Publishes with DTX: our answer does not ask for it, so the page is made to read one that does. */
async function publishWithDtx(context, stack, stream) {
  await context.addInitScript(() => {
    const apply = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = function (description) {
      const sdp = description.sdp.replace("usedtx=0", "usedtx=1");
      return apply.call(this, { type: description.type, sdp });
    };
  });
  return publish(context, stack, stream);
}

test("muted with DTX on: the sound has no gap", () =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      const page = await publishWithDtx(context, stack, "shop");
      const mute = (muted) => page.evaluate((muted) => {
        for (const sender of window.janusHls.publisher.peerConnection.getSenders())
          if (sender.track?.kind === "audio") sender.track.enabled = !muted;
      }, muted);
      const packets = async () => {
        const [{ source }] = await bridgeStreams(stack.bridgePort);
        return source.tracks.find((track) => track.kind === "audio").packets;
      };
      await sleep(4000);
      const watching = doctor(stack.playlist("shop"), 30);
      await mute(true);
      await sleep(2000);
      const before = await packets();
      await sleep(10000);
      const sent = (await packets()) - before;
      assert.ok(sent < 100, `DTX is not on: ${sent} packets in 10 s of silence`);
      await mute(false);
      const report = await watching;
      assert.deepEqual(report.faults, []);
      assert.equal(report.discontinuities, 0);
      assertSkew(report);
    })));
