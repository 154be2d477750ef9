// SPDX-License-Identifier: GPL-3.0-or-later

// A viewer with hls.js and its own defaults, on a page of another origin than the stream's.

import { readFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { built } from "../../../tools/stack/stack.mjs";
import { openPage } from "./browser.mjs";

const PAGES = fileURLToPath(new URL("../pages", import.meta.url));
const MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url));
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript" };

/** Where a file that the pages ask for is: among the site's, npm's or their own. */
function placeOf(name) {
  if (/^\/(vendor|js)\//.test(name)) return path.join(built().web, name);
  if (name.startsWith("/npm/")) return path.join(MODULES, name.slice("/npm/".length));
  return path.join(PAGES, name);
}

const STALL_MS = 250; // no progress for so long is one that people see, as in hls-page.js

/** Serves the test pages; the site's vendor/ and js/, and npm's packages as npm/, beside them.
 * Returns { url, close }. */
export async function servePages() {
  const server = http.createServer(async (request, response) => {
    const name = path.normalize(new URL(request.url, "http://x").pathname);
    const data = await readFile(placeOf(name)).catch(() => null);
    response.writeHead(data ? 200 : 404, { "Content-Type": TYPES[path.extname(name)] ?? "text/plain" });
    response.end(data);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))),
  };
}

/** Opens a viewer of `playlist`; `state()` is what window.viewer holds. */
export async function openViewer(context, pages, playlist) {
  const page = await openPage(context, `${pages.url}/hls.html?playlist=${encodeURIComponent(playlist)}`);
  page.state = () => page.evaluate(() => window.viewer);
  return page;
}

/** In the watch page: keeps in window.viewer what hls-page.js does. */
async function lookOn(STALL_MS) {
  const { readTimeCode, STRIP_HEIGHT } = await import("/js/time-code.js");
  const video = document.getElementById("player");
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const isPlaying = !video.paused && !video.seeking && video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
  const viewer = (window.viewer = { latencies: [], stalls: [], playingAt: isPlaying ? performance.now() : null });

  video.addEventListener("waiting", () => {
    if (viewer.playingAt !== null && !video.seeking) viewer.stalls.push({ at: video.currentTime, since: performance.now() });
  });
  // A seek to what is there, as the page makes to skip to live, goes on in a moment; else it is a stall, too.
  // Of several seeks after one another only the first is told by an event.
  let soughtAt = null;
  setInterval(() => {
    const { seeking, currentTime: at } = video;
    if (!seeking) soughtAt = null;
    else soughtAt ??= performance.now();
    if (viewer.playingAt === null || soughtAt === null || performance.now() - soughtAt < STALL_MS) return;
    viewer.stalls.push({ at, since: soughtAt });
    soughtAt = Infinity; // counted, until it goes on
  }, 50);
  video.addEventListener("playing", () => {
    const now = performance.now();
    viewer.playingAt ??= now;
    for (const stall of viewer.stalls) stall.ms ??= Math.round(now - stall.since);
  });
  setInterval(() => {
    const { videoWidth: width, videoHeight: height } = video;
    if (!width || viewer.playingAt === null) return;
    Object.assign(context.canvas, { width, height: 1 });
    context.drawImage(video, 0, Math.round(height * (1 - STRIP_HEIGHT / 2)) - 1, width, 1, 0, 0, width, 1);
    const code = readTimeCode(context.getImageData(0, 0, width, 1).data, width, Date.now());
    if (code !== null) viewer.latencies.push(Date.now() - code);
  }, 200);
}

/** Opens the watch page of `stream`; `state()` is as that of openViewer. */
export async function openWatchPage(context, stack, stream) {
  const page = await openPage(context, `${stack.url}/watch.html?stream=${stream}`);
  await page.evaluate(lookOn, STALL_MS);
  page.state = () => page.evaluate(() => window.viewer);
  return page;
}

/** Nobody looks at a viewer's picture: it is decoded as ever, and not painted, which is a third of what the page costs. */
export const hidePicture = (page) => page.evaluate(() => (document.querySelector("video").style.display = "none"));

/** The value below which `part` of the numbers are. */
export function quantile(numbers, part) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}
