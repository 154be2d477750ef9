// SPDX-License-Identifier: GPL-3.0-or-later

// The class page: the whole path at work, for a teacher and a class (./demo --class). What it shows comes from the class
// desk, from the playlist and its header fields, and from two players on the page. It changes something only if the
// page's address had the key; the tab keeps that, and the address bar, which a class can see, does not.

import { ClassBoxes } from "./class-boxes.js";
import { ClassGraph } from "./class-graph.js";
import { ClassLessons } from "./class-lessons.js";
import { takeKey, TEACHER } from "./class-pass.js";
import { BLOCKS, ClassPicture } from "./class-picture.js";
import { compare, readPlaylist } from "./class-playlist.js";
import { cutBetween, stateOf, valuesOf } from "./class-values.js";
import { LatencyMeter } from "./latency-meter.js";
import { byId, storage } from "./page-tools.js";
import { STREAM_NAME } from "./stream-name.js";
import { StreamPlayer } from "./stream-player.js";
import { onLanguage, ready, t } from "./strings.js";
import { timeLimit } from "./time-limit.js";

const LOOK_MS = 1000;
const LIVE = { edge: new URL("class/edge/live/", document.baseURI), origin: new URL("live/", document.baseURI) };

const STATIONS = [
  { id: "seller", lines: ["codecs", "candidate", "dtls", "encrypted", "rate", "lost"] },
  { id: "janus", lines: ["vport", "vseq", "vts", "vpt", "aport", "aseq", "ats", "apt"] },
  { id: "bridge", bar: true, lines: ["growing", "opus", "aac", "pli", "why", "cut", "newest"] },
  { id: "files", blocks: true, lines: ["added", "removed", "list-cache", "segment-cache", "folder"] },
  { id: "viewer", lines: ["classic", "low", "buffer", "reads", "picture"] },
];

const query = new URLSearchParams(location.search);
const kept = storage("sessionStorage");
const given = takeKey();
if (given) kept.setItem(TEACHER, given);
const key = given ?? kept.getItem(TEACHER) ?? "";
let stream = STREAM_NAME.test(query.get("stream") ?? "") ? query.get("stream") : "";
let players = null;
let look = null; // the newest of the desk
let list = { now: null, before: null, text: "", change: { added: [], removed: [] }, gone: [] };
let lastCut = null;
let answeredAt = performance.now(); // when the server last did

const graph = new ClassGraph(["classic", "low"]);
const boxes = new ClassBoxes({ t, now: () => ({ look, list, stream, players: figuresOfPlayers() }) });
const picture = new ClassPicture(byId("picture"), STATIONS, (id) => boxes.open(id));
const lessons = new ClassLessons({ t, key, stream: () => stream, reopen: () => openPlayers() });

/* ---- players ---- */

/** One player, and how far behind live it is, as its picture tells. */
function play(id, options) {
  const video = byId(id);
  const player = new StreamPlayer(video, stream, options);
  const meter = new LatencyMeter(video, player);
  player.start();
  return { id, video, player, get figures() {
    return video.videoWidth && !video.paused ? meter.figures : null;
  }, stop() {
    meter.stop();
    player.stop();
  } };
}

function openPlayers() {
  players?.forEach((each) => each.stop());
  players = stream ? [play("classic", { lowLatency: false, live: LIVE.edge.href }), play("low", { live: LIVE.origin.href })] : null;
}

const secondsOf = (figures) => (figures ? `${(figures.ms / 1000).toFixed(1)} s` : "–");

function figuresOfPlayers() {
  if (!players) return {};
  const [classic, low] = players;
  return {
    classic: secondsOf(classic.figures),
    low: secondsOf(low.figures),
    buffer: `${classic.player.buffer.toFixed(1)} / ${low.player.buffer.toFixed(1)} s`,
    reads: low.player.isLowLatency ? ".ts / .m4s" : ".ts",
    picture: low.video.videoWidth ? `${low.video.videoWidth}×${low.video.videoHeight}` : "–",
  };
}

function showPlayers() {
  const now = Date.now();
  for (const { id, figures } of players ?? []) {
    byId(`${id}-behind`).textContent = secondsOf(figures);
    graph.add(id, figures?.ms ?? null, now);
  }
  const how = players?.some(({ figures }) => figures?.exact) ? "class.graph.exact" : "class.graph.dates";
  const text = t("class.graph.text", { how: t(how) });
  byId("graph-text").textContent = text;
  const { classic = "–", low = "–" } = figuresOfPlayers();
  graph.draw(now, `${text} ${t("class.classic")}: ${classic}. ${t("class.low")}: ${low}.`);
}

