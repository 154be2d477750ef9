#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Publishers of other codecs than H.264, as Chromium sends them: what goes into low-latency HLS untouched can be decoded to
// the last picture, whatever the network loses, and classic HLS has the sound.

import assert from "node:assert/strict";
import test from "node:test";
import { decode, LOW_LATENCY, replay } from "./support/replays.mjs";

const PUBLISHERS = {
  vp9: { entry: "vp09", codecs: /CODECS="vp09\.00\.20\.08,mp4a\.40\.2"/ },
  av1: { entry: "av01", codecs: /CODECS="av01\.0\.\d\dM\.08,mp4a\.40\.2"/ },
};

for (const [name, { entry, codecs }] of Object.entries(PUBLISHERS)) {
  test(`${name}: every picture goes into low-latency HLS`, async (t) => {
    const made = await replay(t, name, [LOW_LATENCY]);
    const { codec, frames, size, complaints, ...video } = await decode(made);
    assert.deepEqual([made.result.damaged, made.result.undecodable, made.result.forced_cuts], [0, 0, 0]);
    assert.deepEqual(made.report.faults, []);
    assert.deepEqual([codec, video.entry, size, complaints], [name, entry, "320x180", ""]);
    assert.equal(frames, made.result.pictures);
    assert.match(await made.list("master.m3u8"), codecs);
  });

  test(`${name}: what is lost is never seen, and the next key frame goes on`, async (t) => {
    const made = await replay(t, name, [LOW_LATENCY, "--loss", "3", "--no-nack", "--seconds", "8"]);
    const { frames, complaints } = await decode(made);
    assert.ok(made.result.damaged + made.result.undecodable > 10, "something was lost");
    assert.equal(complaints, "");
    assert.ok(frames > 20, `${frames} pictures`);
  });
}

/** Each: how a segment comes to begin without a key frame, which nobody can decode alone, and all can who have seen what was before. */
for (const [how, options] of Object.entries({
  "is the first that is listed": ["--seconds", 12],
  "begins with the last picture again": ["--seconds", 5.5, "--pause-video", "1:2.5:4.6"],
}))
  test(`av1: a segment without a key frame that ${how} is wrong alone, and not in sequence`, async (t) => {
    const { report } = await replay(t, "av1", [LOW_LATENCY, ...options]);
    assert.deepEqual(report.faults.map(({ rule }) => rule), ["decode errors in a segment alone"]);
  });

test("vp8: the sound goes out alone", async (t) => {
  const { result, list } = await replay(t, "vp8", [LOW_LATENCY]);
  assert.ok(result.segments >= 2);
  assert.match(await list("master.m3u8"), /CODECS="mp4a\.40\.2"/);
});
