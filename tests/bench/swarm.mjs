// SPDX-License-Identifier: GPL-3.0-or-later

// webrtc-publishers, which ./bootstrap --publishers makes possible: publishers of a recording, as many as
// one likes, with ICE, DTLS and SRTP as browsers do them.

import { spawn } from "node:child_process";
import { access } from "node:fs/promises";
import path from "node:path";
import readline from "node:readline";
import { attach } from "../e2e/support/janus-api.mjs";
import { built } from "../../tools/stack/stack.mjs";

export const PUBLISHERS_MAX = 100;

/** webrtc-publishers, and whoever waits for what it says of a publisher. */
class Swarm {
  #waiting = new Map(); // "number key value" -> resolve

  constructor(program, recording) {
    this.process = spawn(program, [recording], { stdio: ["pipe", "pipe", "inherit"] });
    readline.createInterface({ input: this.process.stdout }).on("line", (line) => this.#onLine(JSON.parse(line)));
  }

  #onLine({ publisher, offer, state }) {
    const key = `${publisher} ${offer ? "offer" : state}`;
    this.#waiting.get(key)?.(offer ?? state);
    this.#waiting.delete(key);
  }

  say(message) {
    this.process.stdin.write(`${JSON.stringify(message)}\n`);
  }

  hears(publisher, what) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`publisher ${publisher}: no ${what} after 15 s`)), 15000);
      this.#waiting.set(`${publisher} ${what}`, (value) => (clearTimeout(timer), resolve(value)));
    });
  }

  /** Publishes `stream` as number `publisher`. Resolves to the handle when media flows. */
  async publish(stack, publisher, stream) {
    return this.connect(publisher, await attach(stack), { request: "publish", stream });
  }

  /** The same on any handle, by the request `body` of its plugin. */
  async connect(publisher, handle, body) {
    const offered = this.hears(publisher, "offer");
    this.say({ open: publisher });
    const answer = await handle.publish(body, { type: "offer", sdp: await offered });
    const connected = this.hears(publisher, "connected");
    this.say({ publisher, answer: answer.jsep.sdp });
    for (const { candidate } of handle.events.filter(({ janus }) => janus === "trickle"))
      if (candidate.candidate)
        this.say({ publisher, candidate: candidate.candidate, mline: candidate.sdpMLineIndex });
    await connected;
    return handle;
  }

  async leave(publisher, handle) {
    await handle.request({ request: "unpublish" });
    handle.close();
    this.say({ close: publisher });
  }

  stop() {
    this.process.stdin.end();
    return new Promise((resolve) => this.process.on("exit", resolve));
  }
}

/** Publishers of `recording`, none of them at first; ends the process where they are not built. */
export async function startSwarm(recording) {
  const program = path.join(path.dirname(path.dirname(built().bridge)), "tests", "bench", "webrtc-publishers");
  if (!(await access(program).then(() => true, () => false))) {
    console.error("webrtc-publishers is not built: run ./bootstrap --publishers, and make");
    process.exit(2);
  }
  return new Swarm(program, recording);
}
