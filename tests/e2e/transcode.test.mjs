// SPDX-License-Identifier: GPL-3.0-or-later

// A publisher of one size, and rungs that hls-transcoder makes of it: what viewers find, and what becomes of it if the
// transcoder fails.

import assert from "node:assert/strict";
import dgram from "node:dgram";
import { chmod, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import test, { describe } from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { startNginx } from "../../tools/stack/nginx.mjs";
import { freePorts } from "../../tools/stack/ports.mjs";
import { encoders, foreign } from "../replay/support/foreign.mjs";
import { withBridge } from "./support/lone-bridge.mjs";
import { faultsOf, measured, withoutForcedCuts } from "./support/measured.mjs";
import { INSTRUMENTS, run } from "./support/programs.mjs";
import { until } from "./support/rig.mjs";
import { recordingOf } from "./support/testcard.mjs";

// who has gone is held until all has been looked at
const LADDER = { "transcode.ladder": "150p:300k, 90p:80k", "hls.thumbnail": 0, "hls.segment": 1, "hls.hold": 600 };
const NAMES = ["150p", "90p"];
const WHOLE = 60; // pictures, that a whole segment is among for sure
const LISTS = 3; // of video at the most

/** withBridge() of a bridge that transcodes. */
const withLadder = (settings, body) => withBridge({ ...LADDER, ...settings }, body, { lowLatency: true });

/** The numbers of the processes of this name. */
async function processes(name) {
  const numbers = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const names = await Promise.all(numbers.map((pid) => readFile(`/proc/${pid}/comm`, "utf8").catch(() => "")));
  return numbers.filter((_, i) => names[i].trim() === name).map(Number);
}

/** A process: { state, as "T" of one that is stopped, parent }. */
async function processOf(pid) {
  const [state, parent] = (await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "x) X 0")).split(") ")[1].split(" ");
  return { state, parent: Number(parent) };
}

/** The transcoder of a bridge, as its child or a child's child. */
async function transcoderOf(bridge) {
  for (const pid of await processes("hls-transcoder"))
    for (let up = pid; up > 1; up = (await processOf(up)).parent) if (up === bridge) return pid;
  return undefined;
}

/**
 * Does that to a bridge's transcoder, until `count` of the bridge's says so; if it has ended by itself meanwhile, to the next one.
 * Each time the process is looked for before the count is: one that was begun after it is spared.
 */
async function strike(bridge, port, signal, count) {
  const before = (await status(port)).transcoder[count];
  await until(`${signal} is noticed`, async () => {
    const pid = await transcoderOf(bridge);
    if ((await status(port)).transcoder[count] > before) return true;
    if (pid && !"TZ".includes((await processOf(pid)).state)) process.kill(pid, signal);
    return false;
  });
}

const status = async (port, stream = "shop") => (await bridgeStreams(port)).find(({ name }) => name === stream) ?? {};

/** Whether viewers see a rung as it is made. */
const isShown = ({ filled, width, pictures }) => filled === false && width > 0 && pictures > 0;

/** Waits until viewers see all rungs as they are made. Returns what the bridge says of the transcoder then. */
const rungsShown = (port) => until("all rungs are shown", async () => {
  const { transcoder } = await status(port);
  return transcoder?.runs && transcoder.rungs.every(isShown) && transcoder;
});

/**
 * Waits until each rung has a whole segment of its own behind what has filled it, and none that is a gap. A gap of a rung that
 * comes back at its publisher's end would be all that the multivariant playlist tells the codec of.
 */
async function untilWhole(port, hls) {
  const { rungs: before } = await rungsShown(port);
  await until("each rung has a whole segment", async () => {
    const { rungs } = (await status(port)).transcoder;
    const lists = await Promise.all(NAMES.map((name) => readFile(path.join(hls, "shop", `video-${name}.m3u8`), "utf8")));
    const own = lists.map((list) => list.slice(list.lastIndexOf("#EXT-X-MAP")));
    return rungs.every((rung, i) => isShown(rung) && rung.pictures > before[i].pictures + WHOLE) &&
      own.every((text) => text.includes("#EXTINF") && !text.includes("#EXT-X-GAP"));
  });
}

/** How many segments have no key frame at all. */
const keyless = ({ remarks }) => remarks.find(({ rule }) => rule.startsWith("a segment without an IDR picture"))?.count ?? 0;

