#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// How far behind the test card's clock hls.js plays, glass to glass, beside ffmpeg's HLS of the same
// packets at the same time. Viewers with hls.js's own defaults join again and again, at any phase of
// the segments. It wants a network namespace of its own and an otherwise idle machine:
//   tests/e2e/in-namespace tests/bench/latency.mjs

import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { Child, sleep } from "../../tools/stack/child.mjs";
import { publish, withBrowser } from "../e2e/support/browser.mjs";
import { until, withStack } from "../e2e/support/rig.mjs";
import { session } from "../e2e/support/session.mjs";
import { openViewer, quantile, servePages } from "../e2e/support/viewer.mjs";

const USAGE = `Usage: tests/e2e/in-namespace tests/bench/latency.mjs [--joins N]
Measures glass to glass in hls.js: hls-bridge and ffmpeg on the same packets. N viewers each (10).
`;
const WATCH_MS = 6000; // each viewer, once it plays

const { values } = parseArgs({
  options: { joins: { type: "string", default: "10" }, help: { type: "boolean", short: "h" } },
});
if (values.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}

/** ffmpeg as people run it in the bridge's place, into a folder that nginx serves as "ffmpeg". */
async function startFfmpeg(stack) {
  const folder = path.join(stack.hls, "ffmpeg");
  const sdp = path.join(stack.options.folder, "ffmpeg.sdp");
  await mkdir(folder, { recursive: true });
  await writeFile(sdp, session(5006, 5004));
  return new Child("ffmpeg", "ffmpeg", ["-nostdin", "-v", "error", "-protocol_whitelist", "file,rtp,udp", "-i", sdp,
    "-c:v", "copy", "-c:a", "aac", "-f", "hls", "-hls_time", "2", "-hls_list_size", "6",
    "-hls_flags", "delete_segments", "-hls_segment_filename", path.join(folder, "seg-1-%d.ts"),
    path.join(folder, "index.m3u8")], { logFile: path.join(stack.options.folder, "ffmpeg.log") });
}

/** The median latency of a viewer who joins now, in ms. */
async function join(context, pages, playlist) {
  const viewer = await openViewer(context, pages, playlist);
  await until("hls.js plays", async () => (await viewer.state()).playingAt !== null, 30000);
  await sleep(WATCH_MS);
  const { latencies } = await viewer.state();
  await viewer.close();
  return quantile(latencies, 0.5);
}

const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;

const pages = await servePages();
try {
  await withStack({ bodyMs: 3600000, janus: { general: '  forward = "127.0.0.1:5004"\n' } }, (stack) =>
    withBrowser({}, async (context) => {
      const ffmpeg = await startFfmpeg(stack);
      try {
        await publish(context, stack, "bridge");
        const names = ["bridge", "ffmpeg"];
        const found = { bridge: [], ffmpeg: [] };
        await until("ffmpeg has a playlist", async () => (await fetch(stack.playlist("ffmpeg"))).ok, 60000);
        await sleep(14000); // both lists are full
        for (let i = 0; i < Number(values.joins); i++) {
          await sleep((i * 730) % 2000);
          const pair = await Promise.all(names.map((name) => join(context, pages, stack.playlist(name))));
          names.forEach((name, k) => found[name].push(pair[k]));
          console.log(`viewer ${i + 1}: hls-bridge ${seconds(pair[0])}, ffmpeg ${seconds(pair[1])}`);
        }
        const median = (name) => quantile(found[name], 0.5);
        console.log(`hls-bridge: median ${seconds(median("bridge"))}, ${seconds(Math.min(...found.bridge))} to ${seconds(Math.max(...found.bridge))}`);
        console.log(`ffmpeg:     median ${seconds(median("ffmpeg"))}, ${seconds(Math.min(...found.ffmpeg))} to ${seconds(Math.max(...found.ffmpeg))}`);
        console.log(`ratio ${(median("bridge") / median("ffmpeg")).toFixed(2)}`);
      } finally {
        await ffmpeg.stop();
      }
    }));
} finally {
  await pages.close();
}
