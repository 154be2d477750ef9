// SPDX-License-Identifier: GPL-3.0-or-later

// The status page for operators: how the bridge and each stream fare, once a second. It can change nothing.

import { thumbnailUrl } from "./live-list.js";
import { LoadTiles } from "./load-tiles.js";
import { byId, element, formatBitrate, formatDuration } from "./page-tools.js";
import { describeRungs, describeSpeed } from "./rungs.js";
import { Sparkline } from "./sparkline.js";
import { SPAN, StreamHistory } from "./stream-history.js";
import { ready, show as say, showAttribute, t } from "./strings.js";
import { timeLimit } from "./time-limit.js";

const LOOK_MS = 1000;

const ms = (value) => `${Math.round(value) || 0} ms`; // no "-0"
const FIGURES = [
  { key: "bitrate", label: "status.bitrate", format: formatBitrate, least: 1e5 },
  { key: "fps", label: "status.pictures", format: (value) => `${value.toFixed(0)} fps`, least: 30 },
  { key: "loss", label: "publish.loss", format: (value) => `${value.toFixed(1)} %`, least: 2 },
  { key: "offset", label: "status.offset", format: ms, least: 20 },
  { key: "publish", label: "status.publish-delay", format: ms, least: 200 },
];
const STATES = { live: "status.live", held: "status.waiting", ended: "status.ended" };

await ready; // what is made from here on says something at once

const tiles = new LoadTiles();
const rows = new Map(); // name -> Row

/** One stream on the page. */
class Row {
  history = new StreamHistory();
  #picture = element("img");
  #blank = say(element("span", "blank"), "common.sound-only");
  #state = element("span", "state");
  #title = element("h2");
  #about = element("p", "muted");
  #rungs = element("ul", "rungs");
  #warnings = element("ul", "warnings");
  #figures = FIGURES.map((figure) => ({ ...figure, line: new Sparkline(figure), value: element("span") }));
  #shown;

  constructor(name) {
    const watch = say(element("a", "button small"), "common.watch");
    const thumb = element("a", "thumb", this.#blank, this.#picture); // a second way there, for fingers
    watch.href = thumb.href = `watch.html?stream=${encodeURIComponent(name)}`;
    thumb.tabIndex = -1;
    for (const link of [thumb, watch]) showAttribute(link, "aria-label", "status.watch", { name });
    this.#picture.alt = "";
    this.#picture.hidden = true;
    this.#picture.addEventListener("load", () => (this.#picture.hidden = false));
    const figures = element("dl", "sparklines", ...this.#figures.map(({ label, value, line }) =>
      element("div", "", say(element("dt"), label), element("dd", "", value, line.element))));
    this.article = element("article", "stream",
      thumb, element("div", "what", element("div", "heading", this.#state, this.#title, watch), this.#about),
      figures, this.#rungs, this.#warnings);
    this.article.dataset.stream = name;
  }

  #describe({ name, title, state, source, live_since, publishers, low_latency }) {
    const live = state === "live" && source;
    return [
      title && name,
      live && (source.width ? `${source.width} × ${source.height}` : t("common.sound-only")),
      live && live_since && t("common.on-air", { time: formatDuration(Math.max(0, Date.now() / 1000 - live_since)) }),
      publishers > 1 && t("status.publisher-no", { number: publishers }),
      low_latency?.held > 0 && t("status.held-count", { count: low_latency.held }),
    ]
      .filter(Boolean)
      .join(" · ");
  }

  /** The sizes that are made of it, and how fast. */
  #tellOfRungs({ state, transcoder }) {
    const lines = state === "live" ? describeRungs(transcoder) : [];
    const speed = state === "live" && describeSpeed(transcoder);
    this.#rungs.replaceChildren(...lines.map(({ bad, key, values }) => say(element("li", bad ? "bad" : ""), key, values)),
      ...(speed ? [say(element("li", "muted"), speed.key, speed.values)] : []));
    this.#rungs.hidden = lines.length === 0;
  }

  update(status) {
    this.history.add(status);
    this.article.dataset.state = status.state;
    say(this.#state, STATES[status.state]);
    this.#title.textContent = status.title || status.name;
    this.#about.textContent = this.#describe(status);
    const url = status.thumbnail && thumbnailUrl(status);
    if (url && url !== this.#shown) this.#picture.src = this.#shown = url;
    if (!url) this.#picture.hidden = true;
    this.#blank.hidden = Boolean(status.source?.width ?? true);
    for (const { key, format, line, value } of this.#figures) {
      const values = this.history.series(key);
      value.textContent = values.at(-1) === null ? "–" : format(values.at(-1));
      line.draw(values, SPAN);
    }
    this.#tellOfRungs(status);
    const { warnings } = this.history;
    this.#warnings.replaceChildren(...warnings.map(({ bad, key, values }) => say(element("li", bad ? "bad" : ""), key, values)));
    this.#warnings.hidden = warnings.length === 0;
    return warnings.length;
  }
}

function show(status) {
  const { streams } = status;
  const names = new Set(streams.map(({ name }) => name));
  let warned = 0;

  for (const [name, row] of rows) {
    if (names.has(name)) continue;
    row.article.remove();
    rows.delete(name);
  }
  for (const stream of streams) {
    if (!rows.has(stream.name)) {
      rows.set(stream.name, new Row(stream.name));
      byId("streams").append(rows.get(stream.name).article);
    }
    warned += rows.get(stream.name).update(stream) > 0;
  }
  byId("none").hidden = streams.length > 0;
  tiles.show(status, warned);
  say(document.querySelector("title"), warned ? "status.head-warned" : "status.head", { count: warned });
}

/** What is shown is of now, or of `since`, when the bridge was last heard. */
function showReach(since) {
  byId("gone").hidden = since === null;
  document.body.classList.toggle("stale", since !== null);
  if (since !== null)
    say(byId("gone-text"), since ? "status.gone-since" : "status.gone", { time: new Date(since).toLocaleTimeString() });
}

async function run() {
  let heard = 0;
  for (;;) {
    try {
      const response = await fetch("status.json", { cache: "no-store", signal: timeLimit(5000) });
      if (!response.ok) throw new Error(String(response.status));
      show(await response.json());
      heard = Date.now();
      showReach(null);
    } catch {
      showReach(heard);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

byId("load").append(...tiles.elements);
run();
