// SPDX-License-Identifier: GPL-3.0-or-later

// The class page with a recorded publisher: every station shows what happens, boxes open, and each button does what it
// says, after which the stream goes on.

import assert from "node:assert/strict";
import test from "node:test";
import { axeFindings } from "./support/axe.mjs";
import { openContext, openPage } from "./support/browser.mjs";
import { publishRecorded } from "./support/recorded.mjs";
import { until } from "./support/rig.mjs";
import { shareStack } from "./support/shared.mjs";

const STATIONS = { seller: ["codecs", "candidate", "dtls", "encrypted", "rate", "lost"], janus: ["vport", "vseq", "vts", "vpt", "aport", "aseq", "ats", "apt"],
  bridge: ["growing", "opus", "aac", "pli", "why", "cut", "newest"], files: ["added", "removed", "list-cache", "segment-cache", "folder"],
  viewer: ["classic", "low", "buffer", "reads", "picture"] };

const COMMANDS = { seller: /^sudo tcpdump .* dst port \d+ and/, janus: /^sudo tcpdump .* dst port \d+$/, bridge: /^curl .*shop\/look$/,
  files: /^curl .*shop\/index\.m3u8$/, viewer: /^vlc .*shop\/index\.m3u8$/ };

const LASTS_S = 8; // longer than anything may stand still, so that something is lost, and a key frame is due

const stackOf = shareStack({ class: true, status: true, lessonSeconds: LASTS_S }, { shell: true });
let page = null;

test("axe-core finds nothing serious in the slides, in either scheme of colours", stackOf(async ({ stack, context }) => {
  const slides = await openPage(context, `${stack.url}/slides.html#es-15`);
  await slides.keyboard.press("Space"); // an answer
  await slides.keyboard.press("n");
  assert.deepEqual(await axeFindings(slides), []);
}));

/** A test on the class page of a stream that is live. */
const shared = (body) => stackOf(async ({ stack, browser }) => {
  page ??= await publishRecorded(stack, "shop").then(async () => openPage(await openContext(browser), stack.classUrl));
  await body({ stack });
});

const valueOf = (name) => page.textContent(`[data-value="${name}"]`);

/** What the desk says, at the address that the page asks; again if nginx has not waited for a part that stands still. */
const look = () => until("the desk answers", () => fetch(new URL("class/look.json?stream=shop", page.url())).then((response) => response.json()));

/** Presses a button, and waits until the desk says that its lesson is over: the lesson. */
async function pressOnce(button, value) {
  await until("the stream is live", async () => (await look()).status?.state === "live");
  const before = (await look()).lesson?.id ?? 0;
  await until(`${button} can be pressed`, () => page.isEnabled(`[data-press="${button}-${value}"]`));
  await page.click(`[data-press="${button}-${value}"]`);
  return until(`the lesson ${button} is over`, async () => {
    const { lesson } = await look();
    return lesson && lesson.id > before && lesson.state !== "running" && lesson;
  }, 120000);
}

/** The same of a stream that was live when the button was pressed: its publisher may have stood still just then. */
async function press(button, value) {
  const lesson = await until(`${button} is pressed while the stream is live`, async () => {
    const lesson = await pressOnce(button, value);
    return !/is not live/.test(lesson.error) && lesson;
  });
  assert.equal(lesson.state, "done", lesson.error);
  await until("the page says what happened", async () => (await page.getAttribute("#lesson", "data-mood")) === "good" &&
    (await page.textContent("#lesson-facts")).length > 20);
  return lesson;
}

/** A player of the page goes on: another picture is shown than when it was asked first. */
async function playsOn(id) {
  const shown = () => page.evaluate((name) => document.getElementById(name).getVideoPlaybackQuality().totalVideoFrames, id);
  const from = await shown();
  await until(`the player ${id} plays on`, async () => {
    const now = await shown();
    return now !== from && now > 0; // of one that was opened again it counts from 0
  });
}

/** The stream makes segments. */
async function goesOn() {
  const made = async () => (await look()).bridge?.newest.made;
  const from = await until("the bridge counts", made);
  await until("segments are made", async () => (await made()) > from);
}

