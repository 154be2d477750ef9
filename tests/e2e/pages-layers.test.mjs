// SPDX-License-Identifier: GPL-3.0-or-later

// A page that sends its picture in several sizes (simulcast), and viewers who choose among them.

import assert from "node:assert/strict";
import test from "node:test";
import { beginReplay } from "./support/audience.mjs";
import { openPage, publish, untilLive } from "./support/browser.mjs";
import { measured } from "./support/measured.mjs";
import { until } from "./support/rig.mjs";
import { shareStack } from "./support/shared.mjs";
import { openWatchPage } from "./support/viewer.mjs";

const shared = shareStack();

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

test("a server that knows no layers is offered one picture, by its SSRC", shared(async ({ stack, context }) => {
  const offers = await hideLayers(context);
  const page = await openPage(context, `${stack.url}/publish.html?stream=alone&source=testcard&auto=1&simulcast=1`);
  await untilLive(page);
  assert.deepEqual(offers.map(layersIn), [{ layers: "high;mid;low", isNamed: false }, { layers: null, isNamed: true }]);
  await until("viewers can open it", async () => /can open it now/.test(await page.textContent("#links-state")));
  assert.deepEqual(page.errors, []);
}));

/** The table of sizes that the publisher sees: [{ rid, size, state }]. */
const layersShown = (page) => page.evaluate(() => [...document.querySelectorAll("#layer-figures tbody tr")]
  .map((row) => ({ rid: row.dataset.rid, size: row.cells[0].textContent, state: row.cells[3].textContent })));

test("unless told otherwise, a page sends as many sizes as its machine can do", shared(async ({ stack, context }) => {
  const page = await openPage(context, `${stack.url}/publish.html?stream=default&source=testcard&auto=1`);
  await untilLive(page);
  const cores = await page.evaluate(() => navigator.hardwareConcurrency);
  const expected = cores >= 4 ? ["high", "mid", "low"] : cores >= 2 ? ["high", "low"] : [];
  await until("they are shown", async () => (await layersShown(page)).map(({ rid }) => rid).join() === expected.join());
  await until("viewers can open it", async () => /can open it now/.test(await page.textContent("#links-state")));
  assert.equal(await page.isChecked("#layers"), true);
}));

test("a publisher sees the sizes that it sends, and a viewer chooses one by keyboard", shared(async ({ stack, context }) => {
  const page = await openPage(context, `${stack.url}/publish.html?stream=sizes&source=testcard&size=640x360&auto=1&simulcast=1`);
  await untilLive(page);
  await until("both are sent", async () => (await layersShown(page)).every(({ state }) => state.startsWith("Sending")) &&
    (await layersShown(page)).map(({ rid, size }) => `${rid} ${size}`).join() === "high 640 × 360,low 320 × 180");

  // who comes before the second size has a picture sees one, and a machine that is too busy sends smaller pictures
  await until("both are listed", async () => {
    const list = await (await fetch(stack.master("sizes"))).text();
    return ["640x360", "320x180"].every((size) => list.includes(`RESOLUTION=${size}`));
  });
  const watch = await openPage(context, `${stack.url}/watch.html?stream=sizes`);
  await until("there is a menu", () => watch.isVisible("#quality"));
  const options = () => watch.evaluate(() => [...document.getElementById("quality").options].map(({ value }) => value));
  assert.deepEqual(await options(), ["auto", "360p", "180p"]);
  const shows = (size) => until(`it shows ${size}`, async () => (await watch.textContent("#figure-size")) === size);
  await watch.focus("#quality");
  for (const [key, size] of [["End", "320 × 180"], ["ArrowUp", "640 × 360"], ["End", "320 × 180"]]) {
    const before = await watch.evaluate(() => document.getElementById("player").currentTime);
    await watch.keyboard.press(key);
    await shows(size);
    assert.ok(await watch.evaluate(() => document.getElementById("player").currentTime) >= before, "nothing is shown again");
  }
  await watch.keyboard.press("Home");
  assert.equal(await watch.inputValue("#quality"), "auto");
  assert.deepEqual([...page.errors, ...watch.errors], []);
}));

const RECORDING = new URL("../fixtures/rtp/simulcast.pcap", import.meta.url).pathname; // in 640x360, 320x180 and 160x90
const LATE_S = 5; // that the upper two come later, as a browser's do until it knows how much it can send

test("a viewer who comes before the larger sizes has a menu once they come, and plays on", shared(async ({ stack, context, t }) => {
  const watch = await openWatchPage(context, stack, "late");
  await watch.evaluate(() => document.getElementById("player").addEventListener("emptied", () => (window.viewer.opened ??= 0, window.viewer.opened++)));
  const late = [1, 2].flatMap((track) => ["--pause-video", `${track}:0:${LATE_S}`]);
  const publisher = beginReplay(stack, "late", { recording: RECORDING, options: ["--labels", "high,mid,low", "--round", "10", ...late] });
  const size = () => watch.textContent("#figure-size");
  const options = () => watch.evaluate(() => [...document.getElementById("quality").options].map(({ value }) => value).join());
  await until("it plays", async () => (await size()) !== "–");
  // on a machine that is too busy the others may be there by now, or it may fall so far behind that it opens the stream again
  const wasThere = [await size(), await watch.isHidden("#quality")];
  measured(() => assert.deepEqual(wasThere, ["160 × 90", true]));
  const { opened } = await watch.state();
  await until("there is a menu of all", async () => (await watch.isVisible("#quality")) && (await options()) === "auto,360p,180p,90p");
  for (const [name, shown] of [["90p", "160 × 90"], ["360p", "640 × 360"], ["180p", "320 × 180"]]) {
    await watch.selectOption("#quality", name);
    await until(`it shows ${name}`, async () => (await size()) === shown);
  }
  const { stalls, opened: after } = await watch.state();
  t.diagnostic(`stalls: ${JSON.stringify(stalls)}`);
  measured(() => assert.equal(after, opened, "it was not opened again"));
  assert.deepEqual(watch.errors, []);
  await publisher.stop();
}));

test("one size is nothing to choose", shared(async ({ stack, context }) => {
  const page = await publish(context, stack, "one");
  const watch = await openPage(context, `${stack.url}/watch.html?stream=one`);
  await until("it plays", async () => (await watch.textContent("#figure-size")) === "640 × 360");
  assert.ok(await watch.isHidden("#quality"));
  assert.ok(await page.isHidden("#layer-figures"));
}));
