#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Holds the includes of hls-bridge against the house that docs/architecture.md draws: which folder may include which.
// Prints each include that is not allowed; --print prints the graph as it is.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const BRIDGE = fileURLToPath(new URL("../../hls-bridge", import.meta.url));

/** What a folder may include beside itself and common/. */
const ALLOWED = {
  base: [],
  codec: ["base"],
  clock: ["base"],
  ingest: ["base", "codec", "clock"],
  store: ["base"],
  serve: ["base"],
  package: ["base", "codec", "store", "serve"],
  segment: ["base", "codec", "package"],
  stream: ["base", "ingest", "store", "serve", "package", "segment"],
  control: ["base", "serve", "stream"],
};

const rooms = readdirSync(BRIDGE, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name)
  .filter((room) => readdirSync(path.join(BRIDGE, room)).some((file) => /\.[ch]$/.test(file)));
const graph = Object.fromEntries(rooms.map((room) => [room, new Set()]));
const wrong = rooms.filter((room) => !ALLOWED[room]).map((room) => `hls-bridge/${room}: no such folder in the list`);
let seen = 0;

for (const room of rooms) {
  for (const file of readdirSync(path.join(BRIDGE, room)).filter((name) => /\.[ch]$/.test(name))) {
    const text = readFileSync(path.join(BRIDGE, room, file), "utf8");
    for (const [, to] of text.matchAll(/^#include "(\w+)\/\w+\.h"/gm)) {
      if (!rooms.includes(to)) continue;
      seen++;
      if (to === room) continue;
      graph[room].add(to);
      if (!ALLOWED[room]?.includes(to)) wrong.push(`hls-bridge/${room}/${file} includes ${to}/, which ${room}/ may not`);
    }
  }
}
if (process.argv.includes("--print"))
  for (const [room, to] of Object.entries(graph)) console.log(`${room} -> ${[...to].sort().join(" ")}`);
if (seen === 0) wrong.push("no include was seen");
wrong.forEach((line) => console.error(line));
process.exit(wrong.length ? 1 : 0);
