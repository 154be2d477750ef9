// SPDX-License-Identifier: GPL-3.0-or-later

// Players and downloaders that nobody here wrote, as Debian and npm have them and with their own defaults, on the ladder of
// a recorded publisher of three sizes: docs/players.md has what else was seen.

import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";
import { beginReplay } from "./support/audience.mjs";
import { FEW_PROCESSES, withBrowser } from "./support/browser.mjs";
import { forcedCuts } from "./support/health.mjs";
import { LIVE, unless } from "./support/measured.mjs";
import { openPlayer, plays } from "./support/npm-player.mjs";
import { run } from "./support/programs.mjs";
import { subtest, until, withStack } from "./support/rig.mjs";
import { windsBack } from "./support/trick-play.mjs";
import { servePages } from "./support/viewer.mjs";

const RECORDING = new URL("../fixtures/rtp/simulcast.pcap", import.meta.url).pathname;
const HEIGHTS = [360, 180, 90];
const SIZES = HEIGHTS.map((height) => `${(height * 16) / 9}x${height}`);
const PICTURES = 90; // that each must have shown
const TRIES = LIVE ? 1 : 3, TIMED_OUT = 124; // the status of timeout(1)
const LONG_S = 240; // until what hangs is ended: a dozen players share the machine

// both on the ladder of classic HLS; those that do what their lists say have the low-latency one too
const CLASSIC = ["hls12", "mediaelement", "ovenplayer", "clappr", "xgplayer"];
const LOW_LATENCY = [["hls12", "mediaelement"], ["ovenplayer", "clappr"]];

/** Runs a program with a home of its own, ended by SIGINT after `seconds`. Resolves as run() does. */
function runFor(stack, seconds, command, ...args) {
  const home = stack.options.folder;
  return run("timeout", ["-s", "INT", "-k", "10", String(seconds), command, ...args],
    { env: { ...process.env, HOME: home, XDG_RUNTIME_DIR: home, XDG_CACHE_HOME: home } });
}

/** `check()` holds, unless the sender has stood still: then there are segments that it has sent no key frame for in time. */
const unlessForced = (stack, check) => unless(() => forcedCuts(stack, "shop"), check);

const playsInMpv = (stack, urls) => Promise.all(urls.map(async (url) => {
  const { status, stdout, stderr } = await runFor(stack, LONG_S, "mpv", "--no-config", "--vo=null", "--ao=null", "--msg-level=all=warn",
    `--frames=${PICTURES}`, url);
  assert.equal(status, 0, `mpv on ${url}: ${stdout}${stderr}`);
  // a connection that a server has closed meanwhile is opened again
  const said = (stdout + stderr).split("\n").filter((line) => !/keepalive request failed/.test(line));
  await unlessForced(stack, () => assert.doesNotMatch(said.join("\n"), /error|corrupt|conceal/i, url));
}));

/** GStreamer's hlsdemux2, which playbin3 has; one after the other, for the first one makes a list of all plugins. */
async function playsInGStreamer(stack, urls) {
  const sink = `fakesink sync=true num-buffers=${PICTURES}`;
  for (const url of urls) {
    let status, stdout, stderr;
    // it was seen to stand for ever when it had run dry and filled its buffer again: whoever watches opens it again
    for (let tries = 0; tries === 0 || (status === TIMED_OUT && tries < TRIES); tries++)
      ({ status, stdout, stderr } = await runFor(stack, LONG_S / TRIES, "gst-launch-1.0", "playbin3", `uri=${url}`,
        `video-sink=${sink}`, `audio-sink=${sink}`));
    assert.equal(status, 0, `GStreamer on ${url}: ${stdout}${stderr}`);
    assert.match(stdout, /^Got EOS/m, `${url}: both have shown all that they were to`);
  }
}

