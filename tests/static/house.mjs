// SPDX-License-Identifier: GPL-3.0-or-later

// Reads which folder of hls-bridge includes which.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const isSource = (name) => /\.[ch]$/.test(name);

/**
 * The rooms of `bridge`, a folder: { room: Set of rooms that it includes }, and `main` for the files beside them.
 * `seen(room, file, to)` is called for each include.
 */
export function readHouse(bridge, seen = () => {}) {
  const rooms = readdirSync(bridge, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(path.join(bridge, entry.name)).some(isSource))
    .map(({ name }) => name)
    .sort();
  const graph = Object.fromEntries([...rooms, "main"].map((room) => [room, new Set()]));
  for (const room of Object.keys(graph)) {
    const folder = room === "main" ? bridge : path.join(bridge, room);
    for (const file of readdirSync(folder).filter(isSource)) {
      const text = readFileSync(path.join(folder, file), "utf8");
      for (const [, to] of text.matchAll(/^#include "(\w+)\/\w+\.h"/gm)) {
        if (!rooms.includes(to)) continue;
        seen(room, file, to);
        if (to !== room) graph[room].add(to);
      }
    }
  }
  return graph;
}
