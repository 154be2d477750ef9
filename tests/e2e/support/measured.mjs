// SPDX-License-Identifier: GPL-3.0-or-later

// What depends on the machine as much as on us: how fast things come, what a live browser makes of its sound and its
// pictures when it shares two cores. ./check live asserts it, on a machine that has nothing else to do; everywhere else
// it is told. What is ours of it is asserted of recordings, whose time is their own (tests/replay).

/** Whether this run measures. */
export const LIVE = process.env.JANUS_HLS_LIVE === "1";

/**
 * Rules of hls-doctor about how fast things come. Dates are among them: they are of when the packets came, so the first
 * ones of a publisher are late if the machine is, and are put right then.
 */
const PACE = /^a hinted part trickles in|^no new (part|segment) for|^PROGRAM-DATE-TIME does not follow EXTINF/;

/** Runs `check()`, whose failure counts if this run measures. */
export function measured(check) {
  try {
    check();
  } catch (error) {
    if (LIVE) throw error;
    console.log(`not as on a quiet machine: ${error.message}`);
  }
}

/** `check()` holds, unless `isExcused()`: then its failure counts if this run measures. */
export async function unless(isExcused, check) {
  try {
    await check();
  } catch (error) {
    if (!(await isExcused())) throw error;
    measured(() => { throw error; });
  }
}

/** Where a fault was seen is one text: the message of an assertion leaves out what lies in lists within lists. */
const told = ({ rule, count, examples }) => ({ rule, count, examples: examples.join("; ") });

/** Those of the faults in hls-doctor's report that no slow machine excuses. Throws if it has seen no segment. */
export function faultsOf({ faults, segments, renditions }) {
  const seen = [segments, ...(renditions ?? []).map((rendition) => rendition.segments)].some((count) => count > 0);
  if (!seen) throw new Error("hls-doctor has seen no segment: that nothing is wrong with it says nothing");
  return (LIVE ? faults : faults.filter(({ rule }) => !PACE.test(rule))).map(told);
}

/** What hls-doctor finds of a segment of a live browser that was too busy to send a key frame in time. */
const NO_KEY_FRAME = /^a segment does not begin with an IDR picture|^decode errors in a segment alone/;

/** Those of `faults` that are not of the segments which the bridge, by its own count, has cut without a key frame: `most` in all lists. */
export const withoutForcedCuts = (faults, most) => (LIVE ? faults : faults.filter(({ rule, count }) => !(NO_KEY_FRAME.test(rule) && count <= most)));

/**
 * What hls.js tells of a machine that is busy. It may run dry, or be answered too late, and asks again; and hls.js itself
 * gives up an initialisation segment if it has come to want another by the time that it is there, appends before the browser
 * has taken what was appended before, and moves on a little if it stands. While a camera is frozen there is no IDR picture:
 * who has fallen so far behind that hls.js skips to live, and into a segment of that time, has nothing to show until it is
 * over.
 */
export const OF_A_BUSY_MACHINE = new RegExp(["bufferStalledError", "bufferNudgeOnStall", "bufferAppendError.*is still processing",
  "TimeOut\\b", "networkError/aborted$", "bufferAppendNoProgress \\(no IDR picture\\)$"].join("|"));