/** What libav finds in a file: one track of pictures of the best size and one of sound, some seconds long. */
async function assertWhole(file) {
  const { stdout, stderr } = await run("ffprobe", ["-v", "error", "-show_entries", "stream=codec_name,height,duration", "-of", "json", file]);
  const { streams } = JSON.parse(stdout);
  assert.deepEqual(streams.map(({ codec_name: codec, height }) => [codec, height]).sort(), [["aac", undefined], ["h264", HEIGHTS[0]]], stderr);
  for (const { codec_name: codec, duration } of streams) assert.ok(Number(duration) > 3, `${file}: ${duration} s of ${codec}`);
}

async function ytDlp(stack, urls) {
  await until("yt-dlp finds all sizes in each list", async () => { // a size that comes late shows another one's pictures meanwhile
    const { status, stdout, stderr } = await runFor(stack, LONG_S, "yt-dlp", "--no-config", "-J", ...urls);
    assert.equal(status, 0, stderr);
    const found = stdout.trim().split("\n").map((line) => JSON.parse(line).formats.flatMap(({ height }) => height ?? []));
    assert.equal(found.length, urls.length);
    return found.every((heights) => heights.sort((a, b) => b - a).join() === HEIGHTS.join());
  });
}

/** Of sound and pictures apart, as at low latency, ffmpeg makes one for it, which takes its time: there it tells what it finds alone. */
async function streamlink(stack, urls) {
  const file = path.join(stack.options.folder, "streamlink.ts");
  await Promise.all(urls.map((url) => until(`streamlink finds all sizes of ${url}`, async () => {
    const what = url === stack.sizes("shop") ? ["--force", "--hls-duration", "6", "-o", file, url, "best"] : [url];
    const { status, stdout, stderr } = await runFor(stack, LONG_S, "streamlink", ...what);
    assert.equal(status, 0, stdout + stderr);
    const names = /Available streams: (.*)/.exec(stdout)[1].split(/, | \(.*?\)/);
    return HEIGHTS.every((height) => names.includes(`${height}p`));
  })));
  await assertWhole(file);
}

test("players that others wrote, on the ladder", { concurrency: true }, async (t) => {
  const pages = await servePages();
  t.after(() => pages.close());
  // whoever winds back on a busy machine finds in the list what was there when it began, some minutes before
  await withStack({ bridgeSettings: { "hls.playlist": 60, "hls.thumbnail": 0, "ll.dash": false } }, async (stack) => {
    const lists = [stack.sizes("shop"), stack.master("shop")];
    const publisher = beginReplay(stack, "shop", { recording: RECORDING, options: ["--labels", "high,mid,low", "--round", "10"] });
    await until("all sizes are listed, each with three segments", async () => {
      const texts = await Promise.all(lists.map(async (url) => (await fetch(url)).text()));
      const last = await (await fetch(new URL("index-low.m3u8", lists[0]))).text();
      return texts.every((text) => SIZES.every((size) => text.includes(`=${size},`))) && last.split("#EXTINF").length > 3;
    });
    await Promise.all([playsInMpv, playsInGStreamer, ytDlp, streamlink].map((play) => subtest(t, stack, play.name, () => play(stack, lists))));
    await withBrowser({ shell: true, switches: FEW_PROCESSES }, async (context) => {
      for (const [url, players] of [[lists[0], CLASSIC], ...LOW_LATENCY.map((players) => [lists[1], players])])
        await subtest(t, stack, `${players.join(", ")} on ${path.basename(url)}`, async (u) => {
          const open = await Promise.all(players.map((player) => openPlayer(context, pages, player, url)));
          await Promise.all(open.map(async (page) => {
            // hls.js of years ago, which is in all of these, may stand for ever at low latency once it has run dry, as on a
            // busy machine: that it begins is enough there
            const { sizes } = await (LIVE || url === lists[0] ? plays(page, u) : plays(page, u, 0));
            assert.ok(sizes.length > 0 && sizes.every((size) => SIZES.includes(size)), `${page.player}: ${sizes}`);
          }));
          await Promise.all(open.map((page) => page.close()));
        });
      await subtest(t, stack, "hls.js winds back", (u) =>
        unlessForced(stack, () => windsBack(context, pages, lists[1], HEIGHTS, u)));
    });
    await publisher.stop();
  });
});
