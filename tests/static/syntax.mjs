#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Parses modules and runs none of them: in one process, since one for each takes ten times as long.
// Usage: node --experimental-vm-modules syntax.mjs FILE...

import { readFileSync } from "node:fs";
import vm from "node:vm";

const files = process.argv.slice(2);
for (const identifier of files) {
  try {
    new vm.SourceTextModule(readFileSync(identifier, "utf8"), { identifier });
  } catch (error) {
    process.exitCode = 1;
    console.log(`${identifier}: ${error.message} (node --check says in which line)`);
  }
}
if (files.length === 0) throw new Error("there are no files");
