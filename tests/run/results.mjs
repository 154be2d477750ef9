// SPDX-License-Identifier: GPL-3.0-or-later

// What has passed and failed, for ./check, which counts it: lines of the file that CHECK_RESULTS names.

import { appendFileSync } from "node:fs";

const LINES = 40; // of what a program said, if it failed

const leave = (line) => {
  if (process.env.CHECK_RESULTS) appendFileSync(process.env.CHECK_RESULTS, `${line}\n`);
};

/** `count` tests have passed. */
export function pass(count = 1) {
  if (count > 0) leave(`passed ${count}`);
}

/** `count` tests of `name` have failed; the end of `text` is shown. */
export function fail(name, text = "", count = 1) {
  process.exitCode = 1;
  for (let i = 0; i < count; i++) leave(`failed ${name}`);
  console.log(`FAILED  ${name}`);
  if (text) console.log(text.trimEnd().split("\n").slice(-LINES).map((line) => `    ${line}`).join("\n"));
}

/** Counts the lines of TAP in `text`. A program that ends badly though no test failed has died, or leaks: that is one. */
export function countTap(name, text, status) {
  const good = text.match(/^ok /gm)?.length ?? 0;
  const bad = text.match(/^not ok /gm)?.length ?? 0;
  pass(good);
  if (bad || status !== 0) fail(name, text, Math.max(bad, 1));
  else if (good === 0) fail(name, `${text}\nit ran no test`);
}
