#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// How far behind the test card's clock hls.js plays, glass to glass: the classic playlist beside low
// latency, on the same stream at the same time. Viewers with hls.js's own defaults join again and
// again, at any phase of the segments. It wants a network namespace of its own and an otherwise idle
// machine:
//   tests/e2e/in-namespace tests/bench/latency.mjs

import { parseArgs } from "node:util";
import { sleep } from "../../tools/stack/child.mjs";
import { publish, withBrowser } from "../e2e/support/browser.mjs";
import { until, withStack } from "../e2e/support/rig.mjs";
import { openViewer, quantile, servePages } from "../e2e/support/viewer.mjs";

const USAGE = `Usage: tests/e2e/in-namespace tests/bench/latency.mjs [--joins N]
Measures glass to glass in hls.js, the classic playlist and low latency. N viewers each (10).
`;
const WATCH_MS = 6000; // each viewer, once it plays

const { values } = parseArgs({
  options: { joins: { type: "string", default: "10" }, help: { type: "boolean", short: "h" } },
});
if (values.help) {
  process.stdout.write(USAGE);
  process.exit(0);
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
  await withStack({ bodyMs: 3600000 }, (stack) =>
    withBrowser({}, async (context) => {
      await publish(context, stack, "shop");
      await sleep(16000); // the lists are full
      const kinds = { classic: stack.playlist("shop"), "low latency": stack.master("shop") };
      const found = { classic: [], "low latency": [] };
      for (let i = 0; i < Number(values.joins); i++) {
        await sleep((i * 730) % 2000);
        await Promise.all(Object.entries(kinds).map(async ([kind, url]) =>
          found[kind].push(await join(context, pages, url))));
        console.log(`viewer ${i + 1}: classic ${seconds(found.classic[i])}, low latency ${seconds(found["low latency"][i])}`);
      }
      for (const [kind, all] of Object.entries(found))
        console.log(`${kind}: median ${seconds(quantile(all, 0.5))}, ${seconds(Math.min(...all))} to ${seconds(Math.max(...all))}`);
      console.log(`ratio ${(quantile(found["low latency"], 0.5) / quantile(found.classic, 0.5)).toFixed(2)}`);
    }));
} finally {
  await pages.close();
}
