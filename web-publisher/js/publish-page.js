// SPDX-License-Identifier: GPL-3.0-or-later

// The publish page: what people press and see. What it does is in janus-publisher.js and
// media-source.js.
//
// Parameters of its address: stream, title, key, token (better behind #), source (camera, screen, testcard), size (of the test card,
// as 640x360), simulcast (1: three sizes on any machine; auto: as many as it can do; 0: one),
// codec (h264, vp8, vp9, av1, h265, if the server takes it), and auto=1, which shows the test card live by itself, or
// auto=again: also after an operator has ended it. Anybody can send somebody such an address: what it fills in can be seen, and
// no camera, microphone or screen is opened without a click.

import { BusyMachine, isTiny, lightenIfBusy } from "./busy-machine.js";
import { takePass, whyKeptOut, whyNoPass } from "./class-pass.js";
import { canSend, codecOf, CODECS, isUnseen, whoSees } from "./codecs.js";
import { healthOf } from "./health.js";
import { fitTitle, ownKey, ownName, takeToken } from "./identity.js";
import { JanusPublisher } from "./janus-publisher.js";
import { fetchViewers } from "./live-list.js";
import { Latest } from "./latest.js";
import { checkBrowser, listDevices, openSource } from "./media-source.js";
import { SoundMeter } from "./sound-meter.js";
import { StayAwake } from "./stay-awake.js";
import { onLanguage, show as put, t } from "./strings.js";
import { textOf } from "./told-error.js";
import { PublishFigures } from "./publish-figures.js";
import { showLinks } from "./publish-links.js";
import { showLayers } from "./layer-table.js";
import {
  byId, formatBitrate, formatDuration, janusServer, siteSettings, storage, wireCopyButtons,
} from "./page-tools.js";
import { STREAM_NAME } from "./stream-name.js";

const WRONG_KEYS = [467, 473]; // docs/protocol.md
const FIGURES_MS = 1000; // between two looks at the connection's statistics
const SIMULCAST = { 0: false, 1: true, auto: "auto" };
const VIEWERS_MS = 5000; // between two looks at how many watch
const RETURN_MS = 15000; // after which a page with auto=again is live again that was kicked
const BADGES = { waiting: "publish.nearly", connecting: "publish.connecting", reconnecting: "publish.reconnecting" };
const SIMULCAST_DEFAULT = "auto";

const token = takeToken(storage("sessionStorage"), location, history);
const parameters = new URLSearchParams(location.search);
// What is live by its address alone is kept apart from what people do: somebody else's link ends nothing
// that this browser shows live in another tab, and chooses no name for later.
const memory = storage(parameters.has("auto") ? "sessionStorage" : "localStorage");
const pass = takePass(parameters, memory);
const site = siteSettings();
const publisher = new JanusPublisher(janusServer(pass), site.then(({ iceServers }) => iceServers));
const machine = new BusyMachine(navigator.hardwareConcurrency);
const figures = new PublishFigures();
const meter = new SoundMeter(byId("sound"));
const latest = new Latest(); // of what is to be shown
let source = null; // what is shown: { stream, stop }, and more of a test card
let liveSince = null;
const awake = new StayAwake();
let leavesFreely = false; // nobody is asked before the page is left

window.janusHls = { publisher }; // for the curious, in the console

/* ---- what people see ---- */

/** Says the text `key` (strings.js). */
function say(key, mood = "", values = {}) {
  put(byId("message"), key, values);
  byId("message").className = `message ${mood}`;
}

function sayError(error) {
  const { key, values } = textOf(error);
  say(key, "bad", values);
}

function setBadge(key, mood = "") {
  byId("badge").hidden = !key;
  put(byId("badge"), key);
  byId("badge").className = `badge ${mood}`;
}

