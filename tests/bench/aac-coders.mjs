#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// The coders of libavcodec's AAC encoder, which the bridge has one of: what each costs, and how good it is,
// on speech and music as they come out of an Opus decoder. It wants what ./bootstrap --bench installs.

import { mkdtemp, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { quantile } from "../e2e/support/viewer.mjs";
import { inclusive, profile } from "./support/callgrind.mjs";
import { compare } from "./support/noise-to-mask.mjs";
import { ffmpeg, music, samplesOf, speech } from "./support/sounds.mjs";

const USAGE = `Usage: tests/bench/aac-coders.mjs [OPTIONS]
Prints for each coder of libavcodec's AAC encoder what a frame costs, and what becomes of speech and music.

  --coders LIST     of fast, twoloop, anmr (fast,twoloop,anmr)
  --bitrates LIST   kbit/s, of two channels (64,96,128)
`;
const OPUS_KBITS = 64; // as a browser sends it
const COUNTED_S = 3; // of the sound, in valgrind
const FRAME = 1024, RATE = 48000;

// anmr is called experimental, and wants to be asked for as such
const encoding = (file, coder, kbits) => ["-i", file, "-c:a", "aac", "-strict", "-2", "-aac_coder", coder, "-b:a", `${kbits}k`];

async function quality(folder, file, original, coder, kbits) {
  const coded = path.join(folder, "coded.m4a");
  await ffmpeg(...encoding(file, coder, kbits), coded);
  const channels = await samplesOf(coded);
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
    const original = await samplesOf(file);
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
