// SPDX-License-Identifier: GPL-3.0-or-later

// A program that runs beside us: started, watched, and ended by its own process id.

import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";

const STOP_MS = 15000; // from SIGTERM to SIGKILL: on a busy machine a sanitizer looks for leaks for some seconds
const POLL_MS = 50;

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Child {
  #process;
  #stopping = false;
  #exited;

  /**
   * Starts `command` with `args`. Its output goes to `logFile`. `onDeath(child)` is called when it
   * ends without having been asked to; `cleanUp()` whenever it has ended.
   *
   * It hears no Ctrl-C of our terminal, we end it; and should we be killed, the kernel does, by `deathSignal`. It sends that
   * as each of our threads ends, so to most programs more than once.
   */
  constructor(name, command, args, { logFile, env = {}, cwd, deathSignal = "SIGTERM", onDeath = () => {}, cleanUp = () => {} }) {
    this.name = name;
    this.logFile = logFile;
    const log = createWriteStream(logFile, { flags: "a" });
    this.#process = spawn("setpriv", ["--pdeathsig", deathSignal, "--", command, ...args], {
      env: { ...process.env, ...env },
      cwd,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process.stdout.pipe(log, { end: false });
    this.#process.stderr.pipe(log, { end: false });
    this.#exited = new Promise((resolve) => {
      const ended = (code, signal) => {
        this.status = { code, signal };
        log.end(async () => {
          await cleanUp();
          resolve();
        });
        if (!this.#stopping) onDeath(this);
      };
      this.#process.on("error", (error) => {
        this.startError = error;
        ended(-1, null);
      });
      this.#process.on("close", ended);
    });
  }

  get pid() {
    return this.#process.pid;
  }

  get running() {
    return this.status === undefined;
  }

  /** Sends a signal; the program is expected to end by it if `expected`. */
  kill(signal = "SIGTERM", { expected = true } = {}) {
    if (expected) this.#stopping = true;
    if (this.running) this.#process.kill(signal);
  }

  /** Resolves when the program has ended. */
  exited() {
    return this.#exited;
  }

  /** Ends it: SIGTERM, and SIGKILL if that is not heard. Resolves when it is gone. */
  async stop() {
    this.kill("SIGTERM");
    const timer = setTimeout(() => this.kill("SIGKILL"), STOP_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  /** Why it ended, as people say it, with the last line of its log that says something. */
  async obituary() {
    if (this.startError) return `${this.name} could not be started: ${this.startError.message}`;
    const { code, signal } = this.status;
    const text = signal ? "" : await readFile(this.logFile, "utf8").catch(() => ""); // it had no last word
    const last = text.trim().split("\n").pop() ?? "";
    const how = signal ? `was ended by ${signal}` : `ended with status ${code}`;
    return `${this.name} ${how}${last ? `: ${last}` : ""} (log: ${this.logFile})`;
  }
}

/**
 * Waits until `probe()` resolves to something true. Throws where `child` ends before that, or
 * `timeoutMs` is over: then it is ended.
 */
export async function untilHealthy(child, probe, timeoutMs = 30000) {
  const end = Date.now() + timeoutMs;
  while (Date.now() < end) {
    if (!child.running) {
      await child.exited();
      throw new Error(await child.obituary());
    }
    if (await probe().catch(() => false)) return;
    await sleep(POLL_MS);
  }
  await child.stop();
  throw new Error(`${child.name} does not answer after ${timeoutMs / 1000} s (log: ${child.logFile})`);
}
