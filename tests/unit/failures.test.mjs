#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// What ./check says at its end of what has failed.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

const RUN = fileURLToPath(new URL("../run", import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), "failures-"));
test.after(() => rmSync(folder, { recursive: true }));

/** What the end of ./check shows of results that `script`, with the functions of results.mjs, has left. */
function shown(script) {
  const results = path.join(folder, "results");
  writeFileSync(results, "");
  spawnSync(process.execPath, ["--input-type=module", "-e", `import { countTap, fail, pass } from "${RUN}/results.mjs"; ${script}`],
    { env: { ...process.env, CHECK_RESULTS: results } });
  const { stdout, status } = spawnSync(path.join(RUN, "failures.mjs"), [results], { encoding: "utf8" });
  assert.equal(status, 0);
  return { lines: stdout.trimEnd().split("\n"), results: readFileSync(results, "utf8") };
}

test("a failing test's name and error are told, and what passed beside it is not", () => {
  const { lines, results } = shown('countTap("segmenter", "1..2\\nok 1 - cuts\\nnot ok 2 - waits\\n# 3 != 4\\n", 1); pass(7)');
  assert.deepEqual(lines, ["segmenter", "", "-- why segmenter failed", "    not ok 2 - waits", "    # 3 != 4"]);
  assert.deepEqual(results.split("\n").filter((line) => /^(passed|failed)/.test(line)), ["passed 1", "failed segmenter", "passed 7"]);
});

test("of a script's TAP, too, only what failed is told", () => {
  const good = "# Subtest: good\\nok 1 - good\\n  ---\\n  duration_ms: 1\\n  ...\\n";
  const bad = "# Subtest: bad\\nnot ok 2 - bad\\n  ---\\n  error: |-\\n    1 !== 2\\n  ...\\n1..2\\n# tests 2\\n# pass 1\\n# fail 1\\n";
  const { lines } = shown(`countTap("layers", "TAP version 13\\n${good}${bad}", 1)`);
  assert.deepEqual(lines.slice(3), ["not ok 2 - bad", "  ---", "  error: |-", "    1 !== 2", "  ..."].map((line) => `    ${line}`));
});

test("several failures of one job are one line with their count, and their reasons stand together", () => {
  const { lines } = shown('fail("pages", "", 2, "first"); fail("pages", "", 1, "second")');
  assert.deepEqual(lines, ["pages (3 tests)", "", "-- why pages failed", "    first", "    second"]);
});

test("a long text keeps its beginning and its end", () => {
  const { lines } = shown('fail("long", "", 1, Array.from({ length: 1000 }, (_, i) => `line ${i}`).join("\\n"))');
  assert.ok(lines.length <= 63, `${lines.length} lines`);
  assert.ok(lines.includes("    line 0"), lines.join("\n"));
  assert.equal(lines.at(-1), "    line 999");
});

test("what libav logs hides no reason", () => {
  const said = '"[aac @ 0x7b6000010000] Qavg: 62830.457\\n".repeat(200)';
  const { lines } = shown(`fail("stream", "", 1, ${said} + "not ok 9 - says why\\n" + ${said})`);
  assert.deepEqual(lines.slice(3), ["    not ok 9 - says why"]);
});

test("however many fail, all are named and the last 200 lines of a log hold what is said", () => {
  const { lines } = shown('for (let n = 0; n < 40; n++) fail(`job ${n}`, "", 1, "x".repeat(5000) + "\\nreason\\n".repeat(100))');
  assert.ok(lines.length <= 180, `${lines.length} lines`);
  for (let n = 0; n < 40; n++) assert.ok(lines.includes(`job ${n}`), `job ${n} is not named`);
  assert.ok(lines.includes("-- why job 0 failed"), lines.join("\n"));
  assert.ok(lines.every((line) => line.length < 500), "a line is too long");
});
