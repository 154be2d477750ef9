// SPDX-License-Identifier: GPL-3.0-or-later

// Glass to glass, live, with a graph of the last minute: reads the clock that a test card shows in
// the picture, and if there is none, takes what the playlist's dates tell.

import { readTimeCode, STRIP_HEIGHT } from "./time-code.js";

const PERIOD_MS = 200;
const SPAN_MS = 60000;
const LONG_AGO_MS = 120000; // a clock that shows a time before this is a recording's
const GRID_MS = [500, 1000, 2000, 5000, 10000, 20000]; // lines that fit

const LABEL_PX = 12; // high

/** Where the text of a line at `y` stands: above it, or below if there is no room. */
export const labelY = (y) => (y > LABEL_PX + 6 ? y - 4 : y + LABEL_PX + 2);

export class LatencyGraph {
  #video;
  #canvas;
  #fallbackMs;
  #timer;
  #samples = []; // { at, ms, exact }, oldest first
  #row = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

  /** `fallbackMs()`: the distance if the picture shows no clock, or null. */
  constructor(video, canvas, fallbackMs) {
    this.#video = video;
    this.#canvas = canvas;
    this.#fallbackMs = fallbackMs;
    this.#timer = setInterval(() => this.#look(), PERIOD_MS);
  }

  /** Looks no more. */
  stop() {
    clearInterval(this.#timer);
  }

  /** { ms, median, worst, exact } of the last minute; null if there is nothing yet. */
  get figures() {
    if (this.#samples.length === 0) return null;
    const sorted = this.#samples.map(({ ms }) => ms).sort((a, b) => a - b);
    const { ms, exact } = this.#samples.at(-1);
    return { ms, exact, median: sorted[Math.floor(sorted.length / 2)], worst: sorted.at(-1) };
  }

  #readPicture() {
    const { videoWidth: width, videoHeight: height } = this.#video;
    if (!width) return null;
    this.#row.canvas.width = width;
    this.#row.canvas.height = 1;
    const y = Math.round(height * (1 - STRIP_HEIGHT / 2)) - 1;
    this.#row.drawImage(this.#video, 0, y, width, 1, 0, 0, width, 1);
    const code = readTimeCode(this.#row.getImageData(0, 0, width, 1).data, width, Date.now());
    const ms = code === null ? null : Date.now() - code;
    return ms !== null && ms < LONG_AGO_MS ? ms : null;
  }

  #look() {
    const now = Date.now();
    const read = this.#readPicture();
    const ms = read ?? this.#fallbackMs();
    if (ms !== null && !this.#video.paused) this.#samples.push({ at: now, ms, exact: read !== null });
    while (this.#samples.length && now - this.#samples[0].at > SPAN_MS) this.#samples.shift();
    this.#draw(now);
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
    const { width, height } = this.#fit();
    const context = this.#canvas.getContext("2d");
    const top = Math.max(1000, ...this.#samples.map(({ ms }) => ms)) * 1.15;
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
    for (const { at, ms } of this.#samples) context.lineTo(width - ((now - at) / SPAN_MS) * width, y(ms));
    context.stroke();
  }
}
