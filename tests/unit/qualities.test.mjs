#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// The sizes that a viewer may choose among.

import assert from "node:assert/strict";
import test from "node:test";
import { mergeLevels, sameQuality, toQualities, withOneSound } from "../../web-publisher/js/qualities.js";

const level = (width, height, bitrate) => ({ width, height, bitrate });
const names = (levels) => toQualities(levels).map(({ index, name }) => `${index}:${name}`).join(" ");
const LADDER = [level(320, 180, 170e3), level(640, 360, 600e3), level(1280, 720, 2.1e6)]; // as hls.js has them

for (const [what, levels, expected] of [
  ["three sizes, the best first", LADDER, "2:720p 1:360p 0:180p"],
  ["a phone that is held upright", [level(180, 320, 1), level(720, 1280, 2)], "1:720p 0:180p"],
  ["one size is nothing to choose", [level(1280, 720, 1)], ""],
  ["sound alone is no size", [level(0, 0, 1), level(1280, 720, 2)], ""],
  ["nothing yet", [], ""],
  ["a rendition that shows another's pictures", [level(640, 360, 170e3), level(640, 360, 600e3), level(1280, 720, 2e6)],
    "2:720p 1:360p (600 kbit/s) 0:360p (170 kbit/s)"],
])
  test(`sizes: ${what}`, () => assert.equal(names(levels), expected));

for (const [what, name, expected] of [
  ["the same", "360p", "360p"],
  ["one that is gone: the next smaller", "540p", "360p"],
  ["smaller than all", "90p", "180p"],
  ["larger than all", "1080p", "720p"],
])
  test(`chosen before: ${what}`, () => assert.equal(sameQuality(toQualities(LADDER), name).name, expected));

test("chosen before, and now there is nothing to choose", () => assert.equal(sameQuality([], "360p"), null));

/** A level as hls.js makes it of a line of the multivariant playlist. */
const listed = (uri, height, bitrate, codecSet = "avc1,mp4a") => ({ uri, ...level((height * 16) / 9, height, bitrate), codecSet });
const BEST = "video.m3u8", MID = "video-mid.m3u8", LOW = "video-low.m3u8";
const whole = () => [listed(BEST, 720, 2.1e6), listed(MID, 360, 600e3), listed(LOW, 180, 170e3)];

for (const [what, before, now, expected] of [
  ["what is there already", [listed(BEST, 720, 2e6)], [listed(BEST, 720, 2.1e6)], null],
  ["two that come later", [listed(BEST, 720, 2.1e6)], whole(), `${LOW} 180, ${MID} 360, ${BEST} 720`],
  ["one that has its own pictures now, and those that had the same ones", [listed(BEST, 180, 170e3)], whole(),
    `${LOW} 180, ${MID} 360, ${BEST} 720`],
  ["those that have the pictures of one that is there", [listed(BEST, 180, 170e3)],
    [listed(BEST, 180, 170e3), listed(MID, 180, 170e3), listed(LOW, 180, 170e3)], null],
  ["those that have the pictures of one whose peak is higher by now", [listed(BEST, 180, 170e3)],
    [listed(BEST, 180, 200e3 + 2), listed(MID, 180, 200e3 + 1), listed(LOW, 180, 200e3)], null],
  ["the best is paused, and the lowest is new", [listed(MID, 360, 600e3), listed(BEST, 720, 2.1e6)],
    [listed(BEST, 360, 610e3), listed(MID, 360, 600e3), listed(LOW, 180, 170e3)], `${LOW} 180, ${MID} 360, ${BEST} 720`],
  ["one for another decoder", [listed(BEST, 720, 2.1e6)], [listed(BEST, 720, 2.1e6), listed(MID, 360, 400e3, "av01,mp4a")], null],
  ["a playlist that cannot be had", [listed(BEST, 720, 2.1e6)], [], null],
])
  test(`sizes that come late: ${what}`, () => {
    const merged = mergeLevels(before, now);
    assert.equal(merged && merged.map(({ uri, height }) => `${uri} ${height}`).join(), expected && expected.replaceAll(", ", ","));
    for (const one of merged ? before : []) assert.ok(merged.includes(one), `${one.uri} is what it was to hls.js`);
  });

/** The same with what is heard beside it. */
const heard = (audioCodec, ...levels) => levels.map((one) => ({ ...one, audioCodec, codecSet: `avc1,${audioCodec.slice(0, 4)}` }));

for (const [what, levels, expected] of [
  ["Opus beside the AAC", [...heard("mp4a.40.2", ...whole()), ...heard("opus", ...whole())], "mp4a.40.2 mp4a.40.2 mp4a.40.2"],
  ["Opus alone, as to a browser without AAC", heard("Opus", ...whole()), "Opus Opus Opus"],
  ["no sound", whole(), "  "],
  ["nothing yet", [], ""],
])
  test(`each size once: ${what}`, () => assert.equal(withOneSound(levels).map(({ audioCodec }) => audioCodec).join(" "), expected));

test("a size that is another one now is what is listed with the sound that is played", () => {
  const [was] = heard("opus", listed(BEST, 180, 170e3));
  const now = [...heard("mp4a.40.2", listed(BEST, 720, 2.2e6)), ...heard("opus", listed(BEST, 720, 2.1e6))];
  assert.deepEqual(mergeLevels([was], now), [was]);
  assert.deepEqual([was.height, was.bitrate], [720, 2.1e6]);
});
