// SPDX-License-Identifier: GPL-3.0-or-later

// The recordings that benchmarks replay, from Chromium through Janus: 720p30 of about 2.5 Mbit/s with speech and music,
// and three sizes of one picture, the largest 1280x720.

import { access, mkdir, rename } from "node:fs/promises";
import path from "node:path";
import { run } from "../../e2e/support/programs.mjs";
import { SOURCE, built } from "../../../tools/stack/stack.mjs";

const SECONDS = 23;
const ONE_SIZE = { name: "720p30", options: ["--lifelike", "--bitrate", "3200000"] }; // of which the encoder makes 2.5 Mbit/s
const THREE_SIZES = { name: "720p-simulcast", options: ["--simulcast", "--bitrate", "2000000"] };

/** Options of rtp-replay: IDR pictures are two seconds apart, also from one round to the next. */
export const ROUND = ["--round", "20"];

async function recorded({ name, options }) {
  const folder = path.join(path.dirname(path.dirname(built().bridge)), "bench");
  const file = path.join(folder, `${name}.pcap`);
  if (await access(file).then(() => true, () => false)) return file;
  console.log(`Recording ${name} once …`);
  await mkdir(folder, { recursive: true });
  const { status, stderr } = await run(path.join(SOURCE, "tests/e2e/in-namespace"),
    [path.join(SOURCE, "tests/bench/record-rtp.mjs"), "--seconds", String(SECONDS), ...options, `${file}.new`],
    { env: { ...process.env, JANUS_HLS_NAMESPACE: "" } }); // one of its own, also from within another
  if (status !== 0) throw new Error(`it cannot be recorded: ${stderr}`);
  await rename(`${file}.new`, file);
  return file;
}

/** The recording of one size, which is made where it is not there yet; it stays with the build. */
export const recordingFile = () => recorded(ONE_SIZE);

/** The same of three sizes, each a track, the largest first. */
export const simulcastFile = () => recorded(THREE_SIZES);
