#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// ./check itself, with parts that only say that they ran: what runs beside what, what is shown and counted, and that an
// interrupt ends all.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(path.join(os.tmpdir(), "check-test-"));
test.after(() => rmSync(folder, { recursive: true }));

/** Stands in for tests/run/part: notes when it begins and ends, does what PART says, and passes two tests. */
const part = (body) => `#!/bin/bash
part=$1 folder=$2
trap 'echo "ended $part" >>events; exit 130' TERM
echo "begin $part" >>events
wait_for() { for ((i = 0; i < 600; i++)); do grep -qsx "$1" events && return; sleep 0.1; done; exit 1; }
echo "$part speaks"
[[ $part == build ]] || echo "passed 2" >>"$folder/results.$part"
${body}
echo "$part says no more"
touch "$folder/times.$part"
echo "  0:01  $part" >>"$folder/times"
echo "end $part" >>events
`;

/** Starts ./check with `args` where parts do `body`. */
function begin(name, body, args = []) {
  const cwd = path.join(folder, name);
  mkdirSync(path.join(cwd, "tests/run"), { recursive: true });
  for (const file of ["check", "tests/run/gently", "tests/run/failures.mjs"]) cpSync(path.join(ROOT, file), path.join(cwd, file));
  writeFileSync(path.join(cwd, "bootstrap"), "#!/bin/sh\n", { mode: 0o755 });
  writeFileSync(path.join(cwd, "tests/run/part"), part(body), { mode: 0o755 });
  const child = spawn("./check", args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (more) => (text += more));
  const events = () => (existsSync(path.join(cwd, "events")) ? readFileSync(path.join(cwd, "events"), "utf8").trim().split("\n") : []);
  const ended = new Promise((resolve) => child.on("close", (status) => resolve({ status, lines: text.trimEnd().split("\n"), events: events() })));
  return { child, ended, events };
}

const GENTLY = 19; // tests/run/gently

const at = (list, what) => {
  const index = list.indexOf(what);
  assert.notEqual(index, -1, `no "${what}" in:\n${list.join("\n")}`);
  return index;
};

test("what computes runs beside the end-to-end tests, after the build; each part's words stand together", async () => {
  // e2e ends only after all others have: they would wait for ever if it ran first
  const body = `if [[ $part == e2e ]]; then for other in static unit replay threads; do wait_for "end $other"; done; fi
    [[ $part == unit ]] && wait_for "begin replay"`;
  const { status, lines, events } = await begin("all", body).ended;
  assert.equal(status, 0, lines.join("\n"));
  assert.deepEqual(events.slice(0, 2), ["begin build", "end build"]);
  assert.equal(lines.at(-1), "10 passed, 0 failed");
  for (const name of ["static", "unit", "replay", "threads"])
    assert.equal(lines[at(lines, `${name} speaks`) + 1], `${name} says no more`);
  for (const name of ["static", "unit", "replay", "threads", "e2e"]) at(lines.slice(at(lines, "== times")), `  0:01  ${name}`);
});

test("parts leave the processor to the end-to-end tests for as long as these run", async () => {
  const body = `echo "$part first $(nice), $(grep -os 'nice.*' /proc/self/autogroup)"
    [[ $part == e2e ]] && wait_for "unit has said it"
    if [[ $part == unit ]]; then
      echo "unit has said it" >>events
      wait_for "end e2e"
      for ((i = 0; i < 600; i++)); do grep -qs "nice ${GENTLY}" /proc/self/autogroup || break; sleep 0.1; done
      echo "unit then $(grep -os 'nice.*' /proc/self/autogroup)"
    fi`;
  const { lines } = await begin("gentle", body).ended;
  const sessions = existsSync("/proc/self/autogroup");
  const said = (what) => lines.find((line) => line.startsWith(what));
  const nice = os.getPriority(); // we may be run gently ourselves
  assert.equal(said("unit first"), `unit first ${Math.min(nice + GENTLY, 19)}, ${sessions ? `nice ${GENTLY}` : ""}`);
  assert.equal(said("e2e first"), `e2e first ${nice}, ${sessions ? "nice 0" : ""}`);
  assert.equal(said("unit then"), `unit then ${sessions ? "nice 0" : ""}`);
});

test("without all end-to-end tests, or if what they need cannot be built, parts run one after the other, in their order", async () => {
  const some = await begin("some", "", ["unit", "static"]).ended;
  assert.deepEqual(some.events, ["begin unit", "end unit", "begin static", "end static"]);
  assert.equal(some.lines.at(-1), "4 passed, 0 failed");
  const unbuilt = await begin("unbuilt", "[[ $part == build ]] && exit 1", ["static", "e2e"]).ended;
  assert.deepEqual(unbuilt.events, ["begin build", "begin static", "end static", "begin e2e", "end e2e"]);
});

