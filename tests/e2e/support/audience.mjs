// SPDX-License-Identifier: GPL-3.0-or-later

// A recorded publisher and as many viewers as one likes: no encoder and no decoder takes of the
// machine what is to be measured.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import readline from "node:readline";
import { Child, sleep } from "../../../tools/stack/child.mjs";
import { built } from "../../../tools/stack/stack.mjs";
import { measured } from "./measured.mjs";
import { INSTRUMENTS, run } from "./programs.mjs";
import { until } from "./rig.mjs";
import { TESTCARD } from "./testcard.mjs";

const FULL_MS = 14000; // until the playlists are as long as they get

/** Begins to publish a recording as `stream`, until the stack ends at the latest; `options` are rtp-replay's. Returns the child. */
export function beginReplay(stack, stream, { seconds = 600, recording = TESTCARD, options = [] } = {}) {
  const child = new Child("rtp-replay", INSTRUMENTS.replay,
    ["--bridge", `http://127.0.0.1:${stack.bridgePort}`, "--stream", stream, "--seconds", String(seconds), ...options, recording],
    { logFile: path.join(stack.options.folder, "replay.log") });
  stack.guests.add({ end: () => child.stop() });
  return child;
}

/** The same, and waits until it can be watched. */
export async function replay(stack, stream, { full = false, ...options } = {}) {
  const child = beginReplay(stack, stream, options);
  await until("the stream can be watched", async () =>
    (await Promise.all([stack.master(stream), stack.playlist(stream)].map((url) => fetch(url)))).every(({ ok }) => ok));
  if (full) await sleep(FULL_MS);
  return child;
}

/** What hls-viewers was given at `url`; `args` are its own. */
export async function watchWith(url, args, options) {
  const { status, stdout, stderr } = await run(built().viewers, ["--json", "--quiet", ...args.map(String), url], options);
  if (!stdout) throw new Error(`hls-viewers ended with status ${status}: ${stderr}`);
  return { status, ...JSON.parse(stdout) };
}

const WATCH_MAX_S = 280; // whoever begins to watch ends it; this is for those that could not
const PROGRESS = /(\d+) viewers .* requests(?: {2}(\d+) to \d+ pieces)? {2}(\d+) wrong/;

/**
 * Viewers who watch until end() is called, which resolves to what watchWith() does. What they are given in some seconds is
 * the machine's, so a test waits for what it wants of them: come(n), for so many to play; given(n), for each of them to have
 * been given so many pieces of each rendition since all have come; wronged(n), for so much to have gone wrong. Each comes to
 * be known once in a second.
 */
class Watching {
  viewers = 0;
  fewest = 0;
  wrong = 0;

  constructor(url, args) {
    this.child = spawn(built().viewers, ["--json", "-t", String(WATCH_MAX_S), ...args.map(String), url], { stdio: ["ignore", "pipe", "pipe"] });
    let out = "", said = "";
    this.child.stdout.on("data", (data) => (out += data));
    readline.createInterface({ input: this.child.stderr }).on("line", (line) => {
      const progress = PROGRESS.exec(line);
      if (progress) [this.viewers, this.fewest, this.wrong] = progress.slice(1).map((number) => Number(number ?? 0));
      else said += line;
    });
    this.report = new Promise((resolve, reject) => {
      this.child.on("error", reject);
      this.child.on("close", (status) => (out ? resolve({ status, ...JSON.parse(out) })
        : reject(new Error(`hls-viewers ended with status ${status}: ${said}`))));
    });
    this.report.catch(() => {}); // whoever asks for it is told
    process.once("exit", () => this.child.kill("SIGKILL"));
  }

  async #until(what, is) {
    await until(`hls-viewers: ${what}`, () => this.child.exitCode !== null || is());
    if (this.child.exitCode !== null) assert.fail(`hls-viewers has ended before ${what}: ${JSON.stringify(await this.report)}`);
  }

  come(viewers) {
    return this.#until(`${viewers} play`, () => this.viewers >= viewers);
  }

  given(pieces) {
    return this.#until(`${pieces} pieces for each`, () => this.fewest >= pieces);
  }

  wronged(times) {
    return this.#until(`${times} things are wrong`, () => this.wrong >= times);
  }

  end() {
    this.child.kill("SIGINT");
    return this.report;
  }
}

/** Begins to watch `url` as hls-viewers does, until its end(), or that of the stack whose `guests` it is among; `args` are its own. */
export function beginWatch({ guests }, url, args) {
  const watching = new Watching(url, args);
  guests.add(watching);
  return watching;
}

/** Nothing went wrong. A bridge that has been sent nothing says 503, and whoever asks for the list then may be given one of before. */
export function assertUnharmed({ errors_by_kind: kinds }) {
  const check = () => assert.deepEqual(Object.entries(kinds).filter(([, count]) => count > 0), []);
  if (kinds.unavailable) measured(check);
  else check();
}

/**
 * Everybody was given media, and nobody much less than another: that nothing is left out and nobody left behind is for
 * the viewers themselves to say, but at either end one may be ahead, and served sooner by a busy machine.
 */
export function assertEven({ fewest, most }) {
  assert.ok(fewest > 0, `${fewest} to ${most} pieces of media`);
  measured(() => assert.ok(most - fewest <= Math.max(2, most / 2), `${fewest} to ${most} pieces of media`));
}
