// SPDX-License-Identifier: GPL-3.0-or-later

// One live Chromium, and what may come to its publishers: a network that loses packets, a still screen, a picture that
// freezes, a sound that is muted, one track alone or one more, another path, another size, a reload. What viewers get keeps
// every rule all the while: hls-doctor follows classic HLS at each of these, and low-latency HLS through all of them, of
// which Shaka Packager reads what is listed in the end. What the bridge makes of each is asserted of recordings, too
// (tests/replay). At the same time, of recorded publishers, one comes through a server that breaks rules, and hls-doctor
// says so; one lacks its sound.

import assert from "node:assert/strict";
import test from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { built } from "../../tools/stack/stack.mjs";
import { replay } from "./support/audience.mjs";
import {
  askForDtx, mute, openContext, openPage, OWN_PICTURE, publish, publishSlides, showInstead, takeAnotherPath, untilLive,
  withBrowser,
} from "./support/browser.mjs";
import {
  assertConforms, assertShakaReadsAll, changeSizeAndReload, followMissingSound, neverLookedAt,
} from "./support/conformance.mjs";
import { FAULTS, REMARKS, startFaultyProxy } from "./support/faulty-proxy.mjs";
import { assertSkew, faultsOfLive, forcedCuts, OUTAGE } from "./support/health.mjs";
import { untilSegments } from "./support/lists.mjs";
import { untilLookedAt, watchFromNowOn } from "./support/looks.mjs";
import { faultsOf, LIVE, measured } from "./support/measured.mjs";
import { withBursts, withLoss } from "./support/network.mjs";
import { doctor, watch } from "./support/programs.mjs";
import { subtest, until, withStack } from "./support/rig.mjs";
import { assertDiscontinuities } from "./support/steps.mjs";
import { hidePicture, openViewer, servePages } from "./support/viewer.mjs";

const BODY_MS = 540000; // what all of it may take
const FOLLOWED_MAX_S = 500; // whoever begins to follow ends it; this is for those that could not

// there is no sound for what was published without
const LACKS_SOUND = /^one rendition has content that another lacks/;

const TIMES = 3; // that each fault is given to see: the last may come too late to be looked at
const REFUSALS = 1; // hls-doctor asks each rendition once for what is to be refused
const BROKEN_MS = 150000; // a part is asked for again when it has left the list, and a busy machine is slow

const LOSSY_SECONDS = LIVE ? 20 : 8;
const SIZE = LIVE ? "960x540" : "320x180"; // the larger one sends some 120 packets a second, and takes more of the machine
const CARD = { width: 320, height: 180 }, UPRIGHT = { width: 180, height: 320 };
const SYNC_MS = 5; // what the bridge may be off what the sender's reports say

// Of so few marks 95 % are nearly all. Where the machine is busy the browser may lose sound before it is
// encoded; the one mark until that is found is off by what was lost.
const ONE_OFF = { p95Ms: 300 };
const QUIET = LIVE ? 5 : 2; // segments that the picture freezes for, and that the sound is muted for
const AFTER = LIVE ? 5 : 1;
const PICTURES = 60; // packets of pictures, a second or two, in which sound is counted: 50 packets a second, and next to none with DTX
const SILENT = 0.2; // of sound for one of pictures, at the most
const SEGMENTS = LIVE ? 6 : 2; // more, that each of those who negotiate is watched for

/** What may go wrong with the network: `bad(body)` has it so while `body()` runs. */
const NETWORKS = LIVE ? {
  "2 % of all packets are lost": (body) => withLoss(0.02, body),
  "5 % of all packets are lost": (body) => withLoss(0.05, body),
  "nothing gets through for 300 ms in each 5 s": (body) => withBursts(300, 5000, body),
} : { // each by itself, and what the bridge makes of it: tests/replay
  "5 % of all packets are lost, and nothing gets through for 300 ms in each 4 s": (body) => withLoss(0.05, () => withBursts(300, 4000, body)),
};

