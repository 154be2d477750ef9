// SPDX-License-Identifier: GPL-3.0-or-later

// Counts the instructions of a program by valgrind's callgrind, by who is answerable for them.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { run } from "../../e2e/support/programs.mjs";

const C_LIBRARY = /\/(libc|libm|ld-linux[^/]*)\.so/;
const START = "__libc_start_main"; // which calls main()

/** Runs `command` in callgrind. Resolves to { stdout, text }: what it said, and its profile. */
export async function profile(command, args) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-callgrind-"));
  const file = path.join(folder, "out");
  try {
    const { status, stdout, stderr } = await run("valgrind",
      ["--quiet", "--tool=callgrind", "--compress-pos=no", `--callgrind-out-file=${file}`, command, ...args]);
    if (status === "ENOENT") throw new Error("there is no valgrind: run ./bootstrap --bench");
    if (status !== 0) throw new Error(`${command} in valgrind: ${stderr}`);
    return { stdout, text: await readFile(file, "utf8") };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * Reads a profile. Calls self(f, file, n) and call(caller, callee, n) for what it lists, n being
 * instructions. A function is an object of its own, { name, ob }; `file` is where the line stands, which
 * is another than the function's where it was inlined.
 */
function walk(text, { self, call }) {
  const names = { ob: new Map(), file: new Map(), fn: new Map() };
  // "(id) name" where it is told for the first time, then "(id)"
  const told = (kind, value, make) => {
    const [, id, name] = /^\((\d+)\)(?: (.*))?$/.exec(value);
    if (name !== undefined && !names[kind].has(id)) names[kind].set(id, make(name));
    return names[kind].get(id);
  };
  const string = (name) => name;
  let ob, file, f, callee, calleeOb, called = false;

  for (const line of text.split("\n")) {
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (key === "ob") ob = told("ob", value, string);
    else if (key === "fl" || key === "fi" || key === "fe") file = told("file", value, string);
    else if (key === "cfi" || key === "cfl") told("file", value, string);
    else if (key === "fn") f = told("fn", value, (name) => ({ name, ob }));
    else if (key === "cob") calleeOb = told("ob", value, string);
    else if (key === "cfn") callee = told("fn", value, (name) => ({ name, ob: calleeOb ?? ob }));
    else if (key === "calls") called = true;
    else if (/^[+*\d-]/.test(line)) {
      const n = Number(line.split(" ")[1] ?? 0);
      if (called) call(f, callee, n);
      else self(f, file, n);
      if (called) calleeOb = undefined;
      called = false;
    }
  }
}

/** Instructions of a function and of all that it calls. */
export function inclusive(text, name) {
  let sum = 0;
  walk(text, {
    self: () => {},
    call: (caller, callee, n) => (sum += callee.name === name && caller.name !== name ? n : 0),
  });
  return sum;
}

/**
 * Instructions of a program by its own source files, each with what the C library does for it, and by
 * the other libraries that it calls, each with all that it calls: { "hls-bridge/x.c": n, "libopus.so.0": n }.
 */
export function byModule(text, program) {
  const functions = new Map(); // ours: by source file
  const calls = [];
  walk(text, {
    self: (f, file, n) => {
      if (f.ob !== program) return;
      const files = functions.get(f) ?? functions.set(f, {}).get(f);
      files[file] = (files[file] ?? 0) + n;
    },
    call: (...one) => calls.push(one),
  });
  // a function is where most of it stands, headers apart
  const place = (files) => Object.entries(files).sort(([a, m], [b, n]) => a.endsWith(".h") - b.endsWith(".h") || n - m)[0][0];
  const modules = new Map([...functions].map(([f, files]) =>
    [f, /(?:hls-bridge\/)?[^/]+\/[^/]+$/.exec(path.normalize(place(files)))?.[0] ?? "???"]));
  const moduleOf = (f) => modules.get(f) ?? path.basename(f.ob);

  const sums = {};
  const add = (module, n) => (sums[module] = (sums[module] ?? 0) + n);
  for (const [f, files] of functions) add(moduleOf(f), Object.values(files).reduce((sum, n) => sum + n, 0));
  for (const [caller, callee, n] of calls) {
    const from = modules.has(caller), into = modules.has(callee);
    if (from === into || callee.name.startsWith(START)) continue;
    if (from) add(moduleOf(C_LIBRARY.test(callee.ob) ? caller : callee), n);
    else if (!C_LIBRARY.test(caller.ob)) add(moduleOf(caller), -n); // it calls back, and is not answerable for that
  }
  return sums;
}
