#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Holds the sizes of the product's files and functions, and of what tells make about them. clang-format keeps the braces of
// a function in the first column, and nothing else's but those of types and tables, which end in a semicolon.
//   --print   print what is over, as the lists below have it

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FILE_LINES = 400, FUNCTION_LINES = 60, MAKE_LINES = 200;

/** What is over as yet. These lists may only shrink: what has become small goes from them. */
const LONG_FILES = [
];
const LONG_FUNCTIONS = [
];

const tracked = (...patterns) => execFileSync("git", ["ls-files", ...patterns], { cwd: ROOT, encoding: "utf8" }).trim().split("\n");
const linesOf = (file) => readFileSync(path.join(ROOT, file), "utf8").trimEnd().split("\n");

/** The functions of a file: { name, length }, with both braces. */
function functionsOf(lines) {
  const functions = [];
  let begin = -1;
  lines.forEach((line, i) => {
    if (line === "{") begin = i;
    else if (line === "}" && begin >= 0) {
      let first = begin - 1; // of the signature, which may be several lines
      while (first > 0 && /^\s/.test(lines[first])) first--;
      functions.push({ name: lines.slice(first, begin).join(" ").match(/(\w+)\(/)?.[1], length: i - begin + 1 });
      begin = -1;
    }
  });
  return functions;
}

const longFiles = [], longFunctions = [], wrong = [];
let functions = 0;
for (const file of tracked(...["hls-bridge", "janus-plugin", "common", "instruments"].flatMap((folder) => [`${folder}/*.c`, `${folder}/*.h`]))) {
  const lines = linesOf(file);
  if (lines.length > FILE_LINES) longFiles.push({ name: file, length: lines.length });
  for (const { name, length } of functionsOf(lines)) {
    functions++;
    if (length > FUNCTION_LINES) longFunctions.push({ name: `${file} ${name}`, length });
  }
}

/** What is over and not in the list, and what is in the list and not over. */
function compare(what, over, allowed, bound) {
  for (const { name, length } of over)
    if (!allowed.includes(name)) wrong.push(`${name}: ${length} lines; a ${what} has at most ${bound}`);
  for (const name of allowed)
    if (!over.some((entry) => entry.name === name)) wrong.push(`${name}: no longer over; take it from the list in tests/static/sizes.mjs`);
}

compare("file", longFiles, LONG_FILES, FILE_LINES);
compare("function", longFunctions, LONG_FUNCTIONS, FUNCTION_LINES);
for (const file of tracked("Makefile.am", "*local.mk")) {
  const { length } = linesOf(file), bound = file === "Makefile.am" ? MAKE_LINES : FILE_LINES; // a local.mk is lists of files
  if (length > bound) wrong.push(`${file}: ${length} lines; it has at most ${bound}`);
}
if (functions < 500) wrong.push(`only ${functions} functions were seen`);
if (process.argv.includes("--print"))
  for (const { name, length } of [...longFiles, ...longFunctions]) console.log(`  "${name}", // ${length}`);
wrong.forEach((line) => console.error(line));
process.exit(wrong.length ? 1 : 0);
