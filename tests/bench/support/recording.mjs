// SPDX-License-Identifier: GPL-3.0-or-later

// The recording that benchmarks replay: 720p30 of about 2.5 Mbit/s with speech and music, from Chromium
// through Janus.

import { access, mkdir, rename } from "node:fs/promises";
import path from "node:path";
import { run } from "../../e2e/support/programs.mjs";
import { SOURCE, built } from "../../../tools/stack/stack.mjs";

const RECORDING = { seconds: 23, bitrate: 3200000 }; // of which the encoder makes 2.5 Mbit/s

/** Options of rtp-replay: IDR pictures are two seconds apart, also from one round to the next. */
export const ROUND = ["--round", "20"];

/** The recording, which is made where it is not there yet; it stays with the build. */
export async function recordingFile() {
  const folder = path.join(path.dirname(path.dirname(built().bridge)), "bench");
  const file = path.join(folder, "720p30.pcap");
  if (await access(file).then(() => true, () => false)) return file;
  console.log("Recording 720p30 once …");
  await mkdir(folder, { recursive: true });
  const { status, stderr } = await run(path.join(SOURCE, "tests/e2e/in-namespace"),
    [path.join(SOURCE, "tests/bench/record-rtp.mjs"), "--lifelike", "--seconds", String(RECORDING.seconds),
      "--bitrate", String(RECORDING.bitrate), `${file}.new`],
    { env: { ...process.env, JANUS_HLS_NAMESPACE: "" } }); // one of its own, also from within another
  if (status !== 0) throw new Error(`it cannot be recorded: ${stderr}`);
  await rename(`${file}.new`, file);
  return file;
}
