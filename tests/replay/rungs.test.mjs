#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Renditions that are made of the best one's pictures and come later, as a transcoder's: they are cut like all others,
// to the tick and with the same dates; nobody waits for them; and one that does not come is filled.

import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { runLoaded } from "./support/loaded.mjs";
import { folderOf, LOW_LATENCY, plain, recording, replay } from "./support/replays.mjs";

const SECONDS = 14;
const RUNG = "video-480p.m3u8";
const WATCHED = ["--rungs-watched", "180"]; // as large as what is sent, so that it is listed as it is
const rung = (lagMs) => ["--rung", `480p:${lagMs}`];

/** What the clock of the machine decides. */
const masked = (text) => text.replaceAll(/-\d{10}-/g, "-EPOCH-");

/** Replays with `options`; a viewer who looks at it finds no fault. Returns { result, lists }: all lists by name. */
async function into(t, name, options, { looks = false } = {}) {
  const folder = await folderOf(t);
  const made = await runLoaded(plain.replay, ["--json", LOW_LATENCY, "--hls", folder, "--seconds", SECONDS, ...options, recording(name)].map(String));
  assert.equal(made.status, 0, made.stderr);
  const media = path.join(folder, "replay");
  if (looks) {
    const seen = await runLoaded(plain.doctor, ["--json", "--aligned", "--time", "0", path.join(media, "master.m3u8")]);
    assert.deepEqual(JSON.parse(seen.stdout).faults, []);
  }
  const lists = {};
  for (const file of await readdir(media)) if (/\.m3u8$/.test(file)) lists[file] = masked(await readFile(path.join(media, file), "utf8"));
  return { result: JSON.parse(made.stdout), lists, media };
}

const without = new Map();

/** The lists of a replay without renditions that come later, made once for all tests. */
async function listsWithout(t, name, options) {
  const key = [name, ...options].join(" ");
  if (!without.has(key)) without.set(key, (await into(t, name, options)).lists);
  return without.get(key);
}