const untilListed = (stack, stream) => until(`${stream} can be watched`, async () => (await fetch(stack.playlist(stream))).ok);
const sourceOf = async (stack, stream) => (await bridgeStreams(stack.bridgePort)).find(({ name }) => name === stream).source;

/** What a server does wrong is found, when it has done each thing some times; if a busy hls-doctor saw one too late, when it has again. */
async function assertFound(stack, stream) {
  const publisher = await replay(stack, stream);
  const proxy = await startFaultyProxy(stack.url);
  const missing = (rules, found) => rules.filter((rule) => !found.some((finding) => finding.rule.startsWith(rule)));
  const found = { faults: [], remarks: [] };
  const lacks = () => [...missing(Object.values(FAULTS), found.faults), ...missing(REMARKS, found.remarks)];
  try {
    await until("hls-doctor finds each rule that is broken", async () => {
      const before = { ...proxy.broken };
      const watching = watch(`${proxy.url}/live/${stream}/master.m3u8`, { program: built().doctor }); // it is what is tested here
      const seldom = () => Object.entries(proxy.broken)
        .filter(([kind, times]) => times - before[kind] < (kind === "refusal" ? REFUSALS : TIMES));
      await until("each rule is broken some times", () => seldom().length === 0, BROKEN_MS);
      const { faults, remarks } = await watching.end();
      found.faults.push(...faults);
      found.remarks.push(...remarks);
      return lacks().length === 0;
    }, BROKEN_MS).catch((error) => assert.fail(`${error.message}: ${JSON.stringify([proxy.broken, lacks()])}`));
  } finally {
    await proxy.close();
    await publisher.stop();
  }
}

/** Looks on for two segments more, and again, until hls-doctor has looked at all that it is to: a busy one asks too late for what is held. */
async function followOn(stack, stream, report) {
  const others = [];
  await until(`all is looked at of ${stream}`, async () => {
    if (neverLookedAt([report, ...others]).length === 0) return true;
    const watching = watch(stack.master(stream));
    await untilSegments(stack, stream, 2);
    others.push(await watching.end());
    return false;
  }).catch((error) => assert.fail(`${error.message}: ${neverLookedAt([report, ...others]).join(", ")}`));
  return others;
}

/** No damaged picture is ever published, the sound has no gap, the picture stays with it, and players play on. */
async function throughFaults(t, stack, viewer, bad) {
  const place = () => viewer.evaluate(() => document.getElementById("video").currentTime);
  const before = await place();
  const report = await bad(() => doctor(stack.playlist("shop"), LOSSY_SECONDS));
  const played = (await place()) - before;
  await until("hls.js plays on", async () => (await place()) > before);
  await until("the picture is placed by sender reports", async () => (await sourceOf(stack, "shop")).sync.by_reports);
  const source = await sourceOf(stack, "shop");
  const { marks } = report;
  t.diagnostic(`skew ${marks.skew_median_ms?.toFixed(1)} ms, 95 % within ${marks.skew_p95_ms?.toFixed(1)} ms, ` +
    `${marks.pairs} marks and ${marks.beeps_cut} cut; hls.js played ${played.toFixed(1)} s; ` +
    `pictures ${JSON.stringify(source.pictures)}, samples ${JSON.stringify(source.samples)}, sound's clock ${JSON.stringify(source.sound_clock)}`);
  assert.deepEqual(await faultsOfLive(report, stack, "shop"), []);
  await assertDiscontinuities(stack, "shop", report.discontinuities, 0);
  // single marks are those of a page that shares two cores: tests/replay asks for theirs, without one
  measured(() => assertSkew(report, { p95Ms: Infinity }));
  measured(() => assert.ok(Math.abs(source.sync.correction_ms) <= SYNC_MS, JSON.stringify(source.sync)));
  measured(() => assert.ok(played > LOSSY_SECONDS / 2, `hls.js played ${played} s of ${LOSSY_SECONDS}`));
  const { errors } = await viewer.state();
  assert.deepEqual(errors.filter((error) => error.endsWith("fatal")), []);
}

