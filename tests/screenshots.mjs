#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Takes the pictures of README.md, of the real pages with real streams on them, as wide windows and as phones.
// Usage: tests/e2e/in-namespace node tests/screenshots.mjs

import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { openPage, publish, withBrowser } from "./e2e/support/browser.mjs";
import { sleep, until, withStack } from "./e2e/support/rig.mjs";

const TARGET = fileURLToPath(new URL("../docs/img", import.meta.url));
const HOST = "live.example.com";
const PORT = 8080;
const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const WARM_UP_MS = 20000; // until figures and graphs have something to show
const SETTLE_MS = 1500; // after the window has changed its size
const QUALITY = "70"; // of WebP
const SIZE_MAX = 200e3; // bytes of a picture

const SITE = `http://${HOST}:${PORT}`;
const SWITCHES = [`--host-resolver-rules=MAP ${HOST} 127.0.0.1`, `--unsafely-treat-insecure-origin-as-secure=${SITE}`];

/** Takes one picture of a page. */
async function take(page, name, size) {
  await page.bringToFront();
  await page.setViewportSize(size);
  await page.evaluate(() => scrollTo(0, 0));
  await sleep(SETTLE_MS);
  const png = await page.screenshot();
  const bytes = execFileSync("ffmpeg", ["-v", "error", "-f", "png_pipe", "-i", "-", "-c:v", "libwebp", "-quality", QUALITY,
    "-f", "webp", "-"], { input: png });
  if (bytes.length > SIZE_MAX) throw new Error(`${name} has ${bytes.length} bytes`);
  await writeFile(path.join(TARGET, `${name}.webp`), bytes);
  console.log(`${name}.webp  ${bytes.length} bytes`);
}

async function takeAll(context) {
  const pages = {
    publish: await publish(context, { url: SITE }, "shop", { size: "1280x720", simulcast: true }),
    status: await publish(context, { url: SITE }, "workshop").then(() => openPage(context, `${SITE}/status.html`)),
    watch: await openPage(context, `${SITE}/watch.html?stream=shop`),
  };
  await until("the stream plays", () => pages.watch.isHidden("#waiting"), 30000);
  await pages.watch.evaluate(() => (document.getElementById("player").muted = false));
  await sleep(WARM_UP_MS);
  for (const [name, page] of Object.entries(pages)) {
    await take(page, `${name}-wide`, WIDE);
    await take(page, `${name}-phone`, PHONE);
  }
}

await mkdir(TARGET, { recursive: true });
await withStack({ host: HOST, port: PORT, status: true }, () =>
  withBrowser({ switches: SWITCHES, context: { colorScheme: "light", viewport: WIDE } }, takeAll));
