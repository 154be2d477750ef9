#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// From choosing another size on the watch page to its first picture, at any phase of the segments. A recording publishes, so
// that no encoder takes of the machine. It wants a network namespace of its own:
//   tests/e2e/in-namespace tests/bench/switch.mjs

import os from "node:os";
import { parseArgs } from "node:util";
import { beginReplay } from "../e2e/support/audience.mjs";
import { openPage, withBrowser } from "../e2e/support/browser.mjs";
import { sleep, until, withStack } from "../e2e/support/rig.mjs";
import { hold, inSeconds } from "./support/bounds.mjs";
import { ROUND, simulcastFile } from "./support/recording.mjs";

const USAGE = `Usage: tests/e2e/in-namespace tests/bench/switch.mjs [--times N]
Measures from choosing another size to its first picture. N times (12).
`;
const SHOP = "shop", BOUND_MS = 1000;
const SETTLE_MS = 8000, APART_MS = 3000;

/** In the page: chooses an option of the menu. Resolves to the ms until its first picture, which has other lines than before. */
function choose(value) {
  const menu = document.getElementById("quality"), video = document.getElementById("player");
  const height = Number.parseInt(value, 10), from = performance.now();
  menu.value = value;
  menu.dispatchEvent(new Event("change"));
  return new Promise((resolve) => {
    const each = () => (video.videoHeight === height ? resolve(performance.now() - from) : video.requestVideoFrameCallback(each));
    video.requestVideoFrameCallback(each);
  });
}

const { values } = parseArgs({ options: { times: { type: "string", default: "12" }, help: { type: "boolean", short: "h" } } });
if (values.help || !(Number(values.times) >= 1)) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
const recording = await simulcastFile();
await withStack({ bodyMs: 3600000 }, (stack) =>
  withBrowser({}, async (context) => {
    beginReplay(stack, SHOP, { recording, seconds: 3600, options: ["--labels", "high,mid,low", ...ROUND] });
    await until("it can be watched", async () => (await fetch(stack.master(SHOP))).ok);
    await sleep(SETTLE_MS);
    const page = await openPage(context, `${stack.url}/watch.html?stream=${SHOP}`);
    const sizes = await until("there is a menu", () => page.evaluate(() => {
      const menu = document.getElementById("quality");
      return !menu.parentElement.hidden && [...menu.options].map(({ value }) => value).filter((value) => value !== "auto");
    }));
    await page.evaluate(choose, sizes[0]); // so that each that follows is another
    await sleep(SETTLE_MS);
    const found = [];
    for (let i = 0; i < Number(values.times); i++) {
      const size = sizes[(i + 1) % sizes.length];
      found.push(await page.evaluate(choose, size));
      console.log(`${i + 1}: ${size} after ${inSeconds(found[i])}; load ${os.loadavg()[0].toFixed(1)}`);
      await sleep(APART_MS + (i * 730) % 2000);
    }
    hold("from choosing another size to its first picture, at most", inSeconds(Math.max(...found)), inSeconds(BOUND_MS),
      Math.max(...found) < BOUND_MS);
  }));
