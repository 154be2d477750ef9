// SPDX-License-Identifier: GPL-3.0-or-later

// Sounds as publishers have them, made each time: speech, music, and both. They want ffmpeg and espeak-ng.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { run } from "../../e2e/support/programs.mjs";

const RATE = 48000;
const TEXT = "Good evening, and welcome to the shop. This jacket is made of wool, it costs sixty euros today, " +
  "and we have it in small, medium and large. Thirty-six pieces are left. Shall I show you the other side?";

export async function ffmpeg(...args) {
  const { status, stderr } = await run("ffmpeg", ["-nostdin", "-v", "error", "-y", ...args]);
  if (status !== 0) throw new Error(`ffmpeg ${args.join(" ")}: ${stderr}`);
}

/** Someone who speaks, a little to the left, in a room that is not quite silent; into the WAV file `file`. */
export async function speech(folder, file) {
  const spoken = path.join(folder, "spoken.wav");
  const { status, stderr } = await run("espeak-ng", ["-v", "en-gb", "-s", "150", "-w", spoken, TEXT]);
  if (status !== 0) throw new Error(status === "ENOENT" ? "there is no espeak-ng: run ./bootstrap --tests" : stderr);
  await ffmpeg("-i", spoken, "-filter_complex",
    `[0:a]aresample=${RATE},pan=stereo|c0=0.9*c0|c1=0.7*c0[voice];` +
    `anoisesrc=r=${RATE}:a=0.002:c=pink:seed=1,aformat=channel_layouts=stereo[room];` +
    "[voice][room]amix=inputs=2:duration=first:normalize=0,aecho=0.9:0.8:23:0.2",
    "-ac", "2", "-c:a", "pcm_f32le", file);
}

/** Plucked chords left and right, a bass, a hi-hat; into the WAV file `file`. */
export async function music(folder, file) {
  const pluck = (hz, everyS, gain) => [1, 2, 3, 4, 5].map((n) =>
    `${gain / n}*sin(2*PI*${hz * n}*t)*exp(-mod(t\\,${everyS})*${2 + n})`).join("+");
  const bass = "0.2*sin(2*PI*(55+18.4*floor(mod(t\\,4)/2))*t)*exp(-mod(t\\,1)*2)";
  const hat = "0.06*(random(0)-0.5)*exp(-mod(t\\,0.25)*40)";
  const left = [pluck(220, 0.5, 0.12), pluck(277.2, 1, 0.08), bass, hat].join("+");
  const right = [pluck(329.6, 0.5, 0.12), pluck(440, 2, 0.08), bass, hat].join("+");
  await ffmpeg("-f", "lavfi", "-i", `aevalsrc='${left}|${right}':s=${RATE}:d=12`, "-c:a", "pcm_f32le", file);
}

/** The samples of a file, 48000 a second: a Float32Array for each channel. */
export async function samplesOf(file, channels = 2) {
  const raw = `${file}.f32`;
  await ffmpeg("-i", file, "-f", "f32le", "-ar", String(RATE), "-ac", String(channels), raw);
  const { buffer, byteOffset, length } = await readFile(raw);
  const all = new Float32Array(buffer, byteOffset, length / Float32Array.BYTES_PER_ELEMENT);
  return Array.from({ length: channels }, (none, channel) =>
    Float32Array.from({ length: all.length / channels }, (none, i) => all[channels * i + channel]));
}

/** What the microphone of a shop hears: someone who speaks, and music that is not as loud. One channel, 48000 a second. */
export async function shopSound() {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-sound-"));
  const [voice, tune, both] = ["voice.wav", "tune.wav", "both.wav"].map((name) => path.join(folder, name));
  try {
    await speech(folder, voice);
    await music(folder, tune);
    await ffmpeg("-i", voice, "-stream_loop", "-1", "-i", tune, "-filter_complex",
      "[0:a][1:a]amix=duration=first:weights=0.5 0.3:normalize=0", "-c:a", "pcm_f32le", both);
    return (await samplesOf(both, 1))[0];
  } finally {
    await rm(folder, { recursive: true });
  }
}
