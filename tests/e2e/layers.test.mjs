// SPDX-License-Identifier: GPL-3.0-or-later

// A browser that sends three sizes, and what viewers have of it: all sizes are cut at the same places, and each one that is
// listed goes on, whatever becomes of its layer: the browser pauses it for lack of bandwidth, another publisher sends other
// layers, the bridge is killed, Janus is restarted.

import assert from "node:assert/strict";
import test from "node:test";
import { openPage, publish, untilLive, withBrowser } from "./support/browser.mjs";
import { numberBehind } from "./support/lists.mjs";
import { faultsOf, LIVE, measured, withoutForcedCuts } from "./support/measured.mjs";
import { watch } from "./support/programs.mjs";
import { publishRecorded } from "./support/recorded.mjs";
import { until, withStack } from "./support/rig.mjs";
import { layersOf } from "./support/simulcast.mjs";
import { hidePicture } from "./support/viewer.mjs";

const STREAM = "shop";
const KEY = "a key of both devices";
const LISTS = ["video.m3u8", "video-mid.m3u8", "video-low.m3u8"];
const CLASSIC = ["index.m3u8", "index-mid.m3u8", "index-low.m3u8"];
const SIZE = LIVE ? "1280x720" : "1024x576"; // three sizes of a smaller picture cost less
const LAYERS = layersOf(SIZE);
const WATCHED = LIVE ? 30 : 6; // segments
const PAUSES = LIVE ? 10 : 1;
const FULL_BPS = 2500000, FEW_BPS = 300000; // enough for all layers, and for the lowest
const PAUSE_MS = 180000; // a browser takes its time to try more, and longer on a busy machine
const BACK_SEGMENTS = 2;

const bridgeSays = async (stack) => (await fetch(`http://127.0.0.1:${stack.bridgePort}/streams/${STREAM}`)).json();

const textOf = async (stack, name) => {
  const response = await fetch(new URL(name, stack.master(STREAM)), { cache: "no-store" });
  assert.equal(response.status, 200, name);
  return response.text();
};

/** The number behind the last whole segment of a playlist. */
const lastOf = async (stack, name) => {
  const text = await textOf(stack, name);
  assert.doesNotMatch(text, /ENDLIST/, name);
  return numberBehind(text);
};

/** Every size is listed, and each list has new segments; so has the page that somebody watches. */
async function assertGoesOn(stack, viewer, segments = 2) {
  for (const [multivariant, lists] of [["master.m3u8", LISTS], ["ts.m3u8", CLASSIC]]) {
    const text = await textOf(stack, multivariant);
    for (const list of lists) assert.ok(text.includes(`\n${list}\n`), `${list} is not in ${multivariant}:\n${text}`);
  }
  const all = [...LISTS, ...CLASSIC];
  const before = await Promise.all(all.map((list) => lastOf(stack, list)));
  let shown = await shownBy(viewer);
  await until(`each list has ${segments} segments more`, async () =>
    (await Promise.all(all.map((list) => lastOf(stack, list)))).every((last, i) => last >= before[i] + segments));
  await until("the watch page plays on", async () => { // from a place of its own if it has opened the stream again
    const last = shown;
    shown = await shownBy(viewer);
    return shown > last;
  });
}

const shownBy = (viewer) => viewer.evaluate(() => document.getElementById("player").currentTime);

/** The segments of the best size, once `probe(status)` is true. */
const segmentsWhen = async (stack, what, probe) => {
  const status = await until(what, async () => {
    const now = await bridgeSays(stack);
    return probe(now) && now;
  }, PAUSE_MS);
  return status.low_latency.video.segments;
};

const isOwn = ({ renditions }) => renditions?.length === LAYERS.length && renditions.every(({ feeding }) => feeding === "own");

const liveCount = ({ layers }) => layers.filter(({ live }) => live).length;

const cap = (page, bitrate) =>
  page.evaluate((bps) => window.janusHls.publisher.configure({ bitrate: bps }), bitrate);

/** Key frames are asked for where segments are cut. On a busy machine they come late, are asked for again, or a layer pauses. */
function assertKeyframes(before, after, segments) {
  after.layers.forEach(({ label, idrs }, i) => {
    const came = idrs - before.layers[i].idrs;
    measured(() => assert.ok(Math.abs(came - segments) <= 2, `${came} key frames of ${label} in ${segments} segments`));
  });
}

