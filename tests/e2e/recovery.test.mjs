// SPDX-License-Identifier: GPL-3.0-or-later

// Parts die and come back, one after the other: the stream goes on at the same address, and its numbers only grow. So does a
// network that is gone for longer than a blip: the publisher comes back by itself. If the bridge hangs, the publisher is told.

import assert from "node:assert/strict";
import test from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { replay } from "./support/audience.mjs";
import { publish, SMALL_SIZE, untilLive, withBrowser } from "./support/browser.mjs";
import { faultsOfLive, OUTAGE } from "./support/health.mjs";
import { discontinuitiesIn, numberBehind, untilSegments } from "./support/lists.mjs";
import { untilLookedAt, watchFromNowOn } from "./support/looks.mjs";
import { measured } from "./support/measured.mjs";
import { withLoss } from "./support/network.mjs";
import { watch } from "./support/programs.mjs";
import { publishRecorded } from "./support/recorded.mjs";
import { sleep, subtest, until, withStack } from "./support/rig.mjs";
import { assertDiscontinuities } from "./support/steps.mjs";

// what a viewer cannot but notice while nginx is away
const AWAY = /no new segment for 1\.5 target|playlist cannot be fetched/;

/** { text, media, last }: the playlist, its first number, and the one behind its last. */
async function listOf(stack) {
  const response = await fetch(stack.playlist("shop"));
  assert.equal(response.status, 200);
  const text = await response.text();
  return { text, media: Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)[1]), last: numberBehind(text) };
}

async function nginxIsRestarted(stack, page) {
  const watching = await watchFromNowOn(stack, "shop");
  await stack.parts.nginx.stop();
  await sleep(500);
  await stack.startNginx();
  await untilSegments(stack, "shop", 2);
  const report = await watching.end();
  // what is asked for while nobody answers is not there either
  const unanswered = ({ rule, examples }) => /cannot be fetched/.test(rule) && examples.split("; ").every((text) => text.endsWith("HTTP status 0"));
  assert.deepEqual((await faultsOfLive(report, stack, "shop", { but: AWAY })).filter((fault) => !unanswered(fault)), []);
  assert.ok(report.segments >= 3, `${report.segments} segments`);
  await assertDiscontinuities(stack, "shop", report.discontinuities, 0); // the media flows on while the WebSocket is gone
  await untilLive(page);
}

async function janusIsRestarted(stack, page) {
  const watching = await watchFromNowOn(stack, "shop");
  stack.parts.janus.kill("SIGKILL");
  await stack.parts.janus.exited();
  await until("the page says that it reconnects",
    async () => (await page.textContent("#badge")) === "RECONNECTING");
  await stack.startJanus();
  await untilLive(page);
  await untilSegments(stack, "shop", 2);
  const report = await watching.end();
  assert.deepEqual(await faultsOfLive(report, stack, "shop", { but: AWAY }), []);
  await assertDiscontinuities(stack, "shop", report.discontinuities, 1);
}

/** Loses everything until the page has given up the path that it has, which it tries to mend first, and makes another. */
async function cutUntilRebuilt(page) {
  await page.evaluate(() => (window.pathBefore = window.janusHls.publisher.peerConnection));
  await withLoss(1, () => until("the page makes another path", () => page.evaluate(() => {
    const { peerConnection } = window.janusHls.publisher;
    return peerConnection !== null && peerConnection !== window.pathBefore;
  })));
}

