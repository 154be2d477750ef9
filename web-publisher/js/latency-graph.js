// SPDX-License-Identifier: GPL-3.0-or-later

// Glass to glass, live, with a graph of the last minute.

import { LatencyMeter, SPAN_MS } from "./latency-meter.js";

const GRID_MS = [500, 1000, 2000, 5000, 10000, 20000]; // lines that fit

const LABEL_PX = 12; // high

/** Where the text of a line at `y` stands: above it, or below if there is no room. */
export const labelY = (y) => (y > LABEL_PX + 6 ? y - 4 : y + LABEL_PX + 2);

export class LatencyGraph {
  #canvas;
  #meter;

  /** `player`: the StreamPlayer of `video`. */
  constructor(video, canvas, player) {
    this.#canvas = canvas;
    this.#meter = new LatencyMeter(video, player, (now) => this.#draw(now));
  }

  /** As of a LatencyMeter. */
  get figures() {
    return this.#meter.figures;
  }

  /** Makes the canvas as sharp as the screen. Returns its size in pixels of the page. */
  #fit() {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const scale = window.devicePixelRatio || 1;
    const [wide, high] = [width, height].map((pixels) => Math.round(pixels * scale));
    if (this.#canvas.width !== wide || this.#canvas.height !== high) Object.assign(this.#canvas, { width: wide, height: high });
    this.#canvas.getContext("2d").setTransform(scale, 0, 0, scale, 0, 0);
    return { width, height };
  }

  #draw(now) {
    const { samples } = this.#meter;
    const { width, height } = this.#fit();
    const context = this.#canvas.getContext("2d");
    const top = Math.max(1000, ...samples.map(({ ms }) => ms)) * 1.15;
    const y = (ms) => height - (ms / top) * height;

    context.clearRect(0, 0, width, height);
    context.font = `${LABEL_PX}px sans-serif`;
    context.fillStyle = getComputedStyle(this.#canvas).color;
    for (const ms of GRID_MS.filter((line) => line < top && line > top / 8)) {
      context.globalAlpha = 0.35;
      context.fillRect(0, y(ms), width, 1);
      context.globalAlpha = 1;
      context.fillText(`${ms / 1000} s`, 4, labelY(y(ms)));
    }
    context.strokeStyle = "#3b82f6";
    context.lineWidth = 2;
    context.beginPath();
    for (const { at, ms } of samples) context.lineTo(width - ((now - at) / SPAN_MS) * width, y(ms));
    context.stroke();
  }
}
