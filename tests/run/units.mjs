#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Runs unit tests: each group of each program in a process of its own.
// Usage: units.mjs PART TREE LIST [FILE...]   the programs that `make -C TREE LIST` prints (LIST may be -, for none),
//        and scripts

import { execFileSync } from "node:child_process";
import path from "node:path";
import { runJobs } from "./jobs.mjs";
import { countTap } from "./results.mjs";

const GROUP_SECONDS = 600;

/** Seconds of those that take long, on a machine of two cores, with sanitizers; others take less. */
const USUAL = { plugin_turns: 15, plugin_more_turns: 15, segmenter: 6, power_cut: 9, intake: 12, take_up: 9, overload: 9, stream_table: 5, bridge_client: 5, b_frames: 4,
  "faults.test.mjs": 40, "network.test.mjs": 40, "recordings.test.mjs": 20 };

const [part, tree, list, ...scripts] = process.argv.slice(2);
const lines = (command, args) => execFileSync(command, args, { encoding: "utf8" }).split("\n").filter(Boolean);

const jobs = scripts.map((script) => ({ name: path.basename(script), command: script, args: [] }));
const programs = list === "-" ? [] : lines("make", ["-s", "-C", tree, list]);
for (const program of programs.map((name) => path.join(tree, name))) {
  const kind = path.basename(program).startsWith("corpus-") ? "corpus of " : "";
  for (const group of lines(program, ["--list"])) jobs.push({ name: kind + group, command: path.resolve(program), args: [group] });
}
for (const job of jobs) Object.assign(job, { seconds: GROUP_SECONDS, env: { CMOCKA_MESSAGE_OUTPUT: "TAP" } });

await runJobs(part, jobs, ({ job, status, text }) => countTap(job.name, text, status), { usual: USUAL, common: 1 });