/** "ready": to go live; "busy": on the way; "live". */
function setStage(stage) {
  const idle = stage === "ready";
  byId("go").hidden = !idle;
  byId("stop").hidden = idle;
  byId("identity").disabled = !idle;
  for (const input of [...document.querySelectorAll("[name=source]"), byId("show-preview")]) input.disabled = !idle;
  const camera = document.querySelector("[name=source]:checked").value === "camera";
  byId("camera").disabled = byId("microphone").disabled = !idle && !(stage === "live" && camera);
  byId("mute").hidden = idle || !source?.stream.getAudioTracks().length;
  if (idle) {
    byId("figures").hidden = byId("layer-figures").hidden = byId("health").hidden = true;
    setBadge("");
    liveSince = null;
  }
}

function showPreview() {
  const kind = chosenSource();
  byId("preview").srcObject = source?.stream ?? null;
  byId("preview").classList.toggle("mirrored", kind === "camera");
  byId("placeholder").hidden = Boolean(source);
  if (!parameters.has("auto")) meter.watch(source?.stream ?? null); // else nobody is there to see it
  byId("show-preview").hidden = kind === "screen"; // which browsers ask about each time
}

function showDeviceFields() {
  const kind = chosenSource();
  byId("camera-field").hidden = kind !== "camera";
  byId("microphone-field").hidden = kind === "testcard";
}

/* ---- source ---- */

const chosenSource = () => document.querySelector("[name=source]:checked").value;

async function fillDevices() {
  const { cameras, microphones } = await listDevices();
  for (const [select, devices] of [[byId("camera"), cameras], [byId("microphone"), microphones]]) {
    const chosen = select.value;
    select.querySelectorAll("[data-device]").forEach((option) => option.remove());
    for (const { id, label } of devices) {
      const option = new Option(label, id);
      option.dataset.device = "";
      select.add(option);
    }
    select.value = chosen;
  }
}

function closeSource() {
  latest.forget();
  source?.stop();
  source = null;
  showPreview();
}

/** Shows `next`, which people have seen asked for. */
function show(next) {
  source = next;
  // a screen that is no longer shared, a camera or a microphone that is unplugged
  for (const track of source.stream.getTracks()) track.addEventListener("ended", () => {
    if (source !== next) return;
    if (track.kind === "audio") return void say("publish.sound-ended", "bad"); // the picture goes on
    if (!byId("stop").hidden) stop(); // live, or on the way
    closeSource();
    say("publish.source-ended", "bad");
  });
  applyMute();
  showPreview();
}

/** Opens what is chosen, in place of what was. True: it is shown now; false: it cannot be; null: it is not wanted any more. */
async function open() {
  const kind = chosenSource();
  closeSource();
  if (kind !== "testcard") say(kind === "screen" ? "publish.asking-screen" : "publish.asking-camera", "busy");
  try {
    const next = await latest.take(async () => openSource(kind, {
      camera: byId("camera").value,
      microphone: byId("microphone").value,
      name: byId("name").value,
      size: parameters.get("size"),
      light: (await site).class || isTiny(navigator.hardwareConcurrency),
    }));
    if (!next) return null;
    show(next);
  } catch (error) {
    sayError(error);
    return false;
  }
  fillDevices();
  return true;
}

/** Shows a preview where that asks for nothing that people have not just asked for. */
async function preview() {
  showDeviceFields();
  const kind = chosenSource();
  if (kind === "screen") {
    closeSource();
    say("publish.pick-screen");
  } else if (await open()) {
    say("publish.this-is-it");
  }
}

/** Another camera or microphone while live: nobody is thrown off. */
async function switchDevice() {
  if (liveSince === null) return preview();
  const old = source;
  try {
    const devices = { camera: byId("camera").value, microphone: byId("microphone").value };
    const next = await latest.take(() => openSource("camera", devices));
    if (!next) return;
    show(next);
    try {
      for (const track of next.stream.getTracks()) await publisher.replaceTrack(track);
    } finally {
      old.stop();
    }
  } catch (error) {
    sayError(error);
  }
}

