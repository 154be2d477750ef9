// SPDX-License-Identifier: GPL-3.0-or-later

// The picture of the class page: five stations and the pipes between them, as SVG, with what happens there as text.

import { HEAD, LINE, layOut } from "./class-layout.js";
import { setAll as set, svg } from "./svg.js";

/** What a station looks like, in a square of 48. */
const ICONS = {
  seller: "M6 10h36v24H6zM2 39h44M24 27a7 7 0 1 0 0-14 7 7 0 0 0 0 14M13 34c1-8 21-8 22 0",
  janus: "M24 4l17 6v13c0 11-8 17-17 21C15 40 7 34 7 23V10zM17 24h14M26 18l6 6-6 6",
  bridge: "M17 5h14M20 5v13L8 38c-2 3 0 5 3 5h26c3 0 5-2 3-5L28 18V5M13 31h22",
  files: "M6 8h36v10H6zM6 19h36v10H6zM6 30h36v10H6zM12 13h1M12 24h1M12 35h1M20 13h14M20 24h14M20 35h14",
  viewer: "M4 8h40v26H4zM17 42h14M24 34v8M20 15l10 6-10 6z",
};

export const BLOCKS = 8; // of a playlist that are drawn

export class ClassPicture {
  #stations;
  #pipes;
  #element;
  #svg = svg("svg", { class: "path" });

  /**
   * `stations`: [{ id, lines: [key], bar, blocks }]: its lines by their names, and whether it has a bar that grows, or
   * blocks of a playlist; `open(id)` is called when somebody chooses one.
   */
  constructor(element, stations, open) {
    this.#element = element;
    this.#pipes = stations.slice(1).map(() => svg("g", { class: "pipe" }, svg("path", { class: "tube" }), svg("path", { class: "flow" })));
    this.#svg.append(...this.#pipes);
    this.#stations = stations.map((station, i) => this.#make(station, i, open));
    element.append(this.#svg);
    new ResizeObserver(() => this.#place()).observe(element);
    this.#place();
  }

  #make({ id, lines, bar, blocks }, i, open) {
    const group = svg("g", { class: "station", tabindex: "0", role: "button", "data-station": id });
    const made = {
      id, group, filled: 0, rows: new Map(), bar: bar && svg("g", { class: "grows" }, svg("rect", { class: "all" }), svg("rect", { class: "part" })),
      panel: svg("rect", { class: "panel", rx: 14 }),
      number: svg("text", { class: "number" }, String(i + 1)),
      icon: svg("path", { class: "icon", d: ICONS[id] }),
      title: svg("text", { class: "name" }),
      about: svg("text", { class: "about" }),
      blocks: blocks && Array.from({ length: BLOCKS }, () => svg("g", { class: "block" }, svg("rect", { rx: 4 }), svg("text"))),
    };
    group.append(made.panel, made.icon, made.number, made.title, made.about);
    if (made.bar) group.append(made.bar);
    if (made.blocks) group.append(...made.blocks);
    for (const key of lines) {
      const row = { label: svg("text", { class: "label" }), value: svg("text", { class: "value", "data-value": key }) };
      group.append(row.label, row.value);
      made.rows.set(key, row);
    }
    group.addEventListener("click", () => open(id));
    group.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      open(id);
    });
    this.#svg.append(group);
    return made;
  }

  #place() {
    const width = Math.floor(this.#element.clientWidth);
    if (!width) return;
    const { font, height, stations, pipes, isWide } = layOut(width, this.#stations.map(({ rows, bar, blocks }) =>
      rows.size + (bar ? 1 : 0) + (blocks ? 1.6 : 0)));
    set(this.#svg, { viewBox: `0 0 ${width} ${height}`, width, height, "font-size": font });
    this.#svg.classList.toggle("column", !isWide);
    pipes.forEach(({ x1, y1, x2, y2 }, i) => {
      for (const each of this.#pipes[i].children) set(each, { d: `M${x1} ${y1}L${x2} ${y2}` });
    });
    this.#stations.forEach((station, i) => this.#placeStation(station, stations[i], font));
  }

  #placeStation(station, { x, y, width, height }, font) {
    const { group, panel, number, icon, title, about, bar, blocks, rows } = station;
    const pad = font * 0.9, inner = width - 2 * pad;
    set(group, { transform: `translate(${x} ${y})` });
    set(panel, { width, height });
    set(icon, { transform: `translate(${pad} ${pad}) scale(${(font * 2.9) / 48})` });
    set(number, { x: width - pad, y: pad + font * 1.6 });
    set(title, { x: pad, y: pad + font * 4.35 });
    set(about, { x: pad, y: pad + font * 5.6 });
    let at = font * (HEAD + 0.35);
    if (bar) {
      set(bar, { transform: `translate(${pad} ${at})`, "data-width": inner });
      set(bar.children[0], { width: inner, height: font * 0.9, rx: font * 0.45 });
      set(bar.children[1], { width: station.filled * inner, height: font * 0.9, rx: font * 0.45 });
      at += font * LINE;
    }
    if (blocks) {
      const each = inner / blocks.length, side = font * 2.1;
      blocks.forEach((block, i) => {
        set(block, { transform: `translate(${pad + i * each} ${at})` });
        set(block.children[0], { width: each * 0.88, height: side });
        set(block.children[1], { x: each * 0.44, y: side * 0.64, "font-size": Math.min(font * 0.8, each * 0.42) });
      });
      at += font * (LINE * 1.6);
    }
    for (const { label, value } of rows.values()) {
      at += font * LINE;
      set(label, { x: pad, y: at - font * 0.45 });
      set(value, { x: width - pad, y: at - font * 0.45 });
    }
  }

  /** Its words, by `say(key)`. */
  name(say) {
    for (const { id, title, about, rows, group } of this.#stations) {
      title.textContent = say(`class.${id}`);
      about.textContent = say(`class.${id}.short`);
      for (const [key, { label }] of rows) label.textContent = say(`class.line.${key}`);
      group.setAttribute("aria-description", say("class.open")); // its name is all that it says
    }
  }

  /** What happens there: `values`: { id: { key: text } }; what is missing is a dash. */
  show(values) {
    for (const { id, rows } of this.#stations)
      for (const [key, { value }] of rows) {
        const text = values[id]?.[key] ?? "–";
        if (value.textContent !== text) value.textContent = text;
      }
  }

  /** How full the bar of a station is, 0 to 1. */
  fill(id, part) {
    const station = this.#stations.find((one) => one.id === id);
    const width = Number(station.bar.getAttribute("data-width")) || 0;
    station.filled = Math.max(0, Math.min(1, part));
    set(station.bar.children[1], { width: station.filled * width });
  }

  /** The playlist's segments, [{ number, state }], the newest last; `state`: "new", "gone", "begins" or "". */
  list(id, segments) {
    const { blocks } = this.#stations.find((station) => station.id === id);
    blocks.forEach((block, i) => {
      const segment = segments[i];
      block.setAttribute("class", `block ${segment ? segment.state : "empty"}`);
      const [rect, text] = block.children;
      text.textContent = segment ? String(segment.number).slice(-4) : "";
      if (text.textContent.length > 3) set(text, { textLength: rect.getAttribute("width") * 0.86, lengthAdjust: "spacingAndGlyphs" });
      else text.removeAttribute("textLength");
    });
  }

  /** Whether something flows into a station. */
  flows(flowing) {
    this.#pipes.forEach((pipe, i) => pipe.classList.toggle("still", !flowing[i]));
  }
}
