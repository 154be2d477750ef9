#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Publishers that are no browsers (ffmpeg with libx264, libx265 and libvpx): whatever they send is played to the last
// picture with the sound in step, and listed as what it is.

import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";
import { shaka } from "../e2e/support/programs.mjs";
import { encoders, foreign } from "./support/foreign.mjs";
import { runLoaded } from "./support/loaded.mjs";
import { assertInStep, decode, folderOf, LOW_LATENCY, plain, replay } from "./support/replays.mjs";

const { x264, x265, vp9 } = encoders;
const SECONDS = 5;

/**
 * Each: what foreign() takes, and what is listed. `rate`: of pictures shown, unless all that are encoded; `pairs`: of
 * flashes and beeps that are seen; hls-doctor sees none in pictures of more than 8 bits.
 */
const SOURCES = {
  "H.264 with B-frames that refer to each other": {
    encoder: x264("-pix_fmt", "yuv420p", "-bf", 3, "-b_strategy", 0, "-x264-params", "b-pyramid=normal"), codecs: /^avc1\.6400..$/,
  },
  "H.264 with pixels that are not square, 50 a second": {
    encoder: x264("-pix_fmt", "yuv420p", "-bf", 2), rate: 50, size: "240x192", filter: "setsar=16/11", codecs: /^avc1\.6400..$/,
  },
  "H.264 with sides that are no multiples of 16": {
    encoder: x264("-pix_fmt", "yuv420p", "-bf", 0), size: "426x242", codecs: /^avc1\.6400..$/,
  },
  "H.264 in 4:2:2": { encoder: x264("-pix_fmt", "yuv422p", "-bf", 0), codecs: /^avc1\.7A00..$/ },
  "H.264 in 4:2:2 with 10 bits and B-frames": {
    encoder: x264("-pix_fmt", "yuv422p10le", "-bf", 2), codecs: /^avc1\.7A00..$/, pairs: 0,
  },
  "H.264 in 4:4:4 with odd sides": {
    encoder: x264("-pix_fmt", "yuv444p", "-bf", 0), size: "321x181", codecs: /^avc1\.F400..$/,
  },
  "H.264 in grey": { encoder: x264("-pix_fmt", "gray", "-bf", 0), codecs: /^avc1\.6400..$/ },
  "H.264, interlaced": {
    encoder: x264("-pix_fmt", "yuv420p", "-bf", 2, "-flags", "-global_header+ildct+ilme", "-x264-params", "tff=1"),
    rate: 50, filter: "interlace", shown: 25, codecs: /^avc1\.6400..$/,
  },
  "H.265": { codec: "h265", encoder: x265("bframes=0:open-gop=0", "-pix_fmt", "yuv420p"), codecs: /^hvc1\.1\.6\.L60\.90$/ },
  "H.265 with 10 bits and B-frames": {
    codec: "h265", encoder: x265("bframes=3:open-gop=0", "-pix_fmt", "yuv420p10le"), codecs: /^hvc1\.2\.4\.L60\.90$/, pairs: 0,
  },
  // pictures that refer to what is before a key frame are left out, one in each group
  "H.265 with B-frames and open groups, as x265 makes them by itself": {
    codec: "h265", seconds: 6, encoder: x265("bframes=3:b-adapt=0:open-gop=1", "-pix_fmt", "yuv420p"), codecs: /^hvc1\.1\.6\.L60\.90$/,
    shown: 24.5,
  },
  "VP9 with odd sides": { codec: "vp9", encoder: vp9("-pix_fmt", "yuv420p"), size: "427x241", codecs: /^vp09\.00\.2[01]\.08$/ },
  "VP9 in 4:4:4": { codec: "vp9", encoder: vp9("-pix_fmt", "yuv444p"), codecs: /^vp09\.01\.20\.08\.03\.02\.02\.02\.00$/ },
};

