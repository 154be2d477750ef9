// SPDX-License-Identifier: GPL-3.0-or-later

// A page that sends its picture in several sizes (simulcast), and viewers who choose among them.

import assert from "node:assert/strict";
import test from "node:test";
import { isDeepStrictEqual } from "node:util";
import { beginReplay } from "./support/audience.mjs";
import { dropPreview, openPage, publish, SMALL_SIZE, untilLive } from "./support/browser.mjs";
import { measured } from "./support/measured.mjs";
import { until } from "./support/rig.mjs";
import { shareStack } from "./support/shared.mjs";
import { hidePicture } from "./support/viewer.mjs";

const shared = shareStack({ bridgeSettings: { "audio.opus": true } }, { shell: true }); // a size is listed twice, and is one to viewers

/** The server is one that knows no layers: of an offer it reads what such a one does. Returns all offers. */
async function hideLayers(context) {
  const offers = [];
  await context.routeWebSocket(/\/janus$/, (page) => {
    const server = page.connectToServer();
    page.onMessage((text) => {
      const message = JSON.parse(text);
      if (message.jsep) {
        offers.push(message.jsep.sdp);
        message.jsep.sdp = message.jsep.sdp.replace(/a=(simulcast|rid):.*\r\n/g, "");
      }
      server.send(JSON.stringify(message));
    });
  });
  return offers;
}

/** What of an offer says how the picture is sent. */
const layersIn = (sdp) => ({
  layers: /\r\na=simulcast:send (\S+)/.exec(sdp)?.[1] ?? null,
  isNamed: /\r\na=ssrc:/.test(sdp.slice(sdp.indexOf("m=video"))), // by its SSRC, else Janus guesses which one it is
});

const THREE = "size=960x540"; // the least that is sent in three sizes

test("a server that knows no layers is offered one picture, by its SSRC", shared(async ({ stack, context }) => {
  const offers = await hideLayers(context);
  const page = await openPage(context, `${stack.url}/publish.html?stream=alone&source=testcard&auto=1&simulcast=1&${THREE}`);
  await untilLive(page);
  await dropPreview(page);
  // a page whose connection takes long begins again with the same offer
  const different = offers.map(layersIn).filter((offer, i, all) => i === 0 || !isDeepStrictEqual(offer, all[i - 1]));
  assert.deepEqual(different, [{ layers: "high;mid;low", isNamed: false }, { layers: null, isNamed: true }]);
  await until("viewers can open it", async () => /can open it now/.test(await page.textContent("#links-state")));
  assert.deepEqual(page.errors, []);
}));

/** The table of sizes that the publisher sees: [{ rid, size, state }]. */
const layersShown = (page) => page.evaluate(() => [...document.querySelectorAll("#layer-figures tbody tr")]
  .map((row) => ({ rid: row.dataset.rid, size: row.cells[0].textContent, state: row.cells[3].textContent })));

test("unless told otherwise, a page sends as many sizes as its machine can do", shared(async ({ stack, context }) => {
  const page = await openPage(context, `${stack.url}/publish.html?stream=default&source=testcard&auto=1&${THREE}`);
  await untilLive(page);
  await dropPreview(page);
  const cores = await page.evaluate(() => navigator.hardwareConcurrency);
  const expected = cores >= 4 ? ["high", "mid", "low"] : cores >= 2 ? ["high", "low"] : [];
  await until("they are shown", async () => (await layersShown(page)).map(({ rid }) => rid).join() === expected.join());
  await until("viewers can open it", async () => /can open it now/.test(await page.textContent("#links-state")));
  assert.equal(await page.isChecked("#layers"), true);
}));

test("a publisher sees the sizes that it sends", shared(async ({ stack, context }) => {
  const page = await openPage(context, `${stack.url}/publish.html?stream=sizes&source=testcard&size=640x360&auto=1&simulcast=1`);
  await untilLive(page);
  await dropPreview(page);
  await until("both are sent", async () => (await layersShown(page)).every(({ state }) => state.startsWith("Sending")) &&
    (await layersShown(page)).map(({ rid, size }) => `${rid} ${size}`).join() === "high 640 × 360,low 320 × 180");
  assert.deepEqual(page.errors, []);
}));

