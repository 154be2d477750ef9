// SPDX-License-Identifier: GPL-3.0-or-later

// A small graph of a figure over time, as SVG, with what it says in words for who cannot see it.

import { showAttribute } from "./strings.js";
import { svg } from "./svg.js";

const WIDTH = 200;
const HEIGHT = 40;
const PAD = 3; // so that the line is not cut in half at the edges

export class Sparkline {
  #label;
  #format;
  #least;
  #line = svg("polyline", { class: "line" });
  #area = svg("polygon", { class: "area" });
  element = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" });

  /** `label`: a key (strings.js); `format(value)` tells a value; the scale goes from 0 to the largest one, `least` at the least. */
  constructor({ label, format, least }) {
    this.#label = label;
    this.#format = format;
    this.#least = least;
    this.element.append(this.#area, this.#line);
  }

  /** `values`: the oldest first, null if there is none; `span`: how many fill the width. */
  draw(values, span) {
    const known = values.filter((value) => value !== null);
    const top = Math.max(this.#least, ...known);
    const bottom = Math.min(0, ...known);
    const x = (i) => WIDTH - ((values.length - 1 - i) / (span - 1)) * WIDTH;
    const y = (value) => HEIGHT - PAD - ((value - bottom) / (top - bottom)) * (HEIGHT - 2 * PAD);
    const points = values.flatMap((value, i) => (value === null ? [] : [[x(i), y(value)]]));
    const text = points.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(" ");

    this.#line.setAttribute("points", text);
    this.#area.setAttribute("points", points.length
      ? `${points[0][0].toFixed(1)},${y(0).toFixed(1)} ${text} ${points.at(-1)[0].toFixed(1)},${y(0).toFixed(1)}` : "");
    const [now, least, most] = known.length ? [known.at(-1), Math.min(...known), Math.max(...known)].map(this.#format) : [];
    showAttribute(this.element, "aria-label", known.length ? "status.line" : "status.line-empty",
      { label: { key: this.#label }, now, least, most });
  }
}
