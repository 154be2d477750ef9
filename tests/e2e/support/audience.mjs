// SPDX-License-Identifier: GPL-3.0-or-later

// A recorded publisher and as many viewers as one likes: no encoder and no decoder takes of the
// machine what is to be measured.

import assert from "node:assert/strict";
import path from "node:path";
import { Child, sleep } from "../../../tools/stack/child.mjs";
import { built } from "../../../tools/stack/stack.mjs";
import { measured } from "./measured.mjs";
import { run } from "./programs.mjs";
import { until } from "./rig.mjs";
import { TESTCARD } from "./testcard.mjs";

const FULL_MS = 14000; // until the playlists are as long as they get

/** Begins to publish a recording as `stream`, until the stack ends at the latest; `options` are rtp-replay's. Returns the child. */
export function beginReplay(stack, stream, { seconds = 600, recording = TESTCARD, options = [] } = {}) {
  const child = new Child("rtp-replay", built().replay,
    ["--bridge", `http://127.0.0.1:${stack.bridgePort}`, "--stream", stream, "--seconds", String(seconds), ...options, recording],
    { logFile: path.join(stack.options.folder, "replay.log") });
  stack.guests.add({ end: () => child.stop() });
  return child;
}

/** The same, and waits until it can be watched. */
export async function replay(stack, stream, { full = false, ...options } = {}) {
  const child = beginReplay(stack, stream, options);
  await until("the stream can be watched", async () =>
    (await Promise.all([stack.master(stream), stack.playlist(stream)].map((url) => fetch(url)))).every(({ ok }) => ok));
  if (full) await sleep(FULL_MS);
  return child;
}

/** What hls-viewers was given at `url`; `args` are its own. */
export async function watchWith(url, args, options) {
  const { status, stdout, stderr } = await run(built().viewers, ["--json", "--quiet", ...args.map(String), url], options);
  if (!stdout) throw new Error(`hls-viewers ended with status ${status}: ${stderr}`);
  return { status, ...JSON.parse(stdout) };
}

/**
 * Everybody was given media, and nobody much less than another: that nothing is left out and nobody left behind is for
 * the viewers themselves to say, but at either end one may be ahead, and served sooner by a busy machine.
 */
export function assertEven({ fewest, most }) {
  assert.ok(fewest > 0, `${fewest} to ${most} pieces of media`);
  measured(() => assert.ok(most - fewest <= Math.max(2, most / 2), `${fewest} to ${most} pieces of media`));
}
