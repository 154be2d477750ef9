#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Holds the includes of hls-bridge against the house that docs/architecture.md draws: which folder may include which.
// Prints each include that is not allowed, and whether the picture in the documents is an old one.
//   --print   print the graph
//   --write   draw the picture again

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readHouse } from "./house.mjs";
import { drawHouse } from "./house-picture.mjs";

const at = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const PICTURE = "docs/img/include-graph.svg";

/** What a folder may include beside itself and common/. */
const ALLOWED = {
  base: [],
  codec: ["base"],
  clock: ["base"],
  ingest: ["base", "codec", "clock"],
  store: ["base"],
  serve: ["base"],
  keys: ["base"],
  package: ["base", "codec", "keys", "store", "serve"],
  segment: ["base", "codec", "package"],
  events: ["base"],
  transcode: ["base"],
  stream: ["base", "codec", "events", "ingest", "keys", "store", "serve", "package", "segment", "transcode"],
  control: ["base", "events", "serve", "stream"],
};

const wrong = [];
let seen = 0;
const graph = readHouse(at("hls-bridge"), (room, file, to) => {
  seen++;
  if (room !== "main" && to !== room && !ALLOWED[room]?.includes(to))
    wrong.push(`hls-bridge/${room}/${file} includes ${to}/, which ${room}/ may not`);
});
for (const room of Object.keys(graph))
  if (room !== "main" && !ALLOWED[room]) wrong.push(`hls-bridge/${room}: no such folder in the list`);
if (seen === 0) wrong.push("no include was seen");

if (process.argv.includes("--print"))
  for (const [room, to] of Object.entries(graph)) console.log(`${room} -> ${[...to].sort().join(" ")}`);
if (process.argv.includes("--write")) writeFileSync(at(PICTURE), drawHouse(graph));
else if (readFileSync(at(PICTURE), "utf8") !== drawHouse(graph))
  wrong.push(`${PICTURE} is not what the sources give: run node tests/static/include-graph.mjs --write`);
wrong.forEach((line) => console.error(line));
process.exit(wrong.length ? 1 : 0);
