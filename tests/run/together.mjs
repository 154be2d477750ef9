// SPDX-License-Identifier: GPL-3.0-or-later

// Runs scripts of tests one after the other in this process, as a process of node takes longer to begin than many of them
// to run. Behind those of each script comes one test more, "end of SCRIPT": what a test replaces is back before the next
// script is read, and units.mjs sees that each script had tests.
// Usage: node --test-reporter=tap together.mjs SCRIPT...

import path from "node:path";
import test from "node:test";

for (const script of process.argv.slice(2)) {
  await import(path.resolve(script));
  await test(`end of ${script}`, () => {});
}
