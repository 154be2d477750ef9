// SPDX-License-Identifier: GPL-3.0-or-later

// The terminal of a reader: what one command sets, the next one knows; some programs run on in terminals of their own.
// /tmp/ of the document is a folder of the test's own.

import { spawn } from "node:child_process";
import { sleep } from "../../tools/stack/child.mjs";
import { SOURCE } from "../../tools/stack/stack.mjs";
import { missingFrom } from "./shape.mjs";

/** What a reader leaves running, by what it is, and what it says when it is up. */
const STAYS = [
  ["demo", /^(rm -rf \S+ && )?\.\/demo /, ["Ctrl-C ends everything."]],
  ["bridge", /^build\/hls-bridge\/hls-bridge /, []],
  ["sender", /^ffmpeg .*-re /s, []],
];
const ENDS_MS = 600000; // a command that ends by itself, and a program that comes up
const COMES_MS = 180000; // what is printed, if it is asked for again and again
const AGAIN_MS = 1000;
const LINGERS_MS = 3000; // from the last line that is waited for to the end of a command that ends
const POLL_MS = 100;

/** Tells a program, and all that it has started, unless they have gone. */
function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // gone
  }
}

/** Ends a run, and all that it has started, if we end before it does, however that comes: then a pipe of ours closes. */
function guard({ child, ended }) {
  const waits = spawn("sh", ["-c", `read -r word || kill -s TERM -- -${child.pid}`], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  waits.stdin.on("error", () => {}); // somebody has ended it
  ended.then(() => waits.stdin.end("ended\n"));
}

export class Shell {
  #folder;
  #known = []; // what sets variables and functions
  #staying = new Map(); // { name: process }

  constructor(folder) {
    this.#folder = folder;
    if (process.getuid() === 0) this.#known.push('sudo() { "$@"; }');
  }

  #start(command) {
    const script = [...this.#known, command].join("\n").replaceAll("/tmp/", `${this.#folder}/`);
    const child = spawn("bash", ["-c", script], { cwd: SOURCE, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const run = { child, text: "", status: undefined };
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (more) => (run.text += more.replaceAll(`${this.#folder}/`, "/tmp/")));
    run.ended = new Promise((resolve) => child.on("close", (code) => resolve(run.status = code ?? -1)));
    guard(run);
    return run;
  }

  /** Ends what was started, and all that it has started: with Ctrl-C at first. */
  async #end({ child, ended, status }) {
    if (status !== undefined) return;
    for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"]) {
      signalGroup(child, signal);
      if (await Promise.race([ended.then(() => true), sleep(20000)])) return;
    }
  }

  /** Runs a command until it has printed what is expected, and, if it ends by itself, has ended. Returns what is wrong, or null. */
  async run(command, expected) {
    const [name, , up = []] = STAYS.find(([, pattern]) => pattern.test(command)) ?? [];
    if (name && this.#staying.has(name)) await this.#end(this.#staying.get(name));
    const sets = /^(\w+)=\S/.exec(command)?.[1];
    if (/^\w+\(\) \{/.test(command)) {
      this.#known.push(command);
      return null;
    }
    if (sets) return this.#set(sets, command);
    const end = Date.now() + COMES_MS;
    for (;;) {
      const run = this.#start(command);
      if (name) this.#staying.set(name, run);
      const wrong = await this.#follow(run, expected.length ? expected : up, name);
      if (wrong === null || name || Date.now() > end || expected.every((line) => !line.trim())) return wrong;
      await sleep(AGAIN_MS); // what it shows may come yet
    }
  }

  async #set(name, command) {
    const run = this.#start(`${command}\ndeclare -p ${name}`);
    await run.ended;
    const value = run.text.trim().split("\n").pop();
    this.#known.push(value);
    return /=""$|=$/.test(value) ? `${name} is empty` : null;
  }

  async #follow(run, expected, stays) {
    const waits = expected.some((line) => line.trim());
    const end = Date.now() + ENDS_MS;
    while (run.status === undefined && Date.now() < end) {
      if (waits && missingFrom(run.text, expected) === null) break;
      if (stays && !waits) return null;
      await sleep(POLL_MS);
    }
    if (!stays) {
      await Promise.race([run.ended, sleep(LINGERS_MS)]);
      await this.#end(run);
    }
    const missing = missingFrom(run.text, expected);
    if (missing !== null) return `"${missing.trim()}" is not in\n${run.text.trim().split("\n").slice(-40).join("\n")}`;
    return waits || stays || run.status === 0 ? null : `it ended with ${run.status}: ${run.text.trim()}`;
  }

  /** Ends all that runs. */
  async close() {
    for (const run of [...this.#staying.values()].reverse()) await this.#end(run);
  }
}