for (const [name, { codecs, pairs = SECONDS - 2, shown, ...source }] of Object.entries(SOURCES))
  test(`${name} is played to the last picture`, async (t) => {
    const made = await replay(t, await foreign(await folderOf(t), "foreign", { seconds: SECONDS, ...source }), [LOW_LATENCY]);
    const { result, report, list } = made;
    assert.deepEqual([result.damaged, result.undecodable, result.forced_cuts, result.discontinuities], [0, 0, 0, 0]);
    assert.deepEqual(report.faults, []);
    if (pairs > 0) assertInStep(made, { pairs });

    const { codec = "h264", size = "320x180", rate = 25 } = source;
    const [, ...listed] = /^#EXT-X-STREAM-INF:.*CODECS="([^,]*),mp4a\.40\.2",RESOLUTION=(\d+x\d+),FRAME-RATE=([\d.]+),/m.exec(await list("master.m3u8"));
    assert.match(listed[0], codecs);
    assert.equal(listed[1], size);
    assert.ok(Math.abs(Number(listed[2]) - (shown ?? rate)) < 0.1, `FRAME-RATE ${listed[2]}`);
    assert.doesNotMatch(await list("video.m3u8"), /GAP/);

    const seen = await decode(made);
    assert.equal(seen.complaints, "");
    assert.equal(seen.frames, result.pictures);
    assert.equal(seen.size, size);
    const packager = await shaka(path.join(made.folder, "whole.mp4"));
    assert.match(packager.stdout, new RegExp(`codec_string: ${listed[0]}[.\\d]*\\s[^]*width: ${size.replace("x", "\\s+height: ")}\\s`, "i"), packager.stderr);
    assert.equal(seen.entry, { h264: "avc1", h265: "hvc1", vp9: "vp09" }[codec]);
  });

/** H.264 that decoders may begin with only at its first picture: what is sent then tells of a refresh, and is no IDR picture. */
const ONE_KEY_FRAME = {
  "open groups": x264("-pix_fmt", "yuv420p", "-bf", 2, "-x264-params", "open-gop=1"),
  "intra refresh": x264("-pix_fmt", "yuv420p", "-bf", 0, "-x264-params", "intra-refresh=1"),
};
const NO_KEY_FRAME = /a segment does not begin with an IDR picture|decode errors in a segment alone|a segment without an IDR picture/;

for (const [how, encoder] of Object.entries(ONE_KEY_FRAME))
  test(`H.264 with ${how} is copied whole, and its segments are cut without a key frame`, async (t) => {
    const made = await replay(t, await foreign(await folderOf(t), "foreign", { seconds: SECONDS, encoder }), [LOW_LATENCY]);
    const { result, report, list } = made;
    assert.deepEqual([result.damaged, result.undecodable, result.discontinuities], [0, 0, 0]);
    assert.ok(result.forced_cuts > 0, "no segment is cut without a key frame");
    assert.deepEqual(report.faults.filter(({ rule }) => !NO_KEY_FRAME.test(rule)), []);
    assert.ok(report.remarks.some(({ rule }) => NO_KEY_FRAME.test(rule)), "hls-doctor says nothing of it");
    assert.doesNotMatch(await list("video.m3u8"), /GAP/);
    const seen = await decode(made); // from the first picture on
    assert.deepEqual([seen.complaints, seen.frames], ["", result.pictures]);
  });

test("rungs beside B-frames are cut as these are, made and filled", async (t) => {
  const source = SOURCES["H.264 with B-frames that refer to each other"];
  const file = await foreign(await folderOf(t), "foreign", { seconds: 8, ...source });
  const { result, report, folder } = await replay(t, file, [LOW_LATENCY, "--rung", "150p:200", "--rungs-gone", "3:6"]);
  assert.ok(result.fillings > 0, "the rung was filled");
  assert.deepEqual(report.faults, []);
  const classic = await runLoaded(plain.doctor, ["--json", "--aligned", "--time", "0", path.join(folder, "ts.m3u8")]);
  assert.deepEqual(JSON.parse(classic.stdout).faults, []);
});
