#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Runs each fuzz target with libFuzzer over its corpus, and then as many inputs more as fuzz-runs.mjs has, from a
// seed that stays: the same everywhere, however fast the machine. With SECONDS it looks for what is new instead, for so
// long, from another seed each time. What it finds stays in a folder.
// Usage: fuzzers.mjs TREE [SECONDS [TARGET...]]

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { FUZZ_RUNS } from "./fuzz-runs.mjs";
import { ROOT, runJobs } from "./jobs.mjs";
import { fail, pass } from "./results.mjs";

const EXTRA_SECONDS = 300; // for the corpus, and a machine that is busy

const [tree, seconds, ...only] = process.argv.slice(2);
const lines = (command, args) => execFileSync(command, args, { encoding: "utf8" }).split("\n").filter(Boolean);
const found = mkdtempSync(path.join(tmpdir(), "fuzz-"));

const corpus = (target) => path.join("tests/fuzz/corpus", target);
/** libFuzzer counts the corpus as well. */
const bound = (target) => (seconds ? [`-max_total_time=${seconds}`]
  : [`-runs=${readdirSync(path.join(ROOT, corpus(target))).length + FUZZ_RUNS[target]}`, "-seed=1"]);
const jobs = lines("make", ["-s", "-C", tree, "list-fuzzers"]).map((name) => path.resolve(tree, name)).flatMap((program) =>
  lines(program, ["--list"]).filter((target) => only.length === 0 || only.includes(target)).map((target) => ({
    name: target, command: program, seconds: Number(seconds ?? 0) + EXTRA_SECONDS,
    args: [target, ...bound(target), `-artifact_prefix=${found}/`, "-print_final_stats=1",
      path.join(found, target), corpus(target)],
  })));
jobs.forEach(({ name }) => mkdirSync(path.join(found, name)));
for (const { name } of jobs) if (!(name in FUZZ_RUNS)) fail(`fuzz ${name}`, "tests/run/fuzz-runs.mjs has no number of inputs for it");

await runJobs("fuzz", jobs, ({ job, status, text }) => {
  if (status === 0) pass();
  else fail(`fuzz ${job.name}`, text, 1, text.replace(/^#\d+\t.*\n/gm, "")); // without the lines of libFuzzer's progress
});
if (readdirSync(found).some((name) => !jobs.some((job) => job.name === name))) console.log(`inputs that failed are in ${found}`);
else rmSync(found, { recursive: true });
if (jobs.length === 0) fail("fuzz", "there is no such target");
