// SPDX-License-Identifier: GPL-3.0-or-later

// Other codecs than H.264: what a real browser sends as VP9 and AV1 is seen as it was sent in players that take it; of VP8
// the sound is heard, and everybody is told why there is no picture. With a ladder all are seen as H.264. What players are
// given has ended, so that no player can fall behind, whatever the machine has to do.

import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";
import { beginReplay } from "./support/audience.mjs";
import { FEW_PROCESSES, messageOf, openPage, publish } from "./support/browser.mjs";
import { assertNoErrors, openPlayer, untilIts } from "./support/npm-player.mjs";
import { INSTRUMENTS, run } from "./support/programs.mjs";
import { until } from "./support/rig.mjs";
import { shareStack } from "./support/shared.mjs";
import { recordingOf } from "./support/testcard.mjs";
import { servePages } from "./support/viewer.mjs";

const SIZE = "320x180"; // of the recordings
const SENT = "160x90"; // by a browser, which has three encoders at work
const CODECS = { vp9: /CODECS="vp09\.00\.\d\d\.08,mp4a\.40\.2"/, av1: /CODECS="av01\.0\.\d\dM\.08,mp4a\.40\.2"/ };
const RUNG = "160x90"; // that the bridge makes of pictures of SIZE: one, so that it costs little
const PLAYED_S = 3; // of media, which each player must have shown: more than a segment
const LISTED_S = 4; // of media that each stream has: its first segments may be short
const SENT_S = 5; // of each recording

const shared = shareStack({
  bridgeSettings: { "hls.hold": 1, "hls.playlist": 60, "transcode.ladder": "90p:100k", "transcode.ladders": "vp9 =; av1 =; vp8 =" },
  janus: { general: '  video_codecs = "h264, vp8, vp9, av1"\n' },
}, { shell: true, switches: FEW_PROCESSES });

const textOf = async (url) => {
  const response = await fetch(url, { cache: "no-store" });
  assert.equal(response.status, 200, String(url));
  return response.text();
};

