// SPDX-License-Identifier: GPL-3.0-or-later

// Chromium, driven by Playwright.

import { createRequire } from "node:module";
import { CHROMIUM_SWITCHES } from "../../../tools/stack/chromium.mjs";
import { LIVE } from "./measured.mjs";
import { until, UNTIL_MS } from "./rig.mjs";

// to import it, node would parse its six megabytes once more, for what they export
const { chromium } = createRequire(import.meta.url)("playwright-core");

// Playwright takes these, closes its browser, and would leave the test running, and what that has started.
for (const signal of ["SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));

/** What people install, and the same without what draws windows: opening a page takes a fourth of the CPU. */
const WHOLE = "/usr/bin/chromium", SHELL = "/usr/bin/chromium-headless-shell";

/**
 * Runs `body(context)` with a browser. `shell`: without what draws windows, which asks nobody for a camera: it wants
 * `fakeCamera` or `denyCamera`; `fakeCamera`: Chromium's own; `denyCamera`: people say no; `switches`: more.
 */
export async function withBrowser(options, body) {
  const { shell = false, fakeCamera = false, denyCamera = false, switches = [], context = {} } = options;
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? (shell && !LIVE ? SHELL : WHOLE),
    headless: true,
    timeout: UNTIL_MS,
    args: [
      ...CHROMIUM_SWITCHES,
      "--no-sandbox",
      ...(fakeCamera ? ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"] : []),
      ...(denyCamera ? ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream=deny"] : []),
      ...switches,
    ],
  });
  try {
    await body(await openContext(browser, context), browser);
  } finally {
    await browser.close();
  }
}

/** A context of its own in the browser: nothing is shared with the others. What moves is work for the CPU, and nobody looks. */
export async function openContext(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(UNTIL_MS); // for a page as for all else
  return context;
}

/** All pages of a context share a process, which costs less than one each: where nothing is measured. */
export const FEW_PROCESSES = LIVE ? [] : ["--renderer-process-limit=1"];

/** Opens a page; what it logs as an error is kept in page.errors. */
export async function openPage(context, url) {
  const page = await context.newPage();
  page.errors = [];
  page.on("pageerror", (error) => page.errors.push(String(error)));
  page.on("console", (message) => { // what its own policy forbids is a fault of ours
    if (/Content Security Policy/.test(message.text())) page.errors.push(message.text());
  });
  await page.goto(url);
  return page;
}

export const messageOf = (page) => page.textContent("#message");

/** What a camera sends; where the picture's size says nothing, a smaller one leaves the machine to the rest. */
export const FULL_SIZE = "1280x720", SMALL_SIZE = "320x180";

/**
 * Publishes from our own page, in one layer unless told, and waits until it says so. Its preview is dropped.
 */
export async function publish(context, stack, stream, options = {}) {
  const { source = "testcard", key = "", size = "640x360", unlisted = false, simulcast = false, codec = "" } = options;
  const query = new URLSearchParams({
    stream, source, size, auto: "1", ...(key && { key }), ...(unlisted && { unlisted: "1" }), ...(codec && { codec }), simulcast: simulcast ? "1" : "0",
  });
  const page = await openPage(context, `${stack.url}/publish.html?${query}`);
  if (source !== "testcard") await page.click("#go"); // an address alone opens no camera
  await untilLive(page);
  await dropPreview(page);
  return page;
}

/** Nobody looks at the preview of a page that is live, which would be a third of what it costs. */
export const dropPreview = (page) => page.evaluate(() => (document.getElementById("preview").srcObject = null));

/** Has each page from now on publish with DTX: our answer does not ask for it, so the page is made to read one that does. */
export const askForDtx = (context) => context.addInitScript(() => {
  const apply = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function (description) {
    const sdp = description.sdp.replace("usedtx=0", "usedtx=1");
    return apply.call(this, { type: description.type, sdp });
  };
});

/** Publishes with DTX. */
export async function publishWithDtx(context, stack, stream) {
  await askForDtx(context);
  return publish(context, stack, stream);
}

/** Publishes a still screen, which changes once a second, with the test card's sound. */
export async function publishSlides(context, stack, stream) {
  const page = await openPage(context, `${stack.url}/publish.html?stream=${stream}`);
  await page.evaluate(async (name) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [640, 360];
    const paint = canvas.getContext("2d");
    const draw = () => {
      paint.fillStyle = `hsl(${(Date.now() / 50) % 360} 50% 50%)`;
      paint.fillRect(0, 0, 640, 360);
    };
    draw();
    setInterval(draw, 1000);
    const { startTestSound } = await import("/js/test-sound.js");
    const sound = await startTestSound();
    // it sends what is drawn when it is drawn, as a screen does; 20 ms early at times, which nobody sees here
    const media = new MediaStream([...canvas.captureStream().getVideoTracks(), sound.track]);
    await window.janusHls.publisher.publish(media, { name });
  }, stream);
  await untilLive(page);
  return page;
}

export const OWN_PICTURE = "own";

/**
 * Sends something else in the place of the picture: a test card of another size ({ width, height }),
 * nothing (null), or what it was at first (OWN_PICTURE).
 */
export const showInstead = (page, what) => page.evaluate(async ([what, own]) => {
  const { startTestCard } = await import("/js/test-card.js");
  const { peerConnection } = window.janusHls.publisher;
  const sender = (window.videoSender ??= peerConnection.getSenders().find((s) => s.track?.kind === "video"));
  window.ownTrack ??= sender.track;
  window.otherCard?.stop();
  window.otherCard = what && what !== own ? await startTestCard({ ...what, name: `${what.width}x${what.height}` }) : null;
  await sender.replaceTrack(what === own ? window.ownTrack : window.otherCard?.stream.getVideoTracks()[0] ?? null);
}, [what, OWN_PICTURE]);

/** Has the page's connection take another path (an ICE restart), and waits until it has. */
export async function takeAnotherPath(page) {
  const path = () => page.evaluate(() =>
    /ice-ufrag:(\S+)/.exec(window.janusHls.publisher.peerConnection.remoteDescription.sdp)[1]);
  const before = await path();
  await page.evaluate(() => window.janusHls.publisher.restartIce());
  await until("the path is another", async () => (await path()) !== before);
}

/** Whether the page sends silence in the place of its sound. */
export const mute = (page, muted) => page.evaluate((off) => {
  for (const sender of window.janusHls.publisher.peerConnection.getSenders())
    if (sender.track?.kind === "audio") sender.track.enabled = !off;
}, muted);

export async function untilLive(page) {
  await until("the publish page says that it is live",
    async () => (await page.getAttribute("#badge", "data-text")) === "common.live"); // in any language
}

/** Statistics of the page's connection: { video, audio }, each its outbound-rtp. */
export async function outbound(page) {
  return page.evaluate(async () => {
    const found = {};
    const stats = await window.janusHls.publisher.peerConnection.getStats();
    stats.forEach((report) => {
      if (report.type === "outbound-rtp") found[report.kind] = { ...report };
    });
    return found;
  });
}