async function allAreCutAlike(stack, t) {
  const segments = async () => (await bridgeSays(stack)).low_latency.video.segments;
  const before = await bridgeSays(stack);
  const watching = ["master.m3u8", "ts.m3u8"].map((name) =>
    watch(String(new URL(name, stack.master(STREAM))), { options: ["--aligned"] }));
  const most = before.low_latency.video.segments + WATCHED;
  await until("they have been watched for a while", async () => (await segments()) >= most, PAUSE_MS);
  const reports = await Promise.all(watching.map((one) => one.end()));
  const after = await bridgeSays(stack);
  const forced = LAYERS.length * after.output.forced_cuts; // in each size
  for (const report of reports) {
    assert.deepEqual(withoutForcedCuts(faultsOf(report), forced), []);
    assert.ok(report.alignment.segments >= 6, `${report.alignment.segments} cuts compared`);
    assert.equal(report.alignment.video_off_max_ticks, 0);
  }
  const [{ renditions }] = reports;
  const shown = renditions.filter(({ width }) => width).map(({ uri, width, height }) => ({ uri, width, height }));
  assert.deepEqual(shown.map(({ uri }) => uri), LISTS);
  // a browser that is short of time pauses a size, which is filled with another
  for (const { width, height } of shown)
    assert.ok(LAYERS.some((layer) => layer.width === width && layer.height === height), `${width}x${height}`);
  measured(() => assert.deepEqual(shown, LAYERS.map(({ width, height }, i) => ({ uri: LISTS[i], width, height }))));
  assertKeyframes(before, after, after.low_latency.video.segments - before.low_latency.video.segments);
  // hls-doctor has looked at what is put out; where there is too much to do, packets are lost before
  measured(() => {
    for (const { kind, pictures } of after.source.tracks)
      if (kind === "video") assert.deepEqual([pictures.damaged, pictures.undecodable], [0, 0]);
  });
  measured(() => assert.deepEqual([after.output.forced_cuts, after.switches], [before.output.forced_cuts, before.switches]));
  t.diagnostic(`${reports[0].alignment.segments} cuts compared, none a tick apart`);
}

async function layersPause(stack, page, viewer, t) {
  for (let i = 1; i <= PAUSES; i++) {
    await cap(page, FEW_BPS);
    await segmentsWhen(stack, `pause ${i}: the upper layers pause and are filled`, (status) =>
      liveCount(status) < LAYERS.length && !isOwn(status));
    await assertGoesOn(stack, viewer, 1);
    await cap(page, FULL_BPS);
    const back = await segmentsWhen(stack, `pause ${i}: all layers come again`, (status) => liveCount(status) === LAYERS.length);
    const own = await segmentsWhen(stack, `pause ${i}: each size is its own again`, isOwn);
    t.diagnostic(`pause ${i}: ${own - back} segments until each size was its own again`);
    // the layer may pause again meanwhile, as the browser tries how much it can send
    measured(() => assert.ok(own - back <= BACK_SEGMENTS, `${own - back} segments`));
    await assertGoesOn(stack, viewer, 1);
  }
}

async function publishersChange(stack, context, viewer) {
  const single = await publishRecorded(stack, STREAM, { key: KEY });
  await until("one layer feeds all sizes", async () => {
    const { layers, renditions } = await bridgeSays(stack);
    return layers?.length === 1 && renditions.length === LAYERS.length && new Set(renditions.map(({ from }) => from)).size === 1;
  });
  await assertGoesOn(stack, viewer);
  await single.leave();
  const three = await publish(context, stack, STREAM, { size: SIZE, simulcast: true, key: KEY });
  await segmentsWhen(stack, "three layers feed a size each", isOwn);
  await assertGoesOn(stack, viewer);
  return three;
}

async function bridgeIsKilled(stack, page, viewer) {
  stack.parts.bridge.kill("SIGKILL");
  await stack.parts.bridge.exited();
  await stack.startBridge();
  await untilLive(page);
  await segmentsWhen(stack, "each size is its own again", isOwn);
  await assertGoesOn(stack, viewer);
}

async function janusIsRestarted(stack, page, viewer) {
  stack.parts.janus.kill("SIGKILL");
  await stack.parts.janus.exited();
  await until("the page says that it reconnects", async () => (await page.textContent("#badge")) === "RECONNECTING");
  await stack.startJanus();
  await untilLive(page);
  await segmentsWhen(stack, "each size is its own again", isOwn);
  await assertGoesOn(stack, viewer);
}

/** A step of the test, without which those behind it say nothing; its failure leaves the logs. */
async function step(t, name, body) {
  let wrong;
  await t.test(name, async (u) => {
    try {
      await body(u);
    } catch (error) {
      wrong = error;
      throw error;
    }
  });
  if (wrong) throw new Error(`${name}: it failed`);
}

test("three sizes of one browser go on, whatever becomes of its layers", (t) =>
  withStack({ bridgeSettings: { "hls.hold": 600 }, bodyMs: LIVE ? 590000 : 420000 }, (stack) =>
    withBrowser({ shell: true }, async (context) => {
      const page = await publish(context, stack, STREAM, { size: SIZE, simulcast: true, key: KEY });
      await segmentsWhen(stack, "each layer has a size of its own", isOwn);
      await until("both multivariant playlists list all", async () => {
        const texts = await Promise.all(["master.m3u8", "ts.m3u8"].map((name) => textOf(stack, name)));
        return texts.every((text, i) => [LISTS, CLASSIC][i].every((list) => text.includes(`\n${list}\n`)));
      });
      await step(t, "they are cut at the same places", (t) => allAreCutAlike(stack, t));
      const viewer = await openPage(context, `${stack.url}/watch.html?stream=${STREAM}`);
      await hidePicture(viewer);
      await until("the watch page plays", async () => (await shownBy(viewer)) > 0);
      await step(t, "layers that pause for lack of bandwidth are filled, and come back", (t) => layersPause(stack, page, viewer, t));
      await page.close();
      let other;
      await step(t, "others take over, with one layer and with three", async () => {
        other = await publishersChange(stack, context, viewer);
      });
      await step(t, "the bridge is killed", () => bridgeIsKilled(stack, other, viewer));
      await step(t, "Janus is restarted", () => janusIsRestarted(stack, other, viewer));
    })));
