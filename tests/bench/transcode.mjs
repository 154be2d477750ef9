#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// What hls-transcoder takes of a machine and how good its pictures are, beside one ffmpeg command that makes the same ladder
// of the same pictures. Not a part of ./check: it wants an otherwise idle machine.

import { execFile } from "node:child_process";
import { access, mkdtemp, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";

const USAGE = `Usage: tests/bench/transcode.mjs [OPTIONS]
Runs hls-transcoder and ffmpeg (-preset veryfast -tune zerolatency) side by side on the same pictures, and prints what each
takes of the CPU, how like the source each rung is (SSIM, of the rung scaled up to the source), and by how much a rung's
pictures are later than the source's. It uses the build in build/, or in $JANUS_HLS_BUILD. Fails if the transcoder takes more
CPU than ffmpeg, or one of its rungs is less like the source than ffmpeg's.

  --source FILE    a file of H.264, VP8, VP9 or AV1 without B-frames, 30 pictures a second (a fractal with noise and a test
                   picture, 1280x720, is made)
  --codec ENCODER  encode that source with this encoder of libavcodec (libx264; libvpx, libvpx-vp9, libsvtav1)
  --ladder TEXT    as transcode.ladder has it, of rungs no larger than the source (720p:1500k, 480p:900k, 240p:250k)
  --seconds S      of the source that is made (10)
  --runs N         how many; the median is told (3)
  --threads N      ffmpeg's; 0: as it likes (0)
`;

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BUILD = process.env.JANUS_HLS_BUILD ?? path.join(ROOT, "build");
const LIMIT = { maxBuffer: 1 << 26 };
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** The options of ffmpeg for an encoder that a browser's stream might have come from. */
const CODECS = {
  libx264: ["-preset", "veryfast", "-tune", "zerolatency", "-sc_threshold", "0"],
  libvpx: ["-deadline", "realtime", "-cpu-used", "8"],
  "libvpx-vp9": ["-deadline", "realtime", "-cpu-used", "8", "-row-mt", "1"],
  libsvtav1: ["-preset", "12", "-svtav1-params", "pred-struct=1"],
};

async function makeSource(folder, codec, seconds) {
  const file = path.join(folder, codec === "libx264" ? "source.h264" : "source.mkv");
  await run("ffmpeg", ["-nostdin", "-v", "error",
    "-f", "lavfi", "-i", "mandelbrot=size=1280x720:rate=30:maxiter=600", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30",
    "-filter_complex", "[0]noise=alls=6:allf=t[a];[a][1]overlay=320:180,format=yuv420p", "-t", String(seconds),
    "-c:v", codec, ...CODECS[codec], "-g", "60", "-bf", "0", "-b:v", "3M", "-maxrate", "3M", "-bufsize", "3M", file], LIMIT);
  return file;
}

async function sizeOf(file) {
  const { stdout } = await run("ffprobe", ["-v", "error", "-select_streams", "v", "-show_entries", "stream=width,height", "-of", "csv=p=0", file]);
  const [width, height] = stdout.trim().split(",").map(Number);
  return { width, height };
}

/** Rungs of a ladder: { side, kbit }. */
const rungsOf = (ladder) => [...ladder.matchAll(/(\d+)p:([\d.]+)([kM])/g)]
  .map(([, side, rate, unit]) => ({ side: Number(side), kbit: Number(rate) * (unit === "M" ? 1000 : 1) }));

/** One ffmpeg command, each rung scaled from the source as people write it. Returns { cpuS }. */
async function runFfmpeg({ file, folder, rungs, sizes, threads }) {
  const names = rungs.map((rung, i) => `r${i}`);
  const graph = `[0:v]split=${rungs.length}${names.map((name) => `[${name}]`).join("")};` +
    names.map((name, i) => `[${name}]scale=${sizes[i].width}:${sizes[i].height}[o${i}]`).join(";");
  const outputs = rungs.flatMap(({ kbit }, i) => ["-map", `[o${i}]`, "-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency",
    "-bf", "0", "-g", "99999", "-sc_threshold", "0", "-force_key_frames", "source", "-b:v", `${kbit}k`, "-maxrate", `${kbit}k`,
    "-bufsize", `${kbit}k`, "-vsync", "passthrough", ...(threads ? ["-threads", String(threads)] : []), "-f", "h264", path.join(folder, `ffmpeg-${i}.h264`)]);
  const input = file.endsWith(".h264") ? ["-framerate", "30", "-i", file] : ["-i", file];
  const command = ["ffmpeg", "-nostdin", "-v", "error", "-y", ...(threads ? ["-threads", String(threads)] : []), ...input,
    "-filter_complex", graph, ...outputs];
  const { stderr } = await run("bash", ["-c", "TIMEFORMAT='cpu %U %S'; time \"$@\"", "bash", ...command], LIMIT);
  const [, user, system] = stderr.match(/cpu ([\d.]+) ([\d.]+)/);
  return { cpuS: Number(user) + Number(system) };
}

/** Ours. `how` is "fast" or "live". Returns what transcode-file prints. */
async function runOurs({ file, folder, ladder, how }) {
  const { stdout } = await run(path.join(BUILD, "tests/bench/transcode-file"),
    [path.join(BUILD, "hls-bridge/hls-transcoder"), file, ladder, folder, how], LIMIT);
  return JSON.parse(stdout);
}

/** How like the source a rung is, scaled up to its size as a player would: 0 to 1. */
async function ssim(file, rung, { width, height }) {
  const source = file.endsWith(".h264") ? ["-framerate", "30", "-i", file] : ["-i", file];
  const { stderr } = await run("ffmpeg", ["-nostdin", "-v", "info", "-framerate", "30", "-i", rung, ...source, "-lavfi",
    `[0]setpts=N/30/TB,scale=${width}:${height}:flags=bicubic,format=yuv420p[a];[1]setpts=N/30/TB,format=yuv420p[b];[a][b]ssim`, "-vsync", "passthrough", "-f", "null", "-"], LIMIT);
  const [, all] = stderr.match(/SSIM .*All:([\d.]+)/);
  return Number(all);
}

const { values } = parseArgs({
  options: {
    source: { type: "string" },
    codec: { type: "string", default: "libx264" },
    ladder: { type: "string", default: "720p:1500k, 480p:900k, 240p:250k" },
    seconds: { type: "string", default: "10" },
    runs: { type: "string", default: "3" },
    threads: { type: "string", default: "0" },
    help: { type: "boolean", short: "h" },
  },
});
const [seconds, runs, threads] = [values.seconds, values.runs, values.threads].map(Number);
if (values.help || !CODECS[values.codec] || !(seconds > 0 && runs > 0 && threads >= 0)) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
await access(path.join(BUILD, "tests/bench/transcode-file"));
const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-bench-"));
let failed = false;
try {
  const file = values.source ?? (await makeSource(folder, values.codec, seconds));
  const whole = await sizeOf(file), rungs = rungsOf(values.ladder);
  const live = await runOurs({ file, folder, ladder: values.ladder, how: "live" });
  const results = [];
  for (let i = 0; i < runs; i++) {
    const [ours, ffmpeg] = await Promise.all([
      runOurs({ file, folder, ladder: values.ladder, how: "fast" }),
      runFfmpeg({ file, folder, rungs, sizes: live.rungs, threads })]);
    results.push({ ours: ours.cpuS, ffmpeg: ffmpeg.cpuS, ratio: ours.cpuS / ffmpeg.cpuS, ours_: ours });
  }
  const { ours_: last } = results.at(-1);
  const ratio = median(results.map((result) => result.ratio));
  const shown = last.pictures / 30;
  console.log(`${last.pictures} pictures of ${whole.width}x${whole.height}, ${last.skipped} skipped, ${last.damaged} damaged`);
  console.log(`CPU for a second of them, side by side: hls-transcoder ${((100 * median(results.map(({ ours }) => ours))) / shown).toFixed(1)} % of a core, ` +
    `ffmpeg ${((100 * median(results.map(({ ffmpeg }) => ffmpeg))) / shown).toFixed(1)} %, ratio ${ratio.toFixed(3)} ` +
    `(${results.map((result) => result.ratio.toFixed(3)).join(", ")}); at most 1`);
  console.log(`memory ${(last.peakKb / 1024).toFixed(0)} MB`);
  failed = ratio > 1 || last.skipped > 0;
  for (const [i, rung] of last.rungs.entries()) {
    const theirs = path.join(folder, `ffmpeg-${i}.h264`);
    const [a, b] = await Promise.all([ssim(file, path.join(folder, `rung-${i}.h264`), whole), ssim(file, theirs, whole)]);
    const rate = (bytes) => `${((bytes * 8) / shown / 1000).toFixed(0)} kbit/s`;
    console.log(`${rung.width}x${rung.height}: SSIM ${a.toFixed(5)} at ${rate(rung.bytes)}, ffmpeg ${b.toFixed(5)} at ${rate((await stat(theirs)).size)}; ` +
      `later than the source by ${live.rungs[i].p50Ms} ms (median), ${live.rungs[i].p95Ms} ms (95 %)`);
    failed ||= a < b;
  }
  console.log(failed ? "not within its bounds" : "within its bounds");
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
