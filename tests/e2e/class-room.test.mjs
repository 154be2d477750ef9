// SPDX-License-Identifier: GPL-3.0-or-later

// A class as people have it: a student with a phone joins by the link, types nothing, goes live and finds itself in VLC; the
// teacher looks at the wall, mutes, shows, kicks and keeps out. What nobody gets who has no pass, or comes when all places are taken.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, copyFile, chmod } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { freePorts } from "../../tools/stack/ports.mjs";
import { SOURCE } from "../../tools/stack/stack.mjs";
import { axeFindings } from "./support/axe.mjs";
import { messageOf, openContext, openPage, untilLive, withBrowser } from "./support/browser.mjs";
import { until } from "./support/rig.mjs";
import { Vlc } from "./support/vlc.mjs";

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, ignoreHTTPSErrors: true, locale: "en-GB" };
const SLOW_CAMERA = "--use-fake-device-for-media-stream=fps=5";

/** ./demo --class with one place, until the test ends: { folder, link(what) }. */
async function startClass(t) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-class-"));
  await chmod(folder, 0o755); // VLC runs as nobody where we are root
  const [port] = await freePorts(1);
  const child = spawn(path.join(SOURCE, "demo"), ["--class", "--seats", "1", "--port", String(port), "--dir", folder],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, JANUS_HLS_BUILD: "" } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  const ended = new Promise((resolve) => child.on("close", resolve));
  t.after(async () => {
    child.kill("SIGTERM");
    assert.equal(await ended, 0, output);
    await rm(folder, { recursive: true, force: true });
  });
  await until("the class is open, or has ended", () => child.exitCode !== null || output.includes("Ctrl-C"));
  assert.equal(child.exitCode, null, output);
  return { folder, link: (what) => new RegExp(`^ +${what} +(https://\\S+)`, "m").exec(output)[1] };
}

const says = (page, pattern) => until(`the page says ${pattern}`, async () => pattern.test(await messageOf(page)));

/** Every address that the pages of a context ask. */
function noteRequests(context) {
  const asked = new Set();
  context.on("request", (request) => asked.add(new URL(request.url()).host || "inside"));
  return asked;
}

async function joins(context, link) {
  const page = await openPage(context, link);
  const name = await page.inputValue("#name");
  assert.match(name, /^[a-z]+-[a-z]+-\d\d$/, "a name is proposed");
  await page.tap("#go");
  await untilLive(page);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390, "nothing is wider than the phone");
  return { page, name };
}

/** VLC of a student who has accepted the certificate. */
async function playsInVlc({ folder }, url) {
  const trusted = path.join(folder, "trusted");
  await mkdir(trusted);
  await copyFile(path.join(folder, "certificate.pem"), path.join(trusted, "certificate.pem"));
  const guests = new Set();
  const vlc = await Vlc.play({ guests }, url, [`--gnutls-dir-trust=${trusted}`]);
  try {
    await until("VLC answers", () => vlc.stats()); // it reads all its plugins first
    await until("VLC shows the student", async () => (await vlc.stats()).pictures > 0);
  } finally {
    await vlc.stop();
  }
}

async function teaches(wall, student, name) {
  const seat = wall.locator(`[data-stream="${name}"]`);
  const press = (what) => seat.getByRole("button", { name: what }).click();
  await until("the wall shows the student's picture", () => seat.locator("img").evaluate((image) => !image.hidden && image.naturalWidth > 0));
  await until("the wall says how full it is", async () => /^All 1 places are taken/.test(await wall.textContent("#wall-state")));
  assert.equal(new URL(wall.url()).hash, "", "the key does not stay where a class can see it");

  await press("Mute");
  await says(student, /The teacher has muted you/);
  await until("the wall says so", () => seat.getByText("Muted", { exact: true }).isVisible());
  await press("Mute");
  await says(student, /^You are live\.$/);

  await press("Spotlight");
  await until("the spotlight plays", () => wall.evaluate(() => document.getElementById("spotlight-player").currentTime > 0));
  assert.equal(await wall.textContent("#spotlight-name"), name);
  assert.deepEqual(await axeFindings(wall), []);

  wall.on("dialog", (dialog) => dialog.accept());
  await press("Kick");
  await says(student, /ended/);
  await until("its place is free", async () => /^0 of 1/.test(await wall.textContent("#wall-state")));
  assert.equal(await wall.isHidden("#spotlight"), true);

  await student.tap("#go");
  await untilLive(student);
  await press("Keep out");
  await says(student, /ended/);
  await student.fill("#name", "somebody-else");
  await student.tap("#go");
  await says(student, /does not let you in/);
  assert.deepEqual(await axeFindings(wall), []);
  await wall.locator("#kept-out").getByRole("button", { name: "Let in again" }).click();
  await until("nobody is kept out", () => wall.isHidden("#kept-out"));
  await student.tap("#go");
  await untilLive(student);
}

test("a student joins and types nothing; the teacher has the wall", async (t) => {
  const room = await startClass(t);
  await withBrowser({ shell: true, fakeCamera: true, switches: [SLOW_CAMERA], context: PHONE }, async (context, browser) => {
    const asked = noteRequests(context);
    const link = room.link("Students");
    await t.test("who has no pass is told where it is", async () => {
      const stranger = await openPage(context, link.replace(/\?.*/, "?source=testcard&size=320x180"));
      await stranger.tap("#go");
      await says(stranger, /scan the code on the teacher’s screen/);
      assert.equal(await stranger.isVisible("#go"), true);
      await stranger.close();
    });
    const begun = performance.now();
    const { page, name } = await joins(context, link);
    await until("the page says that viewers can open it", async () => /^Viewers can open it now/.test(await page.textContent("#links-state")));
    await playsInVlc(room, await page.inputValue("#vlc-link"));
    t.diagnostic(`from the link to its picture in VLC: ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    await t.test("who comes when all places are taken is told so", async () => {
      const other = await openContext(browser, PHONE);
      const late = await openPage(other, `${link}&source=testcard&size=320x180`);
      await late.press("#go", "Enter"); // a tap waits for a page of another window to be drawn
      await says(late, /full.*1 publishers are live/);
      await other.close();
    });
    await t.test("the teacher mutes, shows and kicks", async () => {
      const desk = await openContext(browser, { ...PHONE, viewport: { width: 1280, height: 720 }, isMobile: false });
      await desk.route("**/class/teacher.json", (route) => route.abort(), { times: 1 }); // it is asked again
      const wall = await openPage(desk, room.link("Teacher"));
      assert.equal(await wall.textContent("#join-link"), link);
      await teaches(wall, page, name);
      assert.deepEqual(wall.errors, []);
      await desk.close();
    });
    assert.deepEqual([...asked].filter((host) => host !== new URL(link).host && host !== "inside"), [], "nothing outside is asked");
    assert.deepEqual(page.errors, []);
  });
});