/* ---- what happens ---- */

/** The header fields by which caches know how long to keep an answer, and what came out of this one. */
const fieldsOf = ({ headers }) => ({ cacheControl: headers.get("cache-control"), cache: headers.get("x-cache") });

async function readList() {
  const asked = stream;
  const url = new URL(`${asked}/index.m3u8`, LIVE.edge);
  const response = await fetch(url, { cache: "no-store", signal: timeLimit(5000) });
  if (!response.ok) return;
  const text = await response.text();
  if (asked !== stream) return; // another one was chosen meanwhile
  const now = readPlaylist(text);
  const change = compare(list.now, now);
  const isOther = change.added.length > 0 || change.removed.length > 0;
  const gone = list.now?.segments.filter(({ name }) => change.removed.includes(name)) ?? [];
  list = { now, text, listFields: fieldsOf(response), segmentFields: list.segmentFields,
    change: isOther ? change : list.change, gone: isOther ? gone : list.gone };
  const watched = now.segments.at(-3) ?? now.segments.at(-1);
  if (!isOther || !watched) return;
  const segment = await fetch(new URL(watched.name, url), { method: "HEAD", cache: "no-store", signal: timeLimit(5000) });
  if (asked === stream) list.segmentFields = fieldsOf(segment);
}

function showList() {
  const { now, change, gone } = list;
  if (!now) return;
  const listed = now.segments.map(({ number, name, begins }) =>
    ({ number, state: change.added.includes(name) ? "new" : begins ? "begins" : "" }));
  picture.list("files", [...gone.map(({ number }) => ({ number, state: "gone" })).slice(-1), ...listed].slice(-BLOCKS));
}

function showState() {
  const state = byId("state");
  const [mood, text] = stateOf({ stream, look, answeredMs: performance.now() - answeredAt });
  state.className = `message ${mood}`;
  const words = t(text, { stream });
  if (state.textContent !== words) state.textContent = words;
  return text;
}

function show() {
  picture.show(look ? valuesOf(look, list, { lastCut, players: figuresOfPlayers() }, t) : {});
  const segment = look?.bridge?.segment;
  picture.fill("bridge", segment ? segment.seconds / segment.target : 0);
  showList();
  const state = showState();
  const isLive = state === "class.state.live", isListed = isLive || state === "class.state.held";
  picture.flows([isLive && Boolean(look.seller), isLive, isLive, isListed && Boolean(list.now)]);
  boxes.show();
  lessons.show(look?.lesson ?? null);
}

/** Streams that can be chosen; the first is, if the address names none. */
async function chooseStream() {
  const response = await fetch("live/streams.json", { cache: "no-store", signal: timeLimit(5000) }).catch(() => null);
  const names = response?.ok ? (await response.json()).streams.map(({ name }) => name) : [];
  if (response?.ok && !stream) answeredAt = performance.now();
  const menu = byId("stream");
  const all = [...new Set([...(stream ? [stream] : []), ...names])];
  if ([...menu.options].map(({ value }) => value).join() !== all.join()) menu.replaceChildren(...all.map((name) => new Option(name, name)));
  if (!stream && names.length) take(names[0]);
  menu.value = stream;
}

function take(name) {
  stream = name;
  list = { now: null, text: "", change: { added: [], removed: [] }, gone: [] };
  look = lastCut = null;
  openPlayers();
}

async function lookOnce() {
  await chooseStream();
  if (!stream) return;
  const asked = stream;
  const response = await fetch(`class/look.json?stream=${encodeURIComponent(stream)}`, { cache: "no-store", signal: timeLimit(5000) });
  if (!response.ok) throw new Error(String(response.status));
  const found = await response.json();
  if (asked !== stream) return;
  answeredAt = performance.now();
  lastCut = cutBetween(look?.bridge?.cuts, found.bridge?.cuts, lastCut);
  look = found;
  await readList();
}

async function run() {
  for (;;) {
    await lookOnce().catch(() => {}); // it is asked again; what is shown stays until then
    show();
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

byId("graph").append(graph.element);
byId("stream").addEventListener("change", ({ target }) => take(target.value));
const name = () => {
  document.title = `${t("class.title")} – janus-hls`;
  picture.name(t);
  lessons.name();
  show();
};
onLanguage(name);
await ready;
name();
setInterval(showPlayers, 500);
if (stream) openPlayers();
run();
