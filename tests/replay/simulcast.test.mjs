#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Three sizes from one page (real Chromium): what becomes of the renditions when a size pauses, comes late or never,
// and when packets are lost. Every rendition goes on, and is cut at the same places.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { run } from "../e2e/support/programs.mjs";
import { runLoaded } from "./support/loaded.mjs";
import { folderOf, LOW_LATENCY, plain, recording, segmentsOf } from "./support/replays.mjs";

const LISTS = ["video.m3u8", "video-mid.m3u8", "video-low.m3u8"];
const PAIRS_MIN = 3; // of a flash and a beep, in what is listed at the end
const SKEW_MS = 15;
/** How often a size pauses, and how many seconds packets are lost: SOAK=1 has more of both. */
const [PAUSES, LOSSY_S] = process.env.SOAK ? [10, 60] : [3, 36];
const LABELS = ["--labels", "high,mid,low"];

/** Replays into `folder`, and looks at it as a viewer, if it `looks`. Returns { result, report, list(name) }. */
async function into(folder, options, { name = "simulcast", looks = true } = {}) {
  const made = await runLoaded(plain.replay, ["--json", LOW_LATENCY, "--hls", folder, ...options.map(String), recording(name)]);
  assert.equal(made.status, 0, made.stderr);
  assert.doesNotMatch(made.stderr, /non monotonically/, "libav leaves a picture out");
  const media = path.join(folder, "replay");
  const given = { result: JSON.parse(made.stdout), list: (file) => readFile(path.join(media, file), "utf8") };
  if (!looks) return given;
  const seen = await runLoaded(plain.doctor, ["--json", "--aligned", "--time", "0", path.join(media, "master.m3u8")]);
  assert.notEqual(seen.status, 2, seen.stderr);
  return { ...given, report: JSON.parse(seen.stdout) };
}

