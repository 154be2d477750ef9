// SPDX-License-Identifier: GPL-3.0-or-later

// When somebody who waits for a stream asks again: pure, so that a table of cases tests it. Ten thousand may wait
// for one show. The server holds a request for wait.json until the stream begins (docs/protocol.md), so that one
// request in half a minute does; if it does not, they ask ever less often, and never all at once.

const AGAIN_MS = 500; // after an answer that all who wait were given at once; and up to
const SPREAD_MS = 300; // so much more
const HELD_MS = 2000; // an answer that comes sooner was not held: some cache has it
const FIRST_MS = 1000; // after the first failure, and twice as long after each further one
const LONGEST_MS = 30000;
const FULL = 503; // it ends, or holds as many as it may: nobody is to ask more often for that
const LONGEST_WELL_MS = 4000; // of a server that is well and holds no requests

/** What is known of a wait before the first request. */
export const NOT_ASKED = { failures: 0, misled: 0 };

/**
 * What to do after a request for wait.json:
 *   known      NOT_ASKED, or what the last call returned as `known`
 *   status     of the answer; 0: there was none
 *   tookMs     how long it took
 *   isWell     whether the server answered when playlists were last looked for
 *   random     from 0 to 1
 * Returns { pauseMs, look, known }: wait so long, then look for the playlists, or ask again.
 */
export function afterAnswer({ known: { failures, misled }, status, tookMs, isWell, random }) {
  if (status === 200) // a cache may say so of a stream whose playlists it does not have yet, or has no more
    return { pauseMs: misled ? backOff(misled - 1, LONGEST_WELL_MS, random) : 0, look: true,
      known: { failures: 0, misled: misled + 1 } };
  if (status === 204) {
    const early = Math.max(0, HELD_MS * (0.5 + random) - tookMs);
    return { pauseMs: Math.max(AGAIN_MS + SPREAD_MS * random, early), look: false, known: NOT_ASKED };
  }
  const longest = isWell && status !== FULL ? LONGEST_WELL_MS : LONGEST_MS;
  return { pauseMs: backOff(failures, longest, random), look: true,
    known: { failures: failures + 1, misled } };
}

/** Longer with each failure, up to `longest`, and for each who waits another time: half as long to half as long again. */
function backOff(failures, longest, random) {
  return Math.min(longest, FIRST_MS * 2 ** failures) * (0.5 + random);
}
