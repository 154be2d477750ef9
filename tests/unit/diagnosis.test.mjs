#!/usr/bin/env -S node --expose-gc --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// What the status page says is wrong: each warning of its own counter, and none of another's.

import assert from "node:assert/strict";
import test from "node:test";
import { diagnose, RECENT_S } from "../../web-publisher/js/diagnosis.js";
import { SPAN, StreamHistory } from "../../web-publisher/js/stream-history.js";
import { english } from "./english.mjs";

/** A stream that is well, as the bridge tells it (docs/protocol.md). */
const well = () => ({
  name: "shop", state: "live", publishers: 1, excessive: 0,
  output: { segments: 60, forced_cuts: 0, failed_writes: 0, bounded: { restarts: 0, pictures: 0, files: 0 } },
  low_latency: {
    video: { parts: 600, repeated: 0, gaps: 0, failed_writes: 0 }, audio: { parts: 600, repeated: 0, gaps: 0, failed_writes: 0 },
    held: 2, publish_ms: 14.1 },
  source: { width: 1280, height: 720, frame_rate: 30,
    pictures: { good: 3600, idr: 60, damaged: 0, undecodable: 0, early: 0 },
    samples: { rebuilt: 0, concealed: 0, silent: 0, dropped: 0 },
    sound_clock: { stalled: 0, delayed: 0, replaced: 0, ahead: 0 },
    sync: { by_reports: true, reports: 24, correction_ms: 2, steps: 0 },
    keyframe_requests: 60, kernel_drops: 0, backlog_drops: 0,
    tracks: [{ kind: "audio", packets: 6000, lost: 0, refused: 0 }, { kind: "video", packets: 15000, lost: 0, refused: 0 }] },
});

/** Ten seconds later, all being well. */
function later(status) {
  const next = structuredClone(status);
  next.output.segments += 5;
  next.source.pictures.good += 300;
  next.source.pictures.idr += 5;
  next.source.keyframe_requests += 5;
  next.source.tracks[0].packets += 500;
  next.source.tracks[1].packets += 1250;
  return next;
}

/** What is said of a stream to which `change` has happened in the last ten seconds. */
function after(change, { before = well(), seconds = RECENT_S } = {}) {
  const now = later(before);
  change(now, before);
  return diagnose(now, before, seconds).map((found) => ({ ...found, text: english(found) }));
}

const noPictures = (s, b) => {
  s.source.frame_rate = 0;
  s.source.pictures.good = b.source.pictures.good;
  s.source.pictures.idr = b.source.pictures.idr;
  s.source.tracks[1].packets = b.source.tracks[1].packets;
};

/** Sizes that are made of it, in these states. */
const made = (states, more = {}) => ({ runs: true, faults: 0, pictures: { skipped: 0 },
  rungs: states.map((state) => ({ name: "480p", state })), ...more });

