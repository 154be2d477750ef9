#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Prints what has failed, and of each why: the end of a log, which is often all that is kept of it, then says so.
// Usage: failures.mjs FILE...   with lines as results.mjs leaves them

import { readFileSync } from "node:fs";

const LINES = 170; // for all of them: with the times, less than 200
const LINE_LENGTH = 400; // characters
const LINES_EACH = 60, LINES_EACH_MIN = 10; // for one; those for which there is no room are only named

/** Name -> { count, why }, in the order in which they failed. */
function readFailures(files) {
  const failures = new Map();
  for (const file of files) {
    let last;
    for (const line of readFileSync(file, "utf8").split("\n")) {
      const [, word, rest] = line.match(/^(failed|because) (.*)/) ?? [];
      if (word === "failed") {
        last = failures.get(rest) ?? { count: 0, why: [] };
        last.count++;
        failures.set(rest, last);
      } else if (word === "because") last?.why.push(rest.length > LINE_LENGTH ? `${rest.slice(0, LINE_LENGTH)}…` : rest);
    }
  }
  return failures;
}

const LIBAV = /^\s*\[[^\]@]+ @ 0x[0-9a-f]+\] /; // what libav logs by itself, often many lines of it

/** `lines`, at most `room` of them: the beginning says what failed, the end often what a program died of. */
function cut(all, room) {
  if (all.length <= room) return all;
  const lines = all.filter((line) => !LIBAV.test(line));
  if (lines.length <= room) return lines;
  const first = Math.floor(room / 2), last = room - first - 1;
  return [...lines.slice(0, first), `… ${lines.length - first - last} lines more …`, ...lines.slice(-last)];
}

const failures = readFailures(process.argv.slice(2));
const each = Math.max(LINES_EACH_MIN, Math.min(LINES_EACH, Math.floor((LINES - failures.size) / failures.size)));
for (const [name, { count }] of failures) console.log(count > 1 ? `${name} (${count} tests)` : name);
let room = LINES - failures.size;
for (const [name, { why }] of failures) {
  const told = cut(why, each - 1);
  if (told.length === 0 || told.length + 2 > room) continue;
  room -= told.length + 2;
  console.log(`\n-- why ${name} failed\n${told.map((line) => `    ${line}`).join("\n")}`);
}
