// SPDX-License-Identifier: GPL-3.0-or-later

// What is wrong with a stream, and what to do about it, out of the bridge's status (docs/protocol.md): pure, so
// that a table of cases tests it. Each warning has a counter or a figure of its own and says what that one
// tells. What a status does not have, as that of an older bridge, is taken to be 0.

/** Seconds over which something is said to happen. */
export const RECENT_S = 10;

const LOSS_PERCENT = 2;
const OFFSET_MS = 80;
const LATE_MS = 1500;
const LEAST_FPS = 0.5; // below it there is no picture to speak of
const SAMPLES_PER_S = 48000;

const percent = (value) => `${value.toFixed(value < 10 ? 1 : 0)} %`;

/** Counters of a stream's status; those of `source` begin at 0 with each publisher. */
export function countersOf({ source, output, low_latency: ll, excessive, transcoder }) {
  const tracks = source?.tracks ?? [];
  const sum = (key, among = tracks) => among.reduce((all, track) => all + (track?.[key] ?? 0), 0);
  return {
    packets: sum("packets"),
    lost: sum("lost"),
    refused: sum("refused"),
    videoPackets: sum("packets", tracks.filter(({ kind }) => kind === "video")),
    good: source?.pictures.good ?? 0,
    idr: source?.pictures.idr ?? 0,
    damaged: source?.pictures.damaged ?? 0,
    undecodable: source?.pictures.undecodable ?? 0,
    early: source?.pictures.early ?? 0,
    ahead: source?.sound_clock?.ahead ?? 0,
    silent: source?.samples.silent ?? 0,
    stalled: source?.sound_clock?.stalled ?? 0,
    steps: source?.sync.steps ?? 0,
    requests: source?.keyframe_requests ?? 0,
    kernel: source?.kernel_drops ?? 0,
    backlog: source?.backlog_drops ?? 0,
    forced: output.forced_cuts,
    unwritten: output.failed_writes + sum("failed_writes", [ll?.video, ll?.audio]),
    gaps: sum("gaps", [ll?.video, ll?.audio]),
    bounded: sum("restarts", [output.bounded]) + sum("pictures", [output.bounded]) + sum("files", [output.bounded]),
    excessive: excessive ?? 0,
    skipped: transcoder?.pictures.skipped ?? 0,
    faults: transcoder?.faults ?? 0,
  };
}

/** By how much each counter has grown; what has begun again at 0 has not. */
function growth(now, before) {
  const [after, first] = [countersOf(now), countersOf(before)];
  return Object.fromEntries(Object.keys(after).map((key) => [key, Math.max(0, after[key] - first[key])]));
}

// Each of these gives [bad, key, values] of a text (strings.js) if its own counters say so, else null or false. `g` is what has
// grown in `seconds`.

/** A text that counts `n` things, if there are any. */
const counted = (n, bad, key) => n > 0 && [bad, key, { count: n }];

const unwritten = ({ g }) => counted(g.unwritten, true, "problem.unwritten");

const gaps = ({ g }) => g.unwritten === 0 && counted(g.gaps, false, "problem.gaps");

const kernel = ({ g }) => counted(g.kernel, true, "problem.kernel");

const backlog = ({ g }) => counted(g.backlog, true, "problem.backlog");

/** What found no room here: the publisher did its part, and all sorts of things follow from it. */
const dropped = (g) => g.kernel + g.backlog;

function loss({ g }) {
  const lost = Math.max(0, g.lost - dropped(g)); // those are counted as lost, too
  const share = (100 * lost) / Math.max(1, g.lost + g.packets);
  return share > LOSS_PERCENT && [share > 5 * LOSS_PERCENT, "problem.loss", { share: percent(share) }];
}

const refused = ({ g }) => counted(g.refused, false, "problem.refused");

const damaged = ({ g }) => counted(g.damaged, false, "problem.damaged");