const CASES = [
  ["sizes that nobody watches, or that are well", (s, b) => (s.transcoder = b.transcoder = made(["made", "unwatched"])), []],
  ["pictures of other sizes that are left out", (s, b) => {
    b.transcoder = made(["made"]);
    s.transcoder = made(["made"], { pictures: { skipped: 12 } });
  }, ["rungs"], /^12 pictures of the sizes.*were left out: this machine cannot keep up/],
  ["a size that stands still for lack of time", (s, b) => (s.transcoder = b.transcoder = made(["behind", "made"])), ["rungs"],
    /^1 size that the publisher does not send stands still: this machine/],
  ["a transcoder that has failed", (s, b) => {
    b.transcoder = made(["failed"]);
    s.transcoder = made(["failed"], { faults: 2 });
  }, ["transcoder"], /has failed 2 times and is started again/],
  ["a transcoder that cannot do it", (s, b) => (s.transcoder = b.transcoder = made(["refused"], { refused: "no device" })), ["transcoder"],
    /cannot be made: no device\./],
  ["nothing has happened", () => {}, []],
  ["a segment that could not be written", (s) => (s.output.failed_writes = 1), ["unwritten"], /^1 file could not.*lack it.*room/],
  ["parts that could not be written", (s) => {
    s.low_latency.video.failed_writes = s.low_latency.video.gaps = 3;
  }, ["unwritten"], /^3 files could not be written/],
  ["parts that could not be made, with an empty disk", (s) => (s.low_latency.video.gaps = 4), ["gaps"],
    /^4 parts of low latency could not be made.*No write has failed/],
  ["the same from a bridge that does not count failed writes of parts", (s) => {
    s.low_latency.audio.gaps = 1;
    for (const kind of ["video", "audio"]) delete s.low_latency[kind].failed_writes;
  }, ["gaps"], /^1 part of/],
  ["a busy machine", (s) => (s.source.kernel_drops = 7), ["kernel"], /7 packets.*rmem_max/],
  ["a bridge that had no time, of which the publisher is not accused", (s) => {
    s.source.kernel_drops = 500;
    s.source.backlog_drops = 100;
    s.source.tracks[1].lost = 620;
    s.source.sound_clock.ahead = s.output.forced_cuts = 1;
  }, ["kernel", "backlog"], /500 packets.*rmem_max/],
  ["loss on the way beside it", (s) => (s.source.tracks[1].lost = 90 + (s.source.kernel_drops = 7)), ["kernel", "loss"], /7 packets/],
  ["a slow disk", (s) => (s.source.backlog_drops = 1), ["backlog"], /1 packet had.*faster disk/],
  ["a lossy way", (s) => (s.source.tracks[1].lost = 90), ["loss"], /^4\.9 % of the packets are lost/],
  ["a little loss", (s) => (s.source.tracks[1].lost = 20), []],
  ["packets of another kind", (s) => (s.source.tracks[0].refused = 1), ["refused"], /^1 packet left out/],
  ["pictures that lacked packets", (s) => (s.source.pictures.damaged = 2), ["damaged"], /^2 pictures lacked/],
  ["pictures that refer to a lost one", (s) => (s.source.pictures.undecodable = 1), ["undecodable"], /^1 picture referred/],
  ...["not-h264", "no-parameter-sets", "no-key-frames"].map((problem) =>
    [`video that nobody can play: ${problem}`, (s, b) => {
      Object.assign(s.source, { problem, frame_rate: 0, width: 0 });
      Object.assign(s.source.pictures, { good: b.source.pictures.good, idr: b.source.pictures.idr, undecodable: 300 });
      s.output.forced_cuts = 5;
    }, ["problem"], /nothing of (it|the video) can be shown.*\. Let/]),
  ["video that not everybody can play", (s) => (s.source.problem = "format"), ["problem"], /4:2:0.*phones/],
  ["video of two fields", (s) => (s.source.problem = "interlaced"), ["problem"], /combs/],
  ["a problem that this page does not know", (s) => (s.source.problem = "new"), []],
  ["no picture, and segments end without key frames, of course", (s, b) => {
    noPictures(s, b);
    s.output.forced_cuts = 5;
    s.source.keyframe_requests = b.source.keyframe_requests + 40;
  }, ["noPicture"], /camera and network/],
  ["requests for key frames that bring none", (s, b) => {
    s.output.forced_cuts = 5;
    s.source.keyframe_requests = b.source.keyframe_requests + 40;
    s.source.pictures.idr = b.source.pictures.idr;
  }, ["forced"], /^5 segments ended without a key frame: 40 requests for one brought none/],
  ["requests for key frames that are answered late", (s) => (s.output.forced_cuts = 1), ["forced"], /^1 segment ended.*too late/],
  ["segments that end without, while nobody asks", (s, b) => {
    s.output.forced_cuts = 5;
    s.source.keyframe_requests = b.source.keyframe_requests;
  }, ["forced"], /none had been asked for/],
  ["silence", (s) => (s.source.samples.silent = 48000 * RECENT_S), ["silent"], /muted/],
  ["a pause for breath", (s) => (s.source.samples.silent = 48000), []],
  ["a sound clock that stood still", (s) => (s.source.sound_clock.stalled = 2), ["stalled"], /still 2 times/],
  ["pictures ahead of real time", (s) => (s.source.pictures.early = 3), ["ahead"], /ahead of real time, and 3 pictures were/],
  ["sound ahead of real time", (s) => (s.source.sound_clock.ahead = 1), ["ahead"], /ahead of real time\. A recording/],
  ["more than is put out", (s) => (s.output.bounded = { restarts: 1, pictures: 2, files: 0 }), ["bounded"], /3 of them were left out\. A browser does so while a window/],
  ["a step of the picture against the sound", (s) => (s.source.sync.steps = 1), ["steps"], /put right at once\. That is over/],
  ["a picture that is far off", (s) => (s.source.sync.correction_ms = -120), ["offset"], /^Picture and sound are 120 ms apart/],
  ["late media", (s) => (s.low_latency.publish_ms = 2340), ["late"], /^Media is 2\.3 s old/],
  ["a stream without low latency", (s) => delete s.low_latency, []],
  ["sound alone", (s) => {
    s.source.width = s.source.frame_rate = 0;
    s.source.tracks.pop();
  }, []],
  ["a publisher that has gone", (s) => (s.state = "held"), ["held"], /Viewers wait/],
  ["one that was ended for what it sent", (s) => {
    s.state = "held";
    s.excessive = 1;
  }, ["excessive"], /sources\.bitrate/],
  ["a stream that has ended", (s) => (s.state = "ended"), []],
];

