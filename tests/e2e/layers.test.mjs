// SPDX-License-Identifier: GPL-3.0-or-later

// A browser that sends three sizes of its picture: each is a rendition. All are cut at the same places, and each one that is
// listed goes on, whatever becomes of its layer: the browser pauses it for lack of bandwidth, takes another path, another
// publisher sends other layers, the bridge is killed, Janus is restarted.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { bridgeJson } from "../../tools/stack/bridge.mjs";
import { openPage, publish, takeAnotherPath, untilLive, withBrowser } from "./support/browser.mjs";
import { attach } from "./support/janus-api.mjs";
import { numberBehind } from "./support/lists.mjs";
import { faultsOf, LIVE, measured, withoutForcedCuts } from "./support/measured.mjs";
import { run, watch } from "./support/programs.mjs";
import { until, withStack } from "./support/rig.mjs";
import { layersOf, outboundLayers, seemLarge, SIMULCAST_SWITCHES } from "./support/simulcast.mjs";
import { hidePicture } from "./support/viewer.mjs";

const STREAM = "shop";
const KEY = "a key of both devices";
const LISTS = ["video.m3u8", "video-mid.m3u8", "video-low.m3u8"];
const CLASSIC = ["index.m3u8", "index-mid.m3u8", "index-low.m3u8"];
const WHOLE_SIZE = LIVE ? "1280x720" : "1024x576"; // of which a page sends three sizes by itself
const WHOLE = layersOf(WHOLE_SIZE);
const SIZE = LIVE ? "1280x720" : "320x176"; // three sizes of a smaller picture cost less
const LAYERS = layersOf(SIZE);
const TWO = LIVE ? "640x360" : "160x88"; // of what seems to be four times as large a page sends two sizes
const SEGMENT_S = LIVE ? 2 : 1, LISTED_S = 12;
const WATCHED = LIVE ? 30 : 6; // segments
const PAUSES = LIVE ? 10 : 1;
const FULL_BPS = 2500000, FEW_BPS = LIVE ? 300000 : 100000; // enough for all layers, and for the lowest
const PAUSE_MS = 180000; // a browser takes its time to try more, and longer on a busy machine
const BACK_SEGMENTS = 2;

const bridgeSays = (stack, stream = STREAM) => bridgeJson(stack.bridgePort, `/streams/${stream}`);

/** What the plugin tells of a stream. */
async function pluginSays(stack, stream = STREAM) {
  const handle = await attach(stack);
  return handle.request({ request: "info", stream }).finally(handle.close);
}

