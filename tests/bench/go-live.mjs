#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// From "Go live" to the first picture on a watch page that was open before. It wants a network
// namespace of its own and an otherwise idle machine:
//   tests/e2e/in-namespace tests/bench/go-live.mjs

import { parseArgs } from "node:util";
import { sleep } from "../../tools/stack/child.mjs";
import { openPage, untilLive, withBrowser } from "../e2e/support/browser.mjs";
import { withStack } from "../e2e/support/rig.mjs";
import { quantile } from "../e2e/support/viewer.mjs";
import { hold, inSeconds } from "./support/bounds.mjs";

const USAGE = `Usage: tests/e2e/in-namespace tests/bench/go-live.mjs [--times N]
Measures from "Go live" to the first picture on a watch page that waits. N times (10).
`;

const BOUND_MS = 1500;

const { values } = parseArgs({
  options: { times: { type: "string", default: "10" }, help: { type: "boolean", short: "h" } },
});
if (values.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}

/** The wall clock's milliseconds when the page begins to play. */
const begins = (page) => page.evaluate(() => new Promise((resolve) =>
  document.getElementById("player").addEventListener("playing", () => resolve(Date.now()), { once: true })));

await withStack({ bodyMs: 3600000 }, (stack) =>
  withBrowser({}, async (context) => {
    const found = [];
    for (let i = 0; i < Number(values.times); i++) {
      const watcher = await openPage(context, `${stack.url}/watch.html?stream=shop-${i}`);
      const seller = await openPage(context, `${stack.url}/publish.html?stream=shop-${i}&source=testcard`);
      await seller.waitForSelector("#go:enabled");
      await sleep(3000 + (i * 137) % 500); // at any moment between two looks of the watch page
      const played = begins(watcher);
      const pressed = Date.now();
      await seller.click("#go");
      await untilLive(seller);
      const connected = Date.now() - pressed;
      found.push((await played) - pressed);
      console.log(`${i + 1}: live after ${connected} ms, watched after ${found[i]} ms`);
      await Promise.all([watcher.close(), seller.close()]);
      await sleep(500);
    }
    console.log(`median ${quantile(found, 0.5)} ms, ${Math.min(...found)} to ${Math.max(...found)} ms`);
    hold("from Go live to the first picture on a page that waits", `${inSeconds(quantile(found, 0.5))} (at most ${inSeconds(Math.max(...found))})`,
      inSeconds(BOUND_MS), quantile(found, 0.5) < BOUND_MS);
  }));