/** Waits until hardly any sound comes beside the pictures: what was sent before is on its way for a while on a busy machine. */
async function untilSilent(stack, stream) {
  const packets = async () => {
    const { tracks } = await sourceOf(stack, stream);
    return ["audio", "video"].map((kind) => tracks.find((track) => track.kind === kind).packets);
  };
  let from = await packets();
  await until("DTX is on", async () => {
    const now = await packets();
    const [sounds, pictures] = now.map((count, i) => count - from[i]);
    if (pictures < PICTURES) return false;
    from = now;
    return sounds < SILENT * pictures;
  });
}

/** Of publishers that send little nothing is missing: a still screen, a picture that freezes and a sound that is muted with DTX. */
async function quietTimes(stack, page, context) {
  // what was before this, a discontinuity, is in the classic playlist once its segment is whole
  const [still] = await Promise.all([publishSlides(context, stack, "slides"), untilSegments(stack, "shop", 1)]);
  const streams = ["slides", "shop"];
  for (const stream of streams) await untilListed(stack, stream);
  const watched = streams.map((stream) => watch(stack.playlist(stream)));
  await Promise.all(streams.map((stream) => untilLookedAt(stack, stream)));

  await showInstead(page, null);
  await untilSegments(stack, "shop", QUIET);
  await showInstead(page, OWN_PICTURE);
  await mute(page, true);
  await untilSilent(stack, "shop");
  await untilSegments(stack, "shop", QUIET);
  await mute(page, false);
  await Promise.all(streams.map((stream) => untilSegments(stack, stream, AFTER)));
  await Promise.all(streams.map((stream) => untilLookedAt(stack, stream)));

  const reports = await Promise.all(watched.map((watching) => watching.end()));
  await still.close();
  for (const [i, report] of reports.entries()) {
    assert.deepEqual(await faultsOfLive(report, stack, streams[i]), []);
    await assertDiscontinuities(stack, streams[i], report.discontinuities, 0);
    assert.ok(report.segments >= 3, `${report.segments} segments`);
    assert.equal(report.with_audio, report.segments);
  }
  measured(() => assertSkew(reports[1], ONE_OFF));
  measured(() => assert.ok(reports[0].longest_gap_seconds <= 3, `no new segment for ${reports[0].longest_gap_seconds} s`));
}

/** Publishes one kind of the test card's tracks from a page of its own making. */
async function publishOnly(context, stack, stream, kind) {
  const page = await openPage(context, `${stack.url}/publish.html?stream=${stream}`);
  await page.evaluate(async ([name, wanted, size]) => {
    const { startTestCard } = await import("/js/test-card.js");
    const card = await startTestCard({ ...size, name });
    const track = card.stream.getTracks().find((t) => t.kind === wanted);
    await window.janusHls.publisher.publish(new MediaStream([track]), { name });
  }, [stream, kind, CARD]);
  await untilLive(page);
  return page;
}

