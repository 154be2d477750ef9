// SPDX-License-Identifier: GPL-3.0-or-later

// What every end-to-end test stands on: the stack of ./demo in a folder of its own, in the network
// namespace that in-namespace has made, and gone when the test is over.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, chmod } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { sleep } from "../../../tools/stack/child.mjs";
import { Stack } from "../../../tools/stack/stack.mjs";

export { sleep };

const ASAN = process.env.JANUS_HLS_SANITIZED &&
  execFileSync("gcc", ["-print-file-name=libasan.so"], { encoding: "utf8" }).trim();

/** Janus is built without sanitizers, but has our plugin that is built with. */
const SANITIZED_ENV = ASAN ? { janus: { LD_PRELOAD: ASAN } } : {};

/** A value of LD_PRELOAD: the sanitizers must come first. */
export const preload = (...libraries) => [...(ASAN ? [ASAN] : []), ...libraries].join(":");

const BODY_MS = 300000; // what one test may take, unless it asks for more

const SANITIZER = /ERROR: \w+Sanitizer|runtime error:|WARNING: ThreadSanitizer/;

/** All files below `folder` whose name ends with `.log`. */
async function logs(folder) {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(
    entries.map((entry) => {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) return logs(file);
      return entry.name.endsWith(".log") ? [file] : [];
    }),
  );
  return found.flat();
}

async function checkLogs(folder) {
  for (const file of await logs(folder)) {
    const text = await readFile(file, "utf8");
    const at = text.search(SANITIZER);
    assert.equal(at, -1, `a sanitizer speaks in ${file}:\n${text.slice(at, at + 3000)}`);
  }
}

/** What hangs fails, so that it is cleared away like the rest. */
function inTime(promise, limitMs) {
  let timer;
  const tooLong = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${limitMs / 1000} s`)), limitMs);
  });
  return Promise.race([promise, tooLong]).finally(() => clearTimeout(timer));
}

/**
 * Runs `body(stack)` with a stack that was started with `options`, and ends it whatever happens, after
 * `options.bodyMs` at the latest; `options.prepare(stack)` comes before the start. A
 * part that ends by itself, or a word of a sanitizer in any log, fails the test; the folder then
 * stays, and its name is told.
 */
export async function withStack(options, body) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-test-"));
  await chmod(folder, 0o755); // VLC runs as nobody where we are root
  const deaths = [];
  const stack = new Stack({
    folder,
    admin: "websocket",
    onDeath: async (child) => deaths.push(await child.obituary()),
    ...options,
    env: { ...SANITIZED_ENV, ...options.env },
    janus: { interfaces: "v0", ...options.janus },
  });
  stack.guests = new Set(); // recorded publishers, and players; they end before it does, so that a test that fails leaves nothing behind
  stack.failed = []; // names of subtests: see subtest()
  const seeOff = () => Promise.all([...stack.guests].map((guest) => guest.end()));
  try {
    await options.prepare?.(stack);
    await stack.start();
    await inTime(body(stack), options.bodyMs ?? BODY_MS);
    await seeOff();
    await stack.stop();
    assert.deepEqual(deaths, [], "parts ended by themselves");
    await checkLogs(folder);
    assert.deepEqual(stack.failed, [], "subtests failed");
  } catch (error) {
    await seeOff().catch(() => {}); // what was wrong first is told
    await stack.stop();
    error.message += deaths.map((text) => `\n${text}`).join("") + `\n(logs: ${folder})`;
    throw error;
  }
  await rm(folder, { recursive: true, force: true });
}

/**
 * The subtest `name` of the test `t`; `on` is the stack or the bridge that it is on. If it fails, node goes on in the test around it, which
 * would end well and remove the logs: so it is noted in `on.failed`, and whoever has started that fails in the end.
 */
export const subtest = (t, on, name, body) => t.test(name, async (u) => {
  try {
    await body(u);
  } catch (error) {
    on.failed.push(name);
    throw error;
  }
});

export const UNTIL_MS = 60000; // a busy machine takes long for anything, and what never comes is seldom waited for

const LOOK_MS = 50, LOOK_MOST_MS = ASAN ? 300 : 100; // what measures has no sanitizers

/**
 * Waits until `probe()` gives something true, and returns it. If it never does, what it has thrown last is told. What takes
 * long is asked less often: each look into a page is work for three processes.
 */
export async function until(what, probe, timeoutMs = UNTIL_MS) {
  const end = Date.now() + timeoutMs;
  let wrong;
  for (let waitMs = LOOK_MS; Date.now() < end; waitMs = Math.min(waitMs * 1.2, LOOK_MOST_MS)) {
    const found = await Promise.resolve().then(probe).catch((error) => void (wrong = error));
    if (found) return found;
    await sleep(waitMs);
  }
  throw new Error(`${what}: not after ${timeoutMs / 1000} s${wrong ? `, and what was wrong last: ${wrong.message}` : ""}`);
}
