#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// The publisher's Opus beside the AAC: it has the segments of the AAC to a packet, no hole, and it fits the picture as well.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { runLoaded } from "./support/loaded.mjs";
import { assertInStep, assertSound, LOW_LATENCY, plain, replay, segmentsOf } from "./support/replays.mjs";

const PACKET_S = 0.02;
const LIST = "audio-opus.m3u8";

/** Each recording, the least flashes with a beep, and options of rtp-replay. */
const RECORDINGS = {
  simulcast: { pairs: 9 },
  reload: { pairs: 3 },
  dtx: { pairs: 5 },
  "loss-stays": { pairs: 8 },
  stall: { pairs: 5 },
  "testcard-320x180 without sound for a while": { pairs: 8, options: ["--pause-audio", "4:7", "--seconds", 20] },
};

const durations = (text) => [...text.matchAll(/^#EXTINF:([\d.]+)/gm)].map(([, seconds]) => Number(seconds));

/** What hls-doctor says of a viewer that takes Opus alone. */
async function asOpus(folder) {
  const master = (await readFile(path.join(folder, "master.m3u8"), "utf8")).split("\n");
  const aac = (line) => line.startsWith("#EXT-X-STREAM-INF") && line.includes("mp4a");
  const lines = master.filter((line, i) => !aac(line) && !(i > 0 && aac(master[i - 1])) && !line.includes('GROUP-ID="audio"'));
  const name = path.join(folder, "opus.m3u8");
  await writeFile(name, lines.join("\n"));
  const { stdout } = await runLoaded(plain.doctor, ["--json", "--aligned", "--time", "0", name]);
  return JSON.parse(stdout);
}

for (const [name, { pairs, options = [] }] of Object.entries(RECORDINGS))
  test(`${name}: Opus`, async (t) => {
    const made = await replay(t, name.split(" ")[0], [LOW_LATENCY, "--opus", ...options]);
    assertSound(made);
    const [master, aac, opus] = await Promise.all(["master.m3u8", "audio.m3u8", LIST].map(made.list));
    assert.match(master, /CODECS="avc1\.[^,]+,opus",[^\n]*AUDIO="audio-opus"\nvideo\.m3u8\n/);
    assert.ok(segmentsOf(opus).length >= 2 && !opus.includes("GAP"), opus);
    const [a, o] = [durations(aac), durations(opus)];
    assert.equal(o.length, a.length);
    o.forEach((seconds, i) => assert.ok(Math.abs(seconds - a[i]) < 2 * PACKET_S, `segment ${i}: ${seconds} s, ${a[i]} s of AAC`));
    assert.match(await made.list("manifest.mpd"), /codecs="opus"/);
    const report = await asOpus(made.folder);
    assert.deepEqual(report.faults, []);
    assertInStep({ report }, { pairs });
  });