const undecodable = ({ g }) => g.good > 0 && counted(g.undecodable, false, "problem.undecodable");

/** What the bridge itself has found wrong with the video: [bad, key]. */
const PROBLEMS = {
  "not-h264": [true, "problem.not-h264"],
  "no-parameter-sets": [true, "problem.no-parameter-sets"],
  "no-key-frames": [true, "problem.no-key-frames"],
  format: [false, "problem.format"],
  interlaced: [false, "problem.interlaced"],
};

const problem = ({ now }) => PROBLEMS[now.source.problem];

const noPicture = ({ g, now }) => g.videoPackets === 0 && now.source.width > 0 &&
  now.source.frame_rate < LEAST_FPS && [false, "problem.no-picture"];

/** What a segment's end without a key frame says depends on which side failed. */
function forced({ g, now }) {
  if (g.forced === 0 || dropped(g) > 0 || g.videoPackets === 0 || g.good === 0 || now.source.frame_rate < LEAST_FPS) return null;
  if (g.requests === 0) return counted(g.forced, false, "problem.forced-unasked");
  if (g.idr > 0) return counted(g.forced, false, "problem.forced-late");
  return [false, "problem.forced-unanswered", { count: g.forced,
    requests: { key: "problem.requests", values: { count: g.requests } } }];
}

const silent = ({ g, seconds }) => seconds >= RECENT_S / 2 && g.silent > (SAMPLES_PER_S / 2) * seconds && [false, "problem.silent"];

const stalled = ({ g }) => counted(g.stalled, false, "problem.stalled");

const steps = ({ g }) => counted(g.steps, false, "problem.steps");

function ahead({ g }) {
  if ((g.early === 0 && g.ahead === 0) || dropped(g) > 0) return null;
  return g.early > 0 ? counted(g.early, false, "problem.ahead-pictures") : [false, "problem.ahead"];
}

const bounded = ({ g }) => counted(g.bounded, false, "problem.bounded");

function offset({ now }) {
  const ms = Math.abs(now.source.sync.correction_ms);
  return ms > OFFSET_MS && [false, "problem.offset", { ms: ms.toFixed(0) }];
}

const late = ({ now }) => now.low_latency?.publish_ms > LATE_MS && [false, "problem.late",
  { seconds: (now.low_latency.publish_ms / 1000).toFixed(1) }];

const inState = (now, state) => (now.transcoder?.rungs ?? []).filter((rung) => rung.state === state).length;

const rungs = ({ g, now }) => counted(inState(now, "behind"), false, "problem.rungs-still") ||
  counted(g.skipped, false, "problem.rungs-left-out");

function transcoder({ g, now }) {
  if (now.transcoder?.refused) return [false, "problem.transcoder-refused", { reason: now.transcoder.refused }];
  return counted(g.faults, false, "problem.transcoder");
}
const RULES = { problem, unwritten, gaps, kernel, backlog, loss, refused, damaged, undecodable, noPicture, forced,
  silent, stalled, ahead, bounded, steps, offset, late, rungs, transcoder };

function ofHeld({ g }) {
  if (g.excessive > 0) return [{ rule: "excessive", bad: true, key: "problem.excessive" }];
  return [{ rule: "held", bad: false, key: "problem.held" }];
}

/**
 * What is wrong: [{ rule, bad, key, values }], the worst first; with the key of a text (strings.js).
 *   now       a stream's status
 *   before    its status at most RECENT_S ago, of the same publisher
 *   seconds   that lie between
 */
export function diagnose(now, before, seconds) {
  const facts = { now, g: growth(now, before), seconds };
  if (now.state === "held") return ofHeld(facts);
  if (now.state !== "live" || !now.source) return [];
  return Object.entries(RULES)
    .map(([rule, tell]) => [rule, tell(facts)])
    .filter(([, told]) => told)
    .map(([rule, [bad, key, values]]) => ({ rule, bad, key, values }))
    .sort((a, b) => b.bad - a.bad);
}
