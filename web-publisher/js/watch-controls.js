// SPDX-License-Identifier: GPL-3.0-or-later

// What people press on the watch page: pause, sound and volume, picture in picture, full screen; by mouse, finger and keyboard.

import { byId, storage } from "./page-tools.js";
import { showAttribute } from "./strings.js";

const VOLUME = "janus-hls-volume"; // in localStorage: what was chosen, 0 to 100
const VOLUME_STEP = 5; // of 100, for each press of an arrow key
const IDLE_MS = 3000; // after which the controls hide while it plays

const video = byId("player");
const screen = video.closest(".screen");
const memory = storage("localStorage");

function togglePlay() {
  if (video.paused) video.play().catch(() => {});
  else video.pause();
}

function showPlay() {
  const { paused } = video;
  byId("play").dataset.on = String(!paused);
  showAttribute(byId("play"), "aria-label", paused ? "watch.play" : "watch.pause");
  showAttribute(byId("play"), "title", paused ? "watch.play-key" : "watch.pause-key");
  wake();
}

function showSound() {
  const heard = !video.muted && video.volume > 0;
  byId("sound").dataset.on = String(heard);
  byId("sound").setAttribute("aria-pressed", String(heard));
  byId("volume").value = String(heard ? Math.round(video.volume * 100) : 0);
}

/** `volume`: 0 to 100. Browsers of some phones leave it to the phone's own keys. */
function setVolume(volume) {
  const wanted = Math.min(100, Math.max(0, volume));
  video.volume = wanted / 100;
  video.muted = wanted === 0;
  if (wanted > 0) memory.setItem(VOLUME, String(wanted));
}

function toggleSound() {
  if (video.muted && video.volume === 0) video.volume = 1;
  video.muted = !video.muted;
}

/** Phones of one maker give full screen to video elements alone. */
const enterFull = () => (screen.requestFullscreen?.bind(screen) ?? video.webkitEnterFullscreen?.bind(video))?.();
/** A page that embeds this one may forbid it. */
const toggleFull = () => Promise.resolve(document.fullscreenElement ? document.exitFullscreen() : enterFull()).catch(() => {});

async function togglePip() {
  if (document.pictureInPictureElement) await document.exitPictureInPicture();
  else await video.requestPictureInPicture();
}

let idle = null;
let onlyWakes = false; // a finger that finds no controls asks for them, and for no pause

/** The controls are seen when something moves, and as long as it stands still. */
function wake() {
  screen.classList.remove("idle");
  clearTimeout(idle);
  idle = setTimeout(() => screen.classList.toggle("idle", !video.paused && !byId("controls").matches(":focus-within")), IDLE_MS);
}

const KEYS = {
  m: toggleSound,
  f: toggleFull,
  p: () => byId("pip").hidden || togglePip().catch(() => {}),
  " ": togglePlay,
  k: togglePlay,
  ArrowUp: () => setVolume(video.volume * 100 + VOLUME_STEP),
  ArrowDown: () => setVolume(video.volume * 100 - VOLUME_STEP),
};

function onKey(event) {
  if (event.target.matches("input, button, select, summary, a")) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return; // the browser's own, as Ctrl-F
  if (!Object.hasOwn(KEYS, event.key)) return;
  KEYS[event.key]();
  wake();
  event.preventDefault();
}

/** Makes the controls work. */
export function wireControls() {
  video.volume = Math.min(1, Math.max(0, Number(memory.getItem(VOLUME) ?? 100) / 100)) || 1;
  byId("pip").hidden = !document.pictureInPictureEnabled;
  byId("play").addEventListener("click", togglePlay);
  byId("sound").addEventListener("click", toggleSound);
  byId("volume").addEventListener("input", ({ target }) => setVolume(Number(target.value)));
  byId("pip").addEventListener("click", () => togglePip().catch(() => {})); // a picture that is not there yet
  byId("full").addEventListener("click", toggleFull);
  screen.addEventListener("pointerdown", ({ pointerType }) => (onlyWakes = pointerType === "touch" && screen.classList.contains("idle")));
  video.addEventListener("click", () => onlyWakes || togglePlay());
  for (const event of ["play", "pause", "emptied"]) video.addEventListener(event, showPlay);
  video.addEventListener("volumechange", showSound);
  for (const event of ["pointermove", "pointerdown", "focusin"]) screen.addEventListener(event, wake);
  document.addEventListener("keydown", onKey);
  showPlay();
  showSound();
}
