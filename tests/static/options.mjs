#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Looks whether the programs have the options with which the documents call them: a command is a line of an
// indented block, or `in backticks`, that begins with the program's name.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const read = (file) => readFileSync(path.join(ROOT, file), "utf8");

/** The file that has the usage of each program. */
const USAGE = {
  "./demo": "demo",
  "./check": "check",
  "./bootstrap": "bootstrap",
  "hls-bridge": "hls-bridge/options.c",
  "janus-hls-token": "janus-plugin/janus_hls_token.c",
  "hls-doctor": "instruments/hls-doctor/hls_doctor.c",
  "hls-playback-token": "instruments/hls-playback-token/hls_playback_token.c",
  "hls-viewers": "instruments/hls-viewers/viewer_options.c",
  "rtp-replay": "instruments/rtp-replay/replay_options.c",
};
const PROGRAM = Object.keys(USAGE).map((name) => name.replaceAll(".", "\\.")).join("|");
const COMMAND = new RegExp(`(?:^ {4,}(?:\\$ )?(?:sudo )?|\`)(?:[\\w./-]*/)?(${PROGRAM})((?: [^\`|&;#>]*)?)`, "g");

/** What of a usage text is an option, or a part of ./check. */
const knows = (usage, word) => new RegExp(`(^|[\\s"|\\[])${word.replace(/[.*+?^$()[\]{}|\\]/g, "\\$&")}(?=[\\s,|\\]=):]|$)`, "m").test(usage);

const wrong = [];
let seen = 0;

function check(place, program, words) {
  const usage = read(USAGE[program]);
  for (const word of words) {
    const name = word.split("=")[0];
    const isOption = /^--?[a-z][\w-]*$/.test(name);
    const isPart = program === "./check" && /^[a-z][a-z0-9]*$/.test(name);
    if (!isOption && !isPart) continue;
    seen++;
    if (!knows(usage, name)) wrong.push(`${place}: ${program} has no ${name}`);
  }
}

const documents = execFileSync("git", ["ls-files", "*.md"], { cwd: ROOT, encoding: "utf8" }).trim().split("\n");
for (const file of documents) {
  read(file).split("\n").forEach((line, i) => {
    for (const [, program, rest] of line.matchAll(COMMAND))
      check(`${file}:${i + 1}`, program, rest.trim().split(/\s+/));
  });
}
if (seen === 0) wrong.push("no option was seen");
wrong.forEach((line) => console.error(line));
process.exit(wrong.length ? 1 : 0);