test("what fails beside the end-to-end tests fails all, with its reason in the end; so does a part that is killed", async () => {
  const failing = `[[ $part == threads ]] && printf 'failed mailbox\\nbecause 1 != 2\\n' >>"$folder/results.$part"
    [[ $part == replay ]] && kill -KILL $$`;
  const { status, lines } = await begin("failing", failing).ended;
  assert.equal(status, 1);
  assert.equal(lines.at(-1), "10 passed, 2 failed");
  assert.equal(lines[at(lines, "-- why mailbox failed") + 1], "    1 != 2");
  at(lines, "replay: it did not come to its end");
});

test("each of two builds that fail at the same time has its own reasons", () => {
  const cwd = path.join(folder, "unbuildable"), results = path.join(cwd, "results");
  for (const made of ["tests/run", "results", "slow"]) mkdirSync(path.join(cwd, made), { recursive: true });
  cpSync(path.join(ROOT, "tests/run/part"), path.join(cwd, "tests/run/part"));
  const configure = `#!/bin/bash
    tree=$(basename "$PWD")
    for ((i = 0; i < 50; i++)); do echo "$tree says $i"; done
    touch ../at-$tree
    for ((i = 0; i < 600; i++)); do [[ -e ../at-build && -e ../at-build-asan ]] && break; sleep 0.05; done # they end together
    exit 1\n`;
  writeFileSync(path.join(cwd, "configure"), configure, { mode: 0o755 });
  writeFileSync(path.join(cwd, "slow/tail"), '#!/bin/sh\nsleep 0.5\nPATH=${PATH#*:} exec tail "$@"\n', { mode: 0o755 });
  const env = { ...process.env, PATH: `${path.join(cwd, "slow")}:${process.env.PATH}` };
  const { stdout } = spawnSync("tests/run/part", ["e2e:none", results], { cwd, env, encoding: "utf8" });
  const expected = (name, tree) => [`failed ${name}`, ...Array.from({ length: 50 }, (none, i) => `because ${tree} says ${i}`)].join("\n");
  const kept = readFileSync(path.join(results, "results.e2e:none"), "utf8");
  for (const [name, tree] of [["the build", "build"], ["the build with sanitizers", "build-asan"]]) {
    assert.ok(kept.includes(`${expected(name, tree)}\n`), kept);
    assert.ok(stdout.includes(`FAILED  ${name}\n    ${tree} says 10\n    ${tree} says 11\n`), stdout);
  }
});

test("an interrupt ends all parts that run, and no other begins", async () => {
  const { child, ended, events } = begin("interrupted", '[[ $part == build ]] || { sleep 300 & wait; }');
  while (events().filter((line) => line.startsWith("begin")).length < 4) await new Promise((resolve) => setTimeout(resolve, 50));
  child.kill("SIGTERM");
  const { status, events: seen } = await ended;
  assert.equal(status, 130);
  assert.deepEqual(seen.slice(2).sort(), ["begin e2e", "begin replay", "begin unit", "ended e2e", "ended replay", "ended unit"]);
});

test("who runs programs leaves neither them nor its own files if it is interrupted", async () => {
  const tmp = path.join(folder, "tmp");
  mkdirSync(tmp);
  const code = `const { runJobs, temporaryFolder } = await import(${JSON.stringify(path.join(ROOT, "tests/run/jobs.mjs"))});
    temporaryFolder();
    runJobs("check.test", [{ name: "sleep", command: "sh", args: ["-c", "sleep 300 & echo $! >$TMPDIR/pid.new; mv $TMPDIR/pid.new $TMPDIR/pid; wait"] }], () => {});`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { env: { ...process.env, TMPDIR: tmp }, stdio: "ignore" });
  while (!existsSync(path.join(tmp, "pid")) && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(readdirSync(tmp).filter((name) => name.startsWith("check-")).length, 2);
  child.kill("SIGTERM");
  await new Promise((resolve) => child.on("close", resolve));
  assert.deepEqual(readdirSync(tmp), ["pid"]);
  const pid = readFileSync(path.join(tmp, "pid"), "utf8").trim();
  for (let i = 0; i < 600 && existsSync(`/proc/${pid}`); i++) await new Promise((resolve) => setTimeout(resolve, 50)); // its end is on its way
  assert.ok(!existsSync(`/proc/${pid}`));
});
