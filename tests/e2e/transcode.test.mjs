// SPDX-License-Identifier: GPL-3.0-or-later

// A publisher of one size, and rungs that hls-transcoder makes of it: what viewers find, and what becomes of it if the
// transcoder fails.

import assert from "node:assert/strict";
import dgram from "node:dgram";
import { chmod, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { startNginx } from "../../tools/stack/nginx.mjs";
import { freePorts } from "../../tools/stack/ports.mjs";
import { built } from "../../tools/stack/stack.mjs";
import { encoders, foreign } from "../replay/support/foreign.mjs";
import { withBridge } from "./support/lone-bridge.mjs";
import { measured, withoutForcedCuts } from "./support/measured.mjs";
import { run } from "./support/programs.mjs";
import { until } from "./support/rig.mjs";
import { recordingOf } from "./support/testcard.mjs";

const [LL_PORT] = await freePorts(1);
const LADDER = { "transcode.ladder": "150p:300k, 90p:80k", "hls.thumbnail": 0, "hls.segment": 1, "ll.enabled": true, "ll.port": LL_PORT };
const NAMES = ["150p", "90p"];
const WHOLE = 60; // pictures, that a whole segment is among for sure

/** The numbers of the processes of this name. */
async function processes(name) {
  const numbers = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const names = await Promise.all(numbers.map((pid) => readFile(`/proc/${pid}/comm`, "utf8").catch(() => "")));
  return numbers.filter((_, i) => names[i].trim() === name).map(Number);
}

/** The process that is a child, or a child's child, of this one. */
async function ownTranscoder() {
  const parentOf = async (pid) => Number((await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "x) x 0")).split(") ")[1].split(" ")[1]);
  for (const pid of await processes("hls-transcoder"))
    for (let up = pid; up > 1; up = await parentOf(up)) if (up === process.pid) return pid;
  return undefined;
}

const status = async (port, stream = "shop") => (await bridgeStreams(port)).find(({ name }) => name === stream) ?? {};

/** Waits until viewers see all rungs as they are made. */
async function rungsShown(port) {
  await until("all rungs are shown", async () => {
    const { transcoder } = await status(port);
    return transcoder?.runs && transcoder.rungs.every(({ filled, width, pictures }) => filled === false && width > 0 && pictures > 0);
  });
  return (await status(port)).transcoder;
}

/** What hls-doctor finds in a stream's files. */
async function faultsIn(hls, stream = "shop") {
  const { stdout, stderr } = await run(built().doctor, ["--json", "--aligned", "--time", "0", path.join(hls, stream, "master.m3u8")]);
  assert.ok(stdout, stderr);
  return JSON.parse(stdout).faults;
}

/** The text of a list of a stream, once it says something. */
async function untilSays(hls, stream, list, what) {
  return until(`${list} of ${stream} says ${what}`, async () => {
    const text = await readFile(path.join(hls, stream, list), "utf8").catch(() => "");
    return what.test(text) && text;
  });
}

const hasGone = (port, stream) => until("the publisher has gone", async () => (await status(port, stream)).state === "held");

test("rungs are listed, cut like the copied one, and come back if the transcoder is killed or stands still", () =>
  withBridge({ ...LADDER, "transcode.ladder": `${LADDER["transcode.ladder"]}, audio:32k` }, async ({ port, hls, send }) => {
    const sender = send("shop");
    const first = await rungsShown(port);
    assert.deepEqual(first.rungs.map(({ name }) => name), NAMES);
    assert.deepEqual(first.rungs.map(({ height }) => height), [150, 90]);
    const master = await untilSays(hls, "shop", "master.m3u8", /RESOLUTION=160x90/);
    for (const name of NAMES) assert.ok(master.includes(`\nvideo-${name}.m3u8\n`), master);
    const [, low] = /GROUP-ID="([^"]+)"[^\n]*URI="audio-low\.m3u8"/.exec(master) ?? assert.fail(master);
    assert.ok(master.split("\n").some((line) => line.includes("RESOLUTION=160x90") && line.includes(`AUDIO="${low}"`)), master);

    // on a busy machine it may stand still without us, and a rung be filled since its pictures come late
    for (const [i, [signal, count]] of [["SIGKILL", "faults"], ["SIGSTOP", "stood_still"]].entries()) {
      const pid = await ownTranscoder();
      assert.ok(pid, "there is no transcoder");
      const { transcoder: before } = await status(port);
      process.kill(pid, signal);
      await until("it is noticed", async () => (await status(port)).transcoder[count] > before[count]);
      const { faults, stood_still: stoodStill, started } = await rungsShown(port);
      assert.equal(started, 1 + faults);
      measured(() => assert.deepEqual([faults, stoodStill], [i + 1, i]));
    }
    const { low_latency: copied, output, transcoder } = await status(port);
    assert.equal(copied.video.gaps, 0);
    // of each of them when copied pictures take its place, and when it comes back: never more
    const fillings = transcoder.rungs.reduce((sum, rung) => sum + rung.fillings, 0);
    assert.ok(output.discontinuities <= 2 * fillings, `${output.discontinuities} discontinuities of ${fillings} fillings`);
    measured(() => assert.ok(output.discontinuities <= 2 * transcoder.faults, `${output.discontinuities} discontinuities`));
    await sender.stop();
    await hasGone(port, "shop");
    assert.deepEqual(await faultsIn(hls), []);
    await until("the transcoder has ended", async () => (await ownTranscoder()) === undefined);
  }));

