// SPDX-License-Identifier: GPL-3.0-or-later

// What the class page asks the desk for: what the parts of a stack say of a stream just now, bounded however many look,
// and its buttons, for the teacher.

import path from "node:path";
import { askBridge } from "../stack/bridge.mjs";
import { DeskError } from "./desk.mjs";
import { lookIntoFolder } from "./folder.mjs";
import { Lessons } from "./lesson.mjs";
import { countersOf, readPress } from "./lessons.mjs";
import { JanusAdmin } from "./seller.mjs";
import { STREAM_NAME } from "../../web-publisher/js/stream-name.js";

const FRESH_MS = 900; // a page asks once a second; however many look, the parts are asked no more often
const EACH_MS = 25; // and for each stream that is looked at so much apart: the bridge gives a class fifty looks a second
const SELLER_FRESH_MS = 2000;
const STREAMS_MAX = 64; // whose looks are kept

/** Keeps what `make(key)` resolves to for `ms`, and longer if there are many; whoever asks meanwhile shares it. */
class Kept {
  #made = new Map();

  constructor(ms, make, clock) {
    this.ms = ms;
    this.make = make;
    this.clock = clock;
  }

  get(key) {
    const now = this.clock();
    const kept = this.#made.get(key);
    if (kept && now - kept.at < Math.max(this.ms, this.#made.size * EACH_MS)) return kept.promise;
    if (this.#made.size >= STREAMS_MAX) this.#made.clear();
    const promise = this.make(key);
    this.#made.set(key, { at: now, promise });
    return promise;
  }
}

export class ClassLooks {
  #janus;
  #looks;
  #sellers;

  /** `stack` has the option `class`; `clock()`: milliseconds. */
  constructor(stack, clock = () => performance.now()) {
    this.stack = stack;
    this.#looks = new Kept(FRESH_MS, (stream) => this.#look(stream), clock);
    this.#sellers = new Kept(SELLER_FRESH_MS, (stream) => this.#janus.seller(stream).catch(() => null), clock);
    this.#janus = new JanusAdmin({ port: stack.adminHttpPort, secret: stack.adminSecret });
    this.lessons = new Lessons(stack, (stream) => this.counters(stream));
  }

  /** Resolves when no lesson starts anything any more. */
  close() {
    return this.lessons.stop();
  }

  /** A JSON answer of the bridge; null: it refuses; undefined: it does not answer. */
  async #bridge(target) {
    const { status, text } = await askBridge({ port: this.stack.bridgePort }, target).catch(() => ({}));
    return status === 200 ? JSON.parse(text) : status && null;
  }

  /** The counters by which a lesson is told; null: the bridge is away, or the stream. */
  async counters(stream) {
    const [status, look] = await Promise.all(["", "/look"].map((end) => this.#bridge(`/streams/${stream}${end}`)));
    return countersOf(status, look);
  }

  async #look(stream) {
    const [status, gateway, folder] = await Promise.all([
      this.#bridge(`/streams/${stream}`),
      this.#janus.gateway(stream).catch(() => null),
      lookIntoFolder(path.join(this.stack.hls, stream)),
    ]);
    // the bridge has so many looks a second for all, and Janus is asked for each of its handles: anybody may ask for names that there are not
    const [bridge, seller] = await Promise.all([status && this.#bridge(`/streams/${stream}/look`), gateway && this.#sellers.get(stream)]);
    const { settings } = this.lessons;
    return { at: Date.now(), seller, gateway, bridge: bridge ?? null, status: status ?? null, away: status === undefined, folder, settings,
      control: this.stack.bridgePort };
  }

  async #answer(query) {
    const stream = query.get("stream") ?? "";
    if (!STREAM_NAME.test(stream)) throw new DeskError(400, "stream=NAME: a stream name is 1 to 64 of A-Z a-z 0-9 _ -");
    return { ...(await this.#looks.get(stream)), lesson: this.lessons.shown };
  }

  async #press(body) {
    let press;
    try {
      press = readPress(body);
    } catch (error) {
      throw new DeskError(400, error.message);
    }
    if (!(await this.lessons.begin(press))) throw new DeskError(409, "A lesson is under way: wait for its end.");
    return { lesson: this.lessons.shown };
  }

  /** The routes of the desk. */
  routes() {
    return {
      "GET /class/look.json": { answer: (body, query) => this.#answer(query) },
      "POST /class/press.json": { teacher: true, answer: (body) => this.#press(body) },
    };
  }
}
