#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Takes the pictures of README.md, of the real pages with real streams on them, as wide windows and as phones.
// Usage: tests/e2e/in-namespace node tests/screenshots.mjs
//        tests/e2e/in-namespace node tests/screenshots.mjs --all FOLDER [WORD]
// --all puts every page, in its states, sizes, colours and languages, into FOLDER, to be looked at; WORD: of those whose
// names have it

import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { openRoom } from "../tools/class/open-room.mjs";
import { LANGUAGES } from "../web-publisher/js/strings.js";
import { beginReplay } from "./e2e/support/audience.mjs";
import { openContext, openPage, publish, untilLive, withBrowser } from "./e2e/support/browser.mjs";
import { publishRecorded } from "./e2e/support/recorded.mjs";
import { sleep, until, withStack } from "./e2e/support/rig.mjs";
import { newSecret } from "../tools/stack/stack.mjs";

const TARGET = fileURLToPath(new URL("../docs/img", import.meta.url));
const HOST = "live.example.com";
const PORT = 8080;
const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const WARM_UP_MS = 20000; // until figures and graphs have something to show
const WITHIN_MS = 3600e3; // all of them
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
    publish: await openPage(context, `${SITE}/publish.html?stream=shop&source=testcard&auto=1&simulcast=1`),
    status: await publish(context, { url: SITE }, "workshop").then(() => openPage(context, `${SITE}/status.html`)),
    watch: await openPage(context, `${SITE}/watch.html?stream=shop`),
  };
  await untilLive(pages.publish);
  await until("the stream plays", () => pages.watch.isHidden("#waiting"), 30000);
  await pages.watch.evaluate(() => (document.getElementById("player").muted = false));
  await sleep(WARM_UP_MS);
  for (const [name, page] of Object.entries(pages)) {
    await take(page, `${name}-wide`, WIDE);
    await take(page, `${name}-phone`, PHONE);
  }
}

const SIZES = { 1920: { width: 1920, height: 1080 }, 1280: WIDE, 390: PHONE };
const COLOURS = ["light", "dark"];

const plays = (page) => until("it plays", () => page.isHidden("#waiting"));

/** What is to be seen: each opens a page, and waits until it shows what it is called. */
const STATES = {
  start: async (open) => {
    const page = await open("");
    await page.waitForSelector(".card img:not([hidden])");
    return page;
  },
  missing: (open) => open("nothing-here"),
  publish: (open) => open("publish.html"),
  "publish-denied": async (open) => {
    const page = await open("publish.html");
    await page.click("#go");
    await page.waitForSelector(".message.bad");
    return page;
  },
  "publish-live": async (open) => {
    const page = await open("publish.html?stream=studio&source=testcard&size=640x360&simulcast=1");
    await page.fill("#title", "Sandals & more");
    await page.click("#go");
    await untilLive(page);
    await sleep(5000);
    return page;
  },
  status: async (open) => {
    const page = await open("status.html");
    await sleep(8000);
    return page;
  },
  watch: async (open) => {
    const page = await open("watch.html?stream=shop");
    await plays(page);
    return page;
  },
  "watch-measure": async (open) => {
    const page = await open("watch.html?stream=shop&measure");
    await plays(page);
    await sleep(8000);
    return page;
  },
  "watch-waiting": async (open) => {
    const page = await open("watch.html?stream=nobody");
    await until("it waits", async () => (await page.getAttribute("#waiting-text", "data-text")) === "watch.waiting");
    return page;
  },
  "watch-embed": async (open) => {
    const page = await open("watch.html?stream=shop&embed");
    await plays(page);
    return page;
  },
  "watch-no-name": (open) => open("watch.html"),
};

