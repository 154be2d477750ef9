#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// What the bridge's own code executes for each RTP packet and each AAC frame, by module: the real path
// from packets to files, in valgrind's callgrind. Instructions can be counted again, and give the same
// whatever else the machine does; so they are held against the figures of last time. The kernel's are not
// among them. It wants what ./bootstrap --bench installs.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { built } from "../../tools/stack/stack.mjs";
import { byModule, profile } from "./support/callgrind.mjs";
import { TESTCARD } from "../e2e/support/testcard.mjs";

const USAGE = `Usage: tests/bench/instructions.mjs [OPTIONS]
Prints how many instructions hls-bridge's code executes for each RTP packet and each AAC frame, and holds
them against tests/bench/instructions.json. It uses the build in build/, or in $JANUS_HLS_BUILD.

  --record           write these figures down, for the next time
  --recording FILE   another recording, which is not compared (a test card of 320x180)

Status: 0 as last time, 1 not so, 2 it could not be counted.
`;
const LAST = fileURLToPath(new URL("instructions.json", import.meta.url));
const SHORT_S = 10, LONG_S = 30; // of media; what is told is of the difference, without start and end
const TOLERANCE = 0.03;
const TOLERANCE_OF_ALL = 0.0005; // a module of next to nothing may come and go by more
const SLIGHT = 0.00003; // of all: what is less is neither told nor compared
const SOUND = ["clock/audio_clock", "codec/opus_to_aac", "codec/aac_encoder", "codec/aac_pair"].map((name) => `hls-bridge/${name}.c`)
  .concat("libopus", "libavcodec"); // the work for AAC frames

/** Instructions by module, and what they were for, of so much media. */
async function count(recording, seconds, folder) {
  const { stdout, text } = await profile(built().replay,
    ["--json", "--hls", folder, "--stream", `s${seconds}`, "--low-latency", "--seconds", String(seconds), recording]);
  return { modules: byModule(text, built().replay), result: JSON.parse(stdout) };
}

/** { packets, frames, modules } of what lies between the two lengths. */
async function measure(recording) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-bench-"));
  try {
    const short = await count(recording, SHORT_S, folder), long = await count(recording, LONG_S, folder);
    const modules = Object.entries(long.modules)
      .map(([name, all]) => [name.replace(/\.so\.\d+.*/, ""), all - (short.modules[name] ?? 0)])
      .filter(([name, n]) => n > 0 && !/^(media|rtp-replay)\//.test(name) && !name.includes("???"))
      .sort(([, a], [, b]) => b - a);
    return {
      libraries: Object.keys(long.modules).map((name) => /^lib(?:avcodec|avformat|avutil|opus)\.so\..*/.exec(name)?.[0])
        .filter(Boolean).sort(),
      packets: long.result.packets - short.result.packets,
      frames: long.result.audio_frames - short.result.audio_frames,
      modules: Object.fromEntries(modules),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const sum = (numbers) => numbers.reduce((all, n) => all + n, 0);

/** Rows to tell and to compare: [what, instructions, of which unit]. */
function rows({ packets, frames, modules }) {
  const isSound = (name) => SOUND.includes(name);
  const all = Object.entries(modules);
  const part = (which) => all.filter(([name]) => which(name));
  const total = sum(all.map(([, n]) => n));
  const each = ([name, n]) => [`  ${name}`, isSound(name) ? n / frames : n / packets, n / total];
  const head = (what, list, unit) => [what, sum(list.map(([, n]) => n)) / unit, sum(list.map(([, n]) => n)) / total];
  const sound = part(isSound), rest = part((name) => !isSound(name));
  return [head("for each AAC frame", sound, frames), ...sound.map(each),
    head("for each RTP packet, all else", rest, packets), ...rest.map(each)].filter(([, , share]) => share >= SLIGHT);
}

/** Prints them; returns how many are not as they were in `last`. */
function print(now, last) {
  const before = last && new Map(rows(last).map(([what, n]) => [what, n]));
  const sameLibraries = last && last.libraries.join() === now.libraries.join();
  let other = 0;
  for (const [what, n, share] of rows(now)) {
    const was = before?.get(what) ?? 0, change = n / was - 1;
    const compared = before && (sameLibraries || what.includes(".c"));
    const slight = (Math.abs(n - was) / n) * share <= TOLERANCE_OF_ALL;
    const wrong = compared && !slight && !(Math.abs(change) <= TOLERANCE);
    other += wrong ? 1 : 0;
    console.log(`${what.padEnd(36)}${Math.round(n).toLocaleString("en").padStart(12)}` +
      `${(100 * share).toFixed(2).padStart(7)} %` +
      (before ? (was === 0 ? "   new" : `${(100 * change).toFixed(1).padStart(7)} %`) : "") + (wrong ? "  <--" : ""));
  }
  if (last && !sameLibraries) console.log(`other libraries than last time (${last.libraries.join(", ")}): theirs are not compared`);
  return other;
}

const { values } = parseArgs({
  options: {
    record: { type: "boolean" },
    recording: { type: "string" },
    help: { type: "boolean", short: "h" },
  },
});
if (values.help || (values.record && values.recording)) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
try {
  const now = await measure(values.recording ?? TESTCARD);
  const last = values.recording ? undefined : JSON.parse(await readFile(LAST, "utf8").catch(() => "null"));
  console.log(`${now.packets} packets, ${now.frames} AAC frames; ${now.libraries.join(", ")}`);
  const other = print(now, last);
  if (values.record) {
    await writeFile(LAST, `${JSON.stringify(now, null, 2)}\n`);
    console.log("written down");
  } else if (other > 0) {
    console.log(`${other} figures are off by more than ${100 * TOLERANCE} %: if that is meant, --record them`);
    process.exitCode = 1;
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}
