// SPDX-License-Identifier: GPL-3.0-or-later

// The test card: a clock that is drawn, and at each whole second a flash and a 1 kHz beep of a
// tenth of a second that begin together. A person sees and hears at once whether the sound fits the
// picture; a program reads it from the flash, the beep and the time code in the bottom strip.

import { MARK_MS, startTestSound } from "./test-sound.js";
import { startTicker, wallClock } from "./ticker.js";
import { drawTimeCode } from "./time-code.js";

const FULL = { width: 1280, height: 720, rate: 30 }; // pictures a second

/** What a machine can do that is busy, or has many publishers: about an eighth of the work. */
export const LIGHT = { width: 640, height: 360, rate: 15 };

const US_PER_S = 1000000;
const BARS = ["#b8b8b8", "#b8b800", "#00b8b8", "#00b800", "#b800b8", "#b80000", "#0000b8"];

function drawBackground(context, width, height) {
  const bar = width / BARS.length;
  BARS.forEach((colour, i) => {
    context.fillStyle = colour;
    context.fillRect(Math.floor(i * bar), 0, Math.ceil(bar), height);
  });
  context.fillStyle = "#181c24";
  context.fillRect(0, height * 0.22, width, height * 0.78);
}

/** What is drawn on the card is as high as fits a card of 16:9, so that a phone held upright has it whole. */
const scaleOf = (width, height) => Math.min(height, (width * 9) / 16);

/** One second's sweep, so that a frozen or stuttering picture shows. */
function drawSweep(context, width, height, ms) {
  const scale = scaleOf(width, height);
  const x = width * 0.14, y = height * 0.55, radius = scale * 0.17;
  const angle = (ms / 1000) * 2 * Math.PI - Math.PI / 2;

  context.lineWidth = scale * 0.012;
  context.strokeStyle = "#44506a";
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.stroke();
  context.fillStyle = "#ffb454";
  context.beginPath();
  context.moveTo(x, y);
  context.arc(x, y, radius, -Math.PI / 2, angle);
  context.fill();
}

function drawClock(context, width, height, now, name) {
  const scale = scaleOf(width, height);
  const date = new Date(now);
  const two = (n, digits = 2) => String(n).padStart(digits, "0");
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;

  context.textBaseline = "middle";
  context.textAlign = "left";
  context.fillStyle = "#f2f4f8";
  context.font = `600 ${scale * 0.17}px ui-monospace, "DejaVu Sans Mono", monospace`;
  context.fillText(time, width * 0.27, height * 0.5);
  context.fillStyle = "#ffb454";
  context.font = `500 ${scale * 0.075}px ui-monospace, "DejaVu Sans Mono", monospace`;
  context.fillText(`.${two(date.getMilliseconds(), 3)}`, width * 0.27, height * 0.64);
  context.fillStyle = "#9fb0cc";
  context.font = `500 ${scale * 0.06}px system-ui, sans-serif`;
  context.fillText(name, width * 0.44, height * 0.64);
}

/** The flash fills the right-hand box: white for MARK_MS from each whole second, else black. */
function drawFlash(context, width, height, ms) {
  context.fillStyle = ms % 1000 < MARK_MS ? "#fff" : "#000";
  context.fillRect(width * 0.8, height * 0.36, width * 0.16, height * 0.38);
}

/**
 * A track of the canvas. Returns { track, send }: send() is to be called for each picture that is drawn.
 *
 * Chromium's WebRTC takes the times of a track for those of a steady clock: it learns how late pictures
 * come, and where it thought too late it goes too early by that from then on. Of a canvas's own track, a
 * first picture that was held up has put all later ones 20 ms before their sound. Times in steps of a
 * second, which it takes for no clock's, make it believe when each picture comes.
 */
function trackOf(canvas) {
  if (typeof MediaStreamTrackGenerator !== "function")
    return { track: canvas.captureStream(FULL.rate).getVideoTracks()[0], send() {} };
  const track = new MediaStreamTrackGenerator({ kind: "video" });
  const writer = track.writable.getWriter();
  let pictures = 0;
  return {
    track,
    send() {
      const picture = new VideoFrame(canvas, { timestamp: US_PER_S * pictures++ });
      writer.write(picture).catch(() => picture.close()); // the track has been stopped
    },
  };
}

/** Counts what is drawn, against the rate at which it should be. */
class Pace {
  #drawn = 0;
  #since = performance.now();

  note() {
    this.#drawn++;
  }

  /** Which part of the pictures was drawn since the last look, at `rate`; null: that was just now. */
  look(rate, now = performance.now()) {
    const due = ((now - this.#since) * rate) / 1000;
    const part = due >= 1 ? this.#drawn / due : null;
    this.#drawn = 0;
    this.#since = now;
    return part;
  }
}

/**
 * Starts a test card. Returns { stream, stop, lighten, drawn }: a MediaStream with one video and one audio track, what ends
 * both, what makes the card LIGHT from now on, and what tells which part of its pictures was drawn since it was asked last
 * (null: nothing was due). `rate`: pictures a second; `name` stands on the card; `under`: see startTestSound().
 */
export async function startTestCard({ width = FULL.width, height = FULL.height, rate = FULL.rate, name = "", under } = {}) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { alpha: false });
  const sound = await startTestSound({ under });
  const { track, send } = trackOf(canvas);

  const pace = new Pace();
  const draw = () => {
    const { width, height } = canvas;
    const now = Math.round(wallClock());
    pace.note();
    drawBackground(context, width, height);
    drawSweep(context, width, height, now % 1000);
    drawClock(context, width, height, now, name);
    drawFlash(context, width, height, now);
    drawTimeCode(context, width, height, now);
    send();
  };
  draw();
  let stopTicker = startTicker(rate, draw);
  const stream = new MediaStream([track, sound.track]);
  return {
    stream,
    drawn: () => pace.look(rate),
    lighten() {
      stopTicker();
      ({ rate } = LIGHT);
      Object.assign(canvas, { width: LIGHT.width, height: LIGHT.height });
      stopTicker = startTicker(rate, draw);
    },
    stop() {
      stopTicker();
      sound.stop();
      stream.getTracks().forEach((track) => track.stop());
    },
  };
}
