// SPDX-License-Identifier: GPL-3.0-or-later

// The test card's sound: a 1 kHz beep of a tenth of a second from each whole second of the wall clock.

import { startTicker, wallClock } from "./ticker.js";

export const MARK_MS = 100; // length of flash and beep
const SAMPLE_RATE = 48000;
const BEEP_HZ = 1000;
const BEEP_GAIN = 0.5;
const SILENCE = [0];

/* ---- sample by sample, if the browser lets us ---- */

const BLOCK_MS = 10;
const BLOCK_SAMPLES = (SAMPLE_RATE * BLOCK_MS) / 1000;
const BLOCKS_LATE_MAX = 50; // later than this, the page was asleep: what was missed stays missed

/** The samples of the block that begins at `ms` of the wall clock; a block has whole periods. */
function blockAt(ms, under) {
  const gain = ms % 1000 < MARK_MS ? BEEP_GAIN : 0;
  const from = (ms * SAMPLE_RATE) / 1000;
  return Float32Array.from({ length: BLOCK_SAMPLES }, (none, i) =>
    gain * Math.sin((2 * Math.PI * BEEP_HZ * i) / SAMPLE_RATE) + under[(from + i) % under.length]);
}

/**
 * A track whose samples are as many as the wall clock says, however busy the machine is: an
 * AudioContext without a sound card loses some whenever its thread comes late.
 */
function startExactSound(under) {
  const track = new MediaStreamTrackGenerator({ kind: "audio" });
  const writer = track.writable.getWriter();
  let next = Math.ceil(wallClock() / BLOCK_MS); // the block that is written next, counted since 1970

  const write = () => {
    const due = Math.floor(wallClock() / BLOCK_MS) + 1; // handed over when it begins, as the flash is
    if (due - next > BLOCKS_LATE_MAX) next = due;
    for (; next < due; next++) {
      writer.write(new AudioData({
        format: "f32",
        sampleRate: SAMPLE_RATE,
        numberOfFrames: BLOCK_SAMPLES,
        numberOfChannels: 1,
        timestamp: Math.round(1000 * (next * BLOCK_MS - performance.timeOrigin)), // the page's clock, us
        data: blockAt(next * BLOCK_MS, under),
      })).catch(() => {}); // the track has been stopped
    }
  };
  return { track, stop: startTicker(1000 / BLOCK_MS, write) };
}

/* ---- scheduled on an AudioContext, elsewhere ---- */

const BEEP_AHEAD_S = 0.2; // a beep is scheduled so long before it sounds
const TICKS_PER_S = 30;
const AVERAGE_TICKS = 60; // two seconds

/**
 * Schedules the beeps: each whole second of the wall clock, on the audio clock's own time. That one
 * goes in steps, a buffer at a time, so what lies between the two clocks is taken as an average; call
 * the function that is returned at each tick.
 */
function startBeeps(audio, destination) {
  const oscillator = audio.createOscillator();
  const gain = audio.createGain();
  let offset = null; // seconds from the audio clock to the wall clock
  let ticks = 0;
  let scheduled = 0; // the last second that has its beep

  oscillator.frequency.value = BEEP_HZ;
  gain.gain.value = 0;
  oscillator.connect(gain).connect(destination);
  oscillator.start();
  return () => {
    const now = wallClock() / 1000;
    const apart = now - audio.currentTime;
    const second = Math.floor(now) + 1;

    if (offset === null || Math.abs(apart - offset) > 0.2) ticks = 0; // begun, or was suspended
    offset = ticks === 0 ? apart : offset + (apart - offset) / Math.min(ticks + 1, AVERAGE_TICKS);
    ticks++;
    if (second - now > BEEP_AHEAD_S || second === scheduled) return;
    gain.gain.setValueAtTime(BEEP_GAIN, second - offset);
    gain.gain.setValueAtTime(0, second - offset + MARK_MS / 1000);
    scheduled = second;
  };
}

async function startScheduledSound() {
  const audio = new AudioContext({ sampleRate: SAMPLE_RATE });
  const destination = audio.createMediaStreamDestination();
  const stopTicker = startTicker(TICKS_PER_S, startBeeps(audio, destination));

  await audio.resume();
  return {
    track: destination.stream.getAudioTracks()[0],
    stop() {
      stopTicker();
      audio.close();
    },
  };
}

/**
 * Starts the sound. Returns { track, stop }; the track is the caller's to stop. `under`: what sounds below
 * the beeps, again and again: samples, 48000 a second, of one channel; if samples can be written.
 */
export async function startTestSound({ under = SILENCE } = {}) {
  return typeof MediaStreamTrackGenerator === "function" ? startExactSound(under) : startScheduledSound();
}