/** Watches `stream` while `during()` runs, and for some segments more behind that. */
async function watched(stack, stream, during = () => {}) {
  await untilListed(stack, stream);
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

async function soundAlone(stack, context) {
  const page = await publishOnly(context, stack, "radio", "audio");
  const report = await watched(stack, "radio");
  assert.deepEqual(faultsOf(report), []);
  assert.ok(report.segments >= 3, `${report.segments} segments`);
  assert.equal(report.with_audio, report.segments);
  assert.equal(report.with_video, 0);
  await assertCard(stack, "radio", report, "beeps");
  assert.ok(report.extinf_off_max_ms < 22, "within an AAC frame");
  await page.close();
}

async function picturesAlone(stack, context) {
  const page = await publishOnly(context, stack, "silent", "video");
  const report = await watched(stack, "silent");
  assert.deepEqual(await faultsOfLive(report, stack, "silent"), []);
  assert.ok(report.segments >= 3, `${report.segments} segments`);
  assert.equal(report.with_video, report.segments);
  assert.equal(report.with_audio, 0);
  await assertCard(stack, "silent", report, "flashes");
  return page;
}

/** Sound is added to pictures, behind a discontinuity. */
async function soundIsAdded(stack, page) {
  const report = await watched(stack, "silent", async () => {
    await page.evaluate(async () => {
      const { startTestCard } = await import("/js/test-card.js");
      const card = await startTestCard({ name: "sound" });
      await window.janusHls.publisher.addTrack(card.stream.getAudioTracks()[0]);
    });
    await until("the list tells of the change", async () =>
      /#EXT-X-DISCONTINUITY(\n|-SEQUENCE:[1-9])/.test(await (await fetch(stack.playlist("silent"))).text()));
  });
  assert.deepEqual(await faultsOfLive(report, stack, "silent", { but: OUTAGE }), []);
  await assertDiscontinuities(stack, "silent", report.discontinuities, 1);
  assert.ok(report.with_audio > 0 && report.with_audio < report.segments);
}

async function anotherPath(stack, page) {
  const report = await watched(stack, "silent", async () => {
    await takeAnotherPath(page);
    await untilSegments(stack, "silent", 1);
  });
  assert.deepEqual(await faultsOfLive(report, stack, "silent"), []);
  assert.ok(report.segments >= 3, `${report.segments} segments`);
  await assertDiscontinuities(stack, "silent", report.discontinuities, 0);
}

test("a live Chromium, and what may come to it", { concurrency: true }, async (t) => {
  const pages = await servePages();
  t.after(() => pages.close());
  await withStack({ bodyMs: BODY_MS }, async (stack) => {
    const recorded = Promise.all([
      subtest(t, stack, "of sound that is missing and comes back hls-doctor says nothing else", async () => {
        const report = await followMissingSound(stack, "recorded");
        assert.deepEqual(await faultsOfLive(report, stack, "recorded", { but: LACKS_SOUND }), []);
      }),
      subtest(t, stack, "hls-doctor finds what a server does wrong", () => assertFound(stack, "spoilt")),
    ]);
    await withBrowser({ shell: true }, async (context, browser) => {
      const page = await publish(context, stack, "shop", { size: SIZE });
      const plain = await openContext(browser); // without DTX, which the other one has later
      await untilListed(stack, "shop");
      await until("the multivariant playlist has pictures", async () => /^video\.m3u8$/m.test(await (await fetch(stack.master("shop"))).text()));
      const following = watch(stack.master("shop"), { seconds: FOLLOWED_MAX_S });

      const viewer = await openViewer(plain, pages, stack.playlist("shop"));
      await hidePicture(viewer);
      await until("hls.js plays", async () => (await viewer.state()).playingAt !== null);
      for (const [name, bad] of Object.entries(NETWORKS)) await subtest(t, stack, name, (u) => throughFaults(u, stack, viewer, bad));
      await viewer.close();

      await askForDtx(context);
      await changeSizeAndReload(stack.master("shop"), page, { sizeMs: 2000, pauseMs: 0, size: UPRIGHT });
      await Promise.all([
        subtest(t, stack, "a still screen, a picture that freezes and a sound that is muted with DTX: nothing is missing",
          () => quietTimes(stack, page, plain)),
        subtest(t, stack, "sound alone", () => soundAlone(stack, plain)),
        subtest(t, stack, "pictures alone; sound is added to them, behind a discontinuity; an ICE restart breaks nothing", async () => {
          const own = await picturesAlone(stack, plain);
          await soundIsAdded(stack, own);
          await anotherPath(stack, own);
          await own.close();
        }),
      ]);

      await subtest(t, stack, "none of these, nor another size and a reload, breaks a rule", async (u) => {
        const report = await following.end();
        const others = await followOn(stack, "shop", report);
        assertConforms(u, report, { forced: await forcedCuts(stack, "shop"), others });
        await page.close();
        await until("the publisher is gone, and the lists stand still", async () =>
          (await bridgeStreams(stack.bridgePort)).find(({ name }) => name === "shop").state === "held");
        await assertShakaReadsAll(u, stack, "shop");
      });
    });
    await recorded; // they may take longer: nothing of the browser is open then
  });
});
