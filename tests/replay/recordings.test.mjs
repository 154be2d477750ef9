#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// What publishers do, one recording each, as classic and as low-latency HLS: what the bridge makes of it.

import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";
import { runLoaded } from "./support/loaded.mjs";
import { assertInStep, assertSound, LOW_LATENCY, replay, segmentsOf } from "./support/replays.mjs";

const between = (value, least, most, what) => assert.ok(value >= least && value <= most, `${what}: ${value}, not ${least} to ${most}`);

/** Nothing of the picture was lost. */
const whole = ({ result }) => assert.deepEqual([result.damaged, result.undecodable, result.forced_cuts], [0, 0, 0]);

/** The sound was sent, and arrived. */
const heard = ({ result }) => {
  assert.deepEqual([result.rebuilt_s, result.concealed_s, result.dropped_s], [0, 0, 0]);
  assert.ok(result.silent_s < 0.1, `${result.silent_s} s of silence, but until the first sound has come`);
};

/** The sizes of the pictures of `files`, each opened by itself, all by one ffmpeg: it begins longer than it reads. */
async function sizesOf(files) {
  const { stderr } = await runLoaded("ffmpeg", ["-nostdin", "-hide_banner", ...files.flatMap((file) => ["-i", file])]);
  const inputs = stderr.split(/^Input #\d+, /m).slice(1);
  return inputs.map((text, i) => {
    assert.ok(text.includes(`from '${files[i]}'`), text);
    return /^ *Stream #.*: Video: .*, (\d+x\d+)/m.exec(text)?.[1];
  });
}

/** Each behaviour: how often decoding restarts, the least flashes with a beep, and what else is to be seen. */
const RECORDINGS = {
  "testcard-320x180": { restarts: 0, pairs: 9, check: [whole, heard] },
  simulcast: { restarts: 0, pairs: 9, others: ["video-2", "video-3"], check: [whole, heard, ({ result }) => {
    assert.equal(result.video_pictures.length, 3, "all sizes of the recording");
  }] },
  reload: { restarts: 0, pairs: 3, check: [whole, heard] },
  mute: { restarts: 0, pairs: 5, check: [whole, heard, ({ report }) => assert.ok(report.marks.pairs < 8, "it was muted")] },
  dtx: { restarts: 0, pairs: 5, check: [whole, ({ result }) => {
    assert.ok(result.packets < 600, `${result.packets} packets: silence was sent`);
    between(result.concealed_s, 6, 11, "what was not sent is filled by the decoder");
  }] },
  still: { restarts: 0, pairs: 0, check: [whole, heard, ({ result }) => {
    between(result.pictures, 10, 15, "a picture a second");
    assert.ok(result.segments >= 6, "segments are as long as ever");
  }] },
  resize: { restarts: 2, pairs: 9, sizes: ["320x180", "160x90", "320x180"], check: [whole, heard] },
  rotation: { restarts: 2, pairs: 9, sizes: ["320x180", "180x320", "320x180"], check: [whole, heard] },
  "loss-repaired": { restarts: 0, pairs: 8, check: [({ result }) => {
    assert.ok(result.damaged <= 2, `${result.damaged} pictures are damaged, of those that were sent again`);
    assert.ok(result.rebuilt_s > 0.3, "sound that is lost comes out of the next packet (FEC)");
  }] },
  "loss-stays": { restarts: 0, pairs: 8, check: [({ result }) => {
    assert.ok(result.damaged >= 4 && result.undecodable >= 4, "what is damaged, and what hangs on it, is left out");
    assert.ok(result.pictures > 150, `${result.pictures} pictures: there is an IDR picture soon after`);
    assert.ok(result.rebuilt_s > 0.2);
  }] },
  stall: { restarts: 0, pairs: 5, check: [whole, ({ result }) => {
    between(result.silent_s, 2.3, 3.5, "silence stands for what the sound card did not give");
  }] },
};

for (const [name, { restarts, pairs, sizes, others = [], check }] of Object.entries(RECORDINGS)) {
  test(`${name}: classic HLS`, async (t) => {
    // of what is not lost nothing has to be sent again, and nobody waits for that
    const both = await replay(t, name, name.startsWith("loss-") ? [] : ["--no-nack"]);
    const { result, report } = both;
    assertSound(both);
    assert.equal(result.switches, 0);
    assert.equal(result.by_reports, true, "the picture is placed by sender reports");
    assert.equal(result.discontinuities, restarts);
    assert.equal(report.starting_with_idr, report.segments);
    assert.deepEqual([report.with_video, report.with_audio], [report.segments, report.segments]);
    if (pairs) assertInStep(both, { pairs });
    check.forEach((each) => each(both));

    // decoding restarts where a discontinuity says so, and nowhere else
    const segments = segmentsOf(await both.list("index.m3u8"));
    const seen = [];
    const all = await sizesOf(segments.map(({ uri }) => path.join(both.folder, uri)));
    assert.equal(all.length, segments.length);
    for (const [i, { uri, after }] of segments.entries()) {
      const size = all[i];
      assert.ok(size, `${uri} has pictures`);
      if (seen.length) assert.equal(after, size !== seen.at(-1), `${uri} is ${size} behind ${seen.at(-1)}`);
      if (size !== seen.at(-1)) seen.push(size);
    }
    assert.equal(segments.filter(({ after }) => after).length, restarts);
    if (sizes) assert.deepEqual(seen, sizes);
  });

  test(`${name}: low-latency HLS`, async (t) => {
    const both = await replay(t, name, [LOW_LATENCY]);
    const { result, report } = both;
    assertSound(both);
    assert.equal(result.discontinuities, restarts);
    check.forEach((each) => each(both));
    if (pairs) assertInStep(both, { pairs: Math.min(pairs, 7) }); // the list is shorter than the recording
    const kinds = ["audio", "video", ...others];
    assert.deepEqual(report.renditions.slice(0, kinds.length).map(({ uri }) => uri).sort(), kinds.map((kind) => `${kind}.m3u8`).sort());
    for (const kind of kinds) {
      const text = await both.list(`${kind}.m3u8`);
      const segments = segmentsOf(text);
      const { parts } = report.renditions.find(({ uri }) => uri === `${kind}.m3u8`);
      assert.ok(segments.length >= 3 && parts > 15, `${kind}: ${segments.length} segments, ${parts} parts`);
      assert.ok(!text.includes("GAP"), `${kind}: every part has its media`);
      for (const [i, { uri, map, after }] of segments.entries())
        if (i) assert.ok(map === segments[i - 1].map || after, `${uri} has another initialisation, and no discontinuity`);
    }
  });
}

// No IDR picture comes for a while: a recording answers no request.
const OF_THE_RECORDING = ["a segment does not begin with an IDR picture", "decode errors in a segment alone"];

/** How far the date of each segment is from the end of the one before, in ms. */
const datesOff = (text) => {
  const segments = [...text.matchAll(/DATE-TIME:(\S+)\n(?:#EXT-X-(?:PART|MAP|BITRATE).*\n)*#EXTINF:([\d.]+)/g)];
  const [dates, lengths] = [segments.map(([, date]) => Date.parse(date)), segments.map(([, , length]) => 1000 * length)];
  return dates.slice(1).map((date, i) => date - dates[i] - lengths[i]);
};

for (const [form, options, list, mostMs, least] of [
  ["classic HLS", ["--no-nack"], "index.m3u8", 21.5, 12], // 20 ms of each date, and both are rounded
  ["low-latency HLS", [LOW_LATENCY], "video.m3u8", 1.9, 5],
])
  test(`starved: ${form} has dates that follow each other, wherever the sound's clock is found to stand`, async (t) => {
    const both = await replay(t, "starved", options);
    const { result, report } = both;
    between(result.silent_s, 6, 13, "silence stands for what the publisher had no time for");
    assert.ok(result.forced_cuts > 0, "no IDR picture came for a while");
    assert.equal(result.backward_dates, 0);
    assert.deepEqual(report.faults.filter(({ rule }) => !OF_THE_RECORDING.includes(rule)), []);
    const off = datesOff(await both.list(list));
    assert.ok(off.length >= least, `only ${off.length} segments follow another`);
    assert.ok(off.every((ms) => Math.abs(ms) <= mostMs), `dates are off by ${off} ms`);
  });
