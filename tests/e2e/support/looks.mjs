// SPDX-License-Identifier: GPL-3.0-or-later

// What hls-doctor has looked at, by nginx's log of who fetches playlists: a test that ends it then knows what its report is of.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { watch } from "./programs.mjs";
import { until } from "./rig.mjs";

/** How often the classic playlist of `stream` was given to a program without a name, which hls-doctor is. */
async function looksAt(stack, stream) {
  const log = await readFile(path.join(stack.logs, "viewers.log"), "utf8").catch(() => "");
  return log.match(new RegExp(` /live/${stream}/index\\.m3u8 200 "-"$`, "gm"))?.length ?? 0;
}

/** Waits until hls-doctor, which follows the classic playlist of `stream`, has looked at all that this lists now. */
export async function untilLookedAt(stack, stream) {
  const before = await looksAt(stack, stream);
  // who asks again has looked at what it was given
  await until(`hls-doctor has looked at what is listed of ${stream}`, async () => (await looksAt(stack, stream)) >= before + 2);
}

/** watch() of the classic playlist of `stream`, once hls-doctor has it: it sees what changes from now on. */
export async function watchFromNowOn(stack, stream) {
  const before = await looksAt(stack, stream);
  const watching = watch(stack.playlist(stream));
  await until(`hls-doctor looks at ${stream}`, async () => (await looksAt(stack, stream)) >= before + 2); // the first look is for what it is
  return watching;
}
