// SPDX-License-Identifier: GPL-3.0-or-later

// What hls-doctor must say of a stream that is well.

import assert from "node:assert/strict";
import { bridgeStreams } from "../../../tools/stack/bridge.mjs";
import { faultsOf, LIVE, measured, withoutForcedCuts } from "./measured.mjs";

const SKEW_MEDIAN_MS = 15;
const SKEW_P95_MS = 40;
const PAIRS_MIN = 8; // of a flash and a beep, for a figure that means something

/** All that a viewer may notice of an outage, or of a machine that is too busy. */
export const OUTAGE = /no new segment for 1\.5 target/;

/** What is wrong, but for the rules that `pattern` names: an outage, unless told. */
export const faultsBut = (report, pattern = OUTAGE) => faultsOf(report).filter(({ rule }) => !pattern.test(rule));

/** The sound fits the picture. */
export function assertSkew({ marks }, { p95Ms = SKEW_P95_MS } = {}) {
  assert.ok(marks.pairs >= PAIRS_MIN, `only ${marks.pairs} flashes with a beep`);
  assert.ok(Math.abs(marks.skew_median_ms) <= SKEW_MEDIAN_MS, `skew ${JSON.stringify(marks)}`);
  assert.ok(marks.skew_p95_ms <= p95Ms, `skew ${JSON.stringify(marks)}`);
}

/** How many segments of `stream` a browser had no time to send a key frame for: the bridge cuts them without one. */
export async function forcedCuts(stack, stream) {
  const streams = await bridgeStreams(stack.bridgePort);
  return streams.find(({ name }) => name === stream).output.forced_cuts;
}

/**
 * What is wrong with `stream`, which comes as the machine lets it, but for the rules that `but` names. `before`: forcedCuts() of a
 * bridge that has ended while it was watched.
 */
export const faultsOfLive = async (report, stack, stream, { but = /^$/, before = 0 } = {}) =>
  withoutForcedCuts(faultsBut(report, but), before + await forcedCuts(stack, stream));

/**
 * Of a live browser: nothing is wrong, but for the rules that `but` names; each segment but the `forced` starts with an IDR
 * picture, and the sound fits where there are marks.
 */
export function assertHealthy(report, { marks = true, forced = 0, but = /^$/ } = {}) {
  assert.deepEqual(withoutForcedCuts(faultsBut(report, but), forced), []);
  const others = report.segments - report.starting_with_idr;
  assert.ok(others <= (LIVE ? 0 : forced), `${others} of ${report.segments} segments start with no IDR picture`);
  assert.ok(report.extinf_off_max_ms < 34, `EXTINF off by ${report.extinf_off_max_ms} ms`);
  if (marks) measured(() => assertSkew(report));
}
