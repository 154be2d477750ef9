// SPDX-License-Identifier: GPL-3.0-or-later

// What a StreamPlayer has around it in a browser: an element, hls.js, a server and a clock, each of which does what a test
// says.

import { setMaxListeners } from "node:events";
import { assemblePages } from "./assembled_pages.mjs";

setMaxListeners(20); // of each element and signal; Node takes more than ten for a leak

globalThis.CustomEvent ??= class extends Event { // Node 18 has none
  constructor(type, { detail }) {
    super(type);
    this.detail = detail;
  }
};

const PLAYLIST = "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:5\n#EXTINF:2,\na.ts\n";
const TARGET_S = 0.6; // behind live

// it says what it is told to, and keeps what it was asked to do
const importPage = assemblePages({ hls: `
import Real from "./real.mjs";
export * from "./real.mjs";
export default class Hls {
  static isUsable = true;
  static isSupported = () => Hls.isUsable;
  static Events = Real.Events;
  static ErrorDetails = Real.ErrorDetails;
  static ErrorTypes = Real.ErrorTypes;
  static DefaultConfig = Real.DefaultConfig;
  static opened = [];
  #handlers = [];
  levels = [];
  allAudioTracks = [];
  loadLevel = 0;
  targetLatency = ${TARGET_S};
  constructor() { Hls.opened.push(this); }
  on(event, handler) { this.#handlers.push({ event, handler }); }
  trigger(event, data) {
    if (event === Real.Events.LEVELS_UPDATED) this.levels = data.levels;
    for (const one of this.#handlers) if (one.event === event) one.handler(event, data);
  }
  loadSource(url) { this.url = url; }
  attachMedia(media) { this.media = media; }
  recovered = 0;
  recoverMediaError() { this.recovered++; }
  destroy() { this.url = null; this.#handlers = []; }
}
` });

const settle = async () => { for (let i = 0; i < 20; i++) await new Promise(setImmediate); };

class Element extends EventTarget {
  paused = true;
  ended = false;
  seeking = false;
  buffered = { length: 0 };
  plays = 0; // how often it was told to
  sources = []; // that it was given
  #time = 0;
  #rate = 1;

  set src(url) {
    this.sources.push(url);
  }

  tell = (event) => this.dispatchEvent(new Event(event));

  get currentTime() {
    return this.#time;
  }

  set currentTime(time) {
    this.#time = time;
    this.tell("seeking");
  }

  get playbackRate() {
    return this.#rate;
  }

  set playbackRate(rate) {
    this.#rate = rate;
    this.tell("ratechange");
  }

  async play() {
    this.plays++;
    if (this.paused) this.tell("play");
    this.paused = false;
  }

  pause() {
    if (!this.paused) this.tell("pause");
    this.paused = true;
  }

  removeAttribute() {}
  load() {}

  /** It has played on to there. */
  arrive(time) {
    this.#time = time;
    this.tell("timeupdate");
  }
}

/** A player at low latency; its stream's newest part ends at `edge`, which is live. */
export class PlayedPage {
  static PLAYLIST = PLAYLIST;
  video = new Element();
  now = 0;
  #timers = [];

  /**
   * It has opened the stream. `withHls` false: the browser plays HLS itself, or says so. `text`: what the server answers with,
   * which is `answer` of what this returns; or a function of a request's address and options. `options`: of the player.
   */
  static async begin(t, { withHls = true, text = PLAYLIST, options = {} } = {}) {
    const page = new PlayedPage();
    page.answer = text;
    page.#replace(t);
    page.Hls.isUsable = withHls;
    const { StreamPlayer } = await importPage("js/stream-player.js");
    page.player = new StreamPlayer(page.video, "demo", options);
    t.after(() => page.player.stop());
    page.player.start();
    await settle();
    return page;
  }

  /** And it shows its first picture. */
  static async open(t) {
    const page = await PlayedPage.begin(t);
    page.live(10);
    page.video.arrive(10 - TARGET_S);
    page.video.tell("playing");
    return page;
  }

  /** The globals that it uses, until the test ends. */
  #replace(t) {
    const fakes = {
      location: { href: "http://x/watch.html" },
      fetch: async (url, options) => (typeof this.answer === "function" ? this.answer(String(url), options) : new Response(this.answer)),
      setInterval: (run, ms) => this.#timers.push({ run, ms, next: this.now + ms }),
      clearInterval: () => {},
      setTimeout: (run, ms) => this.#timers.push({ run, ms: Infinity, next: this.now + ms }),
    };
    const real = Object.fromEntries(Object.keys(fakes).map((name) => [name, globalThis[name]]));
    Object.assign(globalThis, fakes);
    const { now } = performance;
    performance.now = () => this.now;
    t.after(() => {
      Object.assign(globalThis, real);
      performance.now = now;
    });
  }

  /** The one that is open now. */
  get hls() {
    return this.Hls.opened.at(-1);
  }

  /** A list has come, which ends at `edge`. */
  live(edge, { live = true } = {}) {
    const { hls, video } = this;
    this.edge = edge;
    hls.latestLevelDetails = { live, edge, age: 0, partHoldBack: TARGET_S, partTarget: 0.2 };
    Object.defineProperty(hls, "liveSyncPosition", { configurable: true, get: () => this.edge - hls.targetLatency });
    hls.latency = edge - video.currentTime; // as it was when the list came
  }

  /** Time passes, and nothing else happens. */
  async pass(ms) {
    for (const end = this.now + ms; this.now < end; ) {
      const next = Math.min(end, ...this.#timers.map((one) => one.next));
      this.now = next;
      for (const one of this.#timers) {
        if (one.next > next) continue;
        one.next += one.ms;
        one.run();
      }
      await settle();
    }
  }

  /** It plays for so long, live. */
  async play(seconds) {
    for (let i = 0; i < seconds * 4; i++) {
      await this.pass(250);
      this.live(this.edge + 0.25);
      this.video.arrive(this.video.currentTime + 0.25);
    }
  }

  /** hls.js reports this. */
  async fail(details, { type = "networkError", fatal = true, sourceBufferName, error } = {}) {
    this.hls.trigger(this.Hls.Events.ERROR, { type, details, fatal, sourceBufferName, error });
    await settle();
  }
}

PlayedPage.prototype.Hls = (await importPage("vendor/hls.mjs")).default;