/** Runs `body(url)` with the project's nginx in front of a bridge's folder. */
async function withNginx(hls, body) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-test-nginx-"));
  await chmod(folder, 0o755);
  await chmod(path.dirname(hls), 0o755);
  const [port, nobody] = await freePorts(2);
  const url = `http://127.0.0.1:${port}`;
  const pieces = path.join(import.meta.dirname, "../../nginx");
  const nginx = await startNginx({ pieces, folder, address: `127.0.0.1:${port}`,
    url: `${url}/live/streams.json`, hls, web: pieces, janusPort: nobody, ll: `127.0.0.1:${LL_PORT}`, bridgePort: nobody });
  try {
    await body(url);
  } finally {
    await nginx.stop();
    await rm(folder, { recursive: true });
  }
}

test("watched rungs are made while their lists are asked for, and cost no process else", () =>
  withBridge({ ...LADDER, "transcode.when": "watched", "transcode.idle": 5 }, ({ port, hls, send }) => withNginx(hls, async (url) => {
    const sender = send("shop");
    const rung = async (name) => (await status(port)).transcoder?.rungs.find((one) => one.name === name) ?? {};
    const shown = async (name) => {
      const { filled, width, pictures } = await rung(name);
      return filled === false && width > 0 && pictures > 0;
    };
    const text = async (file) => (await fetch(`${url}/live/shop/${file}`)).text();
    const ask = async (file, from = url) => {
      const response = await fetch(`${from}/live/shop/${file}`);
      await response.text();
      return response.status;
    };
    await until("the rung is listed", async () => (await ask("master.m3u8")) === 200 && (await rung("90p")).filled === true);
    const master = await text("master.m3u8");
    assert.match(master, /BANDWIDTH=\d+,[^\n]*RESOLUTION=160x90[^\n]*\nvideo-90p\.m3u8\n/, master);
    // twice the rung's rate, as segments have a second, with a tenth for packets and the sound; not what the copied pictures take
    assert.match(await text("ts.m3u8"), /BANDWIDTH=356000,[^\n]*RESOLUTION=160x90[^\n]*\nindex-90p\.m3u8\n/);
    await until("the manifest has it", async () => /bandwidth="160000"/.test(await text("manifest.mpd")));
    assert.equal(await ownTranscoder(), undefined, "nobody watches");
    const { transcoder } = await status(port);
    assert.deepEqual(transcoder.rungs.map(({ state }) => state), ["unwatched", "unwatched"]);
    assert.equal(transcoder.pictures.left_out, 0);

    assert.equal(await ask("video-90p.m3u8"), 200, "the list answers at once");
    await until("the smaller rung is made", async () => (await ask("video-90p.m3u8")) === 200 && (await shown("90p")));
    assert.equal((await rung("90p")).height, 90);
    assert.equal((await rung("90p")).state, "made");
    assert.equal((await rung("150p")).width, 0, "nobody asked for the larger one");
    await until("it has stopped", async () => (await rung("90p")).filled && (await ownTranscoder()) === undefined);
    assert.equal((await status(port)).transcoder.faults, 0);

    // at low latency the bridge itself is asked
    const held = `http://127.0.0.1:${LL_PORT}`;
    await until("the larger rung is made", async () => (await ask("video-150p.m3u8?_HLS_msn=0", held)) === 200 && (await shown("150p")));
    assert.equal((await rung("90p")).width, 0);
    await until("it has stopped", async () => (await ownTranscoder()) === undefined);

    // and of classic HLS nginx reads its files
    await until("the larger rung is made again", async () => (await ask("index-150p.m3u8")) === 200 && (await shown("150p")));
    const { pictures } = await rung("150p");
    await until("a segment of it is whole", async () => (await ask("index-150p.m3u8")) === 200 && (await rung("150p")).pictures > pictures + WHOLE);
    await sender.stop();
    await until("the publisher has gone", async () => (await status(port)).state === "held");
    assert.deepEqual(await faultsIn(hls), []);
  })));

