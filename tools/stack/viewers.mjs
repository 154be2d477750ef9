// SPDX-License-Identifier: GPL-3.0-or-later

// How many watch, as nginx sees it: everybody who watches fetches the playlist every few seconds, or at low latency waits for
// the first part of each segment.

import { open, rename, writeFile } from "node:fs/promises";
import path from "node:path";

const WINDOW_S = 10; // longer than any player waits between two looks
const LINE = /^([\d.]+) (\S+) \/live\/([^/]+)\/\S+ 200 "(.*)"$/;

/** The lines of a file that grows. */
class LogTail {
  #name;
  #offset = 0;
  #rest = "";

  constructor(name) {
    this.#name = name;
  }

  /** Those that have been written since the last time. */
  async read() {
    const file = await open(this.#name).catch(() => null);
    if (!file) return [];
    try {
      const { size } = await file.stat();
      const buffer = Buffer.alloc(Math.max(0, size - this.#offset));
      await file.read(buffer, 0, buffer.length, this.#offset);
      this.#offset = size;
      const lines = (this.#rest + buffer.toString()).split("\n");
      this.#rest = lines.pop();
      return lines;
    } finally {
      await file.close();
    }
  }
}

export class ViewerCount {
  #logs;
  #seen = new Map(); // stream -> Map of viewer -> time of the last look

  /** `folder`: of nginx's logs. */
  constructor(folder) {
    this.#logs = ["viewers.log", "viewers-low-latency.log"].map((name) => new LogTail(path.join(folder, name)));
  }

  /** Reads what has been written since the last time. */
  async read() {
    for (const log of this.#logs) for (const line of await log.read()) this.#note(line);
  }

  #note(line) {
    const [, time, address, stream, agent] = LINE.exec(line) ?? [];
    if (!stream) return;
    if (!this.#seen.has(stream)) this.#seen.set(stream, new Map());
    this.#seen.get(stream).set(`${address} ${agent}`, Number(time));
  }

  /** How many watch `stream` now. */
  of(stream) {
    const viewers = this.#seen.get(stream) ?? new Map();
    const oldest = Date.now() / 1000 - WINDOW_S;
    for (const [viewer, time] of viewers) if (time < oldest) viewers.delete(viewer);
    return viewers.size;
  }

  /** Tells publishers by viewers.json in `folder`: of `streams` as the bridge has them, those that lists may name. */
  async tell(folder, streams) {
    const counts = streams.filter(({ unlisted }) => !unlisted).map(({ name }) => [name, this.of(name)]);
    const file = path.join(folder, "viewers.json");
    await writeFile(`${file}.new`, JSON.stringify({ at: Math.floor(Date.now() / 1000), viewers: Object.fromEntries(counts) }));
    await rename(`${file}.new`, file);
  }
}
