// SPDX-License-Identifier: GPL-3.0-or-later

// Recorded publishers (real Chromium) through the bridge's own code, as fast as the machine makes it: time is the
// recording's. What comes out is looked at as a viewer would.

import assert from "node:assert/strict";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { built, SOURCE } from "../../../tools/stack/stack.mjs";
import { run } from "../../e2e/support/programs.mjs";
import { PLACE, runLoaded } from "./loaded.mjs";

const FRAME_S = 1024 / 48000; // of AAC
const SOUND_OFF_S = 0.3; // what the sound may be shorter or longer than what was sent, at both ends together

export const LOW_LATENCY = "--low-latency";

/** A file of tests/fixtures/rtp. */
export const recording = (name) => fileURLToPath(new URL(`../../fixtures/rtp/${name}.pcap`, import.meta.url));

/** The programs without sanitizers, whose memory means something. */
export const plain = built(path.join(SOURCE, "build"));

/** A folder that goes with the test. */
export async function folderOf(t) {
  const folder = await mkdtemp(path.join(PLACE, "janus-hls-replay-"));
  t.after(async () => { // of hundreds of files; node takes ten times as long
    const { status, stderr } = await run("rm", ["-r", folder]);
    assert.equal(status, 0, stderr);
  });
  return folder;
}

/**
 * Replays a recording, by its name or the path of its file, with `options` of rtp-replay. Returns { result, report, list(name), folder }: its own
 * account, hls-doctor's, the text of a playlist, and where the files are.
 */
export async function replay(t, name, options = [], { programs = built() } = {}) {
  const folder = await folderOf(t);
  const made = await runLoaded(programs.replay, ["--json", "--hls", folder, ...options.map(String),
    path.isAbsolute(name) ? name : recording(name)]);
  assert.equal(made.status, 0, made.stderr);
  const media = path.join(folder, "replay");
  const entry = options.includes(LOW_LATENCY) ? "master.m3u8" : "index.m3u8";
  const seen = await runLoaded(plain.doctor, ["--json", "--aligned", "--time", "0", path.join(media, entry)]);
  assert.notEqual(seen.status, 2, seen.stderr);
  return { result: JSON.parse(made.stdout), report: JSON.parse(seen.stdout), folder: media,
    list: (file) => readFile(path.join(media, file), "utf8") };
}

/** What always holds: no rule is broken, and the sound has no gap, whatever was sent. */
export function assertSound({ result, report }) {
  for (const wrong of ["audio_breaks", "too_long", "backward_dates"]) assert.equal(result[wrong], 0, wrong);
  assert.deepEqual(report.faults, []);
  assert.ok(result.segments >= 2, `${result.segments} segments`);
  if (result.audio_frames === 0) return; // which who leaves it out asserts
  const seconds = result.audio_frames * FRAME_S;
  assert.ok(Math.abs(seconds - result.seconds) < SOUND_OFF_S, `${seconds} s of sound in ${result.seconds} s`);
}

/** The sound fits the picture, in `pairs` flashes with a beep at least. */
export function assertInStep({ report: { marks } }, { pairs, medianMs = 15, p95Ms = 40 }) {
  assert.ok(marks.pairs >= pairs, `only ${marks.pairs} flashes with a beep`);
  assert.ok(Math.abs(marks.skew_median_ms) <= medianMs, `skew ${JSON.stringify(marks)}`);
  assert.ok(marks.skew_p95_ms <= p95Ms, `skew ${JSON.stringify(marks)}`);
}

/** The segments of a media playlist: [{ uri, map, after }], `after` whether a discontinuity stands before it. */
export function segmentsOf(text) {
  const segments = [];
  let map, after = false;
  for (const line of text.split("\n")) {
    map = /^#EXT-X-MAP:URI="([^"]+)"/.exec(line)?.[1] ?? map;
    if (line === "#EXT-X-DISCONTINUITY") after = true;
    if (!line || line.startsWith("#")) continue;
    segments.push({ uri: line, map, after });
    after = false;
  }
  return segments;
}

/** The pictures of the segments that video.m3u8 lists: how many, and what a decoder complains of. */
export async function decode({ folder, list }) {
  const lines = (await list("video.m3u8")).split("\n");
  const files = [];
  for (const line of lines) {
    const map = /^#EXT-X-MAP:URI="([^"]+)"/.exec(line)?.[1];
    if (map || (line && !line.startsWith("#"))) files.push(map ?? line);
  }
  const whole = path.join(folder, "whole.mp4");
  await writeFile(whole, Buffer.concat(await Promise.all(files.map((file) => readFile(path.join(folder, file))))));
  const { stdout, stderr } = await runLoaded("ffprobe", ["-v", "error", "-count_frames", "-select_streams", "v",
    "-show_entries", "stream=codec_name,codec_tag_string,width,height,nb_read_frames", "-of", "json", whole]);
  const { codec_name: codec, codec_tag_string: entry, nb_read_frames, width, height } = JSON.parse(stdout).streams[0];
  return { codec, entry, frames: Number(nb_read_frames), size: `${width}x${height}`, complaints: stderr };
}
