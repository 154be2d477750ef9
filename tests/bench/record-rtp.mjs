#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Records a publisher of the test card as the plugin sends it to the bridge: real Chromium, real Janus.
// It wants a network namespace of its own, and a build in build/ (or in $JANUS_HLS_BUILD).

import { rm } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { withBrowser } from "../e2e/support/browser.mjs";
import { run } from "../e2e/support/programs.mjs";
import { withStack } from "../e2e/support/rig.mjs";
import { built } from "../../tools/stack/stack.mjs";
import { recordTestCard } from "./support/recorder.mjs";

const USAGE = `Usage: tests/e2e/in-namespace tests/bench/record-rtp.mjs [OPTIONS] FILE.pcap
Records the test card as the plugin sends it to the bridge, for rtp-replay.

  --seconds S      so long (15)
  --size WxH       of the picture (1280x720)
  --bitrate BPS    the plugin's cap on the bitrate, bit/s (2500000)
  --lifelike       noise in the picture, which uses the bitrate, and speech and music in the sound
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "15" },
    size: { type: "string", default: "1280x720" },
    bitrate: { type: "string", default: "2500000" },
    lifelike: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  },
});
const [width, height] = values.size.split("x").map(Number);
if (values.help || positionals.length !== 1 || !height) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
const file = path.resolve(positionals[0]);

const janus = { general: `  bitrate = ${Number(values.bitrate)}\n` };
await withStack({ janus }, (stack) =>
  withBrowser({}, (context) =>
    recordTestCard(context, stack, { file, width, height, seconds: Number(values.seconds), lifelike: values.lifelike })));
await rm(`${file}.log`);
const { status, stdout, stderr } = await run(built().replay, ["--info", file]);
process.stdout.write(stdout + stderr);
process.exit(status);
