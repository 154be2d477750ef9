// SPDX-License-Identifier: GPL-3.0-or-later

// Folders that people name.

import { mkdir, stat } from "node:fs/promises";
import path from "node:path";

/**
 * Makes a folder, and those above it that there are not. Node's own way to do that never ends if the kernel says for good that
 * there is no such thing, as it does in /proc.
 */
export async function makeFolders(folder) {
  if (await stat(folder).then((found) => found.isDirectory(), () => false)) return;
  const above = path.dirname(folder);
  if (above !== folder) await makeFolders(above);
  await mkdir(folder);
}
