// SPDX-License-Identifier: GPL-3.0-or-later

// The files of a stream, as its folder has them now.

import { readdir, stat } from "node:fs/promises";
import path from "node:path";

const SHOWN = 24; // the newest

/** { files: [{ name, bytes, age }], count, bytes }: the newest first, and all together; none if there is no folder. */
export async function lookIntoFolder(folder, nowMs = Date.now()) {
  const names = (await readdir(folder).catch(() => [])).filter((name) => !name.startsWith("."));
  const found = await Promise.all(names.map(async (name) => {
    const about = await stat(path.join(folder, name)).catch(() => null); // it may go meanwhile
    return about && { name, bytes: about.size, at: about.mtimeMs };
  }));
  const files = found.filter(Boolean).sort((a, b) => b.at - a.at || (a.name < b.name ? 1 : -1));
  return {
    files: files.slice(0, SHOWN).map(({ name, bytes, at }) => ({ name, bytes, age: Math.max(0, Math.round((nowMs - at) / 100) / 10) })),
    count: files.length,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
  };
}