/**
 * Nothing is wrong with the files of a stream; of a recording that comes late nobody makes key frames. A rung that the transcoder
 * has no time for is filled with what is sent if that `fills` it, as H.264 does; else its last picture stands for a segment, which
 * cannot be decoded alone then. One that has a key frame can, in any case; and what is `copied` is excused nothing for the rungs.
 */
async function assertFaultless(port, hls, stream = "shop", { fills = true, copied = false } = {}) {
  const { output } = await status(port, stream);
  const examine = async (list, ...options) => {
    const { stdout, stderr } = await run(INSTRUMENTS.doctor, ["--json", ...options, "--time", "0", path.join(hls, stream, list)]);
    assert.ok(stdout, stderr);
    return JSON.parse(stdout);
  };
  const report = await examine("master.m3u8", "--aligned");
  const excused = fills ? LISTS * output.forced_cuts : Math.max(LISTS * output.forced_cuts, keyless(report));
  assert.deepEqual(withoutForcedCuts(faultsOf(report), excused), [], stream);
  if (copied) assert.deepEqual(withoutForcedCuts(faultsOf(await examine("video.m3u8")), output.forced_cuts), [], `${stream}, copied`);
}

/** Waits until a list of a stream is as `check(text)` asserts: a rung may stand still, and be listed as what fills it. */
const untilListed = (hls, stream, list, check) => until(`${list} of ${stream} is as it should be`, async () => {
  check(await readFile(path.join(hls, stream, list), "utf8"));
  return true;
});

/** The lists of video that a multivariant playlist names. */
const listsIn = (text) => text.split("\n").filter((line) => /^(video|index)/.test(line));

const hasGone = (port, stream) => until("the publisher has gone", async () => (await status(port, stream)).state === "held");

/** Runs `body(url)` with the project's nginx in front of a bridge's folder. */
async function withNginx({ hls, llPort }, body) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-test-nginx-"));
  await chmod(folder, 0o755);
  await chmod(path.dirname(hls), 0o755);
  const [port, nobody] = await freePorts(2);
  const url = `http://127.0.0.1:${port}`;
  const pieces = path.join(import.meta.dirname, "../../nginx");
  const nginx = await startNginx({ pieces, folder, address: `127.0.0.1:${port}`,
    url: `${url}/live/streams.json`, hls, web: pieces, janusPort: nobody, ll: `127.0.0.1:${llPort}`, bridgePort: nobody });
  try {
    await body(url);
  } finally {
    await nginx.stop();
    await rm(folder, { recursive: true });
  }
}

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

// What viewers of each codec have beside the rungs: its pictures as they were sent, if any player takes them.
const SOURCES = { vp8: null, vp9: /CODECS="vp09\.00\.\d\d\.08,mp4a/, av1: /CODECS="av01\.0\.\d\dM\.08,mp4a/ };

// Of foreign publishers: what is wrong with what they send, though it is transcoded, and how that is listed.
const FOREIGN = {
  "deep-422": { problem: "format", copied: /CODECS="avc1\.7A/,
    encoder: encoders.x264("-pix_fmt", "yuv422p10le", "-bf", 2) },
  interlaced: { problem: "interlaced", copied: /CODECS="avc1\.64/, rate: 50, filter: "interlace",
    encoder: encoders.x264("-pix_fmt", "yuv420p", "-bf", 2, "-flags", "-global_header+ildct+ilme", "-x264-params", "tff=1") },
  h265: { copied: /CODECS="hvc1\.1\.6\.L60\.90/, codec: "h265",
    encoder: encoders.x265("bframes=3:b-adapt=0:open-gop=1", "-pix_fmt", "yuv420p") },
};

