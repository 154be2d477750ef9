#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Runs unit tests: the groups of each program. A group that takes long has a process of its own; the others share a few,
// as a process with sanitizers takes longer to begin and to end than most groups to run. So do fuzz targets, and scripts of
// which a process of node takes longer to begin. If anything in a shared one fails, each of its groups or scripts runs again
// by itself, which says whose it is.
// Usage: units.mjs PART TREE LIST [FILE...]   the programs that `make -C TREE LIST` prints (LIST may be -, for none),
//        and scripts

import { execFileSync } from "node:child_process";
import path from "node:path";
import { madeInputs } from "./fuzz-runs.mjs";
import { runJobs } from "./jobs.mjs";
import { countTap, fail, isGood } from "./results.mjs";

const GROUP_SECONDS = 600;
const SHARE = 12; // groups in one process, of those that take no time

/** Seconds of those that take long, on a machine of two cores, with sanitizers; others take less. */
const USUAL = { plugin_turns: 4, plugin_more_turns: 4, power_cut: 12, segmenter: 8, stream_table: 7, take_up: 5, layers_at_random: 5, lossy_layers: 5,
  overload: 5, bridge_client: 5, intake: 4, store_faults: 3, list_lives: 3, b_frames: 3, ll_server: 2, parts: 2, stream: 2, thumbnail: 2, transcoder_faults: 2,
  transcode_work: 2, aac_encoder: 2, transcoder: 2, rung_encoder: 3, "scripts together": 20,
  "doctor.test.mjs": 25, "simulcast.test.mjs": 17, "network.test.mjs": 15, "foreign.test.mjs": 11, "rungs.test.mjs": 11, "faults.test.mjs": 10,
  "recordings.test.mjs": 7, "cbcs.test.mjs": 7 };

/** Scripts that share a process: what each replaces, it puts back. (strings.test.mjs chooses languages, diagnosis.test.mjs wants options.) */
const TOGETHER = ["busy-machine", "class-lesson", "class-page", "codecs", "distance", "folders", "friendly-name", "health", "hinted-parts",
  "identity", "last-part", "late-sizes", "latency-graph", "latest", "layers", "low-water", "measured", "next-segment", "page-rungs",
  "part-abr", "parts-ahead", "pending-requests", "place", "ports", "publish-figures", "qualities", "size-chooser", "size-cut",
  "standing-player", "stream-player", "token-examples", "viewer-count", "waiting-room"].map((name) => `tests/unit/${name}.test.mjs`)
  .concat(["codecs", "encryption", "opus", "playback-examples", "reports", "token-command"].map((name) => `tests/replay/${name}.test.mjs`));
const END = /^ok (\d+) - end of .*\n/gm; // what together.mjs adds behind each script

const [part, tree, list, ...scripts] = process.argv.slice(2);
const lines = (command, args, env) => execFileSync(command, args, { encoding: "utf8", env: { ...process.env, ...env } }).split("\n").filter(Boolean);
const UNCHECKED = { ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ""}:detect_leaks=0` }; // a search takes half as long as all else of a list
const env = { CMOCKA_MESSAGE_OUTPUT: "TAP" };

/**
 * The jobs of a program: one for each group that takes long, and some for all others. `plans`: how many a shared one has in
 * its TAP. The groups of a program of corpora are targets, each of which tries inputs that are made of its corpus as well.
 */
function jobsOf(program) {
  const command = path.resolve(program), name = path.basename(program);
  const isCorpora = name.startsWith("corpus-");
  const alone = lines(program, ["--list"], UNCHECKED).map((group) => ({ name: isCorpora ? `corpus of ${group}, and inputs made of it` : group, command,
    args: [isCorpora ? `${group}:${madeInputs(group)}` : group], seconds: GROUP_SECONDS, env }));
  const short = alone.filter(({ name }) => !(name in USUAL));
  const jobs = alone.filter((job) => !short.includes(job));
  for (let i = 0, n = Math.ceil(short.length / SHARE); i < n; i++) {
    const groups = short.filter((_, at) => at % n === i);
    jobs.push({ name: `${name} ${i + 1}`, command, args: groups.map(({ args }) => args[0]), groups, plans: groups.length, seconds: GROUP_SECONDS, env });
  }
  return jobs;
}

/** A job for each script, and one for those that share. */
function jobsOfScripts() {
  const job = (script) => ({ name: path.basename(script), command: script, args: [], seconds: GROUP_SECONDS });
  const shared = scripts.filter((script) => TOGETHER.includes(script));
  const jobs = scripts.filter((script) => !shared.includes(script)).map(job);
  if (shared.length)
    jobs.push({ name: "scripts together", command: process.execPath, args: ["--test-reporter=tap", "tests/run/together.mjs", ...shared],
      groups: shared.map(job), plans: 1, ends: shared.length, seconds: GROUP_SECONDS });
  return jobs;
}

/** Whether all that share a process passed, and of scripts each had a test before its end. */
function isGoodTogether(result) {
  const { plans, ends = 0 } = result.job;
  const at = [...result.text.matchAll(END)].map(([, number]) => Number(number));
  return isGood(result, plans) && at.length === ends && at.every((number, i) => number > (at[i - 1] ?? 0) + 1);
}

const count = ({ job, status, text }) => countTap(job.name, job.ends ? text.replace(END, "") : text, status);
const options = { usual: USUAL, common: 1 };
const again = []; // { job, status, text } of what was shared and has failed
const programs = list === "-" ? [] : lines("make", ["-s", "-C", tree, list]).map((name) => path.join(tree, name));
const jobs = [...jobsOfScripts(), ...programs.flatMap(jobsOf)];
for (const target of jobs.flatMap(({ args }) => args).filter((arg) => /:NaN$/.test(arg)))
  fail(target, "tests/run/fuzz-runs.mjs has no number of inputs for it");

await runJobs(part, jobs, (result) => {
  if (result.job.groups && !isGoodTogether(result)) again.push(result);
  else count(result);
}, options);

for (const shared of again) {
  let failed = false;
  await runJobs(part, shared.job.groups, (result) => {
    failed ||= !isGood(result);
    count(result);
  }, options);
  if (!failed) fail(`${shared.job.groups.map(({ name }) => name).join(", ")}, one after the other in one process`, shared.text);
}
