// SPDX-License-Identifier: GPL-3.0-or-later

// Carries out the buttons of the class page, one at a time, and keeps what came of the last: counters before and after.

import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { askBridge } from "../stack/bridge.mjs";
import { sleep } from "../stack/child.mjs";
import { BUTTONS } from "./lessons.mjs";

const AFTER_MS = 4000; // what is lost in the last moment shows by then
const BACK_MS = 60000; // until a stream is live again
const LOOK_MS = 250;
const LIST = /\.(m3u8|mpd)$/;

/** Why a lesson has failed: a sentence, and `why`, by which the class page says it in other languages (class.failed.WHY). */
class LessonError extends Error {
  constructor(why, text) {
    super(text);
    this.why = why;
  }
}

/** Asks the bridge for trouble; throws what it says if it refuses. */
async function makeTrouble(port, stream, query) {
  const { status, text } = await askBridge({ port }, `/streams/${stream}/trouble?${query}`, { method: "POST" });
  if (status !== 204) throw new Error(text || String(status));
}

/** The lists of all streams go, so that they begin again with another promise; the numbers go on. */
async function removeLists(hls) {
  for (const stream of await readdir(hls, { withFileTypes: true })) {
    if (!stream.isDirectory()) continue;
    const folder = path.join(hls, stream.name);
    for (const file of await readdir(folder)) if (LIST.test(file)) await rm(path.join(folder, file), { force: true });
  }
}

export class Lessons {
  #running = false;
  #stopped = false;
  #count = 0;
  #lesson = null;
  #restarting = null; // a bridge that ends and starts

  /** `counters(stream)`: of now, or null. */
  constructor(stack, counters) {
    this.stack = stack;
    this.counters = counters;
  }

  /** What people are shown of the last lesson; null: there was none. */
  get shown() {
    return this.#lesson;
  }

  /** The settings that buttons change, as they are. */
  get settings() {
    const settings = this.stack.options.bridgeSettings ?? {};
    return { segment: settings["hls.segment"] ?? 2, window: settings["hls.playlist"] ?? 6 };
  }

  /** No lesson begins any more. Resolves when the one under way starts no bridge any more: what it has started is a part of the stack. */
  async stop() {
    this.#stopped = true;
    await this.#restarting?.catch(() => {}); // the lesson tells it
  }

  /** Begins what was pressed. Returns whether it has: only one can be under way. */
  async begin({ button, value, stream }) {
    if (this.#running || this.#stopped) return false;
    this.#running = true;
    const lasts = BUTTONS[button].seconds, seconds = lasts && (this.stack.options.lessonSeconds ?? lasts);
    const lesson = { id: ++this.#count, button, value, stream, state: "running", beganAt: Date.now(), seconds, before: null, after: null };
    this.#lesson = lesson;
    this.#run(lesson).then(
      () => (lesson.state = "done"),
      ({ message, why }) => Object.assign(lesson, { state: "failed", error: message, why }),
    ).finally(() => (this.#running = false));
    return true;
  }

  async #run(lesson) {
    const { button, value, stream, seconds } = lesson;
    lesson.before = await this.counters(stream);
    if (!lesson.before?.live) throw new LessonError("not-live", `${stream} is not live`);
    if (button === "lose") await this.#trouble(stream, `lose=${value}`, seconds);
    else if (button === "keys") await this.#trouble(stream, "hold=keys", seconds);
    else if (button === "kill") await (this.#restarting = this.#restart("SIGKILL"));
    else await (this.#restarting = this.#restart("SIGTERM", { [button === "window" ? "hls.playlist" : "hls.segment"]: value }));
    lesson.after = await this.#untilMade(stream);
    lesson.backAt = Date.now();
    if (button === "window") lesson.after = await this.#untilListed(stream, value) ?? lesson.after;
  }

  async #trouble(stream, query, seconds) {
    await makeTrouble(this.stack.bridgePort, stream, `${query}&seconds=${seconds}`);
    await sleep(seconds * 1000 + AFTER_MS);
  }

  /** Ends the bridge by `signal` and starts it again, with other settings; with those of before if it does not start with these. */
  async #restart(signal, settings) {
    const { stack } = this;
    const { bridge } = stack.parts;
    bridge.kill(signal);
    const timer = setTimeout(() => bridge.kill("SIGKILL"), 10000);
    await bridge.exited();
    clearTimeout(timer);
    const before = stack.options.bridgeSettings;
    const wrong = await this.#start({ ...before, ...settings }, before).catch((error) => error);
    if (!wrong) return;
    if (this.#stopped) throw wrong;
    await this.#start(before, { ...before, ...settings }).catch((error) => {
      throw new LessonError("gone", `The bridge does not start any more: ${error.message}`);
    });
    if (settings) throw new LessonError("settings", `The bridge runs with the settings of before: ${wrong.message}`);
  }

  /** Starts the bridge with `settings`; it had `before`. Throws if it does not answer in time, or ends. */
  async #start(settings, before) {
    const { stack } = this;
    stack.options.bridgeSettings = settings;
    if (settings?.["hls.segment"] !== before?.["hls.segment"]) await removeLists(stack.hls);
    if (this.#stopped) throw new Error("everything ends");
    await stack.startBridge();
  }

  /** The counters when the stream is live and makes segments again, two of its newest length. */
  async #untilMade(stream) {
    const back = await this.#untilCounters(stream, ({ live, made }) => live && made > 1);
    if (back) return back;
    throw new LessonError("not-back", `${stream} did not come back within ${BACK_MS / 1000} s`);
  }

  /** The counters when the playlist is as long as it is to be. A segment more stays while the others are a moment shorter than that many of full length. */
  #untilListed(stream, segments) {
    return this.#untilCounters(stream, ({ listed }) => listed >= segments && listed <= segments + 1);
  }

  /** The first counters that `suit`; undefined: there were none in time. */
  async #untilCounters(stream, suit) {
    const end = Date.now() + BACK_MS;
    while (Date.now() < end && !this.#stopped) {
      const now = await this.counters(stream);
      if (now && suit(now)) return now;
      await sleep(LOOK_MS);
    }
    return undefined;
  }
}