const textOf = async (stack, name, stream = STREAM) => {
  const response = await fetch(new URL(name, stack.master(stream)), { cache: "no-store" });
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

/** The numbers of those segments of a list that a restart of the pictures has cut short. */
function cutShort(list) {
  const first = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(list)[1]);
  return [...list.matchAll(/#EXTINF:([\d.]+),\n[^#].*\n(#EXT-X-DISCONTINUITY\n)?/g)]
    .flatMap(([, seconds, restart], i) => (restart && Number(seconds) < SEGMENT_S / 2 ? first + i : []));
}

const EXAMPLES = 3; // that hls-doctor gives of a fault, at the most

/**
 * `faults` but for those of segments which the set `short` has. A size restarts when its layer has come, and another's pictures may
 * be some hundredths of a second late, so that there is none: tests/replay has restarts whose pictures are all in time.
 */
const withoutShort = (faults, short) => (LIVE ? faults : faults.filter(({ rule, count, examples }) => {
  const numbers = [...examples.matchAll(/segment (\d+) of/g)].map(([, number]) => Number(number)); // of the first few
  return !(/^one rendition lacks the pictures/.test(rule) && numbers.length === Math.min(count, EXAMPLES) &&
    numbers.every((number) => short.has(number)) && count <= LAYERS.length * short.size);
}));

const FIRST_SOUND_MS = 100;

/** `faults` but for that of a browser whose sound was captured somewhat later than its first picture. */
const withoutFirstSound = (faults) => (LIVE ? faults : faults.filter(({ rule, count, examples }) => {
  const late = [...examples.matchAll(/segment 0 of [^;]*: ([\d.]+) ms/g)].map(([, ms]) => Number(ms));
  return !(/^sound does not begin with its pictures/.test(rule) && late.length === count && late.every((ms) => ms < FIRST_SOUND_MS));
}));

async function allAreCutAlike(stack, t) {
  const short = new Set();
  const noteShort = async () => cutShort(await textOf(stack, CLASSIC[0])).forEach((number) => short.add(number));
  await noteShort();
  const segments = async () => (await bridgeSays(stack)).low_latency.video.segments;
  const before = await bridgeSays(stack);
  const watching = ["master.m3u8", "ts.m3u8"].map((name) =>
    watch(String(new URL(name, stack.master(STREAM))), { options: ["--aligned"] }));
  const most = before.low_latency.video.segments + WATCHED;
  await until("they have been watched for a while", async () => {
    await noteShort();
    return (await segments()) >= most;
  }, PAUSE_MS);
  const reports = await Promise.all(watching.map((one) => one.end()));
  await noteShort();
  const after = await bridgeSays(stack);
  const forced = LAYERS.length * after.output.forced_cuts; // in each size
  for (const report of reports) {
    assert.deepEqual(withoutFirstSound(withoutShort(withoutForcedCuts(faultsOf(report), forced), short)), []);
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

/** The layers that the plugin knows of, once they are these and live. */
const liveLayers = (stack, names) => until(`it is live in ${names.length} layers`, async () => {
  const { layers = [] } = await pluginSays(stack);
  return layers.length === names.length && layers.every(({ rid, live }, i) => live && rid === names[i]) && layers;
});

const RIDS = LAYERS.map(({ rid }) => rid);

async function pathChanges(stack, page) {
  const before = await liveLayers(stack, RIDS), { unknown } = await pluginSays(stack);
  await takeAnotherPath(page);
  await until("each layer goes on", async () =>
    (await liveLayers(stack, RIDS)).every(({ ssrc, packets }, i) =>
      ssrc === before[i].ssrc && packets > before[i].packets + 20));
  assert.equal((await pluginSays(stack)).unknown - unknown, 0, "packets of no layer");
}

async function publishersChange(stack, context, viewer, page) {
  const before = await liveLayers(stack, RIDS);
  const two = await publish(context, stack, STREAM, { size: TWO, simulcast: true, key: KEY });
  const [high, low] = await liveLayers(stack, ["high", "low"]);
  assert.ok(high.ssrc !== before[0].ssrc && low.ssrc !== before[2].ssrc, "they are another browser's");
  await page.close();
  await two.close();
  const single = await publish(context, stack, STREAM, { size: TWO, key: KEY }); // one layer, without a rid
  await liveLayers(stack, []);
  await until("one layer comes to the bridge, and feeds all sizes", async () => {
    const { source, layers, renditions } = await bridgeSays(stack);
    const video = source.tracks.filter(({ kind }) => kind === "video");
    return video.length === 1 && video[0].pictures.good > 20 &&
      layers?.length === 1 && renditions.length === LAYERS.length && new Set(renditions.map(({ from }) => from)).size === 1;
  });
  await assertGoesOn(stack, viewer);
  await single.close();
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

/** The video playlists of the multivariant playlist: [{ uri, size }]. */
const variants = async (stack, stream) =>
  [...(await textOf(stack, "master.m3u8", stream)).matchAll(/^#EXT-X-STREAM-INF:.*RESOLUTION=(\d+x\d+).*\n(.+)$/gm)]
    .map(([, size, uri]) => ({ uri, size }));

/** Decodes the newest segment of a playlist by libav; returns its size. */
async function decodedSize(stack, stream, uri) {
  const playlist = await textOf(stack, uri, stream);
  const [, map] = playlist.match(/#EXT-X-MAP:URI="([^"]+)"/);
  const segment = playlist.split("\n").findLast((line) => line && !line.startsWith("#"));
  const pieces = await Promise.all([map, segment].map(async (name) =>
    Buffer.from(await (await fetch(new URL(name, stack.master(stream)))).arrayBuffer())));
  const file = path.join(stack.options.folder, `${uri}.mp4`);
  await writeFile(file, Buffer.concat(pieces));
  const { status, stdout, stderr } = await run("ffprobe", ["-v", "warning", "-count_frames", "-select_streams", "v",
    "-show_entries", "stream=width,height,nb_read_frames", "-of", "json", file]);
  assert.equal(status, 0, stderr);
  const [{ width, height, nb_read_frames: frames }] = JSON.parse(stdout).streams;
  assert.ok(frames > 0, `${uri}: ${frames} pictures in ${segment}`);
  assert.equal(stderr, "", uri);
  return `${width}x${height}`;
}

/** The plugin knows each layer, and places all that comes (but for padding that Janus takes for media before it knows them). */
async function assertListed(stack, stream) {
  const info = await until("each layer is live and has its size", async () => {
    const answer = await pluginSays(stack, stream);
    assert.deepEqual(answer.layers.map(({ rid, width, height }) => ({ rid, width, height })), WHOLE);
    return answer.layers.every(({ live, bitrate }) => live && bitrate) && answer;
  });
  const later = await until("a second has passed", async () => {
    const answer = await pluginSays(stack, stream);
    return answer.age_seconds > info.age_seconds && answer;
  });
  assert.equal(later.unknown - info.unknown, 0, "packets of no layer");
  assert.equal(new Set(info.layers.map(({ ssrc }) => ssrc)).size, WHOLE.length);
  assert.deepEqual(info.tracks.map(({ kind }) => kind).sort(), ["audio", "video"]);
  const video = info.tracks.find(({ kind }) => kind === "video");
  assert.deepEqual([video.width, video.height], [WHOLE[0].width, WHOLE[0].height]);
  assert.ok(video.packets >= info.layers.reduce((sum, { packets }) => sum + packets, 0), "the track is all layers");
}

/** A request brings key frames on all layers, each of which the bridge places by its own reports. */
async function assertKeyframesCome(stack, stream, page) {
  const keyframes = async () => {
    const sent = await outboundLayers(page);
    return RIDS.map((name) => sent[name].keyFramesEncoded);
  };
  const before = await keyframes();
  await page.evaluate(() => window.janusHls.publisher.configure({ keyframe: true }));
  await until("each layer has had a key frame", async () => (await keyframes()).every((n, i) => n > before[i]));
  await until("they have come to the bridge, which places each layer by its reports", async () => {
    const { source } = await bridgeSays(stack, stream);
    const video = source.tracks.filter(({ kind }) => kind === "video");
    return video.length === RIDS.length && video.every(({ pictures }) => pictures.idr >= 2) && source.sync.by_reports;
  });
}

/** What a page sends by itself, of a picture as large as a camera has it. */
async function layersAreRenditions(stack, context) {
  const stream = "camera";
  const page = await publish(context, stack, stream, { size: WHOLE_SIZE, simulcast: true });
  await until("all layers are sent", async () => {
    const sent = await outboundLayers(page);
    return RIDS.every((name) => sent[name]?.framesEncoded > 0);
  });
  await assertListed(stack, stream);
  await assertKeyframesCome(stack, stream, page);
  // a browser with too much to do may pause a layer, and its rendition has the size of another until it is back
  const sizes = WHOLE.map(({ width, height }) => `${width}x${height}`);
  const listed = await until("all renditions are listed, each with its own size", async () => {
    const found = await variants(stack, stream);
    const shown = found.map(({ size }) => size);
    return new Set(found.map(({ uri }) => uri)).size === sizes.length && sizes.every((size) => shown.includes(size)) && found;
  });
  await Promise.all(listed.map(({ uri, size }) =>
    until(`${uri} shows ${size}`, async () => (await decodedSize(stack, stream, uri)) === size)));
}

async function layersGoOn(stack, context, t) {
  if (!LIVE) await seemLarge(context);
  const page = await publish(context, stack, STREAM, { size: SIZE, simulcast: true, key: KEY });
  await segmentsWhen(stack, "each layer has a size of its own", isOwn);
  await until("both multivariant playlists list all", async () => {
    const texts = await Promise.all(["master.m3u8", "ts.m3u8"].map((name) => textOf(stack, name)));
    return texts.every((text, i) => [LISTS, CLASSIC][i].every((list) => text.includes(`\n${list}\n`)));
  });
  await step(t, "they are cut at the same places", (u) => allAreCutAlike(stack, u));
  const viewer = await openPage(context, `${stack.url}/watch.html?stream=${STREAM}`);
  await hidePicture(viewer);
  await until("the watch page plays", async () => (await shownBy(viewer)) > 0);
  await step(t, "layers that pause for lack of bandwidth are filled, and come back", (u) => layersPause(stack, page, viewer, u));
  await step(t, "they go on over another path", () => pathChanges(stack, page));
  let other;
  await step(t, "others take over, with two layers, one and three", async () => {
    other = await publishersChange(stack, context, viewer, page);
  });
  await step(t, "the bridge is killed", () => bridgeIsKilled(stack, other, viewer));
  await step(t, "Janus is restarted", () => janusIsRestarted(stack, other, viewer));
}

const SETTINGS = { "hls.hold": 600, "hls.segment": SEGMENT_S, "hls.playlist": LISTED_S / SEGMENT_S };

test("three sizes of one browser", (t) =>
  withStack({ bridgeSettings: SETTINGS, bodyMs: LIVE ? 590000 : 420000 }, async (stack) => {
    await step(t, "three layers of a browser are three renditions", () =>
      withBrowser({ shell: true }, (context) => layersAreRenditions(stack, context)));
    await step(t, "they go on, whatever becomes of them", (u) =>
      withBrowser({ shell: true, switches: LIVE ? [] : SIMULCAST_SWITCHES }, (context) => layersGoOn(stack, context, u)));
  }));
