// SPDX-License-Identifier: GPL-3.0-or-later

// The pages in two languages, and for people who see little or use no mouse: what axe-core finds, and the keyboard.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { LANGUAGES } from "../../web-publisher/js/strings.js";
import { beginReplay } from "./support/audience.mjs";
import { axeFindings } from "./support/axe.mjs";
import { openContext, openPage, untilLive } from "./support/browser.mjs";
import { until } from "./support/rig.mjs";
import { shareStack } from "./support/shared.mjs";
import { hidePicture } from "./support/viewer.mjs";

const CARD = "source=testcard&size=320x180&simulcast=0"; // what costs least

const shared = shareStack({ status: true }, { shell: true, denyCamera: true });
let begun = null; // a stream that is live

const withStream = (body) => shared(async (given) => {
  begun ??= beginReplay(given.stack, "shop");
  await body(given);
});

/** The texts of one language. */
const stringsOf = async (language) =>
  JSON.parse(await readFile(new URL(`../../web-publisher/strings/${language}.json`, import.meta.url), "utf8"));

const plays = (page) => until("it plays", () => page.isHidden("#waiting"));

test("a page is in the browser's language, and in the one that is chosen from then on", withStream(async ({ stack, browser }) => {
  const [english, spanish] = await Promise.all(["en", "es"].map(stringsOf));
  const context = await openContext(browser, { locale: "es-MX" });
  const says = (page, selector, text) => until(`${selector} says ${text}`, async () => (await page.textContent(selector)) === text);
  try {
    const page = await openPage(context, `${stack.url}/publish.html?stream=palabras&key=corta&${CARD}`);
    await says(page, "#go", spanish["common.go-live"]);
    assert.equal(await page.getAttribute("html", "lang"), "es");
    assert.equal(await page.title(), spanish["publish.head"]);
    await says(page, "#message", spanish["publish.this-is-it"]);
    await page.click("#go");
    await until("the plugin's error is told by its code", async () => (await page.textContent("#message")) === spanish["error.473"].replace("{number}", "8"));

    await page.selectOption(".language", "en"); // while something is said that has a value
    await until("it is said in the plugin's own words", async () => /^This stream key is too short: .*8 characters\.$/.test(await page.textContent("#message")));
    await says(page, "#go", english["common.go-live"]);
    assert.equal(await page.getAttribute("html", "lang"), "en");

    const start = await openPage(context, `${stack.url}/`);
    await says(start, "#live", english["common.live-now"]);
    assert.equal(await start.inputValue(".language"), "en", "it is remembered");
    assert.deepEqual([...page.errors, ...start.errors], []);
  } finally {
    await context.close();
  }
}));

test("who denies the camera goes on with the test card; viewers read a title, and have controls, and a frame the picture alone", withStream(async ({ stack, context }) => {
  const page = await openPage(context, `${stack.url}/publish.html?stream=titled&size=320x180&simulcast=0`);
  await page.click("#go");
  await until("it is explained", async () => /was not allowed to use/.test(await page.textContent("#message")));
  await page.click("text=Test card");
  await page.fill("#title", "  Sandalias & más ");
  await page.click("#go");
  await untilLive(page);
  await until("the light is on", async () => (await page.getAttribute("#health", "data-text"))?.startsWith("health."));
  await until("the sound is seen", async () => Number(await page.getAttribute("#sound", "aria-valuenow")) > 0);

  const watch = await openPage(context, `${stack.url}/watch.html?stream=titled&embed`);
  await plays(watch);
  await hidePicture(watch);
  await until("the title is there", async () => (await watch.textContent("#title")) === "Sandalias & más");
  assert.equal(await watch.textContent("#name"), "titled");
  assert.ok(await watch.isHidden(".under") && await watch.isHidden(".bar"));
  const { width, height } = watch.viewportSize();
  assert.deepEqual(await watch.locator(".screen").boundingBox(), { x: 0, y: 0, width, height });

  const video = () => watch.evaluate(() => {
    const { paused, muted, volume } = document.getElementById("player");
    return { paused, muted, volume };
  });
  await watch.focus("#play");
  await watch.keyboard.press("Enter");
  assert.equal((await video()).paused, true);
  await until("the button says so", async () => (await watch.getAttribute("#play", "aria-label")) === "Play");
  await watch.focus("#volume");
  await watch.keyboard.press("Home");
  await watch.keyboard.press("ArrowRight");
  assert.deepEqual(await video(), { paused: true, muted: false, volume: 0.05 });
  await watch.keyboard.press("Tab"); // on to what is next, so that a letter is a command
  await watch.evaluate(() => document.activeElement.blur());
  await watch.keyboard.press("m");
  assert.equal((await video()).muted, true);
  await watch.keyboard.press(" ");
  assert.equal((await video()).paused, false);
  assert.deepEqual([...page.errors, ...watch.errors], []);
}));

/** Each page in each of its states: how it comes to be so. */
const STATES = {
  "the start page": ["", (page) => page.waitForSelector(".card")],
  "the publish page": ["publish.html", (page) => page.click("summary >> nth=0")],
  "an error on the publish page": [`publish.html?stream=wrong&key=short&${CARD}`, async (page) => {
    await page.click("#go");
    await page.waitForSelector(".message.bad");
  }],
  "the watch page": ["watch.html?stream=shop&measure", plays],
  "a watch page that waits": ["watch.html?stream=nobody", (page) => page.waitForSelector("#waiting-text[data-text='watch.waiting']")],
  "the status page": ["status.html", (page) => page.waitForSelector(".stream[data-state=live]")],
  "an address that there is not": ["nothing", (page) => page.waitForSelector("h1")],
};

test("axe-core finds nothing serious on any page, in either scheme of colours; the languages take turns", withStream(async ({ stack, browser }) => {
  const found = [], languages = Object.keys(LANGUAGES);
  const contexts = await Promise.all(languages.map((locale) => openContext(browser, { locale })));
  for (const [i, [name, [address, show]]] of Object.entries(STATES).entries()) {
    const turn = i % languages.length;
    const page = await openPage(contexts[turn], `${stack.url}/${address}`);
    await until("it is in its language", async () => (await page.getAttribute("html", "lang")) === languages[turn]);
    await show(page);
    found.push(...(await axeFindings(page)).map((one) => `${name}: ${one}`));
    await page.close();
  }
  await Promise.all(contexts.map((context) => context.close()));
  assert.deepEqual(found, []);
}));
