// SPDX-License-Identifier: GPL-3.0-or-later

// Reads which folder of hls-bridge, or of janus-plugin, includes which.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const isSource = (name) => /\.[ch]$/.test(name);

/**
 * The rooms of `house`, a folder: { room: Set of rooms that it includes }, and `main` for the files beside them.
 * `seen(room, file, to)` is called for each include from a folder.
 */
export function readHouse(house, seen = () => {}) {
  const rooms = readdirSync(house, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(path.join(house, entry.name)).some(isSource))
    .map(({ name }) => name)
    .sort();
  const graph = Object.fromEntries([...rooms, "main"].map((room) => [room, new Set()]));
  for (const room of Object.keys(graph)) {
    const folder = room === "main" ? house : path.join(house, room);
    for (const file of readdirSync(folder).filter(isSource)) {
      const text = readFileSync(path.join(folder, file), "utf8");
      for (const [, to] of text.matchAll(/^#include "(\w+)\/\w+\.h"/gm)) {
        seen(room, file, to);
        if (rooms.includes(to) && to !== room) graph[room].add(to);
      }
    }
  }
  return graph;
}
