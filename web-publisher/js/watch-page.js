// SPDX-License-Identifier: GPL-3.0-or-later

// The watch page: what people press and see. Playing is in stream-player.js.
// Parameters of its address: stream; classic (not at low latency); measure (glass to glass, drawn); embed (the picture
// alone, as large as the frame that it is in). Behind #: token, of a protected stream.

import { takeToken } from "./identity.js";
import { LatencyGraph } from "./latency-graph.js";
import { fetchLiveStreams } from "./live-list.js";
import { StreamPlayer } from "./stream-player.js";
import { byId, formatBitrate, siteSettings, storage, wireCopyButtons } from "./page-tools.js";
import { STREAM_NAME } from "./stream-name.js";
import { onLanguage, show, t } from "./strings.js";
import { wireControls } from "./watch-controls.js";

const query = new URLSearchParams(location.search);
const name = query.get("stream") ?? "";
const video = byId("player");

const WAITING = {
  waiting: "watch.waiting",
  unreachable: "watch.unreachable",
  ended: "watch.ended",
  unplayable: "watch.unplayable",
  refused: "watch.refused",
  expired: "watch.expired",
};

// Behind #, which no server is told, and so in no log: the viewer's token. It is a viewer's own, so it goes out of the address, which people
// copy for others; the tab keeps it for a reload, and a newer one in its place.
const tab = storage("sessionStorage");
const kept = `janus-hls-playback-token ${name}`;
const token = takeToken(tab, location, history, kept);
addEventListener("hashchange", () => location.hash.includes("token=") && location.reload()); // another token, for the page that is open

/** Asks the shop's server, which settings.json names as `renew`, for a newer token. */
async function renew(old) {
  const { renew: url } = await siteSettings();
  if (!url) return null;
  const response = await fetch(url, { method: "POST", credentials: "include", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ stream: name, token: old }) });
  const newer = response.ok ? (await response.json()).token : null;
  if (typeof newer === "string") tab.setItem(kept, newer);
  return newer;
}

function showState(state) {
  const waiting = WAITING[state];
  byId("waiting").hidden = !waiting;
  if (waiting) show(byId("waiting-text"), waiting);
  document.querySelector(".spinner").hidden = state === "expired";
  byId("badge").hidden = byId("controls").hidden = Boolean(waiting);
  show(byId("badge"), state === "stalled" ? "watch.loading" : "common.live");
  byId("badge").className = `badge ${state === "stalled" ? "busy" : "live"}`;
  byId("unmute").hidden = Boolean(waiting) || !video.muted;
}

function showFigures(player) {
  const { latency, buffer, bitrate } = player;
  byId("figure-latency").textContent = latency === null ? "–" : `${latency.toFixed(1)} s`;
  byId("figure-buffer").textContent = buffer > 0 ? `${buffer.toFixed(1)} s` : "–";
  byId("figure-size").textContent = video.videoWidth ? `${video.videoWidth} × ${video.videoHeight}` : "–";
  byId("figure-rate").textContent = formatBitrate(bitrate);
  byId("to-live").hidden = !player.isBehind;
}

/** The menu of sizes: what was chosen, and beside "Auto" what that shows now. */
function showQualities(player) {
  const { qualities, quality, shownQuality } = player;
  const menu = byId("quality");
  menu.closest(".quality").hidden = !qualities.length;
  const auto = quality === "auto" && shownQuality ? t("watch.auto-shows", { quality: shownQuality }) : t("watch.auto");
  const options = [["auto", auto], ...qualities.map((name) => [name, name])];
  if (menu.options.length !== options.length) menu.replaceChildren(...options.map(() => new Option()));
  options.forEach(([value, text], i) => Object.assign(menu.options[i], { value, text }));
  menu.value = qualities.includes(quality) ? quality : "auto";
}

/** What ?measure adds: the distance as the picture itself tells it. */
function measure(player) {
  const graph = new LatencyGraph(video, byId("measure-graph"), player);
  byId("measure").hidden = false;
  setInterval(() => {
    const figures = graph.figures;
    if (!figures) return;
    const [now, median, worst] = [figures.ms, figures.median, figures.worst].map((ms) => `${Math.round(ms)} ms`);
    const [how, list] = [figures.exact ? "watch.glass" : "watch.by-dates", player.isLowLatency ? "watch.low-latency" : "watch.classic"];
    show(byId("measure-text"), "watch.measured", { how: { key: how }, list: { key: list }, now, median, worst });
  }, 500);
}

function showTitle(title) {
  show(document.querySelector("title"), "watch.head-of", { name: title });
  byId("title").textContent = title;
  byId("name").textContent = name;
  byId("name").hidden = title === name;
}

let isTitleKnown = false; // of what is on air

/** What its publisher calls it, if it says so and is in the list. */
async function lookForTitle() {
  if (isTitleKnown) return;
  isTitleKnown = true;
  const streams = await fetchLiveStreams().catch(() => []);
  showTitle(streams.find((stream) => stream.name === name)?.title || name);
}

function start() {
  const player = new StreamPlayer(video, name, { lowLatency: !query.has("classic"), token, renew });

  showTitle(name);
  byId("vlc-link").value = player.url;
  player.addEventListener("state", ({ detail }) => {
    showState(detail.state);
    if (WAITING[detail.state]) isTitleKnown = false;
    else lookForTitle();
  });
  player.addEventListener("quality", () => showQualities(player));
  onLanguage(() => showQualities(player));
  byId("quality").addEventListener("change", ({ target }) => (player.quality = target.value));
  byId("to-live").addEventListener("click", () => player.toLive());
  setInterval(() => showFigures(player), 500);
  if (query.has("measure")) measure(player);
  wireControls();
  player.start();
}

byId("unmute").addEventListener("click", () => {
  video.muted = false;
  video.play().catch(() => {});
});
video.addEventListener("volumechange", () => (byId("unmute").hidden = !video.muted));
wireCopyButtons();

if (STREAM_NAME.test(name)) {
  start();
} else {
  show(byId("waiting-text"), "watch.no-name");
  document.querySelector(".spinner").hidden = true;
  document.querySelector(".under").hidden = true;
}
document.body.classList.toggle("embed", query.has("embed"));
