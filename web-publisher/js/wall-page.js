// SPDX-License-Identifier: GPL-3.0-or-later

// The wall of a class: all that is live, with a picture of each and how it goes, for a projector and for phones. What the
// teacher puts into the spotlight is played large, for all who look at the wall. ./demo --class has the desk behind it.
//
// Its address may have ?pass=PASS, which lets people publish: then the wall shows how to join. The teacher's has #key=KEY,
// which no server is told as part of an address; the tab keeps it, and the address bar, which a class can see, does not.

import { takeKey, TEACHER } from "./class-pass.js";
import { thumbnailUrl } from "./live-list.js";
import { byId, element, formatBitrate, showQr, storage } from "./page-tools.js";
import { StreamPlayer } from "./stream-player.js";
import { onLanguage, ready, show as say, t } from "./strings.js";
import { timeLimit } from "./time-limit.js";

const LOOK_MS = 2000;
const ANSWER_MS = 10000;
const REFUSALS = { 401: "wall.wrong-key", 404: "wall.not-live", 503: "wall.no-janus" }; // by the desk's status; others in its own words

const pass = new URLSearchParams(location.search).get("pass");
const kept = storage("sessionStorage");
const seats = new Map(); // name -> Seat
let key = null; // the teacher's, once it is known to be right
let untried = null; // a key of which the desk has not said yet whether it is
let room = null; // as it was seen last
let player = null; // of the spotlight: { name, player }

/** Asks the desk. Throws what it says is wrong, in English; the wall itself has said what it means. */
async function ask(path, body, asKey = key) {
  const response = await fetch(`class/${path}.json`, {
    cache: "no-store",
    signal: timeLimit(ANSWER_MS),
    ...(body && { method: "POST", body: JSON.stringify(body) }),
    headers: asKey ? { Authorization: `Bearer ${asKey}` } : {},
  });
  if (response.ok) return response.json();
  const { error } = await response.json().catch(() => ({})); // nginx answers for a desk that is away
  throw Object.assign(new Error(error ?? t("start.unreachable")), { status: response.status });
}

/* ---- what the teacher does ---- */

async function act(path, body) {
  try {
    show(await ask(path, body));
    tell(null);
  } catch (error) {
    const refusal = REFUSALS[error.status];
    tell(refusal ? t(refusal, body) : error.message);
  }
}

function tell(text) {
  byId("wall-message").hidden = !text;
  byId("wall-message").textContent = text ?? "";
}

/** A button of the teacher's for one stream, whose name the element `describedBy` has. */
function control(text, describedBy, press) {
  const button = say(element("button", "button small"), text);
  button.type = "button";
  button.addEventListener("click", press);
  button.setAttribute("aria-describedby", describedBy);
  return button;
}

/* ---- one stream ---- */

class Seat {
  #picture = element("img");
  #blank = say(element("span", "blank"), "common.sound-only");
  #muted = say(element("span", "badge"), "wall.muted");
  #health = element("span", "how");
  #about = element("span", "muted");
  #title = element("strong");
  #spot;
  #mute;
  #shown;
  #stream;
  item;

