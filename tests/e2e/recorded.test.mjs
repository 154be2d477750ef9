// SPDX-License-Identifier: GPL-3.0-or-later

// What other files stand on: a recorded publisher is as good as a browser. It begins with a whole picture, goes on round
// after round without a seam, sends again what is lost, and can go away without a word.

import assert from "node:assert/strict";
import test, { describe } from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { assertSkew } from "./support/health.mjs";
import { faultsOf, measured, withoutForcedCuts } from "./support/measured.mjs";
import { kernelDrops, withLoss } from "./support/network.mjs";
import { watch } from "./support/programs.mjs";
import { publishRecorded } from "./support/recorded.mjs";
import { until, withStack } from "./support/rig.mjs";

const ROUND_S = 10; // of the test card's recording
const PACKET_SAMPLES = 960;
const LOSS = 0.05;
const SENT = 400; // packets of sound, of which some are lost for sure

const statusOf = async (stack) => (await bridgeStreams(stack.bridgePort))[0];
const packetsOf = (source) => Object.fromEntries(source.tracks.map((track) => [track.kind, track]));

/** Whether all sound came before silence had to take its place. */
const isInTime = ({ samples, sound_clock: clock }) => samples.silent < PACKET_SAMPLES && clock.delayed === 0;

/**
 * Nothing is missing of what was sent, and nothing wrong with it. Of a process that is not given the machine for seconds the
 * kernel drops what it has no room for: `drops` packets in all. What comes seconds late has its key frames late, too.
 */
function assertSeamless(report, source, output, drops) {
  const { pictures, samples, tracks } = source;
  for (const { kind, lost, reordered, duplicates } of tracks) {
    assert.ok(lost + reordered + duplicates <= drops, `${kind}: ${lost} lost, ${reordered} late, ${duplicates} twice, ${drops} dropped`);
  }
  if (drops === 0) assert.deepEqual([pictures.damaged, pictures.undecodable, samples.concealed], [0, 0, 0]);
  const others = report.segments - report.starting_with_idr;
  if (drops === 0 && isInTime(source)) assert.deepEqual([output.discontinuities, output.forced_cuts, others], [0, 0, 0]);
  assert.deepEqual(withoutForcedCuts(faultsOf(report), output.forced_cuts), []);
  assert.ok(others <= output.forced_cuts, `${others} of ${report.segments} segments begin with no IDR picture`);
}

describe("a recorded publisher", { concurrency: 3 }, () => {
  test("begins whole, and has no seam", () =>
    withStack({}, async (stack) => {
      const publisher = await publishRecorded(stack, "shop", { title: "Sandals" });
      await until("it can be watched", async () => (await fetch(stack.playlist("shop"))).ok);
      const watching = watch(stack.playlist("shop"));
      await until("the second round has begun", async () => (await statusOf(stack)).source.pictures.good > (ROUND_S + 3) * 30);
      const report = await watching.end();
      const { title, source, output } = await statusOf(stack);
      assert.equal(title, "Sandals");
      assertSeamless(report, source, output, await kernelDrops());
      measured(() => assertSkew(report)); // the reports are webrtcbin's, and say when it had time
      measured(() => { // so is what the sound is moved by to follow them; a packet that is missing would be more
        assert.ok(isInTime(source), `${source.samples.silent} samples of silence`);
        assert.equal(source.sync.steps, 0);
      });
      assert.ok(source.sync.by_reports && source.sync.reports > 0, JSON.stringify(source.sync));
      await publisher.leave();
    }));

  test("goes away without a word, and its name is free for who has its key", () =>
    withStack({}, async (stack) => {
      const first = await publishRecorded(stack, "shop", { key: "my own key" });
      await until("it can be watched", async () => (await fetch(stack.playlist("shop"))).ok);
      await first.drop();
      await until("the bridge waits for it", async () => (await statusOf(stack)).state === "held");
      await assert.rejects(publishRecorded(stack, "shop", { key: "another key" }), { code: 468 });
      const { publishers } = await statusOf(stack);
      const second = await publishRecorded(stack, "shop", { key: "my own key" });
      await first.hears({ hls: "unpublished", code: "taken-over" });
      await until("it is live again", async () => (await statusOf(stack)).state === "live");
      assert.equal((await statusOf(stack)).publishers, publishers + 1);
      await second.leave();
    }));
});

test("what is lost of a recorded publisher's pictures is sent again", () =>
  withStack({}, async (stack) => {
    await publishRecorded(stack, "shop");
    const tracks = async () => packetsOf((await statusOf(stack)).source);
    const sent = (await tracks()).audio.packets + SENT;
    await withLoss(LOSS, () => until("much has been sent", async () => (await tracks()).audio.packets >= sent));
    await until("some pictures come late, and of the sound some packets are missing: nobody asks for these again", async () => {
      const { audio, video } = await tracks();
      return video.reordered > 0 && audio.lost > 0 && audio.reordered === 0;
    });
    const { audio, video } = await tracks();
    // on a busy machine they may come too late
    measured(() => assert.ok(video.lost / video.packets < audio.lost / audio.packets / 2, `${video.lost} of ${video.packets} packets are lost`));
  }));
