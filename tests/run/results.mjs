// SPDX-License-Identifier: GPL-3.0-or-later

// What has passed and failed, for ./check, which counts it: lines of the file that CHECK_RESULTS names. They are
// "passed COUNT", "failed NAME", and after that "because LINE", what failures.mjs shows at the end of all.

import { appendFileSync } from "node:fs";

const LINES = 40; // of what a program said, if it failed
const KEPT_LINES = 2000; // of that, for the end of all; failures.mjs cuts it as there is room

/** What TAP has beside tests that failed: those that passed, with what node says of each, its headings and its counts. */
const NOT_FAILED = /^ok .*\n( {2}---\n( {2}.*\n)*? {2}\.\.\.\n)?|^# Subtest: .*\n|^# (tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) .*\n|^(1\.\.|TAP ).*\n/gm;

const leave = (lines) => {
  if (process.env.CHECK_RESULTS && lines.length) appendFileSync(process.env.CHECK_RESULTS, lines.map((line) => `${line}\n`).join(""));
};

/** `count` tests have passed. */
export function pass(count = 1) {
  if (count > 0) leave([`passed ${count}`]);
}

/** `count` tests of `name` have failed; the end of `text` is shown at once, and what of `why` there is room for at the end of all. */
export function fail(name, text = "", count = 1, why = text) {
  process.exitCode = 1;
  leave([...Array.from({ length: count }, () => `failed ${name}`),
    ...why.split("\n").filter((line) => line.trim()).slice(-KEPT_LINES).map((line) => `because ${line}`)]);
  console.log(`FAILED  ${name}`);
  if (text) console.log(text.trimEnd().split("\n").slice(-LINES).map((line) => `    ${line}`).join("\n"));
}

const GOOD = /^ok /gm, BAD = /^not ok /gm; // lines of TAP
const number = (text, of) => text.match(of)?.length ?? 0;

/** Whether what a program says in TAP of `groups` groups of tests is that all of them ran, each of their tests, and passed. */
export function isGood({ text, status }, groups = 1) {
  const plans = [...text.matchAll(/^1\.\.([1-9]\d*)$/gm)].map(([, tests]) => Number(tests));
  const planned = plans.reduce((sum, tests) => sum + tests, 0);
  return status === 0 && plans.length === groups && number(text, GOOD) === planned && number(text, BAD) === 0;
}

/** Counts the lines of TAP in `text`. A program that ends badly though no test failed has died, or leaks: that is one. */
export function countTap(name, text, status) {
  const good = number(text, GOOD), bad = number(text, BAD);
  pass(good);
  if (bad || status !== 0) fail(name, text, Math.max(bad, 1), text.replace(NOT_FAILED, ""));
  else if (good === 0) fail(name, `${text}\nit ran no test`);
}
