#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Runs what looks at the sources, and at what is built of them: the programs of tests/static/.

import { execFileSync } from "node:child_process";
import { ROOT, runJobs } from "./jobs.mjs";
import { fail, pass } from "./results.mjs";

const CHECKS = {
  "clang-format": ["bash", "format.sh"],
  "headers stand alone": ["bash", "headers.sh"],
  "include graph": ["node", "include-graph.mjs"],
  "sizes of files and functions": ["node", "sizes.mjs"],
  "headers of statuses": ["node", "status-headers.mjs"],
  "documents and their Spanish twins": ["node", "twins.mjs"],
  "the drawing is what its script draws": ["node", "../../tools/draw-architecture.mjs", "--check"],
  "links in the documents": ["node", "links.mjs"],
  "options in the documents": ["node", "options.mjs"],
  "time is asked of the injected clock": ["node", "injected-clock.mjs"],
  cppcheck: ["bash", "cppcheck.sh"],
  "every file has its licence": ["bash", "licences.sh"],
  scripts: ["bash", "scripts.sh"],
  "make dist takes every file": ["bash", "dist.sh"],
  "packages have every file": ["node", "packages.mjs"],
  "every key is in its sample and in docs/operations.md": ["bash", "settings.sh"],
  "what is built is hardened": ["bash", "hardened.sh"],
};

/** Seconds of those that take long. */
const USUAL = { "headers stand alone": 5, cppcheck: 40, "clang-format": 10, scripts: 10 };

try {
  execFileSync("git", ["rev-parse", "--is-inside-work-tree"], { cwd: ROOT, stdio: "ignore" });
} catch {
  fail("static checks are of what git knows, and this is no checkout");
  process.exit();
}
const jobs = Object.entries(CHECKS).map(([name, [command, script, ...options]]) =>
  ({ name, command, args: [`tests/static/${script}`, ...options] }));

await runJobs("static", jobs, ({ job, status, text }) => (status === 0 ? pass() : fail(job.name, text)), { usual: USUAL });