function applyMute() {
  const muted = byId("mute").getAttribute("aria-pressed") === "true";
  source?.stream.getAudioTracks().forEach((track) => (track.enabled = !muted));
  put(byId("mute"), muted ? "publish.muted" : "publish.mute");
}

/* ---- codec ---- */

const showCodec = () => put(byId("codec-hint"), whoSees(byId("codec").value));

/** What this browser cannot send cannot be chosen. */
function fillCodecs() {
  const capabilities = globalThis.RTCRtpSender?.getCapabilities?.("video") ?? null;
  for (const option of byId("codec").options)
    option.disabled = CODECS.includes(option.value) && !canSend(option.value, capabilities);
  byId("codec").value = codecOf(parameters.get("codec"));
  byId("codec").closest("details").open = byId("codec").value !== "";
  showCodec();
}

/* ---- going live ---- */

async function goLive() {
  const name = byId("name").value;
  if (!STREAM_NAME.test(name)) {
    say("publish.name-first", "bad");
    byId("name").focus();
    return;
  }
  try {
    checkBrowser(byId("codec").value);
  } catch (error) {
    sayError(error);
    return;
  }
  setStage("busy"); // so that nothing else is chosen, and nothing asked for twice, while people are asked
  const refusal = await whyNoPass(await site, pass);
  if (byId("stop").hidden) return; // it was pressed meanwhile
  if (refusal) say(refusal, "bad");
  const isOpen = refusal ? false : source && chosenSource() !== "screen" ? true : await open();
  if (isOpen === false) setStage("ready");
  if (!isOpen) return;
  memory.setItem("janus-hls-name", name);
  memory.setItem("janus-hls-title", byId("title").value);
  setStage("busy"); // there may be something to mute
  await publisher.publish(source.stream, {
    name,
    ...(token && !byId("key").value ? { token } : { key: byId("key").value || ownKey(memory) }),
    title: fitTitle(byId("title").value),
    unlisted: parameters.get("unlisted") === "1",
    codec: byId("codec").value,
    simulcast: byId("layers").checked && (SIMULCAST[parameters.get("simulcast")] || "auto"),
  });
}

function askForKey() {
  byId("key").closest("details").open = true;
  byId("key").select();
}

/** What runs with nobody before it comes back after an operator has ended it, as the demo's test card. */
function returnLater() {
  setTimeout(() => byId("stop").hidden && goLive(), RETURN_MS);
}

function stop() {
  latest.forget();
  publisher.stop();
}

async function sayFailed(key, values, code) {
  say(whyKeptOut(await site, code) ?? key, "bad", values);
  byId("message").focus();
  if (WRONG_KEYS.includes(code)) askForKey();
}

publisher.addEventListener("state", ({ detail: { state, key, values, code, ended } }) => {
  switch (state) {
    case "live":
      if (isUnseen(publisher.codec)) say("publish.live-unseen", "bad", { why: { key: whoSees(publisher.codec) } });
      else say(key, "good");
      setBadge("common.live", "live");
      if (liveSince === null) {
        liveSince = Date.now();
        showLinks(publisher.playback);
        awake.begin();
        if (!parameters.has("auto")) showViewers();
      }
      setStage("live");
      byId("figures").hidden = false;
      break;
    case "failed":
    case "stopped":
      if (ended === "kicked" && parameters.get("auto") === "again") returnLater();
      byId("links").hidden = true;
      setStage("ready");
      awake.end();
      if (state === "failed") sayFailed(key, values, code);
      else say(key, "", values);
      break;
    default:
      say(key, "busy", values);
      byId("health").hidden = true;
      setBadge(BADGES[state], "busy");
      setStage("busy");
  }
});

/** Whether viewers hear it is the operator's to say, too. */
publisher.addEventListener("changed", ({ detail: { audio } }) =>
  (audio ? say("publisher.live", "good") : say("publish.operator-muted", "bad")));

