// SPDX-License-Identifier: GPL-3.0-or-later

// Runs programs beside each other, the longest first, so that all lanes end at about the same time.

import { spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const DURATIONS = path.join(ROOT, "build", "durations.json"); // how long each job took when it last ran here, in seconds
const GRACE_MS = 10_000; // between asking a program to end and ending it
const QUIET_MS = 15_000; // without a word, before we say how far we are

/** What goes before a command that is to leave the processor to other parts of ./check. */
const GENTLY = process.env.CHECK_GENTLY ? [path.join(ROOT, "tests/run/gently")] : [];
const PATIENCE = GENTLY.length ? 5 : 1; // times what a job may take: if others never wait, it gets little

const running = new Set();

/** Children lead a process group each: what they have started ends with them. */
function signalAll(signal) {
  for (const child of running) {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // it has just ended by itself
    }
  }
}

const folders = []; // of ours, for as long as we run

/** A folder for what is kept in files until we end. */
export function temporaryFolder() {
  folders.push(mkdtempSync(path.join(tmpdir(), "check-")));
  return folders.at(-1);
}

process.on("exit", () => {
  signalAll("SIGTERM");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

function readDurations() {
  try {
    return JSON.parse(readFileSync(DURATIONS, "utf8"));
  } catch {
    return {}; // the first run
  }
}

/** Adds what `seen` has. Another part may be doing so beside us, and read at any moment. */
function addDurations(seen) {
  mkdirSync(path.dirname(DURATIONS), { recursive: true });
  const next = `${DURATIONS}.${process.pid}`;
  writeFileSync(next, `${JSON.stringify({ ...readDurations(), ...seen }, null, 1)}\n`);
  renameSync(next, DURATIONS);
}

/** Runs one job to its end. Resolves to { job, status, text, seconds }; status is null if it was ended by us. */
function runJob(job, log) {
  const began = Date.now();
  const fd = openSync(log, "w"); // one file for both, so that the order stays
  const [command, ...args] = [...GENTLY, job.command, ...job.args]; // it leads a session
  const child = spawn(command, args, {
    cwd: ROOT, detached: true, env: { ...process.env, ...job.env }, stdio: ["ignore", fd, fd],
  });
  closeSync(fd);
  running.add(child);
  let late = false;
  const stop = (signal) => {
    late = true;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // it has just ended by itself
    }
  };
  const seconds = job.seconds && job.seconds * PATIENCE;
  const timers = seconds ? [setTimeout(stop, seconds * 1000, "SIGTERM"), setTimeout(stop, seconds * 1000 + GRACE_MS, "SIGKILL")] : [];
  return new Promise((resolve) => {
    const end = (status, error) => {
      timers.forEach(clearTimeout);
      running.delete(child);
      const text = readFileSync(log, "utf8") + (error ? `${error.message}\n` : "") +
        (late ? `ended after ${seconds} s\n` : "");
      resolve({ job, status: late ? null : status, text, seconds: (Date.now() - began) / 1000 });
    };
    child.on("error", (error) => end(127, error));
    child.on("close", (status) => end(status));
  });
}

/**
 * Runs `jobs` and hands each result to `done` as it comes. A job is { name, command, args, env, seconds, alone, calm }:
 * `seconds` is what it may take, `alone` keeps all others from running beside it, `calm` says that it mostly waits. Names are
 * unique in `part`. `lanes` jobs run at a time (default: one for each core), and `calmLanes` more of those that wait. What
 * never ran here takes the seconds that `usual` says, or `common`.
 * With `tell` each job is told when it begins; else, now and then, how many have ended.
 */
export async function runJobs(part, jobs, done, { lanes = availableParallelism(), calmLanes = 0, usual = {}, common = 20, tell = false } = {}) {
  const folder = temporaryFolder();
  const durations = readDurations(), seen = {};
  const key = (job) => `${part}/${job.name}`;
  const length = (job) => durations[key(job)] ?? usual[job.name] ?? common;
  const waiting = [...jobs].sort((a, b) => !!b.alone - !!a.alone || length(b) - length(a));
  let ended = 0, spoke = Date.now();

  async function lane(takes) {
    for (let job; (job = waiting.find(takes));) {
      waiting.splice(waiting.indexOf(job), 1);
      if (tell) console.log(`   ${job.name} …`);
      const result = await runJob(job, path.join(folder, `${job.name.replace(/\W+/g, "_")}.log`));
      seen[key(job)] = Math.round(result.seconds * 10) / 10;
      ended++;
      await done(result);
      if (!tell && Date.now() - spoke > QUIET_MS) {
        spoke = Date.now();
        console.log(`   ${ended} of ${jobs.length} …`);
      }
    }
  }

  await lane(({ alone }) => alone);
  // those that work leave the others to the lanes for these, as long as there are any that work
  const working = async () => {
    await lane(({ calm }) => !calm || calmLanes === 0);
    await lane(() => true);
  };
  await Promise.all([...Array.from({ length: lanes }, working), ...Array.from({ length: calmLanes }, () => lane(({ calm }) => calm))]);
  addDurations(seen);
}
