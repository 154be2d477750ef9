// SPDX-License-Identifier: GPL-3.0-or-later

// Programs that look at what was published: hls-doctor, ffprobe, Shaka Packager, tsinfo.

import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { built } from "../../../tools/stack/stack.mjs";

/** Runs a program to its end. Resolves to { status, stdout, stderr }; never throws. */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    execFile(command, args, { maxBuffer: 1 << 26, ...options }, (error, stdout, stderr) =>
      resolve({ status: error ? error.code ?? error.signal : 0, stdout, stderr }));
  });
}

/** What hls-doctor finds in `seconds` of a playlist. */
export async function doctor(playlist, seconds, { wait = 15 } = {}) {
  const { status, stdout, stderr } = await run(built().doctor, ["--json", "-t", seconds, "-w", wait, playlist]);
  if (status === 2) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** Packets of a segment by libav: [{ stream_index, codec_type, pts, dts, flags }], and its complaints. */
export async function ffprobe(file) {
  const { status, stdout, stderr } = await run("ffprobe",
    ["-v", "warning", "-print_format", "json", "-show_streams", "-show_packets", file]);
  return { status, complaints: stderr, ...JSON.parse(stdout || "{}") };
}

/** Shaka Packager's view of a segment: a demuxer that shares no code with libav. */
export async function shaka(file) {
  const require = createRequire(import.meta.url);
  const folder = path.join(path.dirname(require.resolve("shaka-packager/package.json")), "bin");
  const binary = path.join(folder, `packager-linux-${process.arch === "arm64" ? "arm64" : "x64"}`);
  return run(binary, [`input=${file}`, "--dump_stream_info"]);
}
