// SPDX-License-Identifier: GPL-3.0-or-later

// What was measured, beside what it is to keep to: a row of a table each, which tests/bench/sizes.mjs gathers.

/** Prints a row; a bound that is not kept makes the program fail. Returns whether it is kept. */
export function hold(what, found, bound, kept) {
  console.log(`| ${what} | ${found} | ${bound} | ${kept ? "PASS" : "FAIL"} |`);
  if (!kept) process.exitCode = 1;
  return kept;
}

/** The cells of such a row; null: the line is none. */
export const cellsOf = (line) => (/^\| .* \| (PASS|FAIL) \|$/.test(line) ? line.slice(2, -2).split(" | ") : null);

export const inSeconds = (ms) => `${(ms / 1000).toFixed(2)} s`;
