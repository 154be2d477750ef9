// SPDX-License-Identifier: GPL-3.0-or-later

// Plays a stream's playlist in a video element, from before it exists until after it ends, and back
// again. It knows nothing of the page. Events, each a CustomEvent:
//   "state"  { state }   waiting (nothing there yet), playing, stalled, ended

import Hls from "../vendor/hls.mjs";

const LOOK_MS = 1000; // between two looks for a stream that is not there

export class StreamPlayer extends EventTarget {
  #video;
  #url;
  #hls = null;
  #state = null;
  #clockOffsetMs = 0; // the server's clock minus ours
  #endedAt = null; // media sequence at which the last broadcast ended

  constructor(video, url) {
    super();
    this.#video = video;
    this.#url = url;
    video.addEventListener("playing", () => this.#say("playing"));
    video.addEventListener("waiting", () => this.#say("stalled"));
    video.addEventListener("ended", () => this.#onEnded());
  }

  start() {
    this.#wait();
  }

  #say(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: { state } }));
  }

  /** Looks for the playlist until it is there and live, then plays it. */
  async #wait() {
    this.#close();
    for (;;) {
      const playlist = await this.#look();
      if (playlist && !playlist.ended && playlist.sequence !== this.#endedAt) break;
      this.#say(playlist?.ended ? "ended" : "waiting");
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    this.#open();
  }

  async #look() {
    const sent = Date.now();
    const response = await fetch(this.#url, { cache: "no-store" }).catch(() => null);
    if (!response?.ok) return null;
    const date = Date.parse(response.headers.get("Date"));
    // whole seconds on average half a second old: good enough to notice a clock that is wrong
    if (date) this.#clockOffsetMs = date + 500 - (sent + Date.now()) / 2;
    const text = await response.text();
    return {
      ended: text.includes("#EXT-X-ENDLIST"),
      sequence: Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1] ?? 0),
    };
  }

  #open() {
    // Chromium says "maybe" to HLS without being able to: hls.js is asked first
    if (Hls.isSupported()) {
      this.#hls = new Hls({ workerPath: new URL("../vendor/hls.worker.js", import.meta.url).href });
      this.#hls.on(Hls.Events.ERROR, (event, data) => this.#onError(data));
      this.#hls.loadSource(this.#url);
      this.#hls.attachMedia(this.#video);
    } else {
      this.#video.src = this.#url;
    }
    this.#video.play().catch(() => {}); // the page has a button for browsers that want a tap
  }

  #close() {
    this.#hls?.destroy();
    this.#hls = null;
  }

  #onError(data) {
    if (!data.fatal) return;
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR) this.#hls.recoverMediaError();
    else this.#wait(); // the playlist is gone, or the network: look until it is back
  }

  #onEnded() {
    this.#say("ended");
    this.#wait();
  }

  /** Seconds from capture to screen, by the dates in the playlist; null where nothing tells. */
  get latency() {
    const date = this.#hls?.playingDate;
    if (!date) return null;
    const offset = Math.abs(this.#clockOffsetMs) > 2000 ? this.#clockOffsetMs : 0;
    return (Date.now() + offset - date.getTime()) / 1000;
  }

  /** Seconds of media ahead of what is shown. */
  get buffer() {
    const { buffered, currentTime } = this.#video;
    for (let i = 0; i < buffered.length; i++)
      if (buffered.start(i) <= currentTime && currentTime <= buffered.end(i)) return buffered.end(i) - currentTime;
    return 0;
  }

  /** bit/s of the media that is played, or null. */
  get bitrate() {
    const level = this.#hls?.levels?.[this.#hls.currentLevel];
    return level?.realBitrate || level?.bitrate || null;
  }

  /** Whether what is shown is far behind what could be: after a pause, say. */
  get isBehind() {
    return Boolean(this.#hls) && this.#hls.latency > this.#hls.targetLatency + 6;
  }

  toLive() {
    const position = this.#hls?.liveSyncPosition;
    if (position) this.#video.currentTime = position;
    this.#video.play().catch(() => {});
  }
}
