// SPDX-License-Identifier: GPL-3.0-or-later

// Whether others than root may come to a folder.

import { stat } from "node:fs/promises";
import path from "node:path";

const ENTER = 0o001; // for everybody

/** The outermost folder on the way to `folder` that not everybody may enter; null: there is none. */
export async function closedFolder(folder) {
  const above = path.dirname(folder);
  const closed = above === folder ? null : await closedFolder(above);
  return closed ?? ((await stat(folder)).mode & ENTER ? null : folder);
}
