#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Everything that several sizes promise, measured one after the other on an otherwise idle machine, and told in one table.
// Each row is a program of its own in a network namespace of its own; what it says beside is kept.

import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import readline from "node:readline";
import { parseArgs } from "node:util";
import { SOURCE, built } from "../../tools/stack/stack.mjs";
import { cellsOf } from "./support/bounds.mjs";
import { simulcastFile } from "./support/recording.mjs";

const USAGE = `Usage: tests/bench/sizes.mjs [OPTIONS] [ROW...]
Measures what several sizes promise, and prints a table. It uses the build in build/, or in $JANUS_HLS_BUILD. It takes about
40 minutes, --whole 70, --brief 10. Status 1: a bound is not kept.

  --whole        each as long as its bound is told for
  --brief        each once, and short: whether it runs
  --minutes M    what has not begun by then is left out, and told so (45)
  --logs DIR     what the programs say (bench/logs in the build)
  --list         the names of the rows, and their commands
`;

/** A choice by how long it is to take: --brief, neither, --whole. */
const by = (brief, usual, whole) => ({ brief, usual, whole });
const VIEWERS = ["watch", "hls", "shaka", "dashjs", "videojs"];

// name: [minutes that it takes at most, program, arguments, environment]; each may be a choice.
const ROWS = {
  "three-sizes": [by(4, 10, 14), "tests/soak/three-sizes.test.mjs", [], { MINUTES: by("1", "6", "10") }],
  "viewer-cut": [by(7, 9, 16), "tests/bench/viewer-cut.mjs", ["--cuts", by("1", "1", "3"), ...VIEWERS]],
  "publisher-cut": [by(4, 9, 12), "tests/bench/publisher-cut.mjs", ["--times", by("1", "10", "10")]],
  "go-live": [by(2, 3, 4), "tests/bench/go-live.mjs", ["--times", by("2", "8", "20")]],
  switch: [by(2, 3, 4), "tests/bench/switch.mjs", ["--times", by("3", "12", "24")]],
  cpu: [by(2, 3, 4), "tests/bench/ladder.mjs", ["--seconds", by("10", "40", "60")]],
  "joins-watch": [by(2, 10, 27), "tests/bench/latency.mjs", ["--joins", by("2", "20", "20"), "--seconds", by("6", "12", "60"), "watch"]],
  "joins-hls": [by(2, 7, 7), "tests/bench/latency.mjs", ["--joins", by("2", "20", "20"), "low"]],
  latency: [by(2, 5, 8), "tests/bench/latency.mjs", ["--sizes", "3", "--joins", "1", "--seconds", by("15", "180", "300"), "watch"]],
  near: [by(2, 5, 8), "tests/bench/latency.mjs", ["--profile", "near", "--joins", "1", "--seconds", by("15", "180", "300"), "watch"]],
  "near-busy": [by(2, 3, 3), "tests/bench/latency.mjs", ["--profile", "near", "--joins", "1", "--seconds", by("15", "60", "60"), "--busy", "watch"]],
  publishers: [by(3, 6, 14), "tests/bench/streams.mjs",
    ["--streams", "20", "--sizes", "3", "--seconds", by("20", "180", "600"), "--watch", by("20", "30", "30")]],
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    whole: { type: "boolean" }, brief: { type: "boolean" }, minutes: { type: "string" }, logs: { type: "string" },
    list: { type: "boolean" }, help: { type: "boolean", short: "h" },
  },
});
const chosen = positionals.length ? positionals : Object.keys(ROWS);
const size = values.whole ? "whole" : values.brief ? "brief" : "usual";
const minutes = Number(values.minutes ?? { brief: 45, usual: 45, whole: 90 }[size]);
if (values.help || !(minutes > 0) || chosen.some((name) => !ROWS[name])) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
const picked = (choice) => (typeof choice === "object" ? choice[size] : choice);
const commandOf = (name) => {
  const [most, program, args, env = {}] = ROWS[name];
  return { most: picked(most), program, args: args.map(picked), env: Object.fromEntries(Object.entries(env).map(([key, value]) => [key, picked(value)])) };
};

/** Runs one, and resolves to its rows; `logs` is a folder. */
async function measure(name, logs) {
  const { most, program, args, env } = commandOf(name);
  const rows = [];
  const child = spawn(path.join(SOURCE, "tests/e2e/in-namespace"), [process.execPath, path.join(SOURCE, program), ...args],
    { cwd: SOURCE, detached: true, env: { ...process.env, JANUS_HLS_NAMESPACE: "", ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const end = (signal) => process.kill(-child.pid, signal);
  const log = createWriteStream(path.join(logs, `${name}.log`));
  for (const stream of [child.stdout, child.stderr])
    readline.createInterface({ input: stream }).on("line", (line) => {
      log.write(`${line}\n`);
      const cells = cellsOf(line);
      if (cells) rows.push(cells);
    });
  const interrupted = () => (end("SIGTERM"), process.exit(130));
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  let late = false;
  const timer = setTimeout(() => ((late = true), end("SIGTERM")), most * 60000);
  const status = await new Promise((resolve) => child.on("close", (code, signal) => resolve(code ?? signal)));
  clearTimeout(timer);
  process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
  log.end();
  // a test may have failed by what is in no row
  if (status !== 0 && rows.every((cells) => cells[3] === "PASS"))
    rows.push([name, late ? `not done after ${most} min` : `status ${status}`, `see ${name}.log`, "FAIL"]);
  return rows;
}

if (values.list) {
  for (const name of chosen) {
    const { program, args, env } = commandOf(name);
    console.log(`${name}: ${Object.entries(env).map(([key, value]) => `${key}=${value} `).join("")}tests/e2e/in-namespace ${program} ${args.join(" ")}`);
  }
  process.exit(0);
}
const logs = values.logs ?? path.join(path.dirname(path.dirname(built().bridge)), "bench", "logs");
await mkdir(logs, { recursive: true });
await simulcastFile(); // is made before anything is measured
console.log(`${os.cpus().length} cores, ${os.cpus()[0].model}; each row's own words are in ${logs}\n`);
console.log("| what | found | bound | | load | min |\n| --- | --- | --- | --- | --- | --- |");
const from = Date.now(), since = (at) => ((Date.now() - at) / 60000).toFixed(1);
let failed = 0;
for (const name of chosen) {
  const began = Date.now(), load = os.loadavg()[0].toFixed(1);
  const rows = began - from < minutes * 60000 ? await measure(name, logs) : [[name, "not measured, for want of time", "", "FAIL"]];
  for (const cells of rows) console.log(`| ${[...cells, load, since(began)].join(" | ")} |`);
  failed += rows.filter((cells) => cells[3] !== "PASS").length;
}
console.log(`\n${since(from)} minutes; ${failed === 0 ? "all bounds are kept" : `${failed} are not`}`);
process.exitCode = failed > 0 ? 1 : 0;