/** Of the segments in a playlist. */
const secondsOf = (text) => [...text.matchAll(/#EXTINF:([\d.]+)/g)].reduce((sum, [, seconds]) => sum + Number(seconds), 0);

const bridgeSays = async (stack, stream) => (await fetch(`http://127.0.0.1:${stack.bridgePort}/streams/${stream}`)).json();

/** All lists of a stream say that it has ended. */
const hasEnded = (stack, stream) => until(`${stream} has ended`, async () => {
  const media = (await textOf(stack.master(stream))).match(/(?<=URI="|^)(video|audio)[\w-]*\.m3u8/gm);
  const texts = await Promise.all([stack.playlist(stream), ...media.map((list) => new URL(list, stack.master(stream)))].map(textOf));
  return texts.every((text) => text.includes("#EXT-X-ENDLIST")) && /type="static"/.test(await textOf(stack.manifest(stream)));
});

/** A player shows what has ended from its beginning on, in one of these sizes; none: it is to have no picture. */
async function shows({ context, pages }, player, url, ...expected) {
  const page = await openPlayer(context, pages, player, url);
  const { sizes } = await untilIts(page, "plays on", ({ playing, ended, time, buffered }) =>
    playing && (ended || time > buffered[0]?.[0] + PLAYED_S));
  await assertNoErrors(page);
  const seen = [...new Set(sizes.filter((size) => size !== "0x0"))];
  assert.ok(seen.every((size) => expected.includes(size)), `${page.player}: ${seen}`);
  assert.equal(seen.length > 0, expected.length > 0, page.player);
  await page.close();
}

/** What `publisher` sends is listed untouched, and the status says who does not see it; then it ends. */
async function isListed(stack, publisher, codec) {
  await until(`${codec} is listed`, async () => CODECS[codec].test(await textOf(stack.master(codec))));
  await until(`${codec} is in the manifest`, async () =>
    (await textOf(stack.manifest(codec))).includes(codec === "vp9" ? 'codecs="vp09.' : 'codecs="av01.'));
  await until("the status says which codec it is, and that classic HLS has the sound alone", async () => {
    const { source } = await bridgeSays(stack, codec);
    return source.problem === "codec" && source.tracks.some((track) => track.kind === "video" && track.codec === codec);
  });
  await ends(stack, publisher, codec);
}

async function isToldWhy(stack, publisher) {
  await until("the page says that nobody sees it", async () => /VP8 is heard and not seen/.test(await messageOf(publisher)));
  await until("the status says why there is no picture", async () =>
    (await bridgeSays(stack, "vp8")).source.problem === "no-player");
  await until("its list has the sound alone", async () => /CODECS="mp4a\.40\.2"/.test(await textOf(stack.master("vp8"))));
  await ends(stack, publisher, "vp8");
}

/** The publisher goes when enough is listed; classic HLS has had the sound alone. */
async function ends(stack, publisher, stream) {
  await until(`enough of ${stream} is listed`, async () => secondsOf(await textOf(stack.playlist(stream))) > LISTED_S);
  await publisher.close();
  await hasEnded(stack, stream);
  const { stdout, stderr } = await run(INSTRUMENTS.doctor, ["--json", "--time", "0", path.join(stack.hls, stream, "index.m3u8")]);
  assert.ok(stdout, stderr);
  const { segments, with_audio: heard, with_video: seen } = JSON.parse(stdout);
  assert.deepEqual([heard, seen], [segments, 0], `${stream}: ${segments} segments`);
}

test("a browser sends VP9, AV1 and VP8", shared(async ({ stack, context, t }) => {
  const pages = await servePages();
  t.after(() => pages.close());
  const sent = async (codec, shown) => shown(stack, await publish(context, stack, codec, { size: SENT, codec }), codec);
  await Promise.all([sent("vp9", isListed), sent("av1", isListed), sent("vp8", isToldWhy)]);

  const page = await openPage(context, `${stack.url}/publish.html?stream=other&source=testcard&auto=1&codec=h265`);
  await until("a codec that this browser does not send is refused with a sentence", async () =>
    /does not send that video codec/.test(await messageOf(page)));
  await page.close();

  await Promise.all([
    ["hls12", stack.master("vp9"), SENT], ["shaka", stack.manifest("vp9"), SENT], ["hls12", stack.playlist("vp9")],
    ["hls12", stack.master("av1"), SENT], ["dashjs", stack.manifest("av1"), SENT], ["hls12", stack.master("vp8")],
  ].map((player) => shows({ context, pages }, ...player)));
}));

/** Whether each list of a stream has its own pictures from beginning to end: a transcoder that is short of time leaves some out. */
async function isWhole(stack, stream) {
  const lists = (await textOf(stack.master(stream))).match(/^video.*m3u8$/gm) ?? [];
  const texts = await Promise.all(lists.map((list) => textOf(new URL(list, stack.master(stream)))));
  return lists.length > 0 && texts.every((text) => text.match(/#EXT-X-MAP/g)?.length === 1 && !/#EXT-X-(GAP|DISCONTINUITY)\n/.test(text));
}

/** Sends the recording of `codec` until the transcoder has had time for all of it. Resolves to the name of the stream, which has ended. */
async function sendWhole(stack, codec) {
  let sent = 0;
  return until(`all of ${codec} is transcoded`, async () => {
    const stream = `${codec}-${++sent}`;
    await beginReplay(stack, stream, { recording: recordingOf(codec), seconds: SENT_S }).exited();
    await hasEnded(stack, stream);
    return (await isWhole(stack, stream)) && stream;
  });
}

test("with a ladder, what a browser sends as VP9, AV1 and VP8 is seen as H.264", shared(async ({ stack, context, t }) => {
  const pages = await servePages();
  t.after(() => pages.close());
  await Promise.all(["vp9", "av1", "vp8"].map(async (codec) => {
    const stream = await sendWhole(stack, codec);
    for (const list of [stack.master(stream), stack.sizes(stream)])
      assert.match(await textOf(list), /CODECS="avc1[^"]*",RESOLUTION=160x90/);
    // of classic HLS; and of low latency as it was sent, if the player takes that
    const sizes = CODECS[codec] ? [SIZE, RUNG] : [RUNG];
    const players = [["hls12", stack.master(stream), ...sizes], ["dashjs", stack.manifest(stream), ...sizes]];
    if (codec === "vp8") players.push(["hls12", stack.playlist(stream), RUNG]);
    await Promise.all(players.map((player) => shows({ context, pages }, ...player)));
  }));
}));
