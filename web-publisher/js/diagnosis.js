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

/** "1 part", "3 parts". */
const count = (n, one, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

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

// Each of these gives [bad, text] where its own counters say so, else null. `g` is what has grown in `seconds`.

const unwritten = ({ g }) => g.unwritten > 0 && [true,
  `${count(g.unwritten, "file")} could not be written, and viewers lack ${g.unwritten === 1 ? "it" : "them"}. ` +
  "See whether hls.directory has room and may be written; hls-bridge's log has the reason."];

const gaps = ({ g }) => g.gaps > 0 && g.unwritten === 0 && [false,
  `${count(g.gaps, "part")} of low latency could not be made, and viewers skip ${g.gaps === 1 ? "it" : "them"}. ` +
  "No write has failed: nothing had come that could fill them. If it goes on, see the publisher's picture and sound."];

const kernel = ({ g }) => g.kernel > 0 && [true,
  `This machine dropped ${count(g.kernel, "packet")}: the bridge did not come to read them. ` +
  "Fewer streams, more cores, or a larger net.core.rmem_max."];

const backlog = ({ g }) => g.backlog > 0 && [true,
  `${count(g.backlog, "packet")} had to be dropped while the disk held this stream up. ` +
  "Put hls.directory on a faster disk, or in memory (tmpfs)."];

/** What found no room here: the publisher did its part, and all sorts of things follow from it. */
const dropped = (g) => g.kernel + g.backlog;

function loss({ g }) {
  const lost = Math.max(0, g.lost - dropped(g)); // those are counted as lost, too
  const share = (100 * lost) / Math.max(1, g.lost + g.packets);
  return share > LOSS_PERCENT && [share > 5 * LOSS_PERCENT,
    `${percent(share)} of the packets are lost on their way from the publisher. A lower bitrate or a cable helps.`];
}

const refused = ({ g }) => g.refused > 0 && [false,
  `${count(g.refused, "packet")} left out: no RTP, or of another payload type than was agreed on. ` +
  "See what the publisher sends."];

const damaged = ({ g }) => g.damaged > 0 && [false,
  `${count(g.damaged, "picture")} lacked packets and ${g.damaged === 1 ? "was" : "were"} left out. ` +
  "What helps against loss helps here."];

const undecodable = ({ g }) => g.undecodable > 0 && g.good > 0 && [false,
  `${count(g.undecodable, "picture")} referred to one that was lost and ${g.undecodable === 1 ? "was" : "were"} left ` +
  "out. The next key frame, which has been asked for, ends that."];

/** What the bridge itself has found wrong with the video: [bad, text]. */
const PROBLEMS = {
  "not-h264": [true, "What comes as video is not H.264, and nothing of it can be shown. Let the publisher encode H.264."],
  "no-parameter-sets": [true, "The video comes without parameter sets (SPS and PPS), and nothing of it can be shown. " +
    "Let the publisher repeat them before each key frame."],
  "no-key-frames": [true, "No key frame has come, though the publisher is asked for one, and nothing of the video can be " +
    "shown. Let it answer PLI, or send one every hls.segment."],
  format: [false, "The video is not 4:2:0 with 8 bits: phones and some browsers cannot play it. " +
    "Let the publisher encode Baseline, Main or High profile."],
  interlaced: [false, "The video is interlaced: players show combs where it moves. " +
    "Let the publisher make whole pictures of it."],
};

const problem = ({ now }) => PROBLEMS[now.source.problem];

const noPicture = ({ g, now }) => g.videoPackets === 0 && now.source.width > 0 &&
  now.source.frame_rate < LEAST_FPS && [false, "No picture is coming. See the publisher's camera and network."];

/** What a segment's end without a key frame says depends on which side failed. */
function forced({ g, now }) {
  if (g.forced === 0 || dropped(g) > 0 || g.videoPackets === 0 || g.good === 0 || now.source.frame_rate < LEAST_FPS) return null;
  const ends = `${count(g.forced, "segment")} ended without a key frame`;
  if (g.requests === 0) return [false,
    `${ends}, and none had been asked for. If the CPU above is near its limit, take streams away; else the publisher ` +
    "has to send one every hls.segment by itself."];
  return [false, g.idr === 0
    ? `${ends}: ${count(g.requests, "request")} for one brought none. A browser answers them; another program must ` +
      "send a key frame every hls.segment."
    : `${ends}: the publisher answers requests for one too late. A lower bitrate or a longer hls.segment helps.`];
}

const silent = ({ g, seconds }) => seconds >= RECENT_S / 2 && g.silent > (SAMPLES_PER_S / 2) * seconds && [false,
  "No sound is coming: silence goes out. See whether the publisher is muted."];

const stalled = ({ g }) => g.stalled > 0 && [false,
  `The publisher's clock of sound stood still ${g.stalled === 1 ? "once" : `${g.stalled} times`}. ` +
  "It has too much to do: other programs on its machine, or a smaller picture."];

const steps = ({ g }) => g.steps > 0 && [false,
  `Picture and sound had come so far apart that they were put right at once${g.steps === 1 ? "" : `, ${g.steps} times`}. ` +
  "That is over. If it comes again, see the load here and at the publisher."];

const ahead = ({ g }) => (g.early > 0 || g.ahead > 0) && dropped(g) === 0 && [false,
  `The publisher's timestamps run ahead of real time${g.early > 0 ? `, and ${count(g.early, "picture")} ` +
    `${g.early === 1 ? "was" : "were"} left out` : ""}. A recording has to be sent as fast as it plays, and no faster.`];

const bounded = ({ g }) => g.bounded > 0 && [false,
  `The publisher makes more segments or pictures than this server puts out, and ${g.bounded} of them ` +
  `${g.bounded === 1 ? "was" : "were"} left out. A browser does so while a window that it shows is being resized; else ` +
  "see what it sends, and the limits in the settings."];

function offset({ now }) {
  const ms = Math.abs(now.source.sync.correction_ms);
  return ms > OFFSET_MS && [false, `Picture and sound are ${ms.toFixed(0)} ms apart. It is being corrected: wait.`];
}

const late = ({ now }) => now.low_latency?.publish_ms > LATE_MS && [false,
  `Media is ${(now.low_latency.publish_ms / 1000).toFixed(1)} s old when it is published. ` +
  "See the CPU above, and whether the disk is slow."];

const inState = (now, state) => (now.transcoder?.rungs ?? []).filter((rung) => rung.state === state).length;

function rungs({ g, now }) {
  const still = inState(now, "behind");
  if (still === 0 && g.skipped === 0) return null;
  return [false, (still > 0 ? `${count(still, "size")} that the publisher does not send ${still === 1 ? "stands" : "stand"} still`
    : `${count(g.skipped, "picture")} of the sizes that the publisher does not send ${g.skipped === 1 ? "was" : "were"} left out`) +
    ": this machine cannot keep up. Fewer or smaller ones in transcode.ladder, or another transcode.encoder."];
}

const transcoder = ({ g, now }) => (g.faults > 0 || now.transcoder?.refused) && [false, now.transcoder.refused
  ? `The sizes that the publisher does not send cannot be made: ${now.transcoder.refused}.`
  : `What makes the sizes that the publisher does not send has failed ${g.faults === 1 ? "" : `${g.faults} times `}and is ` +
    "started again. Copied pictures go on; hls-bridge's log has the reason."];

const RULES = { problem, unwritten, gaps, kernel, backlog, loss, refused, damaged, undecodable, noPicture, forced,
  silent, stalled, ahead, bounded, steps, offset, late, rungs, transcoder };

function ofHeld({ g }) {
  if (g.excessive > 0) return [{ rule: "excessive", bad: true,
    text: "The publisher was ended: it sent more than sources.bitrate lets it. Lower its bitrate, or raise the limit." }];
  return [{ rule: "held", bad: false,
    text: "The publisher has gone. Viewers wait, and the stream ends if nobody comes back." }];
}

/**
 * What is wrong: [{ rule, bad, text }], the worst first.
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
    .map(([rule, [bad, text]]) => ({ rule, bad, text }))
    .sort((a, b) => b.bad - a.bad);
}