for (const [what, change, rules, text] of CASES)
  test(what, () => {
    const found = after(change);
    assert.deepEqual(found.map(({ rule }) => rule), rules, JSON.stringify(found));
    if (text) assert.match(found[0].text, text);
  });

test("each says what to do, in a sentence after the first", () => {
  for (const [what, change, rules] of CASES.filter(([, , [rule]]) => rule))
    for (const { text } of after(change)) assert.match(text, /[.:,;] .*\.$/, `${what}, ${rules}: ${text}`);
});

test("the worst comes first", () => {
  const found = after((s) => {
    s.source.pictures.damaged = 2;
    s.output.failed_writes = 1;
  });
  assert.deepEqual(found.map(({ rule, bad }) => [rule, bad]), [["unwritten", true], ["damaged", false]]);
});

test("counters that begin again at 0, after a restart of the bridge, say nothing", () => {
  const before = well();
  Object.assign(before.output, { failed_writes: 9, forced_cuts: 9 });
  before.source.kernel_drops = before.source.pictures.damaged = 9;
  assert.deepEqual(diagnose(later(well()), before, RECENT_S), []);
});

test("what was long ago is over", () => {
  const before = well();
  before.output.failed_writes = before.output.forced_cuts = before.low_latency.video.gaps = before.source.kernel_drops = 5;
  assert.deepEqual(after(() => {}, { before }), []);
});

test("a stream of which one status is known is not yet judged by growth", () => {
  assert.deepEqual(diagnose(well(), well(), 0), []);
});

test("of minutes a history keeps the figures, and the status of the last seconds alone", async () => {
  const history = new StreamHistory();
  const kept = [];
  for (let i = 0; i < 2 * SPAN; i++) {
    const status = well();
    status.output.failed_writes = i < 2 * SPAN - 5 ? 0 : 3;
    kept.push(new WeakRef(status));
    history.add(status);
  }
  await new Promise(setImmediate); // until then a WeakRef holds what it was made of
  globalThis.gc();
  assert.equal(history.series("fps").length, SPAN);
  assert.ok(history.warnings.length > 0, "what has changed in the last seconds is seen");
  assert.ok(kept.filter((ref) => ref.deref()).length <= RECENT_S + 2);
});
