// SPDX-License-Identifier: GPL-3.0-or-later

// The pages' modules that need what npm brings, hls.js above all: as they are served, in a folder of the test's own.

import { execFileSync } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const SOURCE = fileURLToPath(new URL("../..", import.meta.url));

globalThis.self = globalThis; // hls.js is made for browsers, and does without one until it is to play

/**
 * Returns importPage(name): a module of the pages, by its address there, as "js/low-latency.js". `hls`: the text of a module
 * that stands for hls.js, which is "./real.mjs" then; `janus`: the same for janus.js.
 */
export function assemblePages({ hls = null, janus = null } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), "pages-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  execFileSync(path.join(SOURCE, "tools/assemble-web"), [path.join(SOURCE, "web-publisher"), folder]);
  if (hls) {
    renameSync(path.join(folder, "vendor/hls.mjs"), path.join(folder, "vendor/real.mjs"));
    writeFileSync(path.join(folder, "vendor/hls.mjs"), hls);
  }
  if (janus) writeFileSync(path.join(folder, "vendor/janus.es.js"), janus);
  return (name) => import(pathToFileURL(path.join(folder, name)));
}
