// SPDX-License-Identifier: GPL-3.0-or-later

// A browser that sends three sizes of its picture: each is a rendition.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { publish } from "./support/browser.mjs";
import { attach } from "./support/janus-api.mjs";
import { run } from "./support/programs.mjs";
import { until } from "./support/rig.mjs";
import { shareStack } from "./support/shared.mjs";
import { LAYERS, outboundLayers, publishLayers } from "./support/simulcast.mjs";

const STREAM = "shop";
const shared = shareStack({}, { shell: true });
const NAMES = LAYERS.map(({ rid }) => rid);
const SIZES = LAYERS.map(({ width, height }) => `${width}x${height}`);

const bridgeSays = async (stack, stream = STREAM) =>
  (await fetch(`http://127.0.0.1:${stack.bridgePort}/streams/${stream}`)).json();

const text = async (url) => {
  const response = await fetch(url, { cache: "no-store" });
  assert.equal(response.status, 200, url);
  return response.text();
};

/** The video playlists of the multivariant playlist: [{ uri, size }]. */
const variants = async (stack) =>
  [...(await text(stack.master(STREAM))).matchAll(/^#EXT-X-STREAM-INF:.*RESOLUTION=(\d+x\d+).*\n(.+)$/gm)]
    .map(([, size, uri]) => ({ uri, size }));

/** Decodes the newest segment of a playlist by libav; returns its size. */
async function decodedSize(stack, uri) {
  const playlist = await text(new URL(uri, stack.master(STREAM)));
  const [, map] = playlist.match(/#EXT-X-MAP:URI="([^"]+)"/);
  const segment = playlist.split("\n").findLast((line) => line && !line.startsWith("#"));
  const pieces = await Promise.all([map, segment].map(async (name) =>
    Buffer.from(await (await fetch(new URL(name, stack.master(STREAM)))).arrayBuffer())));
  const file = path.join(stack.options.folder, "segment.mp4");
  await writeFile(file, Buffer.concat(pieces));
  const { status, stdout, stderr } = await run("ffprobe", ["-v", "warning", "-count_frames", "-select_streams", "v",
    "-show_entries", "stream=width,height,nb_read_frames", "-of", "json", file]);
  assert.equal(status, 0, stderr);
  const [{ width, height, nb_read_frames: frames }] = JSON.parse(stdout).streams;
  assert.ok(frames > 0, `${uri}: ${frames} pictures in ${segment}`);
  assert.equal(stderr, "", uri);
  return `${width}x${height}`;
}

/** What the plugin tells of a stream. */
async function pluginSays(stack, stream = STREAM) {
  const handle = await attach(stack);
  return handle.request({ request: "info", stream }).finally(handle.close);
}

/** The plugin knows each layer, and places all that comes (but for padding that Janus takes for media before it knows them). */
async function assertListed(stack) {
  const info = await until("each layer is live and has its size", async () => {
    const answer = await pluginSays(stack);
    assert.deepEqual(answer.layers.map(({ rid, width, height }) => ({ rid, width, height })), LAYERS);
    return answer.layers.every(({ live, bitrate }) => live && bitrate) && answer;
  });
  const later = await until("a second has passed", async () => {
    const answer = await pluginSays(stack);
    return answer.age_seconds > info.age_seconds && answer;
  });
  assert.equal(later.unknown - info.unknown, 0, "packets of no layer");
  assert.equal(new Set(info.layers.map(({ ssrc }) => ssrc)).size, LAYERS.length);
  assert.deepEqual(info.tracks.map(({ kind }) => kind).sort(), ["audio", "video"]);
  const video = info.tracks.find(({ kind }) => kind === "video");
  assert.equal(`${video.width}x${video.height}`, "1280x720");
  assert.ok(video.packets >= info.layers.reduce((sum, { packets }) => sum + packets, 0), "the track is all layers");
}

/** A request brings key frames on all layers, each of which the bridge places by its own reports. */
async function assertKeyframes(stack, page) {
  const keyframes = async () => {
    const sent = await outboundLayers(page);
    return NAMES.map((name) => sent[name].keyFramesEncoded);
  };
  const before = await keyframes();
  await page.evaluate(() => window.janusHls.publisher.configure({ keyframe: true }));
  await until("each layer has had a key frame", async () => (await keyframes()).every((n, i) => n > before[i]));
  await until("they have come to the bridge, which places each layer by its reports", async () => {
    const { source } = await bridgeSays(stack);
    const video = source.tracks.filter(({ kind }) => kind === "video");
    return video.length === NAMES.length && video.every(({ pictures }) => pictures.idr >= 2) && source.sync.by_reports;
  });
}

const untilAllAreSent = (page) => until("all layers are sent", async () => {
  const sent = await outboundLayers(page);
  return NAMES.every((name) => sent[name]?.framesEncoded > 0);
});

test("three layers of a browser are three renditions", shared(async ({ stack, context }) => {
  const page = await publishLayers(context, stack, STREAM);
  await untilAllAreSent(page);
  await assertListed(stack);
  await assertKeyframes(stack, page);
  // a browser with too much to do may pause a layer, and its rendition has the size of another until it is back
  const listed = await until("all renditions are listed, each with its own size", async () => {
    const found = await variants(stack);
    const shown = found.map(({ size }) => size);
    return new Set(found.map(({ uri }) => uri)).size === SIZES.length && SIZES.every((size) => shown.includes(size)) && found;
  });
  for (const { uri, size } of listed)
    await until(`${uri} shows ${size}`, async () => (await decodedSize(stack, uri)) === size);
}));

/** The layers that the plugin knows of a stream, once they are these and live. */
const layersOf = (stack, stream, names) => until(`${stream} is live in ${names.length} layers`, async () => {
  const { layers = [] } = await pluginSays(stack, stream);
  return layers.length === names.length && layers.every(({ rid, live }, i) => live && rid === names[i]) && layers;
});

const untilOneComes = (stack, stream) => until(`${stream} comes to the bridge in one layer`, async () => {
  const { source } = await bridgeSays(stack, stream);
  const video = source.tracks.filter(({ kind }) => kind === "video");
  return video.length === 1 && video[0].pictures.good > 20;
});

test("layers go on over another path, and are others if another publisher takes over", shared(async ({ stack, context }) => {
  const key = "a key of both devices";
  const page = await publish(context, stack, "moving", { size: "1280x720", simulcast: true, key });
  const before = await layersOf(stack, "moving", NAMES), { unknown } = await pluginSays(stack, "moving");
  const path = () => page.evaluate(() =>
    /ice-ufrag:(\S+)/.exec(window.janusHls.publisher.peerConnection.remoteDescription.sdp)[1]);
  const old = await path();
  await page.evaluate(() => window.janusHls.publisher.restartIce());
  await until("the path is another", async () => (await path()) !== old);
  await until("each layer goes on", async () =>
    (await layersOf(stack, "moving", NAMES)).every(({ ssrc, packets }, i) =>
      ssrc === before[i].ssrc && packets > before[i].packets + 20));
  assert.equal((await pluginSays(stack, "moving")).unknown - unknown, 0, "packets of no layer");

  const second = await publish(context, stack, "moving", { size: "640x360", simulcast: true, key });
  const [high, low] = await layersOf(stack, "moving", ["high", "low"]);
  assert.ok(high.ssrc !== before[0].ssrc && low.ssrc !== before[2].ssrc, "they are another browser's");
  await second.close();
  await publish(context, stack, "moving", { size: "640x360", key }); // one layer, without a rid
  await layersOf(stack, "moving", []);
  await untilOneComes(stack, "moving");
}));