async function showFigures() {
  const connection = publisher.peerConnection;
  const f = liveSince !== null && connection && (await figures.read(connection));
  if (!f || liveSince === null) return; // it is not live, or not any more
  byId("figure-size").textContent = f.width ? `${f.width} × ${f.height}` : "–";
  byId("figure-fps").textContent = f.frameRate === null ? "–" : t("publish.per-second", { number: Math.round(f.frameRate) });
  byId("figure-video").textContent = formatBitrate(f.videoBitrate);
  byId("figure-audio").textContent = formatBitrate(f.audioBitrate);
  byId("figure-loss").textContent = f.loss === null ? "–" : `${(f.loss * 100).toFixed(1)} %`;
  byId("figure-rtt").textContent = f.roundTripMs === null ? "–" : `${Math.round(f.roundTripMs)} ms`;
  byId("figure-time").textContent = formatDuration((Date.now() - liveSince) / 1000);
  showLayers(byId("layer-figures"), f.layers);
  const health = healthOf(f);
  byId("health").hidden = byId("badge").dataset.text !== "common.live"; // a way that is lost has no health
  byId("health").className = `health ${health.mood}`;
  put(byId("health"), health.key);
  if (f.roundTripMs !== null) publisher.report(f.roundTripMs);
  if (lightenIfBusy(source, machine, f.limit)) say("publish.lighter", "busy");
}

/** Nobody counts them: it is not asked again until the next time live. */
async function showViewers() {
  const since = liveSince;
  while (liveSince === since) {
    const viewers = await fetchViewers(byId("name").value);
    byId("viewers").hidden = (viewers ?? null) === null;
    if (viewers === null) return;
    byId("figure-viewers").textContent = String(viewers);
    await new Promise((resolve) => setTimeout(resolve, VIEWERS_MS));
  }
}

/* ---- start ---- */

byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  goLive();
});
byId("stop").addEventListener("click", stop);
byId("mute").addEventListener("click", () => {
  const pressed = byId("mute").getAttribute("aria-pressed") === "true";
  byId("mute").setAttribute("aria-pressed", String(!pressed));
  applyMute();
});
byId("codec").addEventListener("change", showCodec);
byId("layers").addEventListener("change", () => memory.setItem("janus-hls-layers", byId("layers").checked ? "auto" : "0"));
byId("show-preview").addEventListener("click", preview);
byId("camera").addEventListener("change", switchDevice);
byId("microphone").addEventListener("change", switchDevice);
for (const input of document.querySelectorAll("[name=source]")) input.addEventListener("change", preview);
window.addEventListener("beforeunload", (event) => {
  if (liveSince !== null && !leavesFreely) event.preventDefault(); // "Leave the page?"
});
wireCopyButtons();
onLanguage(fillDevices);
setInterval(showFigures, FIGURES_MS);

/** What the address asks for is filled in, where it can be seen. */
function fillIn() {
  byId("name").value = parameters.get("stream") ?? ownName(memory);
  byId("layers").checked = Boolean(SIMULCAST[parameters.get("simulcast") ?? memory.getItem("janus-hls-layers") ?? SIMULCAST_DEFAULT]);
  byId("title").value = parameters.get("title") ?? memory.getItem("janus-hls-title") ?? "";
  byId("key").value = parameters.get("key") ?? "";
  byId("key").closest("details").open = byId("key").value !== "";
  const asked = document.querySelector(`[name=source][value="${CSS.escape(parameters.get("source") ?? "")}"]`);
  if (asked) asked.checked = true;
  fillCodecs();
  setStage("ready");
  showDeviceFields();
}

function start() {
  const isCard = chosenSource() === "testcard";
  if (parameters.has("auto") && isCard) {
    leavesFreely = true;
    goLive();
  } else if (isCard) preview();
  else if (parameters.has("auto")) say("publish.address-alone");
  else say("publish.ready");
}

fillIn();
site.then(({ class: isClass }) => isClass && !parameters.has("simulcast") && (byId("layers").checked = false)); // thirty share a machine
start();
