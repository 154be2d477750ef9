#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Holds that hls-bridge asks nobody but its Clock for the time, so that a replay or a test can say what time it is.
// Only base/clock.c asks the system. The system's Clock is named by parts.c, which hands it on, and by three files whose time
// is that of the process: the log's lines, the metrics of /proc, and how long hls-transcoder takes for a picture.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const BRIDGE = fileURLToPath(new URL("../../hls-bridge/", import.meta.url));
const ASKS = /\b(clock_gettime|gettimeofday|timespec_get|ftime|time|clock_us|clock)\s*\(/;
const SYSTEM = /\bclock_system\s*\(/;
const MAY_ASK = ["base/clock.c"];
const MAY_NAME_IT = ["base/clock.c", "base/clock.h", "base/bridge_log.c", "control/process_metrics.c", "parts.c", "transcode/hls_transcoder.c"];

const wrong = [];
let files = 0;

for (const file of readdirSync(BRIDGE, { recursive: true }).filter((name) => /\.[ch]$/.test(name))) {
  files++;
  const text = readFileSync(BRIDGE + file, "utf8").replace(/\/\*[^]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "));
  text.split("\n").forEach((line, at) => {
    if (ASKS.test(line) && !MAY_ASK.includes(file)) wrong.push(`hls-bridge/${file}:${at + 1} asks the system for the time: take a Clock`);
    if (SYSTEM.test(line) && !MAY_NAME_IT.includes(file)) wrong.push(`hls-bridge/${file}:${at + 1} takes the system's clock: it is to be given one`);
  });
}
if (files < 100) wrong.push(`only ${files} files were seen`);
wrong.forEach((line) => console.error(line));
process.exit(wrong.length ? 1 : 0);