/** What is the same in all renditions: where segments begin and end, and when that was. */
const cuts = (text) => text.split("\n").filter((line) => /^#EXT(INF|-X-MEDIA-SEQUENCE|-X-DISCONTINUITY|-X-TARGETDURATION|-X-PART-INF|-X-PROGRAM)/.test(line));

/** A list without what it says of others. */
const own = (text) => text.split("\n").filter((line) => !line.startsWith("#EXT-X-RENDITION-REPORT")).join("\n");

/** A list without its discontinuities. */
const whole = (text) => text.replaceAll(/^#EXT-X-DISCONTINUITY(-SEQUENCE:\d+)?\n/gm, "");

function assertCutLikeOthers(lists) {
  const text = lists[RUNG];
  assert.deepEqual(cuts(text), cuts(lists["video.m3u8"]));
  assert.ok(cuts(text).length > 10 && text.includes("#EXT-X-PART:") && !text.includes("GAP"), text);
  assert.ok(lists["master.m3u8"].includes(`\n${RUNG}\n`), lists["master.m3u8"]);
}

const CASES = [
  ["testcard-320x180", 0, []],
  ["testcard-320x180", 200, []],
  ["testcard-320x180", 900, []],
  ["simulcast", 250, ["--labels", "high,mid,low"]],
  ["loss-stays", 200, []],
  ["still", 200, []],
  ["resize", 200, []],
];

for (const [name, lag, options] of CASES)
  test(`${name}: a rendition that comes ${lag} ms later is cut like the others, which are as without it`, async (t) => {
    const before = await listsWithout(t, name, options);
    const { result, lists } = await into(t, name, [...options, ...rung(lag)], { looks: true });
    for (const file of Object.keys(before))
      if (!/^(master|ts|index)/.test(file)) assert.equal(own(lists[file]), own(before[file]), file);
    assertCutLikeOthers(lists);
    assert.equal(result.fillings, 0);
    assert.ok(result.longest_lag_s >= lag / 1000 - 0.1, `${result.longest_lag_s}`);
  });

/** Each: options of rtp-replay, how often the rendition begins to be filled, and the discontinuities that all lists have. */
for (const [name, { options, lag = 200, fillings, parts = 0 }] of Object.entries({
  "its maker is gone between two cuts": { options: ["--rungs-gone", "5:6"], fillings: 0 },
  "its maker is gone for long": { options: ["--rungs-gone", "5:10"], fillings: 1 },
  // when it comes nobody knows yet that its pictures need no other parameter sets
  "its maker comes late": { options: ["--rungs-gone", "0:6"], fillings: 1, parts: 1 },
  "its maker goes for ever": { options: ["--rungs-gone", "8:40"], fillings: 1 },
  "its maker stands still": { options: ["--rungs-stand", "5:9"], fillings: 1 },
  "it always comes too late": { options: [], lag: 3000, fillings: 1 },
  "it is watched late": { options: [...WATCHED, "--rungs-gone", "0:6"], fillings: 1, parts: 1 },
  "nobody watches it for a while": { options: [...WATCHED, "--rungs-gone", "5:10"], fillings: 1, parts: 1 },
  "it is watched no more": { options: [...WATCHED, "--rungs-gone", "8:40"], fillings: 1 },
}))
  test(`${name}: the rendition goes on, and nobody else is the worse for it`, async (t) => {
    const before = await listsWithout(t, "testcard-320x180", []);
    const { result, lists } = await into(t, "testcard-320x180", [...rung(lag), ...options], { looks: true });
    for (const file of ["video.m3u8", "audio.m3u8"]) {
      assert.equal(whole(own(lists[file])), own(before[file]), file);
      assert.equal(lists[file].match(/^#EXT-X-DISCONTINUITY$/gm)?.length ?? 0, parts, file);
    }
    assertCutLikeOthers(lists);
    assert.equal(result.fillings, fillings);
  });

/** All files, { name: bytes }, each name and list without what the clock of the machine decides. */
async function filesIn(media) {
  const clockless = (text) => masked(text).replaceAll(/PROGRAM-DATE-TIME:.*|(publishTime|start)="[^"]*"/g, "");
  const entries = (await readdir(media)).map(async (file) => {
    const bytes = await readFile(path.join(media, file));
    return [masked(file), /\.(m3u8|mpd)$/.test(file) ? clockless(bytes.toString()) : bytes.toString("latin1")];
  });
  return Object.fromEntries(await Promise.all(entries));
}

for (const name of ["testcard-320x180", "still", "resize", "loss-stays"])
  test(`${name}: a rendition that nobody watches has the best one's files, and all is as if it were filled with copies`, async (t) => {
    const options = [...rung(200), "--rungs-gone", `0:${SECONDS + 1}`];
    const filled = await into(t, name, options), { media } = await into(t, name, [...options, ...WATCHED]);
    const expected = await filesIn(filled.media), found = await filesIn(media);
    assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort());
    for (const file of Object.keys(expected)) assert.ok(found[file] === expected[file], file);
    const own = (await readdir(media)).filter((file) => /-480p-.*\.(m4s|ts)$/.test(file));
    assert.ok(own.length > 20, own.join());
    for (const file of own) {
      const inode = async (it) => (await stat(path.join(media, it))).ino;
      assert.equal(await inode(file), await inode(file.replace("-480p", "")), file);
    }
  });

for (const [lag, gone] of [[200, "1:40"], [900, "4.5:40"]])
  test(`nobody watches it any more from second ${gone.split(":")[0]} on, and classic HLS has the pictures at their times`, async (t) => {
    const options = [...rung(lag), "--rungs-gone", gone];
    const filled = await into(t, "testcard-320x180", options), { media } = await into(t, "testcard-320x180", [...options, ...WATCHED]);
    const expected = await filesIn(filled.media), found = await filesIn(media);
    const own = Object.keys(expected).filter((file) => /-480p-.*\.ts$/.test(file));
    assert.ok(own.length > 5, own.join());
    for (const file of own) assert.ok(found[file] === expected[file], file);
  });

/** What a segment is called that begins without a key frame, since none came in time. */
const STARVED = new Set(["a segment does not begin with an IDR picture", "decode errors in a segment alone"]);

test("a short segment of classic HLS has no pictures of the one before it, though these come later", async (t) => {
  const { result, folder } = await replay(t, "simulcast", ["--seconds", SECONDS, "--labels", "high,mid,low", ...rung(600)], { programs: plain });
  assert.ok(result.forced_cuts > 0, "no segment is short");
  const seen = await runLoaded(plain.doctor, ["--json", "--aligned", "--time", "0", path.join(folder, "ts.m3u8")]);
  assert.deepEqual(JSON.parse(seen.stdout).faults.filter(({ rule }) => !STARVED.has(rule)), []);
});
