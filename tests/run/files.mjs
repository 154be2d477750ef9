#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Runs files of end-to-end tests, each in a network namespace of its own.
// Usage: files.mjs e2e [NAME] | live | packages | soak

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { ROOT, runJobs, temporaryFolder } from "./jobs.mjs";
import { fail, pass } from "./results.mjs";

const FILE_SECONDS = 600, SOAK_SECONDS = 20_000; // what one file may take

/** Those that no other file of their part may run beside. */
const ALONE = ["soak", "fifty-streams", "overload", "rungs", "three-sizes", "three-sizes-trouble"];

/** Seconds of those that take long, on a machine of two cores, with sanitizers. */
const USUAL = {
  conformance: 90, class: 90, pages: 90, transcode: 50, protected: 45, "low-latency": 45, codecs: 40, comebacks: 40, recovery: 40, layers: 40,
  players: 40, edges: 40, "slow-disk": 40, "ladder-players": 35, "key-server": 30, demo: 30, api: 30, recorded: 30, limits: 30, attacks: 30,
  "pages-words": 25, main: 25, "pages-layers": 25, seeing: 25, "pages-watch": 25, "class-room": 22, "sample-aes": 20, production: 20,
};

/** Those that leave the machine mostly idle: no browser, or one that does little. */
const CALM = ["admission", "attacks", "bridge-start", "demo", "disk", "edges", "hostile", "key-server", "playback-webhook", "production",
  "recorded", "serving", "slow-disk", "strangers", "tokens", "transcode", "viewers", "wall-clock", "webhooks"];

const filesIn = (folder) => readdirSync(path.join(ROOT, folder)).filter((name) => name.endsWith(".test.mjs")).sort()
  .map((name) => path.join(folder, name));

/** What of a file depends on the machine as well: it uses one of these. */
const measures = (file) => /support\/(measured|health|conformance|audience)/.test(readFileSync(path.join(ROOT, file), "utf8"));

const PARTS = {
  // one for each core, and beside them one that is calm: what is live takes of the machine for as long as it lasts, so with more
  // at work all of them last longer, and take more
  e2e: (name) => ({ files: name ? [`tests/e2e/${name}.test.mjs`] : filesIn("tests/e2e"), lanes: availableParallelism(), calmLanes: 1 }),
  // one file after the other
  live: () => ({ files: filesIn("tests/e2e").filter(measures), lanes: 1 }),
  packages: () => ({ files: filesIn("tests/packages"), lanes: 1 }),
  soak: () => ({
    files: [...filesIn("tests/soak"), "tests/replay/network.test.mjs", "tests/replay/simulcast.test.mjs", "tests/e2e/slow-disk.test.mjs"],
    seconds: SOAK_SECONDS,
  }),
};

/** Shows what a file has said and counts its tests, which stand in the TAP that ends it. */
function count({ job, status, text, seconds }, tap) {
  const number = (what) => Number(tap.match(new RegExp(`^# ${what} (\\d+)`, "m"))?.[1] ?? NaN);
  console.log(`-- ${job.name}, ${Math.round(seconds)} s`);
  console.log(text.replace(/^ℹ (tests|suites|pass|fail|cancelled|skipped|todo|duration).*\n/gm, "").trimEnd());
  pass(number("pass") || 0);
  // without these lines node has not come to its end: what has not ended has failed
  const bad = Number.isNaN(number("fail")) ? 1 : number("fail") + number("cancelled");
  const isIdle = number("pass") === 0; // nothing ran: that it is well says nothing
  if (bad === 0 && status === 0 && !isIdle) return;
  const names = tap.match(/(?<=^ *)not ok \d+ - .*/gm) ?? [];
  const errors = text.slice(Math.max(text.lastIndexOf("✖ failing tests"), 0)).replace(/^ +at .*node:(internal|async_hooks).*\n/gm, "");
  fail(`${job.name}.test.mjs`, "", Math.max(bad, 1), `${names.join("\n")}\n${isIdle ? "it ran no test that passed\n" : ""}${errors}`);
}

const [part, name] = process.argv.slice(2);
const { files, lanes = 2, calmLanes = 0, seconds = FILE_SECONDS } = PARTS[part](name);
const folder = temporaryFolder();
const jobs = files.map((file) => {
  const title = path.basename(file, ".test.mjs");
  return {
    name: title, seconds, alone: ALONE.includes(title), calm: CALM.includes(title), command: "tests/e2e/in-namespace",
    // without --test, which would have another node read what the tests say
    args: ["node", "--test-reporter=spec", "--test-reporter-destination=stdout",
      "--test-reporter=tap", `--test-reporter-destination=${path.join(folder, title)}.tap`, file],
  };
});

await runJobs(part, jobs, (result) => {
  const tap = path.join(folder, `${result.job.name}.tap`);
  count(result, existsSync(tap) ? readFileSync(tap, "utf8") : "");
}, { lanes, calmLanes, usual: USUAL, tell: true });
