// SPDX-License-Identifier: GPL-3.0-or-later

// How many watch, as nginx sees it: everybody who watches fetches the playlist every few seconds.

import { open } from "node:fs/promises";

const WINDOW_S = 10; // longer than any player waits between two looks
const LINE = /^([\d.]+) (\S+) \/live\/([^/]+)\/\S+ 200 "(.*)"$/;

export class ViewerCount {
  #file;
  #offset = 0;
  #rest = "";
  #seen = new Map(); // stream -> Map of viewer -> time of the last look

  /** `file`: nginx's viewers.log. */
  constructor(file) {
    this.#file = file;
  }

  /** Reads what has been written since the last time. */
  async read() {
    const file = await open(this.#file).catch(() => null);
    if (!file) return;
    try {
      const { size } = await file.stat();
      const buffer = Buffer.alloc(Math.max(0, size - this.#offset));
      await file.read(buffer, 0, buffer.length, this.#offset);
      this.#offset = size;
      const lines = (this.#rest + buffer.toString()).split("\n");
      this.#rest = lines.pop();
      lines.forEach((line) => this.#note(line));
    } finally {
      await file.close();
    }
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
}