/** What must be the same in all renditions of pictures. */
const cuts = (text) => text.split("\n").filter((line) => /^#EXT(INF|-X-MEDIA-SEQUENCE|-X-DISCONTINUITY|-X-TARGETDURATION|-X-PART-INF)/.test(line));

/** All renditions are listed, none has ended, and they are cut alike, with no damaged picture; in each the sound fits. */
async function assertWhole({ report, list }, lists = LISTS) {
  assert.deepEqual(report.faults, []);
  const shown = report.renditions.filter(({ width }) => width > 0);
  assert.equal(shown.length, lists.length);
  for (const { uri, marks } of shown)
    assert.ok(marks.pairs >= PAIRS_MIN && Math.abs(marks.skew_median_ms) <= SKEW_MS, `${uri}: ${JSON.stringify(marks)}`);
  const best = await list(lists[0]);
  const master = await list("master.m3u8");
  for (const name of lists) {
    const text = await list(name);
    assert.deepEqual(cuts(text), cuts(best), `${name} is cut as ${lists[0]}`);
    assert.ok(segmentsOf(text).length >= 3 && !text.includes("GAP") && !text.includes("ENDLIST"), text);
    assert.ok(master.includes(`\n${name}\n`), `${name} is not in ${master}`);
  }
}

const pause = (track, from, to) => ["--pause-video", `${track}:${from}:${to}`];
const again = (track) => Array.from({ length: PAUSES }, (_, i) => pause(track, 8 + 8 * i, 11 + 8 * i)).flat();

const PAUSING = ["--seconds", 15 + 8 * PAUSES];

/** The smallest size has a sound of its own, with the segments of the other. */
async function assertLowSound({ list }) {
  const master = await list("master.m3u8");
  const [sound, low] = [await list("audio.m3u8"), await list("audio-low.m3u8")];
  assert.deepEqual(cuts(low), cuts(sound), "both sounds have the same segments");
  assert.ok(!low.includes("GAP") && !low.includes("ENDLIST"), low);
  assert.equal(master.split('AUDIO="audio-low"').length, 2, `the sound with fewer bits belongs to one variant: ${master}`);
  assert.match(master, /AUDIO="audio-low"\nvideo-low\.m3u8\n/);
}

const LOW_SOUND = ["--low-sound", 48000];

test("the smallest size has a sound of its own, also when its layer pauses and after a restart", async (t) => {
  const folder = await folderOf(t);
  for (const options of [["--seconds", 30, ...pause(3, 8, 12)], ["--seconds", 14]]) {
    const both = await into(folder, [...LABELS, ...LOW_SOUND, ...options]);
    await assertWhole(both);
    await assertLowSound(both);
    assert.equal(both.result.audio_breaks, 0);
  }
  await assertWhole(await into(folder, [...LABELS, "--seconds", 14])); // and without it
});

test("Apple's authoring rules are kept with a second sound, if IDR pictures come when they are due", async (t) => {
  // all 11 s of the recording would leave one out where they begin again, and a recording answers no request for one
  const folder = await folderOf(t);
  const { result, list } = await into(folder, [...LABELS, ...LOW_SOUND, "--seconds", 30, "--round", 10], { looks: false });
  assert.equal(result.forced_cuts, 0);
  assert.ok((await list("master.m3u8")).includes('AUDIO="audio-low"'));
  const { stdout } = await runLoaded(plain.doctor, ["--json", "--apple", "--time", "0", path.join(folder, "replay", "master.m3u8")]);
  assert.deepEqual(JSON.parse(stdout).faults, []);
});

// a recording answers no request for an IDR picture: so there is one each second
const ANSWERS = ["--seconds", LOSSY_S, "--round", 1];

/** Each: options of rtp-replay, and how often what feeds a rendition changes with a discontinuity, or may at the most. */
const CASES = {
  "all go on": { options: ["--seconds", 20], discontinuities: 0 },
  "without sender reports": { options: ["--seconds", 20, "--no-reports", "both"], discontinuities: 0 },
  "the best pauses again and again": { options: [...PAUSING, ...again(1)], discontinuities: 2 * PAUSES },
  "the middle one pauses again and again": { options: [...PAUSING, ...again(2)], discontinuities: 2 * PAUSES },
  "the smallest pauses again and again": { options: [...PAUSING, ...again(3)], discontinuities: 2 * PAUSES },
  "the best comes late": { options: ["--seconds", 24, ...pause(1, 0, 9)], discontinuities: 1 },
  "the best never comes": { options: ["--seconds", 18, ...pause(1, 0, 100)], discontinuities: 0 },
  "the smallest never comes": { options: ["--seconds", 18, ...pause(3, 0, 100)], discontinuities: 0 },
  "only the smallest is left": { options: ["--seconds", 30, ...pause(1, 9, 20), ...pause(2, 9, 20)] },
  "2 % of packets are lost": { options: ["--seconds", LOSSY_S, "--loss", 2, "--no-nack"] },
  "packets come up to 0.3 s late": { options: ["--seconds", LOSSY_S, "--jitter", 300] },
  "5 % of packets are lost": { options: ["--seconds", LOSSY_S, "--loss", 5, "--no-nack"] },
  "2 % are lost, and IDR pictures come soon": { options: [...ANSWERS, "--loss", 2, "--no-nack"], most: LOSSY_S / 6 },
  "5 % are lost, and IDR pictures come soon": { options: [...ANSWERS, "--loss", 5, "--no-nack"], most: LOSSY_S / 3 },
  "2 % are asked for, and not sent again": { options: [...ANSWERS, "--loss", 2], most: 0.3 * LOSSY_S },
  "all are lost for 0.15 s now and then": { options: [...ANSWERS, "--bursts", "5:150", "--no-nack"], most: 0 },
  "all are lost for 0.4 s now and then": { options: [...ANSWERS, "--bursts", "5:400"], most: 0 },
};

for (const [name, { options, discontinuities, most = Infinity }] of Object.entries(CASES))
  test(`three sizes: ${name}`, async (t) => {
    const both = await into(await folderOf(t), [...LABELS, ...options]);
    await assertWhole(both);
    assert.equal(both.result.audio_breaks, 0);
    if (options.includes("--loss")) assert.ok(both.result.damaged + both.result.undecodable > 0, "pictures were lost");
    assert.ok(both.result.discontinuities <= most, `${both.result.discontinuities} changes`);
    if (discontinuities !== undefined) assert.equal(both.result.discontinuities, discontinuities);
  });

let before; // the folder that each of these begins with

test.before(async (t) => {
  before = await folderOf(t);
  await into(before, [...LABELS, "--seconds", 14], { looks: false });
});

for (const [name, second] of Object.entries({
  "one size": ["--video-tracks", 1],
  "the same sizes": LABELS,
  "other labels": ["--labels", "a,b,c"],
}))
  test(`the bridge is started again, and a publisher sends ${name}: all renditions go on`, async (t) => {
    const folder = await folderOf(t), copied = await run("cp", ["-a", `${before}/.`, folder]); // node takes ten times as long
    assert.equal(copied.status, 0, copied.stderr);
    await assertWhole(await into(folder, [...second, "--seconds", 14]));
  });

/** The sizes of the pictures that ffmpeg decodes of a list, each once for each time that it comes; it takes one
 * initialisation segment alone. Returns { sizes, complaints }. */
async function decode(folder, text) {
  const place = path.join(folder, "replay", "whole.m3u8");
  const whole = text.split("\n").filter((line) => !/^#EXT-X-(PART|PRELOAD|RENDITION|SERVER)/.test(line));
  await writeFile(place, `${whole.join("\n")}#EXT-X-ENDLIST\n`);
  const made = await runLoaded("ffprobe", ["-v", "error", "-select_streams", "v", "-show_entries", "frame=width,height", "-of",
    "csv=p=0", place]);
  const sizes = made.stdout.split("\n").filter((line) => line).map((line) => line.replace(/,$/, ""));
  return { sizes: sizes.filter((size, i) => size !== sizes[i - 1]), complaints: made.stderr };
}

for (const [name, recorded, options, seen] of [
  ["the best layer pauses", "simulcast", [...LABELS, "--seconds", 16, ...pause(1, 7, 10)], ["640,360", "320,180", "640,360"]],
  ["a publisher changes its size", "resize", ["--seconds", 13], ["320,180", "160,90", "320,180"]],
])
  test(`${name}: ffmpeg, which keeps the old initialisation segment, decodes the new pictures`, async (t) => {
    const folder = await folderOf(t);
    const { list } = await into(folder, options, { name: recorded, looks: false });
    const { sizes, complaints } = await decode(folder, await list("video.m3u8"));
    assert.doesNotMatch(complaints, /error while|corrupt|out of range|invalid|no frame/i);
    assert.deepEqual(sizes, seen);
  });

/** The lengths of the segments from one EXT-X-DISCONTINUITY to the next. */
function between(text) {
  const stretches = text.split("#EXT-X-DISCONTINUITY\n").slice(1);
  assert.equal(stretches.length, 2, text);
  return [...stretches[0].matchAll(/^#EXTINF:([0-9.]+)/gm)].map(([, seconds]) => Number(seconds));
}

// of layers-pause.pcap: no picture of the upper layers, and segments are of two seconds and some
const PAUSED_S = 6.97, SEGMENT_S = 2.2;

test("a browser pauses two sizes and goes on: they are filled, and come back within two segments", async (t) => {
  const both = await into(await folderOf(t), [...LABELS, "--seconds", 15], { name: "layers-pause" });
  await assertWhole(both);
  const { result, list } = both;
  assert.deepEqual([result.damaged, result.forced_cuts, result.audio_breaks, result.discontinuities], [0, 0, 0, 2]);
  for (const name of LISTS) {
    const filled = between(await list(name)).reduce((sum, seconds) => sum + seconds, 0);
    assert.ok(filled > PAUSED_S - SEGMENT_S && filled < PAUSED_S + 2 * SEGMENT_S, `${name} is filled for ${filled} s`);
  }
});
