#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Runs each fuzz target with libFuzzer over its corpus, and then as many inputs more as it has a number for below, from a
// seed that stays: the same everywhere, however fast the machine. With SECONDS it looks for what is new instead, for so
// long, from another seed each time. What it finds stays in a folder.
// Usage: fuzzers.mjs TREE [SECONDS [TARGET...]]

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ROOT, runJobs } from "./jobs.mjs";
import { fail, pass } from "./results.mjs";

const EXTRA_SECONDS = 300; // for the corpus, and a machine that is busy

/** Inputs of each target beside its corpus: about two seconds of one core. */
const RUNS = {
  aac_pair: 100000, av1_depay: 1400, bridge_sdp_answer: 69000, cenc_reader: 40000, control_api: 17000, event_line: 100000, h264_depay: 1200,
  h264_filler: 71000, h264_sps: 73000, h265_depay: 1500, hook_answer: 100000, http_reader: 54000, jpeg_maker: 1000, ll_request: 110000,
  low_latency: 200000, m3u8: 2000, mp4_rules: 47000, pipeline: 80, player_list: 55000, playlist: 68000,
  plugin_session: 1300, publish_token: 60000, request: 230000, rtcp_packet: 290000, rtp_packet: 250000, rtp_reorder: 13000,
  rung_ladder: 110000, sdp_answer: 5200, sdp_reader: 6500, settings_reader: 6100, source_sdp: 93000,
  transcode_wire: 230000, transcode_work: 180, vp8_depay: 1700, vp9_depay: 1700,
};

const [tree, seconds, ...only] = process.argv.slice(2);
const lines = (command, args) => execFileSync(command, args, { encoding: "utf8" }).split("\n").filter(Boolean);
const found = mkdtempSync(path.join(tmpdir(), "fuzz-"));

const corpus = (target) => path.join("tests/fuzz/corpus", target);
/** libFuzzer counts the corpus as well. */
const bound = (target) => (seconds ? [`-max_total_time=${seconds}`]
  : [`-runs=${readdirSync(path.join(ROOT, corpus(target))).length + RUNS[target]}`, "-seed=1"]);
const jobs = lines("make", ["-s", "-C", tree, "list-fuzzers"]).map((name) => path.resolve(tree, name)).flatMap((program) =>
  lines(program, ["--list"]).filter((target) => only.length === 0 || only.includes(target)).map((target) => ({
    name: target, command: program, seconds: Number(seconds ?? 0) + EXTRA_SECONDS,
    args: [target, ...bound(target), `-artifact_prefix=${found}/`, "-print_final_stats=1",
      path.join(found, target), corpus(target)],
  })));
jobs.forEach(({ name }) => mkdirSync(path.join(found, name)));
for (const { name } of jobs) if (!(name in RUNS)) fail(`fuzz ${name}`, "tests/run/fuzzers.mjs has no number of inputs for it");

await runJobs("fuzz", jobs, ({ job, status, text }) => {
  if (status === 0) pass();
  else fail(`fuzz ${job.name}`, text, 1, text.replace(/^#\d+\t.*\n/gm, "")); // without the lines of libFuzzer's progress
});
if (readdirSync(found).some((name) => !jobs.some((job) => job.name === name))) console.log(`inputs that failed are in ${found}`);
else rmSync(found, { recursive: true });
if (jobs.length === 0) fail("fuzz", "there is no such target");
