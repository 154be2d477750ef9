// SPDX-License-Identifier: GPL-3.0-or-later

// How far behind live two players are, over the last minute: two lines in one picture, as SVG.

import { svg } from "./svg.js";

const WIDTH = 480, HEIGHT = 270, LEFT = 44;
const SPAN_MS = 60000;
const GRID_S = [1, 2, 5, 10, 20, 40];

export class ClassGraph {
  #lines = new Map();
  #samples = new Map();
  #grid = svg("g", { class: "grid" });
  element = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" }, this.#grid);

  /** `names`: of the lines, which are their classes too. */
  constructor(names) {
    for (const name of names) {
      const line = svg("polyline", { class: `line ${name}` });
      this.element.append(line);
      this.#lines.set(name, line);
      this.#samples.set(name, []);
    }
  }

  /** Adds a sample of a line, in milliseconds; null: it is not known. */
  add(name, ms, now) {
    const samples = this.#samples.get(name);
    if (ms !== null) samples.push({ at: now, ms });
    while (samples.length && now - samples[0].at > SPAN_MS) samples.shift();
  }

  draw(now, label) {
    const all = [...this.#samples.values()].flat().map(({ ms }) => ms);
    const top = Math.max(2000, ...all) * 1.12;
    const y = (ms) => HEIGHT - 8 - (ms / top) * (HEIGHT - 20);
    const grid = GRID_S.filter((s) => s * 1000 < top && s * 1000 > top / 12);
    this.#grid.innerHTML = grid.map((s) => `<path d="M${LEFT} ${y(s * 1000).toFixed(1)}H${WIDTH}"/>` +
      `<text x="${LEFT - 8}" y="${(y(s * 1000) + 6).toFixed(1)}">${s} s</text>`).join("");
    for (const [name, line] of this.#lines)
      line.setAttribute("points", this.#samples.get(name).map(({ at, ms }) =>
        `${(WIDTH - ((now - at) / SPAN_MS) * (WIDTH - LEFT)).toFixed(1)},${y(ms).toFixed(1)}`).join(" "));
    this.element.setAttribute("aria-label", label);
  }
}
