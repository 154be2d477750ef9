// SPDX-License-Identifier: GPL-3.0-or-later

// A browser that has to share its cores captures its pictures and its sound at other times than it says at first. Its
// sender reports put that right, by hundreds of milliseconds: the bridge moves the pictures in one step then, behind a
// discontinuity, and says so in its log. If its pictures are not there for 3 s, its sound begins alone, and they come behind a
// discontinuity, too. A test that counts discontinuities of a live browser has to count those too.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";

/** How often the bridge has moved a stream's pictures against its sound, or begun without them. */
export async function stepsOf(stack, stream) {
  const log = await readFile(path.join(stack.options.folder, "bridge", "hls-bridge.log"), "utf8");
  return log.match(new RegExp(` ${stream}: (pictures are put .* against the sound|no picture for 3 s)`, "g"))?.length ?? 0;
}

/** Whether there are as many discontinuities as expected, but for those steps. */
export async function assertDiscontinuities(stack, stream, seen, expected) {
  const steps = await stepsOf(stack, stream);
  assert.ok(seen >= expected && seen <= expected + steps,
    `${seen} discontinuities, and not ${expected}${steps ? `, with ${steps} steps` : ""}`);
}