  constructor(name) {
    const link = element("a", "", element("span", "thumb", this.#blank, this.#picture, this.#muted),
      element("span", "about", this.#title, this.#health, this.#about));
    link.href = `watch.html?stream=${encodeURIComponent(name)}`;
    this.#title.id = `seat-${name}`;
    this.#picture.alt = "";
    this.#picture.hidden = true;
    this.#picture.addEventListener("load", () => (this.#picture.hidden = false));
    this.item = element("li", "seat", link);
    this.item.dataset.stream = name;
    if (key) this.item.append(this.#controls(name));
  }

  #controls(name) {
    const { id } = this.#title;
    this.#spot = control("wall.spotlight", id, () => act("spotlight", { stream: room.spotlight === name ? null : name }));
    this.#mute = control("wall.mute", id, () => act("mute", { stream: name, muted: !this.#stream.muted }));
    const kick = control("wall.kick", id, () => confirm(t("wall.kick-sure", { name })) && act("kick", { stream: name }));
    const out = control("wall.keep-out", id, () => confirm(t("wall.keep-out-sure", { name })) && act("keepout", { stream: name }));
    for (const button of [kick, out]) button.classList.add("danger");
    return element("div", "teaching", this.#spot, this.#mute, kick, out);
  }

  update(stream, isSpotlit) {
    const { name, title, width, height, fps, bitrate, loss, health, rule, muted } = stream;
    const url = stream.thumbnail && thumbnailUrl(stream);
    this.#stream = stream;
    if (url && url !== this.#shown) this.#picture.src = this.#shown = url;
    if (!url) this.#picture.hidden = true;
    this.#blank.hidden = Boolean(width);
    this.#muted.hidden = !muted;
    this.#title.textContent = title || name;
    this.item.className = `seat ${health}`;
    say(this.#health, rule === "held" ? "wall.held" : `wall.health-${health}`);
    this.#about.textContent = [
      title && name,
      width && `${width} × ${height}`,
      width && fps !== null && t("wall.fps", { number: Math.round(fps) }),
      bitrate && formatBitrate(bitrate),
      loss >= 0.1 && t("wall.loss", { number: loss.toFixed(1) }),
    ].filter(Boolean).join(" · ");
    this.#spot?.setAttribute("aria-pressed", String(isSpotlit));
    this.#mute?.setAttribute("aria-pressed", String(muted));
  }
}

/* ---- the room ---- */

/** Plays what is in the spotlight, and nothing if that is not live. */
function spotlight(name) {
  if (name === (player?.name ?? null)) return;
  player?.player.stop();
  player = null;
  byId("spotlight").hidden = !name;
  if (!name) return;
  byId("join").open = false; // the picture is what is to be seen
  player = { name, player: new StreamPlayer(byId("spotlight-player"), name) };
  byId("spotlight-name").textContent = name;
  player.player.start();
}

/** Shows the names that the teacher keeps out, each with a button that lets it in again. */
function showKeptOut(names) {
  byId("kept-out").hidden = !key || names.length === 0;
  const list = byId("kept-out-list");
  if (list.dataset.names === names.join()) return; // who is about to press a button finds it again
  list.dataset.names = names.join();
  list.replaceChildren(...names.map((name) => {
    const title = element("strong", "", name);
    title.id = `kept-out-${name}`;
    return element("li", "", title, control("wall.let-in", title.id, () => act("letin", { stream: name })));
  }));
}

function show(next) {
  room = next;
  showKeptOut(room.kept_out);
  const names = new Set(room.streams.map(({ name }) => name));
  for (const [name, { item }] of seats) {
    if (names.has(name)) continue;
    item.remove();
    seats.delete(name);
  }
  for (const stream of room.streams) {
    if (!seats.has(stream.name)) {
      const seat = new Seat(stream.name);
      seats.set(stream.name, seat);
      byId("wall-list").append(seat.item);
    }
    seats.get(stream.name).update(stream, room.spotlight === stream.name);
  }
  spotlight(names.has(room.spotlight) ? room.spotlight : null);
  say(byId("wall-state"), room.live < room.seats ? "wall.count" : "wall.full", { live: room.live, seats: room.seats });
}

async function look() {
  if (untried) await tryKey();
  try {
    show(await ask("room"));
  } catch {
    say(byId("wall-state"), "start.unreachable");
  }
  setTimeout(look, LOOK_MS);
}

/* ---- start ---- */

/** Takes the teacher's key from the address, or from this tab's earlier life. */
function readKey() {
  const given = takeKey();
  const candidate = given ?? kept.getItem(TEACHER);
  if (candidate) untried = { key: candidate, isGiven: Boolean(given) };
}

/** Asks the desk whether the key is right; if it does not answer, it is asked again. */
async function tryKey() {
  const { key: candidate, isGiven } = untried;
  try {
    await ask("teacher", undefined, candidate);
    key = candidate;
    kept.setItem(TEACHER, key);
    untried = null;
    seats.forEach(({ item }) => item.remove());
    seats.clear(); // they have no buttons yet
  } catch (error) {
    if (error.status !== 401) return;
    untried = null;
    if (isGiven) tell(t("wall.wrong-key"));
  }
}

function showJoin() {
  const link = new URL(`publish.html?pass=${encodeURIComponent(pass)}`, location.href).href;
  byId("join").hidden = false;
  byId("join").open = true;
  byId("join-link").textContent = link;
  showQr(byId("join-qr"), link);
}

byId("spotlight-player").addEventListener("volumechange", ({ target }) => (byId("spotlight-sound").hidden = !target.muted));
byId("spotlight-sound").addEventListener("click", () => {
  byId("spotlight-player").muted = false;
  byId("spotlight-player").play().catch(() => {});
});
byId("print").addEventListener("click", () => print());
onLanguage(() => room && show(room));
await ready;
if (pass) showJoin();
readKey();
look();
