// SPDX-License-Identifier: GPL-3.0-or-later

// Programs that look at what was published: hls-doctor, ffprobe, Shaka Packager, tsinfo.

import { execFile, spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { built, SOURCE } from "../../../tools/stack/stack.mjs";

const WATCH_MAX_S = 280; // whoever begins to watch ends it; this is for those that could not

/**
 * Without sanitizers even if what is tested has them: they are none of that, and would take more of the machine. With sanitizers
 * run hls-doctor in conformance (low latency), recorded (classic HLS) and tests/replay/doctor (damaged media), most of its modules
 * in tests/unit, and rtp-replay in conformance and tests/replay.
 */
export const INSTRUMENTS = built(process.env.JANUS_HLS_SANITIZED ? path.join(SOURCE, "build") : undefined);

/** Runs a program to its end. Resolves to { status, stdout, stderr }; never throws. */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    execFile(command, args, { maxBuffer: 1 << 26, ...options }, (error, stdout, stderr) =>
      resolve({ status: error ? error.code ?? error.signal : 0, stdout, stderr }));
  });
}

/** What hls-doctor finds in `seconds` of a playlist; `options` as --aligned. */
export async function doctor(playlist, seconds, { wait = 15, options = [] } = {}) {
  const { status, stdout, stderr } = await run(INSTRUMENTS.doctor, ["--json", ...options, "-t", seconds, "-w", wait, playlist]);
  if (status === 2) throw new Error(stderr);
  return JSON.parse(stdout);
}

/**
 * hls-doctor (`program`) follows a playlist until end() is called, which resolves to its report. A test that fails before that
 * leaves nothing that runs on.
 */
export function watch(playlist, { program = INSTRUMENTS.doctor, wait = 15, seconds = WATCH_MAX_S, options = [] } = {}) {
  const child = spawn(program, ["--json", ...options, "-t", String(seconds), "-w", String(wait), playlist],
    { stdio: ["ignore", "pipe", "pipe"] });
  let out = "", wrong = "";
  child.stdout.on("data", (data) => (out += data));
  child.stderr.on("data", (data) => (wrong += data));
  const report = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => (status === 0 || status === 1 ? resolve(JSON.parse(out)) :
      reject(new Error(`hls-doctor of ${playlist}: ${wrong || `status ${status}`}`))));
  });
  report.catch(() => {}); // whoever asks for it is told
  const handles = [child, child.stdout, child.stderr];
  handles.forEach((handle) => handle.unref());
  process.once("exit", () => child.kill("SIGKILL"));
  return {
    end: () => {
      handles.forEach((handle) => handle.ref());
      child.kill("SIGINT");
      return report;
    },
  };
}

/** Packets of a segment by libav: [{ stream_index, codec_type, pts, dts, flags }], and its complaints. */
export async function ffprobe(file) {
  const { status, stdout, stderr } = await run("ffprobe",
    ["-v", "warning", "-print_format", "json", "-show_streams", "-show_packets", file]);
  return { status, complaints: stderr, ...JSON.parse(stdout || "{}") };
}

/**
 * `complaints` but for pauses: pictures that come after their part was cut begin the next one, close together, and to
 * libav what is behind them is a discontinuity. How late they come is the machine's.
 */
export const butPauses = (complaints) => complaints.replace(/^.*DTS discontinuity in stream \d: packet \d+ with DTS \d+, packet \d+ with.*\n/gm, "");

/** Shaka Packager, which shares no code with libav. */
export async function packager(...args) {
  const require = createRequire(import.meta.url);
  const folder = path.join(path.dirname(require.resolve("shaka-packager/package.json")), "bin");
  const binary = path.join(folder, `packager-linux-${process.arch === "arm64" ? "arm64" : "x64"}`);
  return run(binary, args);
}

/** Its view of a segment. */
export const shaka = (file) => packager(`input=${file}`, "--dump_stream_info");