/** What is to be seen of a class, in which "shop" and "studio" are live; `keys`: { pass, key }. */
const CLASS_STATES = ({ pass, key }) => {
  const openClass = async (open) => {
    const page = await open(`class.html#key=${key}`);
    await until("both play", () => page.evaluate(() => [...document.querySelectorAll("[id$=-behind]")].every((one) => /\d/.test(one.textContent))));
    return page;
  };
  const openWall = async (open, address) => {
    const page = await open(address);
    await page.waitForSelector(".seat img:not([hidden])");
    return page;
  };
  return {
    class: openClass,
    "class-box": async (open) => {
      const page = await openClass(open);
      await page.focus("[data-station=bridge]");
      await page.keyboard.press("Enter");
      return page;
    },
    "class-lesson": async (open) => {
      const page = await openClass(open);
      await page.click("[data-press=lose-5]");
      await until("it is over", async () => /good|bad/.test(await page.getAttribute("#lesson", "data-mood")));
      return page;
    },
    wall: (open) => openWall(open, `wall.html?pass=${pass}`),
    "wall-teacher": async (open) => {
      const page = await openWall(open, `wall.html#key=${key}`);
      page.on("dialog", (dialog) => dialog.accept());
      await page.waitForSelector("[data-stream=studio] .teaching");
      if (await page.isHidden("#spotlight")) await page.click("[data-stream=shop] .teaching button:nth-child(1)");
      await until("the spotlight plays", () => page.evaluate(() => document.getElementById("spotlight-player").currentTime > 0));
      await page.click("[data-stream=studio] .teaching button:nth-child(4)");
      await page.waitForSelector("#kept-out:not([hidden])");
      return page;
    },
    "publish-kept-out": async (open) => {
      const page = await open(`publish.html?pass=${pass}&stream=studio&source=testcard&size=320x180`);
      await page.click("#go");
      await page.waitForSelector(".message.bad");
      return page;
    },
    slides: (open) => open("slides.html"),
  };
};

/** Takes `states`, in all sizes, in one language and one scheme of colours. */
async function takeStates(states, context, folder, name, word) {
  for (const [state, show] of Object.entries(states)) {
    if (!`${state}-${name}`.includes(word)) continue;
    const page = await show((address) => openPage(context, `${SITE}/${address}`));
    for (const [width, size] of Object.entries(SIZES)) {
      await page.setViewportSize(size);
      await sleep(SETTLE_MS);
      await page.screenshot({ path: path.join(folder, `${state}-${name}-${width}.png`), fullPage: true });
    }
    page.errors.forEach((error) => console.log(`${state}-${name}: ${error}`));
    await page.close({ runBeforeUnload: false });
  }
}

/** The same in all languages and schemes of colours. */
async function takeEverything(states, folder, word = "") {
  await withBrowser({ denyCamera: true, switches: SWITCHES }, async (unused, browser) => {
    for (const language of Object.keys(LANGUAGES))
      for (const colorScheme of COLOURS) {
        const context = await openContext(browser, { locale: language, colorScheme, viewport: WIDE });
        await takeStates(states, context, folder, `${language}-${colorScheme}`, word);
        await context.close();
      }
  });
}

const all = process.argv.indexOf("--all");
const [folder, word] = all < 0 ? [TARGET] : process.argv.slice(all + 1);
await mkdir(folder, { recursive: true });
await withStack({ host: HOST, port: PORT, status: true, bodyMs: WITHIN_MS }, async (stack) => {
  if (all < 0) return withBrowser({ switches: SWITCHES, context: { colorScheme: "light", viewport: WIDE } }, takeAll);
  beginReplay(stack, "shop");
  return takeEverything(STATES, folder, word);
});
if (all >= 0) {
  const pass = newSecret();
  const prepare = async (stack) => {
    const room = await openRoom(stack, { seats: 30, pass });
    stack.guests.add({ end: async () => room.close() });
  };
  await withStack({ host: HOST, port: PORT, class: true, status: true, bodyMs: WITHIN_MS, prepare }, async (stack) => {
    await publishRecorded(stack, "shop");
    beginReplay(stack, "studio", { seconds: WITHIN_MS / 1000 });
    await takeEverything(CLASS_STATES({ pass, key: stack.classKey }), folder, word);
  });
}
