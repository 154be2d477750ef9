// SPDX-License-Identifier: GPL-3.0-or-later

// Publishers of a recording of real Chromium, over WebRTC as browsers speak it: ICE, DTLS and SRTP by webrtc-publishers
// (tests/publishers), through the real Janus and our plugin. One takes a hundredth of a core: where the browser as a
// publisher is not what is tested, it is what a test wants.
//
// What it cannot do: encode. A key frame that is asked for does not come, there is one every 2 s in the recording; and a
// cap on the bitrate changes nothing. What Janus misses is sent again.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { bridgeStreams } from "../../../tools/stack/bridge.mjs";
import { attach } from "./janus-api.mjs";
import { INSTRUMENTS } from "./programs.mjs";
import { until, UNTIL_MS } from "./rig.mjs";
import { TESTCARD } from "./testcard.mjs";

export const PUBLISHERS_MAX = 100; // of one program

const KEEP_ALIVE_MS = 20000; // Janus ends a session that says nothing for a minute

/** webrtc-publishers, and whoever waits for what it says of a publisher. */
class Swarm {
  #heard = new Map(); // "number key" -> value
  #waiting = new Map(); // "number key" -> resolve

  /** What it complains of goes to `log`, a stream. `roundS`: seconds of the recording in a round, unless all. */
  constructor(recording, log, roundS) {
    this.process = spawn(INSTRUMENTS.publishers, [recording, ...(roundS ? [String(roundS)] : [])], { stdio: ["pipe", "pipe", log ? "pipe" : "inherit"] });
    if (log) this.process.stderr.pipe(log);
    this.exited = new Promise((resolve) => {
      this.process.on("error", (error) => resolve(`${error.message}: is GStreamer here? Run ./bootstrap --tests, and make`));
      this.process.on("close", (code, signal) => resolve(code ?? signal));
    });
    this.process.stdin.on("error", () => {}); // who has ended is found out by its status
    readline.createInterface({ input: this.process.stdout }).on("line", (line) => this.#onLine(JSON.parse(line)));
  }

  #onLine({ publisher, offer, state }) {
    const key = `${publisher} ${offer ? "offer" : state}`;
    this.#heard.set(key, offer ?? state);
    this.#waiting.get(key)?.(offer ?? state);
  }

  say(message) {
    this.process.stdin.write(`${JSON.stringify(message)}\n`);
  }

  /** What `publisher` says: "offer", or a state as "connected". */
  async hears(publisher, what, ms = UNTIL_MS) {
    const key = `${publisher} ${what}`;
    let timer;
    const late = new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`publisher ${publisher}: no ${what} after ${ms / 1000} s`)), ms);
    });
    const gone = this.exited.then((status) => {
      throw new Error(`webrtc-publishers has ended: ${status}`);
    });
    try {
      return this.#heard.get(key) ?? await Promise.race([new Promise((resolve) => this.#waiting.set(key, resolve)), late, gone]);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(key);
    }
  }

  /** Publishes `stream` as number `publisher`. Resolves to the handle when media flows. */
  async publish(stack, publisher, stream) {
    return this.connect(publisher, await attach(stack), { request: "publish", stream });
  }

  /**
   * The same on any handle, by the request `body` of its plugin. Throws what the plugin refuses it with, its code in
   * `error.code`.
   */
  async connect(publisher, handle, body, { silent = false } = {}) {
    for (const key of this.#heard.keys()) if (key.startsWith(`${publisher} `)) this.#heard.delete(key); // of one before it
    const open = () => this.say({ open: publisher, silent });
    open();
    // GStreamer made none in a minute once, on a busy machine, and says nothing of why: a new one is tried
    const sdp = await this.hears(publisher, "offer", UNTIL_MS / 3).catch(() => (open(), this.hears(publisher, "offer")));
    const answer = await handle.publish(body, { type: "offer", sdp });
    const { error, error_code: code } = answer.plugindata?.data ?? {};
    if (!answer.jsep) throw Object.assign(new Error(error ?? JSON.stringify(answer)), { code });
    this.say({ publisher, answer: answer.jsep.sdp });
    handle.onEvent(({ janus, candidate }) => {
      if (janus === "trickle" && candidate.candidate)
        this.say({ publisher, candidate: candidate.candidate, mline: candidate.sdpMLineIndex });
    });
    await this.hears(publisher, "connected");
    return handle;
  }

  async leave(publisher, handle) {
    await handle.request({ request: "unpublish" });
    handle.close();
    this.say({ close: publisher });
  }

  /** Resolves to its status: 0 unless something is wrong with it. */
  stop() {
    this.process.stdin.end();
    const timer = setTimeout(() => this.process.kill("SIGKILL"), UNTIL_MS);
    return this.exited.finally(() => clearTimeout(timer));
  }
}