const RECORDING = new URL("../fixtures/rtp/simulcast.pcap", import.meta.url).pathname; // in 640x360, 320x180 and 160x90
const LATE_S = 5; // that the upper two come later, as a browser's do until it knows how much it can send

/** Notes in the watch page how often it opens the stream. */
const countOpenings = (watch) => watch.evaluate(() => {
  window.openings = 0;
  document.getElementById("player").addEventListener("emptied", () => window.openings++);
});

/** What the watch page shows of itself. */
const shownBy = (watch) => watch.evaluate(() => {
  const menu = document.getElementById("quality"), { currentTime: time } = document.getElementById("player");
  const options = menu.parentElement.hidden ? null : [...menu.options].map(({ value }) => value).join();
  return { size: document.getElementById("figure-size").textContent, options, chosen: menu.value, time, openings: window.openings };
});

const ALL = "auto,360p,180p,90p";
const CHOICES = [[["End"], "90p", "160 × 90"], [["Home", "ArrowDown"], "360p", "640 × 360"], [["End", "ArrowUp"], "180p", "320 × 180"]];

/**
 * Waits until `probe(what the page shows)` is true, and returns that. A page that does not keep up gives low latency up, and
 * the classic playlist has one size: whoever wants others then loads it again, and does it by `again()`.
 */
const untilShown = (watch, what, probe, again = () => {}) => until(what, async () => {
  const shown = await shownBy(watch);
  if (probe(shown)) return shown;
  if (watch.isClassic) {
    watch.isClassic = false;
    await watch.reload();
    await countOpenings(watch);
    await until("the menu is there again", async () => watch.isClassic || (await shownBy(watch)).options === ALL);
    await again();
  }
  throw new Error(`it shows ${JSON.stringify(shown)}`);
});

test("a viewer who comes before the larger sizes has a menu once they come, and chooses by keyboard", shared(async ({ stack, context }) => {
  const watch = await openPage(context, `${stack.url}/watch.html?stream=late`);
  await hidePicture(watch);
  await countOpenings(watch);
  watch.on("request", (request) => (watch.isClassic ||= request.url().endsWith(".ts")));
  const late = [1, 2].flatMap((track) => ["--pause-video", `${track}:0:${LATE_S}`]);
  const publisher = beginReplay(stack, "late", { recording: RECORDING, options: ["--labels", "high,mid,low", "--round", "10", ...late] });
  const first = await untilShown(watch, "it plays", ({ size }) => size !== "–");
  // on a machine that is too busy the others may be there by now, or it may fall so far behind that it opens the stream again
  measured(() => assert.deepEqual([first.size, first.options], ["160 × 90", null]));
  const all = await untilShown(watch, "there is a menu of all", ({ options }) => options === ALL);
  measured(() => assert.equal(all.openings, first.openings, "it was not opened again"));

  const press = (keys) => async () => {
    await watch.focus("#quality");
    for (const key of keys) await watch.keyboard.press(key);
  };
  for (const [keys, name, size] of CHOICES) {
    const before = await shownBy(watch);
    await press(keys)();
    const after = await untilShown(watch, `it shows ${name}`, ({ chosen, size: shown }) => chosen === name && shown === size, press(keys));
    if (after.openings === before.openings) assert.ok(after.time >= before.time, "nothing is shown again");
  }
  const { openings } = await shownBy(watch);
  measured(() => assert.equal(openings, all.openings, "it was not opened again"));
  await press(["Home"])();
  assert.equal((await shownBy(watch)).chosen, "auto");
  assert.deepEqual(watch.errors, []);
  await publisher.stop();
}));

test("one size is nothing to choose", shared(async ({ stack, context }) => {
  const page = await publish(context, stack, "alone-by-wish", { size: SMALL_SIZE });
  await until("the publisher sees what it sends", async () => (await page.textContent("#figure-size")) !== "–");
  assert.ok(await page.isHidden("#layer-figures"));
  await page.close();
  const publisher = beginReplay(stack, "one");
  const watch = await openPage(context, `${stack.url}/watch.html?stream=one`);
  await hidePicture(watch);
  await until("it plays", async () => (await shownBy(watch)).size === "320 × 180");
  assert.ok(await watch.isHidden("#quality"));
  await publisher.stop();
}));
