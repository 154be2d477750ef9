// SPDX-License-Identifier: GPL-3.0-or-later

// What other files stand on: a recorded publisher is as good as a browser. It begins with a whole picture, goes on round
// after round without a seam, sends again what is lost, and can go away without a word.

import assert from "node:assert/strict";
import test, { describe } from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { assertSkew } from "./support/health.mjs";
import { faultsOf, measured } from "./support/measured.mjs";
import { withLoss } from "./support/network.mjs";
import { watch } from "./support/programs.mjs";
import { publishRecorded } from "./support/recorded.mjs";
import { sleep, until, withStack } from "./support/rig.mjs";

const ROUND_S = 10; // of the test card's recording
const PACKET_SAMPLES = 960;
const LOSS = 0.05;
const LOST_MS = 8000;

const statusOf = async (stack) => (await bridgeStreams(stack.bridgePort))[0];
const packetsOf = (source) => Object.fromEntries(source.tracks.map((track) => [track.kind, track]));

describe("a recorded publisher", { concurrency: 3 }, () => {
  test("begins whole, and has no seam", () =>
    withStack({}, async (stack) => {
      const publisher = await publishRecorded(stack, "shop", { title: "Sandals" });
      await until("it can be watched", async () => (await fetch(stack.playlist("shop"))).ok);
      const watching = watch(stack.playlist("shop"));
      await until("the second round has begun", async () => (await statusOf(stack)).source.pictures.good > (ROUND_S + 3) * 30);
      const report = await watching.end();
      assert.deepEqual(faultsOf(report), []);
      assert.equal(report.starting_with_idr, report.segments);
      measured(() => assertSkew(report)); // the reports are webrtcbin's, and say when it had time
      const { title, source, output } = await statusOf(stack);
      assert.equal(title, "Sandals");
      assert.deepEqual([source.pictures.damaged, source.pictures.undecodable, output.discontinuities, output.forced_cuts], [0, 0, 0, 0]);
      assert.deepEqual(source.tracks.map(({ lost, reordered, duplicates }) => [lost, reordered, duplicates]), [[0, 0, 0], [0, 0, 0]]);
      assert.equal(source.samples.concealed, 0);
      measured(() => { // so is what the sound is moved by to follow them; a packet that is missing would be more
        assert.ok(source.samples.silent < PACKET_SAMPLES, `${source.samples.silent} samples of silence`);
        assert.equal(source.sync.steps, 0);
      });
      assert.ok(source.sync.by_reports && source.sync.reports > 0, JSON.stringify(source.sync));
      await publisher.leave();
    }));

  test("goes away without a word, and its name is free for who has its key", () =>
    withStack({ bridgeSettings: { "sources.timeout": 2 } }, async (stack) => {
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
    await withLoss(LOSS, () => sleep(LOST_MS));
    const { audio, video } = packetsOf((await statusOf(stack)).source);
    assert.ok(audio.lost > 0, `${audio.lost} of ${audio.packets} packets of sound are lost: nobody asks for these again`);
    assert.ok(video.reordered > 0, "some pictures come late");
    assert.ok(video.lost / video.packets < audio.lost / audio.packets / 2, `${video.lost} of ${video.packets} packets are lost`);
  }));