/** Publishers of `recording`, none of them at first; see Swarm. */
export const startSwarm = (recording, log, roundS) => new Swarm(recording, log, roundS);

class RecordedPublisher {
  #swarm;
  #keepAlive;

  constructor(swarm, handle, stream) {
    this.#swarm = swarm;
    this.handle = handle;
    this.stream = stream;
    this.#keepAlive = setInterval(() => handle.keepAlive(), KEEP_ALIVE_MS);
    this.#keepAlive.unref();
  }

  /** What the plugin has said to it unasked, from the first on. */
  get events() {
    return this.handle.events.flatMap(({ plugindata }) => plugindata?.data ?? []);
  }

  /** "live" or "waiting", as it was told last. */
  get status() {
    return this.events.findLast(({ hls }) => hls === "status")?.status;
  }

  /** Waits for such a word whose fields are `fields`, as { hls: "unpublished", code: "kicked" }, and returns it. */
  hears(fields) {
    const fits = (event) => Object.entries(fields).every(([name, value]) => event[name] === value);
    return until(`${this.stream}'s publisher hears ${JSON.stringify(fields)}`, () => this.events.find(fits));
  }

  /** Asks the plugin, as { request: "configure", video: false }, and resolves to its data. */
  request(body) {
    return this.handle.request(body);
  }

  /** Waits until the plugin says that the bridge listens. */
  untilHeard() {
    return this.hears({ hls: "status", status: "live" });
  }

  /** Waits until the bridge has media of it. */
  async untilLive(stack) {
    if (stack.options.control) return; // the bridge answers those alone that have its token
    await until(`${this.stream} is live`, async () =>
      (await bridgeStreams(stack.bridgePort)).some(({ name, state }) => name === this.stream && state === "live"));
  }

  /** One that was silent sends. */
  speak() {
    this.#swarm.say({ speak: 0 });
  }

  /** Takes its leave, as the page's Stop. */
  async leave() {
    await this.request({ request: "unpublish" });
    await this.end();
  }

  /** Goes away without a word: a machine that loses its power. */
  async drop() {
    clearInterval(this.#keepAlive);
    this.#swarm.process.kill("SIGKILL");
    await this.#swarm.exited;
  }

  /** Ends the program, whatever it does. */
  async end() {
    clearInterval(this.#keepAlive);
    const status = await this.#swarm.stop();
    this.handle.close();
    assert.ok(status === 0 || this.#swarm.process.killed, `webrtc-publishers of ${this.stream}: ${status}`);
  }
}

let begun = 0; // each has a log of its own

/**
 * Publishes `recording` as `stream` in real time, round after round without a seam, until the test or its stack ends.
 * `key`, `token`, `title`, `unlisted` and `bitrate` are of the request; `janusToken` is for Janus itself. Resolves when it is live, and throws what the plugin
 * refuses it with. It begins when the bridge listens, with a key frame, so that nothing is lost and no picture left out.
 * `roundS`: seconds of the recording in a round, unless all. `silent`: connects, and sends nothing before speak(); it resolves when it is connected.
 */
export async function publishRecorded(stack, stream, { recording = TESTCARD, roundS, silent = false, janusToken, ...fields } = {}) {
  const log = createWriteStream(path.join(stack.options.folder, `webrtc-publishers-${++begun}.log`));
  const swarm = startSwarm(recording, log, roundS);
  const handle = await attach(stack, undefined, janusToken);
  const publisher = new RecordedPublisher(swarm, handle, stream);
  stack.guests.add(publisher);
  await swarm.connect(0, handle, { request: "publish", stream, ...fields }, { silent: true });
  if (silent) return publisher;
  await publisher.untilHeard();
  publisher.speak();
  await publisher.untilLive(stack);
  return publisher;
}
