#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Looks whether there is what the documents link to: files, and headings in them; and the files of the sources that they
// name. What comments and messages say of docs/ is looked at too. Links to other sites are not followed.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const tracked = execFileSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" }).trim().split("\n");
const read = (file) => readFileSync(path.join(ROOT, file), "utf8");

/** The text without blocks of code, whose lines keep their numbers. */
function withoutCode(text) {
  let fenced = false;
  return text.split("\n").map((line) => {
    if (/^\s*```/.test(line)) fenced = !fenced;
    return fenced || /^ {4}/.test(line) ? "" : line.replace(/`[^`]*`/g, (code) => code.replace(/[[\]()]/g, " "));
  });
}

/** A heading's anchor, as GitHub makes it. */
const anchorOf = (heading) => heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").trim().toLowerCase()
  .replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-");

/** The same heading again gets a number. */
function numbered(anchor, known) {
  let name = anchor;
  for (let i = 1; known.has(name); i++) name = `${anchor}-${i}`;
  return name;
}

const anchors = new Map();

function hasAnchor(file, anchor) {
  if (!anchors.has(file)) {
    const known = new Set();
    for (const line of withoutCode(read(file))) {
      const heading = /^#{1,6}\s+(.*)$/.exec(line)?.[1];
      if (heading) known.add(numbered(anchorOf(heading), known));
      for (const [, id] of line.matchAll(/<a id="([^"]+)">/g)) known.add(id);
    }
    anchors.set(file, known);
  }
  return anchors.get(file).has(anchor);
}

const wrong = [];
let seen = 0;

function check(place, from, target) {
  const [name, anchor] = target.split("#");
  const file = name ? path.normalize(path.join(path.dirname(from), decodeURI(name))) : from;
  seen++;
  if (!existsSync(path.join(ROOT, file))) wrong.push(`${place}: there is no ${file}`);
  else if (anchor && file.endsWith(".md") && !hasAnchor(file, anchor)) wrong.push(`${place}: ${file} has no heading #${anchor}`);
}

/** A source file in a document: `hls-bridge/clock/timeline.c`. NAME stands for any. */
const SOURCE_FILE = /`((?:common|hls-bridge|instruments|janus-plugin|tests|tools|web-publisher)\/[\w./-]+\.(?:[ch]|mjs|js|in|mk))`/g;

for (const file of tracked.filter((name) => name.endsWith(".md") && !name.includes("/fixtures/"))) {
  const text = read(file);
  text.split("\n").forEach((line, i) => {
    for (const [, named] of line.matchAll(SOURCE_FILE))
      if (!named.includes("NAME")) check(`${file}:${i + 1}`, "README.md", named);
  });
  withoutCode(text).forEach((line, i) => {
    for (const [, target] of line.matchAll(/\]\(([^)\s]+)\)/g))
      if (!/^[a-z]+:/.test(target)) check(`${file}:${i + 1}`, file, target);
  });
}
for (const file of tracked.filter((name) => !/\/(fixtures|corpus)\/|\.(md|png|webp|json)$/.test(name))) {
  read(file).split("\n").forEach((line, i) => {
    for (const [target] of line.matchAll(/\bdocs\/[\w/-]+\.md(#[a-z0-9-]+)?/g)) check(`${file}:${i + 1}`, "README.md", target);
  });
}
// The tables of the houses: "| `store/` | what is there | modules | modules |".
for (const line of read("docs/architecture.md").split("\n")) {
  const [folder, , ...modules] = line.split("|").slice(1, -1).map((cell) => cell.trim());
  const name = /^`([\w-]+)\/`$/.exec(folder ?? "")?.[1];
  for (const module of modules.join(",").match(/\b[a-z]\w+\b(?=,|$)/g) ?? [])
    if (name && !tracked.some((file) => /\.[ch]$/.test(file) && file.replace(/\.[ch]$/, "").replace(/^(hls-bridge|janus-plugin)\//, "") === `${name}/${module}`))
      wrong.push(`docs/architecture.md: there is no ${name}/${module}`);
}
if (seen === 0) wrong.push("no link was seen");
wrong.forEach((line) => console.error(line));
process.exit(wrong.length ? 1 : 0);
