// SPDX-License-Identifier: GPL-3.0-or-later

// Questions about what goes on meanwhile: seconds may lie between two requests on a busy machine, and the answer to the
// second is of another state than the first one's.

import { isDeepStrictEqual } from "node:util";
import { UNTIL_MS } from "./rig.mjs";

/**
 * Asks until nothing has moved while it was asked: until `look()` gives the same before and after `ask(state)`. Resolves
 * to { state, answer }, what both gave.
 */
export async function whileSteady(what, look, ask) {
  const end = Date.now() + UNTIL_MS;
  do {
    const state = await look();
    const answer = await ask(state);
    if (isDeepStrictEqual(await look(), state)) return { state, answer };
  } while (Date.now() < end);
  throw new Error(`${what}: it has moved at each of all questions of ${UNTIL_MS / 1000} s`);
}
