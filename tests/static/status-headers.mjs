#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Holds that reading a status does not pull in the house: a header that defines a type named …Status or …Stats, and one that
// prints them, includes at most so many headers of the project, what these include counted too.
//   --print   print each such header with what it pulls in

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HEADERS = 10;
const PRINTS = ["hls-bridge/control/status_json.h"];

/** What is over as yet. This list may only shrink: what has become small goes from it. */
const WIDE = [
];
const lost = new Set();

const tracked = execFileSync("git", ["ls-files", "hls-bridge/*.h", "janus-plugin/*.h"], { cwd: ROOT, encoding: "utf8" }).trim().split("\n");
const read = (file) => readFileSync(path.join(ROOT, file), "utf8");

/** The project's headers that a file includes itself: where the compiler finds them. */
const includesOf = (file) => [...read(file).matchAll(/^#include "([^"]+)"/gm)].map(([, name]) => {
  const places = [path.join(path.dirname(file), name), name, `common/${name}`, `${file.split("/", 1)[0]}/${name}`];
  const found = places.find((place) => existsSync(path.join(ROOT, place)));
  if (!found) lost.add(`${file}: there is no ${name}`);
  return found;
}).filter(Boolean);

function pulledIn(file, seen = new Set()) {
  for (const header of includesOf(file)) {
    if (seen.has(header)) continue;
    seen.add(header);
    pulledIn(header, seen);
  }
  return seen;
}

const statuses = tracked.filter((file) => PRINTS.includes(file) || /^(typedef struct|struct|\}) \w+(Status|Stats)\b( \{|;)/m.test(read(file)));
const wide = statuses.map((file) => [file, [...pulledIn(file)].sort()]).filter(([, headers]) => headers.length > HEADERS);
const wrong = wide.filter(([file]) => !WIDE.includes(file)).map(([file, { length }]) => `${file} pulls in ${length} headers; at most ${HEADERS}`);
for (const file of WIDE)
  if (!wide.some(([name]) => name === file)) wrong.push(`${file}: no longer over; take it from the list in tests/static/status-headers.mjs`);
wrong.push(...lost);
if (statuses.length < 5) wrong.push(`only ${statuses.length} headers of statuses were seen`);
if (process.argv.includes("--print"))
  for (const file of statuses) console.log(`${file}: ${[...pulledIn(file)].length} ${[...pulledIn(file)].sort().join(" ")}`);
wrong.forEach((line) => console.error(line));
process.exit(wrong.length ? 1 : 0);
