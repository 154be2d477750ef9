// SPDX-License-Identifier: GPL-3.0-or-later

// Runs rtp-replay, hls-doctor and FFmpeg's programs, which are loaded once for all runs of a test script: they need some 150
// libraries, and take longer to load than many a run. See tests/shims/many_runs.c.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { access, constants, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { SOURCE } from "../../../tools/stack/stack.mjs";

/** Where there is memory for files, those of a replay are made in a tenth of the time: each is synced. */
export const PLACE = await access("/dev/shm", constants.W_OK).then(() => "/dev/shm", () => os.tmpdir());

const SHIM = path.join(SOURCE, "build", "tests", "shims", "many_runs.so");

/** A program that is loaded. It ends with us. */
class Loaded {
  constructor(program) {
    this.program = program;
    if (!existsSync(SHIM)) throw new Error(`${SHIM} is not there: make -C build shims`);
    // the sanitizers are content to be the second library: the shim has nothing that they intercept
    const env = { ...process.env, LD_PRELOAD: SHIM, ASAN_OPTIONS: [process.env.ASAN_OPTIONS, "verify_asan_link_order=0"].filter(Boolean).join(":") };
    const child = spawn(program, [], { env, stdio: ["pipe", "pipe", "inherit"] });
    child.on("error", () => {}); // a run has no status then
    child.stdin.on("error", () => {});
    this.input = child.stdin;
    this.statuses = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.handles = [child, child.stdin, child.stdout];
    this.handles.forEach((handle) => handle.unref());
    this.last = Promise.resolve();
    this.folder = mkdtempSync(path.join(PLACE, "janus-hls-runs-"));
    process.once("exit", () => rmSync(this.folder, { recursive: true }));
  }

  async #runNow(args) {
    const file = path.join(this.folder, "run"), read = (suffix) => readFile(file + suffix, "utf8");
    await Promise.all([".out", ".err"].map((suffix) => rm(file + suffix, { force: true }))); // of an earlier run
    await writeFile(file, args.map((each) => `${each}\0`).join(""));
    this.handles.forEach((handle) => handle.ref());
    this.input.write(`${file}\n`);
    const { value, done } = await this.statuses.next();
    this.handles.forEach((handle) => handle.unref());
    if (done) throw new Error(`${this.program} cannot be loaded, or has died: ${args.join(" ")}`);
    return { status: Number(value), stdout: await read(".out"), stderr: await read(".err") };
  }

  /** One run at a time. */
  run(args) {
    const next = this.last.then(() => this.#runNow(args));
    this.last = next.catch(() => {});
    return next;
  }
}

const loaded = new Map();

/** Runs `program` as run() of programs.mjs does. Resolves to { status, stdout, stderr }, `status` negative if a signal ended it. */
export function runLoaded(program, args) {
  if (!loaded.has(program)) loaded.set(program, new Loaded(program));
  return loaded.get(program).run(args);
}
