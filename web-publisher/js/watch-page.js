// SPDX-License-Identifier: GPL-3.0-or-later

// The watch page: what people press and see. Playing is in stream-player.js.
// Parameters of its address: stream; classic (not at low latency); measure (glass to glass, drawn).

import { LatencyGraph } from "./latency-graph.js";
import { StreamPlayer } from "./stream-player.js";
import { byId, formatBitrate, STREAM_NAME, wireCopyButtons } from "./page-tools.js";
import { onLanguage, show, t } from "./strings.js";

const query = new URLSearchParams(location.search);
const name = query.get("stream") ?? "";
const video = byId("player");

const WAITING = {
  waiting: "watch.waiting",
  unreachable: "watch.unreachable",
  ended: "watch.ended",
  unplayable: "watch.unplayable",
};

function showState(state) {
  const waiting = WAITING[state];
  byId("waiting").hidden = !waiting;
  if (waiting) show(byId("waiting-text"), waiting);
  byId("badge").hidden = Boolean(waiting);
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
  menu.parentElement.hidden = !qualities.length;
  const auto = quality === "auto" && shownQuality ? t("watch.auto-shows", { quality: shownQuality }) : t("watch.auto");
  const options = [["auto", auto], ...qualities.map((name) => [name, name])];
  if (menu.options.length !== options.length) menu.replaceChildren(...options.map(() => new Option()));
  options.forEach(([value, text], i) => Object.assign(menu.options[i], { value, text }));
  menu.value = qualities.includes(quality) ? quality : "auto";
}

/** What ?measure adds: the distance as the picture itself tells it. */
function measure(player) {
  const graph = new LatencyGraph(video, byId("measure-graph"), () =>
    (player.latency === null ? null : player.latency * 1000));
  byId("measure").hidden = false;
  setInterval(() => {
    const figures = graph.figures;
    if (!figures) return;
    const [now, median, worst] = [figures.ms, figures.median, figures.worst].map((ms) => `${Math.round(ms)} ms`);
    const [how, list] = [figures.exact ? "watch.glass" : "watch.by-dates", player.isLowLatency ? "watch.low-latency" : "watch.classic"];
    show(byId("measure-text"), "watch.measured", { how: { key: how }, list: { key: list }, now, median, worst });
  }, 500);
}

function start() {
  const player = new StreamPlayer(video, name, { lowLatency: !query.has("classic") });

  show(document.querySelector("title"), "watch.head-of", { name });
  byId("title").textContent = name;
  byId("vlc-link").value = player.url;
  player.addEventListener("state", ({ detail }) => showState(detail.state));
  player.addEventListener("quality", () => showQualities(player));
  onLanguage(() => showQualities(player));
  byId("quality").addEventListener("change", ({ target }) => (player.quality = target.value));
  byId("to-live").addEventListener("click", () => player.toLive());
  setInterval(() => showFigures(player), 500);
  if (query.has("measure")) measure(player);
  player.start();
}

byId("unmute").addEventListener("click", () => {
  video.muted = false;
  video.play().catch(() => {});
});
video.addEventListener("volumechange", () => (byId("unmute").hidden = !video.muted));
video.addEventListener("click", () => (video.paused ? video.play().catch(() => {}) : video.pause()));
byId("full").addEventListener("click", () => {
  const screen = video.closest(".screen");
  // phones of one maker give full screen to video elements alone
  (screen.requestFullscreen?.bind(screen) ?? video.webkitEnterFullscreen?.bind(video))?.();
});
document.addEventListener("keydown", (event) => {
  if (event.target.matches("input, button, select, summary")) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return; // the browser's own, as Ctrl-F
  if (event.key === "m") video.muted = !video.muted;
  else if (event.key === "f") byId("full").click();
  else if (event.key === " ") video.click();
  else return;
  event.preventDefault();
});
wireCopyButtons();

if (STREAM_NAME.test(name)) {
  start();
} else {
  show(byId("waiting-text"), "watch.no-name");
  document.querySelector(".spinner").hidden = true;
  document.querySelector(".under").hidden = true;
}
