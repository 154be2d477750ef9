#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// Folders that people name: made, or an error.

import assert from "node:assert/strict";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { makeFolders } from "../../tools/stack/folders.mjs";

test("folders are made with those above them, or there is an error", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "folders-"));
  try {
    const deep = path.join(folder, "a/b/c");
    await makeFolders(deep);
    await makeFolders(deep);
    assert.ok((await stat(deep)).isDirectory());
    await writeFile(path.join(folder, "file"), "");
    await assert.rejects(makeFolders(path.join(folder, "file")), /EEXIST/);
    await assert.rejects(makeFolders(path.join(folder, "file/a")), /EEXIST|ENOTDIR/);
    await assert.rejects(makeFolders("/proc/no-such/folder"), /ENOENT/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
