#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// What ./bootstrap says as Debian asks it, while it installs packages, whether their services may be started.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import test from "node:test";

const [MAKER] = readFileSync(new URL("../../bootstrap", import.meta.url), "utf8").match(/^policy_against\(\) \{\n[^]*?\n\}$/m);
const folder = mkdtempSync(path.join(os.tmpdir(), "bootstrap-test-"));
test.after(() => rmSync(folder, { recursive: true }));

/** Writes what is asked while `services` are installed, beside the one of the system `saved`, or none. Returns (NAME, ACTION) => status. */
function policy(saved, services) {
  const file = path.join(folder, "policy-rc.d");
  writeFileSync(file, execFileSync("bash", ["-euc", `${MAKER}\npolicy_against "$@"`, "bash", saved, ...services]), { mode: 0o755 });
  return (...args) => spawnSync("sh", [file, ...args]).status;
}

test("no service that it installs is started, whether by its script or by its unit; all others are", () => {
  const ask = policy("", ["janus", "nginx", "varnishncsa"]);
  for (const name of ["janus", "nginx", "varnishncsa"])
    for (const [asked, action] of [[name, "start"], [`${name}.service`, "start"], [`${name}.service`, "restart"]])
      assert.equal(ask(asked, action), 101, `${asked} ${action}`);
  for (const name of ["ssh", "ssh.service", "varnish", "nginx-debug.service"]) assert.equal(ask(name, "start"), 0, name);
});

test("of all others the system's own says what it said", () => {
  const saved = path.join(folder, "before");
  writeFileSync(saved, '#!/bin/sh\n[ "$1 $2" = "ssh.service start" ] && exit 104\nexit 101\n', { mode: 0o755 });
  const ask = policy(saved, ["janus"]);
  assert.deepEqual([ask("janus.service", "start"), ask("ssh.service", "start"), ask("cron", "start")], [101, 104, 101]);
});
