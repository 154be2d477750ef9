#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Records a publisher as the plugin sends it to the bridge: real Chromium, real Janus.
// It wants a network namespace of its own, and a build in build/ (or in $JANUS_HLS_BUILD).

import { rm } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { withBrowser } from "../e2e/support/browser.mjs";
import { run } from "../e2e/support/programs.mjs";
import { withStack } from "../e2e/support/rig.mjs";
import { SIMULCAST_SWITCHES } from "../e2e/support/simulcast.mjs";
import { built } from "../../tools/stack/stack.mjs";
import { BEHAVIOURS } from "./support/behaviours.mjs";
import { recordBehaviour, recordTestCard } from "./support/recorder.mjs";
import { PAYLOAD_TYPES, recordRoom, SIMULCAST_JANUS } from "./support/simulcast.mjs";

const USAGE = `Usage: tests/e2e/in-namespace tests/bench/record-rtp.mjs [OPTIONS] FILE.pcap
Records a publisher of the test card as the plugin sends it to the bridge, for rtp-replay.

  --seconds S      so long (15, or as the behaviour wants it)
  --size WxH       of the picture (1280x720)
  --fps N          pictures a second, of a test card that does nothing else (30)
  --bitrate BPS    the plugin's cap on the bitrate, bit/s (2500000)
  --lifelike       noise in the picture, which uses the bitrate, and speech and music in the sound
  --behaviour NAME what the publisher, or the network before it, does meanwhile:
${Object.entries(BEHAVIOURS).map(([name, { what }]) => `    ${name.padEnd(15)}${what}\n`).join("")}  --simulcast      three sizes of the picture from one page, each a track: SIZE, half of it and a quarter;
                   BPS is the largest one's
  --codec NAME     of the picture, in one size: ${Object.keys(PAYLOAD_TYPES).join(", ")}
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string" },
    size: { type: "string", default: "1280x720" },
    fps: { type: "string", default: "30" },
    bitrate: { type: "string", default: "2500000" },
    lifelike: { type: "boolean" },
    behaviour: { type: "string" },
    simulcast: { type: "boolean" },
    codec: { type: "string" },
    help: { type: "boolean", short: "h" },
  },
});
const [width, height] = values.size.split("x").map(Number);
const behaviour = BEHAVIOURS[values.behaviour];
if (values.help || positionals.length !== 1 || !height || (values.behaviour && !behaviour) ||
  (values.codec && !PAYLOAD_TYPES[values.codec])) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
const file = path.resolve(positionals[0]);
const seconds = Number(values.seconds ?? behaviour?.seconds ?? 15);
const bitrate = Number(values.bitrate);
const card = { file, width, height, seconds, bitrate, rate: Number(values.fps), lifelike: values.lifelike };

const record = (context, stack) => {
  if (values.codec) return recordRoom(context, stack, { ...card, codec: values.codec, layers: 1 });
  if (values.simulcast) return recordRoom(context, stack, card);
  return behaviour ? recordBehaviour(context, stack, behaviour, card) : recordTestCard(context, stack, card);
};
const janus = { general: `  bitrate = ${bitrate}\n`, ...((values.simulcast || values.codec) && SIMULCAST_JANUS) };
const browser = { switches: values.simulcast ? SIMULCAST_SWITCHES : behaviour?.switches };
await withStack({ janus }, (stack) => withBrowser(browser, (context) => record(context, stack)));
for (const left of [`${file}.log`, `${file}.raw`]) await rm(left, { force: true });
const { status, stdout, stderr } = await run(built().replay, ["--info", file]);
process.stdout.write(stdout + stderr);
process.exit(status === 0 ? 0 : 1);