async function networkIsAway(stack, page) {
  const watching = watch(stack.playlist("shop"));
  await untilLookedAt(stack, "shop");
  const text = async () => (await fetch(stack.playlist("shop"))).text();
  const discontinuities = async () => discontinuitiesIn(await text());
  const before = await discontinuities();
  await cutUntilRebuilt(page);
  await untilLive(page);
  await until("what comes after is listed", async () =>
    (await discontinuities()) > before && /#EXT-X-DISCONTINUITY\n[^]*#EXTINF/.test(await text()));
  await untilLookedAt(stack, "shop");
  const report = await watching.end();
  assert.ok(report.discontinuities >= 1 && report.segments >= 2, `${report.segments} segments, ${report.discontinuities} discontinuities`);
  assert.deepEqual(await faultsOfLive(report, stack, "shop", { but: OUTAGE }), []);
  assert.equal(report.ended, false);
}

async function bridgeHangs(stack) {
  const publisher = await publishRecorded(stack, "market");
  const { pid } = stack.parts.bridge;
  process.kill(pid, "SIGSTOP");
  try {
    await publisher.hears({ hls: "status", status: "waiting" });
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await until("it is live again", () => publisher.status === "live");
  const told = publisher.events.filter(({ hls }) => hls === "status");
  // a bridge that answers late on a busy machine has it wait again
  const statuses = told.map(({ status }) => status);
  assert.deepEqual(statuses, statuses.map((_, i) => ["live", "waiting"][i % 2]), "each once, in turn");
  assert.ok(statuses.length >= 3, statuses.join());
  assert.match(told[1].text, /\w/);
  await publisher.leave();
}

async function publisherLeaves(stack, page) {
  await page.click("#stop");
  await until("the stream waits", async () => (await bridgeStreams(stack.bridgePort)).some(({ name, state }) => name === "shop" && state === "held"));
  assert.doesNotMatch((await listOf(stack)).text, /ENDLIST/, "held open");
  await (await replay(stack, "other")).stop(); // one stream is held open at a time: the older one ends
  const ended = await until("the playlist ends", async () => {
    const playlist = await listOf(stack);
    return /ENDLIST/.test(playlist.text) && playlist;
  });
  const beginsAgain = until("it begins again", async () => {
    const playlist = await listOf(stack);
    return !/ENDLIST/.test(playlist.text) && playlist;
  });
  const [again] = await Promise.all([beginsAgain, page.click("#go")]); // its first list, however long the page takes
  await untilLive(page);
  assert.equal(again.media, ended.last, "numbers go on");
  assert.match(again.text, /DISCONTINUITY-SEQUENCE:[1-9]/);
}

async function bridgeEnds(stack) {
  const before = await listOf(stack);
  const asked = Date.now();
  stack.parts.bridge.kill();
  await stack.parts.bridge.exited(); // however long that takes
  const took = Date.now() - asked; // the sanitizer's search for leaks included
  measured(() => assert.ok(took < 2000, `${took} ms`));
  assert.equal(stack.parts.bridge.status.code, 0);
  const after = await listOf(stack);
  assert.ok(after.last > before.last, "one segment more");
  assert.doesNotMatch(after.text, /ENDLIST/);
}

test("parts die and come back", (t) =>
  withStack({ bridgeSettings: { "hls.hold": 600, "sources.held": 1 } }, (stack) =>
    withBrowser({ shell: true }, async (context) => {
      const page = await publish(context, stack, "shop", { size: SMALL_SIZE });
      await until("segments", async () => (await listOf(stack)).last >= 2);
      await subtest(t, stack, "nginx is restarted: nothing is lost but a moment", () => nginxIsRestarted(stack, page));
      await subtest(t, stack, "a stream waits for a publisher that left, then ends, and may begin again", () => publisherLeaves(stack, page));
      await subtest(t, stack, "Janus is restarted: the publisher comes back by itself", () => janusIsRestarted(stack, page));
      await subtest(t, stack, "a bridge that hangs is told to the publisher within seconds, and that it goes on", () => bridgeHangs(stack));
      await untilLive(page);
      await subtest(t, stack, "a network that is away until the page has given up its path: the publisher comes back by itself",
        () => networkIsAway(stack, page));
      await subtest(t, stack, "the bridge ends within a second, and writes out what it has", () => bridgeEnds(stack));
    })));