// each has a bridge of its own, and much of its time goes by
describe("a ladder that is made of one size", { concurrency: 2 }, () => {
  test("rungs are listed, cut like the copied one, and come back if the transcoder is killed or stands still", () =>
    withLadder({ "transcode.ladder": `${LADDER["transcode.ladder"]}, audio:32k` }, async ({ pid, port, hls, send }) => {
      const sender = send("shop");
      const first = await rungsShown(port);
      assert.deepEqual(first.rungs.map(({ name, height }) => [name, height]), [["150p", 150], ["90p", 90]]);
      await untilListed(hls, "shop", "master.m3u8", (master) => {
        assert.deepEqual(listsIn(master), ["video.m3u8", ...NAMES.map((name) => `video-${name}.m3u8`)]);
        const [, low] = /GROUP-ID="([^"]+)"[^\n]*URI="audio-low\.m3u8"/.exec(master) ?? assert.fail(master);
        assert.ok(master.split("\n").some((line) => line.includes("RESOLUTION=160x90") && line.includes(`AUDIO="${low}"`)), master);
      });

      // on a busy machine it may stand still without us, and a rung be filled since its pictures come late
      for (const [i, [signal, count]] of [["SIGKILL", "faults"], ["SIGSTOP", "stood_still"]].entries()) {
        await strike(pid, port, signal, count);
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
      await untilWhole(port, hls);
      await sender.stop();
      await hasGone(port, "shop");
      await assertFaultless(port, hls);
      await until("the transcoder has ended", async () => (await transcoderOf(pid)) === undefined);
    }));

  test("watched rungs are made while their lists are asked for, and cost no process else", () =>
    withLadder({ "transcode.when": "watched", "transcode.idle": 5 }, ({ pid, port, hls, llPort, send }) => withNginx({ hls, llPort }, async (url) => {
      const sender = send("shop");
      const rungs = async () => { // [150p, 90p], as NAMES
        const { transcoder } = await status(port);
        return NAMES.map((name) => transcoder.rungs.find((rung) => rung.name === name));
      };
      const text = async (file) => (await fetch(`${url}/live/shop/${file}`)).text();
      const ask = async (file, from = url) => {
        const response = await fetch(`${from}/live/shop/${file}`);
        await response.text();
        return response.status;
      };
      /** Asks for a list until a rung is made for who watches it. Returns what the bridge says of both rungs then. */
      const untilMade = (which, file, from) => until(`${NAMES[which]} is made`, async () => {
        if ((await ask(file, from)) !== 200) return false;
        const found = await rungs();
        return isShown(found[which]) && found;
      });
      // one that stood still is gone for a moment, too, while its rung is watched yet
      const stops = () => until("the transcoder has stopped", async () =>
        (await rungs()).every(({ filled, state }) => filled && state === "unwatched") && (await transcoderOf(pid)) === undefined);

      await until("the rungs are listed", async () => {
        const master = await text("master.m3u8"), classic = await text("ts.m3u8"), manifest = await text("manifest.mpd");
        assert.match(master, /BANDWIDTH=\d+,[^\n]*RESOLUTION=160x90[^\n]*\nvideo-90p\.m3u8\n/);
        // twice the rung's rate, as segments have a second, with a tenth for packets and the sound; not what the copied pictures take
        assert.match(classic, /BANDWIDTH=356000,[^\n]*RESOLUTION=160x90[^\n]*\nindex-90p\.m3u8\n/);
        assert.match(manifest, /bandwidth="160000"/);
        return (await rungs()).every(({ filled }) => filled === true);
      });
      assert.equal(await transcoderOf(pid), undefined, "nobody watches");
      const { transcoder } = await status(port);
      assert.deepEqual(transcoder.rungs.map(({ state }) => state), ["unwatched", "unwatched"]);
      assert.equal(transcoder.pictures.left_out, 0);

      assert.equal(await ask("video-90p.m3u8"), 200, "the list answers at once");
      const [larger, smaller] = await untilMade(1, "video-90p.m3u8");
      assert.deepEqual([smaller.state, smaller.height], ["made", 90]);
      assert.equal(larger.width, 0, "nobody asked for the larger one");
      await stops();

      // at low latency the bridge itself is asked, and of classic HLS nginx reads its files
      const [, unasked] = await untilMade(0, "video-150p.m3u8?_HLS_msn=0", `http://127.0.0.1:${llPort}`);
      assert.equal(unasked.width, 0, "nobody asks for the smaller one any more");
      await stops();
      const [{ pictures }] = await untilMade(0, "index-150p.m3u8");
      await until("a segment of it is whole", async () => (await ask("index-150p.m3u8")) === 200 && (await rungs())[0].pictures > pictures + WHOLE);
      const { faults, stood_still: stoodStill } = (await status(port)).transcoder;
      assert.equal(faults, stoodStill, "it has stood still at the most, as on a busy machine");
      measured(() => assert.equal(faults, 0));
      await sender.stop();
      await hasGone(port, "shop");
      await assertFaultless(port, hls);
    })));

  test("a stream may have a ladder of its own, by its name or by whoever announces it", () =>
    withLadder({ "transcode.ladders": "shop = 90p:80k; radio =" }, async ({ port }) => {
      const rungsOf = async (stream) => {
        const { source, transcoder } = (await bridgeStreams(port)).find(({ name }) => name === stream) ?? {};
        return source && (transcoder?.rungs.map(({ name }) => name) ?? []);
      };
      for (const [stream, ladder, rungs] of [["shop", undefined, ["90p"]], ["radio", undefined, []], ["other", undefined, NAMES],
        ["loud", "120p:100k", ["120p"]], ["quiet", "", []]]) {
        assert.equal((await announce(port, stream, ladder)).status, 201, stream);
        assert.deepEqual(await until(`${stream} is heard`, () => rungsOf(stream)), rungs, stream);
      }
      const refused = await announce(port, "wrong", "480p:900k, 720p:1M");
      assert.equal(refused.status, 400);
      assert.match((await refused.json()).detail, /^a=ladder: "720p:1M" in the ladder: the rung before it is no larger/);
      assert.equal((await announce(port, "wrong", "x".repeat(300))).status, 400);
    }));

  test("VP8, VP9 and AV1 are seen as H.264 everywhere, and as they were sent where they can be", () =>
    withLadder({ "hls.segment": 2 }, async ({ port, hls, sendFile }) => {
      const senders = Object.keys(SOURCES).map((codec) => sendFile(codec, recordingOf(codec)));
      for (const [codec, copied] of Object.entries(SOURCES)) {
        await untilListed(hls, codec, "ts.m3u8", (classic) => {
          assert.match(classic, /RESOLUTION=266x150.*\nindex\.m3u8\n[^]*RESOLUTION=160x90.*\nindex-90p\.m3u8\n/);
          assert.deepEqual(listsIn(classic), ["index.m3u8", "index-90p.m3u8"]);
        });
        await untilListed(hls, codec, "master.m3u8", (master) => {
          assert.match(master, /RESOLUTION=266x150[^]*RESOLUTION=160x90/);
          assert.equal(master.match(/CODECS="avc1\.[^"]*,mp4a/g)?.length, 2, master);
          assert.deepEqual(listsIn(master), copied ? ["video.m3u8", "video-150p.m3u8", "video-90p.m3u8"] : ["video.m3u8", "video-90p.m3u8"]);
          if (copied) assert.match(master, copied);
        });
        const { source, transcoder } = await status(port, codec);
        assert.deepEqual(transcoder.rungs.map(({ name, best }) => [name, best]), [["150p", copied ? undefined : true], ["90p", undefined]]);
        assert.equal(source.problem, undefined, "everybody sees it");
      }
      await Promise.all(senders.map((sender) => sender.stop()));
      for (const codec of Object.keys(SOURCES)) {
        await hasGone(port, codec);
        await assertFaultless(port, hls, codec, { fills: false, copied: Boolean(SOURCES[codec]) });
      }
    }));

  test("what no browser sends has rungs that all players have, beside what it is", async (t) => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-test-foreign-"));
    t.after(() => rm(folder, { recursive: true }));
    const files = {};
    for (const [name, { problem, copied, ...source }] of Object.entries(FOREIGN)) files[name] = await foreign(folder, name, source);
    await withLadder({ "transcode.ladder": "90p:80k", "hls.segment": 2 }, async ({ port, hls, sendFile }) => {
      // a round is three groups of pictures
      const senders = Object.entries(files).map(([name, file]) => sendFile(name, file, "--seconds", 600, "--round", 6));
      for (const [name, { problem, copied }] of Object.entries(FOREIGN)) {
        const rung = /CODECS="avc1\.[46][^"]*",RESOLUTION=160x90/;
        await untilListed(hls, name, "master.m3u8", (master) => {
          for (const line of [rung, copied]) assert.match(master, line);
          assert.deepEqual(listsIn(master), ["video.m3u8", "video-90p.m3u8"]);
        });
        await untilListed(hls, name, "ts.m3u8", (classic) => assert.match(classic, rung));
        assert.equal((await status(port, name)).source.problem, problem);
      }
      await Promise.all(senders.map((sender) => sender.stop()));
      for (const name of Object.keys(FOREIGN)) {
        await hasGone(port, name);
        const fills = FOREIGN[name].codec !== "h265";
        await assertFaultless(port, hls, name, { fills, copied: !fills });
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
      await assert.rejects(withLadder(settings, async () => assert.fail("it has started")), sentence);
  });
});
