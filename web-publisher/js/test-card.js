// SPDX-License-Identifier: GPL-3.0-or-later

// The test card: a clock that is drawn, and at each whole second a flash and a 1 kHz beep of a
// tenth of a second that begin together. A person sees and hears at once whether the sound fits the
// picture; a program reads it from the flash, the beep and the time code in the bottom strip.

import { MARK_MS, startTestSound } from "./test-sound.js";
import { startTicker, wallClock } from "./ticker.js";
import { drawTimeCode } from "./time-code.js";

const FRAME_RATE = 30;
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
    return { track: canvas.captureStream(FRAME_RATE).getVideoTracks()[0], send() {} };
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

/**
 * Starts a test card. Returns { stream, stop }: a MediaStream with one video and one audio track,
 * and what ends both. `name` stands on the card; `under`: see startTestSound().
 */
export async function startTestCard({ width = 1280, height = 720, name = "", under } = {}) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { alpha: false });
  const sound = await startTestSound({ under });
  const { track, send } = trackOf(canvas);

  const draw = () => {
    const now = Math.round(wallClock());
    drawBackground(context, width, height);
    drawSweep(context, width, height, now % 1000);
    drawClock(context, width, height, now, name);
    drawFlash(context, width, height, now);
    drawTimeCode(context, width, height, now);
    send();
  };
  draw();
  const stopTicker = startTicker(FRAME_RATE, draw);
  const stream = new MediaStream([track, sound.track]);
  return {
    stream,
    stop() {
      stopTicker();
      sound.stop();
      stream.getTracks().forEach((track) => track.stop());
    },
  };
}
