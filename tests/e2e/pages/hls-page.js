// SPDX-License-Identifier: GPL-3.0-or-later

// Plays ?playlist=URL with hls.js as it comes, and keeps what a test wants to know in window.viewer.

import Hls from "/vendor/hls.mjs";
import { readTimeCode } from "/js/time-code.js";
import { hasIdr } from "./idr.js";

const STALL_MS = 250; // no progress for so long is one that people see
const video = document.getElementById("video");
const canvas = document.createElement("canvas");
const context = canvas.getContext("2d", { willReadFrequently: true });
const viewer = (window.viewer = {
  errors: [], // of hls.js: "type/details", what a server answered to a request for what, fatal or not
  stalls: [], // { at, ms }
  discontinuities: [], // the numbers of those that it has come to
  latencies: [], // ms from the test card's clock to here
  playingAt: null,
});

/** Glass to glass: the time in the picture against the time now. */
function readLatency() {
  if (!video.videoWidth) return;
  canvas.width = video.videoWidth;
  canvas.height = 1;
  const row = video.videoHeight - Math.round(video.videoHeight / 36) - 1;
  context.drawImage(video, 0, row, video.videoWidth, 1, 0, 0, video.videoWidth, 1);
  const code = readTimeCode(context.getImageData(0, 0, video.videoWidth, 1).data, video.videoWidth, Date.now());
  if (code !== null) viewer.latencies.push(Date.now() - code);
}

let last = { time: 0, at: performance.now() };
function watchProgress() {
  const now = performance.now();
  if (video.currentTime !== last.time) {
    const ms = now - last.at;
    if (viewer.playingAt !== null && ms > STALL_MS) viewer.stalls.push({ at: last.time, ms: Math.round(ms) });
    last = { time: video.currentTime, at: now };
  }
  requestAnimationFrame(watchProgress);
}

const hls = (window.hls = new Hls());
const undecodable = new Set(); // segments of pictures in which no decoder can begin, loaded whole
hls.on(Hls.Events.BUFFER_APPENDING, (event, { type, frag, chunkMeta, data }) => {
  if (type === "video" && !chunkMeta.partial && frag.sn !== "initSegment" && !hasIdr(data)) undecodable.add(frag.sn);
});

/** What an error has as its cause, if that matters. */
function causeOf({ details, error, frag }) {
  if (details === Hls.ErrorDetails.BUFFER_APPEND_ERROR) return ` (${error?.message})`;
  const isPicture = details === Hls.ErrorDetails.BUFFER_APPEND_NO_PROGRESS && frag.type === "main";
  return isPicture && undecodable.has(frag.sn) ? " (no IDR picture)" : "";
}

hls.on(Hls.Events.ERROR, (event, data) => {
  const { type, details, fatal, response } = data;
  const answer = response?.code ? ` (${response.code} of ${response.url?.split("/").at(-1)})` : "";
  viewer.errors.push(`${type}/${details}${answer}${causeOf(data)}${fatal ? " fatal" : ""}`);
});
hls.on(Hls.Events.FRAG_CHANGED, (event, { frag }) => {
  if (viewer.discontinuities.at(-1) !== frag.cc) viewer.discontinuities.push(frag.cc);
});
hls.loadSource(new URLSearchParams(location.search).get("playlist"));
hls.attachMedia(video);
video.addEventListener("playing", () => {
  if (viewer.playingAt === null) {
    viewer.playingAt = performance.now();
    last = { time: video.currentTime, at: viewer.playingAt };
    watchProgress();
    setInterval(readLatency, 200);
  }
});