test("every station says what happens there now", shared(async () => {
  for (const [station, lines] of Object.entries(STATIONS))
    for (const line of lines) await until(`${station} says ${line}`, async () => !/^–?$/.test(await valueOf(line)));
  // again and again: Janus may stand still when it is asked
  for (const [line, pattern] of [["codecs", /H264.*opus|opus.*H264/i], ["dtls", /^connected$/], ["vport", /^UDP :\d+$/]])
    await until(`${line} is ${pattern}`, async () => pattern.test(await valueOf(line)));
  const sequence = await valueOf("vseq");
  await until("another packet is shown", async () => (await valueOf("vseq")) !== sequence);
  await until("a segment comes out of the cache", async () => /HIT/.test(await valueOf("segment-cache")));
  assert.deepEqual(page.errors, []);
}));

test("a station opens its box by key and by click, with what is there now", shared(async () => {
  for (const [i, station] of Object.keys(STATIONS).entries()) {
    if (i === 0) {
      await page.focus(`[data-station="${station}"]`);
      await page.keyboard.press("Enter");
    } else {
      await page.click(`[data-station="${station}"] .panel`, { position: { x: 30, y: 30 } });
    }
    await until(`the box of ${station} is open`, () => page.evaluate(() => document.getElementById("box").open));
    assert.equal(await page.locator("#box-facts dt").count(), 6);
    await until(`${station} shows what is there now`, async () => (await page.textContent("#box-now")).length > 20);
    assert.match(await page.textContent("#box-command"), COMMANDS[station]);
    await page.keyboard.press("Escape");
    await until("it is closed", () => page.evaluate(() => !document.getElementById("box").open));
  }
}));

test("axe-core finds nothing serious, in either scheme of colours, with a box and without", shared(async () => {
  const found = await axeFindings(page);
  await page.focus("[data-station=files]");
  await page.keyboard.press("Enter");
  found.push(...(await axeFindings(page)));
  await page.keyboard.press("Escape");
  assert.deepEqual(found, []);
}));

test("nobody presses without the key, and nothing tells what lets anybody in", shared(async ({ stack }) => {
  for (const headers of [{}, { Authorization: "Bearer wrong" }]) {
    const response = await fetch(`${stack.url}/class/press.json`, { method: "POST", headers, body: JSON.stringify({ button: "kill", value: 1, stream: "shop" }) });
    assert.equal(response.status, 401);
  }
  assert.equal((await look()).lesson, null);
  assert.equal(new URL(page.url()).hash, "", "the key does not stay where a class can see it");
  const text = await until("Janus says what it knows", async () => {
    const text = JSON.stringify(await look());
    return text.includes("a=ice-pwd:…") && text;
  });
  for (const secret of [stack.classKey, stack.adminSecret]) assert.ok(!text.includes(secret));
}));

test("packets are lost, and the stream goes on", shared(async () => {
  const { before, after } = await press("lose", 5);
  assert.ok(after.dropped > before.dropped, `${before.dropped} to ${after.dropped}`);
  assert.deepEqual(await axeFindings(page), [], "what happened");
  await goesOn();
}));

test("key frames are held back", shared(async () => {
  const { before, after } = await press("keys", 1);
  assert.ok(after.heldBack > before.heldBack, `${before.heldBack} to ${after.heldBack}`);
  await goesOn();
}));

test("the bridge is killed and comes back, and numbers only grow", shared(async ({ stack }) => {
  const { pid } = stack.parts.bridge;
  const { before, after } = await press("kill", 1);
  assert.notEqual(stack.parts.bridge.pid, pid);
  assert.ok(after.sequence >= before.sequence, `${before.sequence} to ${after.sequence}`);
  await goesOn();
}));

test("segments become longer, and the playlist shorter", shared(async () => {
  const longer = await press("segment", 4);
  assert.deepEqual([longer.before.target, longer.after.target], [2, 4]);
  assert.ok(longer.after.sequence > longer.before.sequence, "numbers go on");
  await goesOn();
  await press("window", 3);
  const { settings } = await look();
  assert.deepEqual(settings, { segment: 4, window: 3 });
  // a fourth stays if three are a moment shorter than three target durations
  await until("the playlist has three segments", async () => [3, 4].includes((await look()).status?.output.listed));
  for (const id of ["classic", "low"]) await playsOn(id);
}));
