// SPDX-License-Identifier: GPL-3.0-or-later

// What a publisher may negotiate: sound alone, pictures alone, a change of both, another path.

import assert from "node:assert/strict";
import test from "node:test";
import { openPage, publish, untilLive, withBrowser } from "./support/browser.mjs";
import { faultsOfLive, OUTAGE } from "./support/health.mjs";
import { untilSegments } from "./support/lists.mjs";
import { watchFromNowOn } from "./support/looks.mjs";
import { faultsOf, LIVE, measured } from "./support/measured.mjs";
import { doctor } from "./support/programs.mjs";
import { until, withStack } from "./support/rig.mjs";
import { assertDiscontinuities } from "./support/steps.mjs";

const SEGMENTS = LIVE ? 6 : 2; // more, that each is watched for
const SIZE = { width: 320, height: 180 };

/** Publishes one kind of the test card's tracks from a page of its own making. */
async function publishOnly(context, stack, stream, kind) {
  const page = await openPage(context, `${stack.url}/publish.html?stream=${stream}`);
  await page.evaluate(async ([name, wanted, size]) => {
    const { startTestCard } = await import("/js/test-card.js");
    const card = await startTestCard({ ...size, name });
    const track = card.stream.getTracks().find((t) => t.kind === wanted);
    await window.janusHls.publisher.publish(new MediaStream([track]), { name });
  }, [stream, kind, SIZE]);
  await untilLive(page);
  return page;
}

/** Watches `stream` from its first segment on, while `during()` runs, and for some segments more behind that. */
async function watched(stack, stream, during = () => {}) {
  await until(`${stream} can be watched`, async () => (await fetch(stack.playlist(stream))).ok);
  const watching = await watchFromNowOn(stack, stream);
  await during();
  await untilSegments(stack, stream, SEGMENTS);
  return watching.end();
}

/** The test card is to be seen ("flashes") or heard ("beeps"), sooner or later if the page is too busy to show each. */
async function assertCard(stack, stream, { marks }, kind) {
  measured(() => assert.ok(marks[kind] >= 4, `only ${marks[kind]} ${kind}`));
  if (marks[kind] === 0) await until(`${stream} has ${kind}`, async () => (await doctor(stack.playlist(stream), 0)).marks[kind] > 0);
}

async function soundAlone(context, stack) {
  await publishOnly(context, stack, "radio", "audio");
  const report = await watched(stack, "radio");
  assert.deepEqual(faultsOf(report), []);
  assert.ok(report.segments >= 3, `${report.segments} segments`);
  assert.equal(report.with_audio, report.segments);
  assert.equal(report.with_video, 0);
  await assertCard(stack, "radio", report, "beeps");
  assert.ok(report.extinf_off_max_ms < 22, "within an AAC frame");
}

async function picturesAlone(context, stack) {
  await publishOnly(context, stack, "silent", "video");
  const report = await watched(stack, "silent");
  assert.deepEqual(await faultsOfLive(report, stack, "silent"), []);
  assert.ok(report.segments >= 3, `${report.segments} segments`);
  assert.equal(report.with_video, report.segments);
  assert.equal(report.with_audio, 0);
  await assertCard(stack, "silent", report, "flashes");
}

async function anotherPath(context, stack) {
  const page = await publish(context, stack, "shop", { size: "320x180" });
  const ufrag = () => page.evaluate(() =>
    /ice-ufrag:(\S+)/.exec(window.janusHls.publisher.peerConnection.remoteDescription.sdp)[1]);
  const report = await watched(stack, "shop", async () => {
    const before = await ufrag();
    await page.evaluate(() => window.janusHls.publisher.restartIce());
    await until("the path is another", async () => (await ufrag()) !== before);
    await untilSegments(stack, "shop", 1);
  });
  assert.deepEqual(await faultsOfLive(report, stack, "shop"), []);
  assert.ok(report.segments >= 3, `${report.segments} segments`);
  await assertDiscontinuities(stack, "shop", report.discontinuities, 0);
}

async function soundIsAdded(context, stack) {
  const page = await publishOnly(context, stack, "late", "video");
  const report = await watched(stack, "late", async () => {
    await page.evaluate(async () => {
      const { startTestCard } = await import("/js/test-card.js");
      const card = await startTestCard({ name: "sound" });
      await window.janusHls.publisher.addTrack(card.stream.getAudioTracks()[0]);
    });
    await until("the list tells of the change", async () =>
      /#EXT-X-DISCONTINUITY(\n|-SEQUENCE:[1-9])/.test(await (await fetch(stack.playlist("late"))).text()));
  });
  assert.deepEqual(await faultsOfLive(report, stack, "late", { but: OUTAGE }), []);
  await assertDiscontinuities(stack, "late", report.discontinuities, 1);
  assert.ok(report.with_audio > 0 && report.with_audio < report.segments);
}

test("what is negotiated", { concurrency: true }, (t) =>
  withStack({}, (stack) =>
    withBrowser({ shell: true }, (context) => Promise.all([
      t.test("sound alone", () => soundAlone(context, stack)),
      t.test("pictures alone", () => picturesAlone(context, stack)),
      t.test("an ICE restart breaks nothing", () => anotherPath(context, stack)),
      t.test("sound is added to pictures, behind a discontinuity", () => soundIsAdded(context, stack)),
    ]))));
