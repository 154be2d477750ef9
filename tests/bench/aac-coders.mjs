#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// The coders of libavcodec's AAC encoder, which the bridge has one of: what each costs, and how good it is,
// on speech and music as they come out of an Opus decoder. It wants what ./bootstrap --bench installs.

import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { run } from "../e2e/support/programs.mjs";
import { quantile } from "../e2e/support/viewer.mjs";
import { inclusive, profile } from "./support/callgrind.mjs";
import { compare } from "./support/noise-to-mask.mjs";

const USAGE = `Usage: tests/bench/aac-coders.mjs [OPTIONS]
Prints for each coder of libavcodec's AAC encoder what a frame costs, and what becomes of speech and music.

  --coders LIST     of fast, twoloop, anmr (fast,twoloop,anmr)
  --bitrates LIST   kbit/s, of two channels (64,96,128)
`;
const OPUS_KBITS = 64; // as a browser sends it
const COUNTED_S = 3; // of the sound, in valgrind
const FRAME = 1024, RATE = 48000;
const TEXT = "Good evening, and welcome to the shop. This jacket is made of wool, it costs sixty euros today, " +
  "and we have it in small, medium and large. Thirty-six pieces are left. Shall I show you the other side?";

async function ffmpeg(...args) {
  const { status, stderr } = await run("ffmpeg", ["-nostdin", "-v", "error", "-y", ...args]);
  if (status !== 0) throw new Error(`ffmpeg ${args.join(" ")}: ${stderr}`);
}

/** Someone who speaks, a little to the left, in a room that is not quite silent. */
async function speech(folder, file) {
  const spoken = path.join(folder, "spoken.wav");
  const { status, stderr } = await run("espeak-ng", ["-v", "en-gb", "-s", "150", "-w", spoken, TEXT]);
  if (status !== 0) throw new Error(status === "ENOENT" ? "there is no espeak-ng: run ./bootstrap --bench" : stderr);
  await ffmpeg("-i", spoken, "-filter_complex",
    "[0:a]aresample=48000,pan=stereo|c0=0.9*c0|c1=0.7*c0[voice];" +
    "anoisesrc=r=48000:a=0.002:c=pink:seed=1,aformat=channel_layouts=stereo[room];" +
    "[voice][room]amix=inputs=2:duration=first:normalize=0,aecho=0.9:0.8:23:0.2",
    "-ac", "2", "-c:a", "pcm_f32le", file);
}

/** Plucked chords left and right, a bass, a hi-hat. */
async function music(folder, file) {
  const pluck = (hz, everyS, gain) => [1, 2, 3, 4, 5].map((n) =>
    `${gain / n}*sin(2*PI*${hz * n}*t)*exp(-mod(t\\,${everyS})*${2 + n})`).join("+");
  const bass = "0.2*sin(2*PI*(55+18.4*floor(mod(t\\,4)/2))*t)*exp(-mod(t\\,1)*2)";
  const hat = "0.06*(random(0)-0.5)*exp(-mod(t\\,0.25)*40)";
  const left = [pluck(220, 0.5, 0.12), pluck(277.2, 1, 0.08), bass, hat].join("+");
  const right = [pluck(329.6, 0.5, 0.12), pluck(440, 2, 0.08), bass, hat].join("+");
  await ffmpeg("-f", "lavfi", "-i", `aevalsrc='${left}|${right}':s=${RATE}:d=12`, "-c:a", "pcm_f32le", file);
}

/** The channels of a file, as numbers. */
async function samples(folder, file) {
  const raw = path.join(folder, "samples.f32");
  await ffmpeg("-i", file, "-f", "f32le", "-ac", "2", raw);
  const bytes = await readFile(raw);
  const all = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  return [0, 1].map((channel) => Float32Array.from({ length: all.length / 2 }, (none, i) => all[2 * i + channel]));
}

// anmr is called experimental, and wants to be asked for as such
const encoding = (file, coder, kbits) => ["-i", file, "-c:a", "aac", "-strict", "-2", "-aac_coder", coder, "-b:a", `${kbits}k`];

async function quality(folder, file, original, coder, kbits) {
  const coded = path.join(folder, "coded.m4a");
  await ffmpeg(...encoding(file, coder, kbits), coded);
  const channels = await samples(folder, coded);
  const each = channels.map((channel, i) => compare(original[i], channel));
  const snr = each.flatMap((one) => one.snr), nmr = each.flatMap((one) => one.nmr);
  return {
    kbits: ((await stat(coded)).size * 8) / (original[0].length / RATE) / 1000,
    snr: snr.reduce((sum, db) => sum + db, 0) / snr.length,
    nmr: quantile(nmr, 0.5),
    audible: (100 * nmr.filter((db) => db > 0).length) / nmr.length,
  };
}

async function cost(folder, file, coder, kbits) {
  const { text } = await profile("ffmpeg", ["-nostdin", "-v", "error", "-y", "-t", String(COUNTED_S),
    ...encoding(file, coder, kbits), path.join(folder, "counted.m4a")]);
  return inclusive(text, "avcodec_send_frame") / ((COUNTED_S * RATE) / FRAME) / 1e6;
}

const { values } = parseArgs({
  options: {
    coders: { type: "string", default: "fast,twoloop,anmr" },
    bitrates: { type: "string", default: "64,96,128" },
    help: { type: "boolean", short: "h" },
  },
});
const coders = values.coders.split(","), bitrates = values.bitrates.split(",").map(Number);
if (values.help || !coders.every((coder) => ["fast", "twoloop", "anmr"].includes(coder)) || !bitrates.every((n) => n > 0)) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-bench-"));
try {
  const cells = (...texts) => console.log(texts.map((text, i) => (i < 2 ? text.padEnd(10) : text.padStart(11))).join(""));
  cells("", "coder", "kbit/s", "M instr.", "SNR, dB", "noise to", "audible");
  cells("", "", "(got)", "a frame", "segmental", "mask, dB", "bands, %");
  for (const make of [speech, music]) {
    const made = path.join(folder, "made.wav"), opus = path.join(folder, "sent.opus"), file = path.join(folder, "came.wav");
    await make(folder, made);
    await ffmpeg("-i", made, "-c:a", "libopus", "-b:a", `${OPUS_KBITS}k`, opus);
    await ffmpeg("-i", opus, "-c:a", "pcm_f32le", file);
    const original = await samples(folder, file);
    for (const kbits of bitrates)
      for (const coder of coders) {
        const { kbits: got, snr, nmr, audible } = await quality(folder, file, original, coder, kbits);
        cells(make.name, coder, `${kbits} (${got.toFixed(0)})`, (await cost(folder, file, coder, kbits)).toFixed(2),
          snr.toFixed(1), nmr.toFixed(1), audible.toFixed(1));
      }
  }
} finally {
  await rm(folder, { recursive: true });
}
