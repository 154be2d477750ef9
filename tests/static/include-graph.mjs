#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Holds the includes of hls-bridge and of janus-plugin against the houses of docs/architecture.md: which folder may include which.
// Prints each include that is not allowed, and whether the picture in the documents is an old one.
//   --print   print the graph
//   --write   draw the picture again

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readHouse } from "./house.mjs";
import { drawHouse } from "./house-picture.mjs";

const at = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const PICTURE = "docs/img/include-graph.svg";

/** What a folder of each house may include beside itself and common/. */
const ALLOWED = {
  "hls-bridge": {
    base: [],
    codec: ["base"],
    clock: ["base"],
    ingest: ["base", "codec", "clock"],
    store: ["base"],
    serve: ["base"],
    keys: ["base"],
    playback: ["base", "serve"],
    package: ["base", "codec", "keys", "store", "serve"],
    segment: ["base", "codec", "package"],
    events: ["base"],
    transcode: ["base"],
    stream: ["base", "codec", "events", "ingest", "keys", "store", "serve", "package", "segment", "transcode"],
    control: ["base", "events", "playback", "serve", "stream"],
  },
  "janus-plugin": {
    core: [],
    sdp: ["core"],
    rtp: ["sdp"],
    access: ["core"],
    hook: ["core", "access"],
    settings: ["core", "access", "hook"],
    audit: ["settings"],
    bridge: ["core"],
    session: ["core", "sdp", "rtp", "access"],
    publisher: ["core", "sdp", "rtp", "access", "hook", "settings", "audit", "bridge", "session"],
    desk: ["core", "access", "settings", "audit", "session", "publisher"],
  },
};

const wrong = [], graphs = {};
for (const [house, allowed] of Object.entries(ALLOWED)) {
  let seen = 0;
  graphs[house] = readHouse(at(house), (room, file, to) => {
    seen++;
    if (room === "main" ? !allowed[to] : to !== room && !allowed[room]?.includes(to))
      wrong.push(`${house}/${room === "main" ? "" : `${room}/`}${file} includes ${to}/, which ${room === "main" ? house : room}/ may not`);
  });
  for (const room of Object.keys(graphs[house]))
    if (room !== "main" && !allowed[room]) wrong.push(`${house}/${room}: no such folder in the list`);
  if (seen === 0) wrong.push(`${house}: no include was seen`);
}

if (process.argv.includes("--print"))
  for (const [house, graph] of Object.entries(graphs))
    for (const [room, to] of Object.entries(graph)) console.log(`${house}/${room} -> ${[...to].sort().join(" ")}`);
const picture = drawHouse(graphs["hls-bridge"]);
if (process.argv.includes("--write")) writeFileSync(at(PICTURE), picture);
else if (readFileSync(at(PICTURE), "utf8") !== picture)
  wrong.push(`${PICTURE} is not what the sources give: run node tests/static/include-graph.mjs --write`);
wrong.forEach((line) => console.error(line));
process.exit(wrong.length ? 1 : 0);