/** Announces a publisher, and sends a packet of its video, by which it is heard. Returns the answer. */
async function announce(port, stream, ladder) {
  const socket = dgram.createSocket("udp4");
  try {
    await new Promise((resolve) => socket.bind(0, "127.0.0.1", resolve));
    const attributes = ladder === undefined ? [] : [`a=ladder:${ladder}`];
    const answer = await fetch(`http://127.0.0.1:${port}/streams/${stream}`, { method: "PUT", headers: { "Content-Type": "application/sdp" },
      body: ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0", ...attributes,
        `m=video ${socket.address().port} RTP/AVP 96`, "a=rtpmap:96 H264/90000", "a=fmtp:96 packetization-mode=1", ""].join("\r\n") });
    const to = /^m=video (\d+)/m.exec(await answer.clone().text())?.[1];
    const packet = Buffer.from("80600001000000010000000109f0", "hex"); // an access unit delimiter
    if (to) await new Promise((resolve) => socket.send(packet, Number(to), "127.0.0.1", resolve));
    return answer;
  } finally {
    socket.close();
  }
}

test("a stream may have a ladder of its own, by its name or by whoever announces it", () =>
  withBridge({ ...LADDER, "transcode.ladders": "shop = 90p:80k; radio =" }, async ({ port }) => {
    const rungsOf = async (stream) => {
      const { source, transcoder } = (await bridgeStreams(port)).find(({ name }) => name === stream) ?? {};
      return source && (transcoder?.rungs.map(({ name }) => name) ?? []);
    };
    for (const [stream, ladder, rungs] of [["shop", undefined, ["90p"]], ["radio", undefined, []], ["other", undefined, NAMES],
      ["loud", "120p:100k", ["120p"]], ["quiet", "", []]]) {
      assert.equal((await announce(port, stream, ladder)).status, 201, stream);
      await until(`${stream} is heard`, () => rungsOf(stream));
      assert.deepEqual(await rungsOf(stream), rungs, stream);
    }
    const refused = await announce(port, "wrong", "480p:900k, 720p:1M");
    assert.equal(refused.status, 400);
    assert.match((await refused.json()).detail, /^a=ladder: "720p:1M" in the ladder: the rung before it is no larger/);
    assert.equal((await announce(port, "wrong", "x".repeat(300))).status, 400);
  }));

// What viewers of each codec have beside the rungs: its pictures as they were sent, if any player takes them.
const SOURCES = { vp8: null, vp9: /CODECS="vp09\.00\.\d\d\.08,mp4a/, av1: /CODECS="av01\.0\.\d\dM\.08,mp4a/ };

const LISTS = 3; // of video at the most

test("VP8, VP9 and AV1 are seen as H.264 everywhere, and as they were sent where they can be", () =>
  withBridge({ ...LADDER, "hls.segment": 2 }, async ({ port, hls, sendFile }) => {
    const senders = Object.keys(SOURCES).map((codec) => sendFile(codec, recordingOf(codec)));
    for (const [codec, copied] of Object.entries(SOURCES)) {
      // on a busy machine a rung may stand still again by the time that the lists are looked at
      const classic = await untilSays(hls, codec, "ts.m3u8", /RESOLUTION=266x150[^]*RESOLUTION=160x90/);
      const master = await untilSays(hls, codec, "master.m3u8", /RESOLUTION=266x150[^]*RESOLUTION=160x90/);
      const { source, transcoder } = await status(port, codec);
      assert.deepEqual(transcoder.rungs.map(({ name, best }) => [name, best]), [["150p", copied ? undefined : true], ["90p", undefined]]);
      assert.equal(source.problem, undefined, "everybody sees it");
      assert.equal(master.match(/CODECS="avc1\.[^"]*,mp4a/g)?.length, 2, master);
      assert.deepEqual(master.split("\n").filter((line) => /^video/.test(line)),
        copied ? ["video.m3u8", "video-150p.m3u8", "video-90p.m3u8"] : ["video.m3u8", "video-90p.m3u8"]);
      if (copied) assert.match(master, copied);
      assert.deepEqual(classic.split("\n").filter((line) => /^index/.test(line)), ["index.m3u8", "index-90p.m3u8"]);
      assert.match(classic, /RESOLUTION=266x150.*\nindex\.m3u8\n/);
    }
    await Promise.all(senders.map((sender) => sender.stop()));
    for (const codec of Object.keys(SOURCES)) {
      await hasGone(port, codec);
      // of a recording that comes late nobody makes key frames
      const { output } = await status(port, codec);
      assert.deepEqual(withoutForcedCuts(await faultsIn(hls, codec), LISTS * output.forced_cuts), [], codec);
    }
  }));

