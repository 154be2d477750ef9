// SPDX-License-Identifier: GPL-3.0-or-later

// What a publisher may negotiate: sound alone, pictures alone, a change of both, another path.

import assert from "node:assert/strict";
import test from "node:test";
import { openPage, publish, untilLive, withBrowser } from "./support/browser.mjs";
import { faultsOf } from "./support/measured.mjs";
import { doctor } from "./support/programs.mjs";
import { sleep, until, withStack } from "./support/rig.mjs";

/** Publishes one kind of the test card's tracks from a page of its own making. */
async function publishOnly(context, stack, stream, kind) {
  const page = await openPage(context, `${stack.url}/publish.html?stream=${stream}`);
  await page.evaluate(async ([name, wanted]) => {
    const { startTestCard } = await import("/js/test-card.js");
    const card = await startTestCard({ width: 640, height: 360, name });
    const track = card.stream.getTracks().find((t) => t.kind === wanted);
    await window.janusHls.publisher.publish(new MediaStream([track]), { name });
  }, [stream, kind]);
  await untilLive(page);
  return page;
}

test("sound alone", () =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      await publishOnly(context, stack, "radio", "audio");
      const report = await doctor(stack.playlist("radio"), 10);
      assert.deepEqual(faultsOf(report), []);
      assert.equal(report.with_audio, report.segments);
      assert.equal(report.with_video, 0);
      assert.ok(report.marks.beeps >= 8);
      assert.ok(report.extinf_off_max_ms < 22, "within an AAC frame");
    })));

test("pictures alone", () =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      await publishOnly(context, stack, "silent", "video");
      const report = await doctor(stack.playlist("silent"), 10);
      assert.deepEqual(faultsOf(report), []);
      assert.equal(report.with_video, report.segments);
      assert.equal(report.with_audio, 0);
      assert.ok(report.marks.flashes >= 8);
    })));

test("an ICE restart breaks nothing", () =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      const page = await publish(context, stack, "shop");
      const watching = doctor(stack.playlist("shop"), 14);
      await sleep(5000);
      const ufrag = () => page.evaluate(() =>
        /ice-ufrag:(\S+)/.exec(window.janusHls.publisher.peerConnection.remoteDescription.sdp)[1]);
      const before = await ufrag();
      await page.evaluate(() => window.janusHls.publisher.restartIce());
      await until("the path is another", async () => (await ufrag()) !== before);
      const report = await watching;
      assert.deepEqual(faultsOf(report), []);
      assert.equal(report.discontinuities, 0);
    })));

test("sound is added to pictures, behind a discontinuity", () =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      const page = await publishOnly(context, stack, "shop", "video");
      const watching = doctor(stack.playlist("shop"), 14);
      await sleep(5000);
      await page.evaluate(async () => {
        const { startTestCard } = await import("/js/test-card.js");
        const card = await startTestCard({ name: "sound" });
        await window.janusHls.publisher.addTrack(card.stream.getAudioTracks()[0]);
      });
      const report = await watching;
      assert.deepEqual(report.faults.filter((fault) => !/1\.5 target/.test(fault.rule)), []);
      assert.equal(report.discontinuities, 1);
      assert.ok(report.with_audio > 0 && report.with_audio < report.segments);
    })));