// Of foreign publishers: what is wrong with what they send, though it is transcoded, and how that is listed.
const FOREIGN = {
  "deep-422": { problem: "format", copied: /CODECS="avc1\.7A/,
    encoder: encoders.x264("-pix_fmt", "yuv422p10le", "-bf", 2) },
  interlaced: { problem: "interlaced", copied: /CODECS="avc1\.64/, rate: 50, filter: "interlace",
    encoder: encoders.x264("-pix_fmt", "yuv420p", "-bf", 2, "-flags", "-global_header+ildct+ilme", "-x264-params", "tff=1") },
  h265: { copied: /CODECS="hvc1\.1\.6\.L60\.90/, codec: "h265",
    encoder: encoders.x265("bframes=3:b-adapt=0:open-gop=1", "-pix_fmt", "yuv420p") },
};

test("what no browser sends has rungs that all players have, beside what it is", async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-test-foreign-"));
  t.after(() => rm(folder, { recursive: true }));
  const files = {};
  for (const [name, { problem, copied, ...source }] of Object.entries(FOREIGN)) files[name] = await foreign(folder, name, source);
  await withBridge({ ...LADDER, "transcode.ladder": "90p:80k", "hls.segment": 2 }, async ({ port, hls, sendFile }) => {
    // a round is three groups of pictures
    const senders = Object.entries(files).map(([name, file]) => sendFile(name, file, "--seconds", 600, "--round", 6));
    for (const [name, { problem, copied }] of Object.entries(FOREIGN)) {
      const master = await untilSays(hls, name, "master.m3u8", /CODECS="avc1\.[46][^"]*",RESOLUTION=160x90/);
      assert.match(master, copied);
      assert.deepEqual(master.split("\n").filter((line) => /^video/.test(line)), ["video.m3u8", "video-90p.m3u8"]);
      assert.equal((await status(port, name)).source.problem, problem);
      await untilSays(hls, name, "ts.m3u8", /CODECS="avc1\.[46][^"]*",RESOLUTION=160x90/);
    }
    await Promise.all(senders.map((sender) => sender.stop()));
    for (const name of Object.keys(FOREIGN)) {
      await hasGone(port, name);
      const { output } = await status(port, name);
      assert.deepEqual(withoutForcedCuts(await faultsIn(hls, name), LISTS * output.forced_cuts), [], name);
    }
  });
});

test("an encoder that is not there, and a transcoder that is not, are said at the start", async () => {
  for (const [settings, sentence] of [
    [{ "transcode.ladder": "", "transcode.ladders": "radio =; shop = 90p:80k", "transcode.encoder": "h264_nothing" }, /no encoder "h264_nothing"/],
    [{ "transcode.encoder": "h264_nothing" }, /this libavcodec has no encoder "h264_nothing" for H\.264: set transcode\.encoder/],
    [{ "transcode.program": "/nowhere/hls-transcoder" }, /the transcoder \/nowhere\/hls-transcoder cannot be used: No such file/],
    [{ "transcode.ladders": "shop 480p" }, /transcode\.ladders: write it as "shop = 480p:900k/],
    [{ "transcode.when": "sometimes" }, /transcode\.when "sometimes" must be "always" or "watched"/],
    [{ "transcode.ladder": "240p:80k, 480p:900k" }, /transcode\.ladder: "480p:900k" in the ladder: the rung before it is no larger/],
  ])
    await assert.rejects(withBridge({ ...LADDER, ...settings }, async () => assert.fail("it has started")), sentence);
});
