// SPDX-License-Identifier: GPL-3.0-or-later

// What other files stand on: a recorded publisher is as good as a browser. It begins with a whole picture, goes on round
// after round without a seam, sends again what is lost, and can go away without a word.

import assert from "node:assert/strict";
import test from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { built } from "../../tools/stack/stack.mjs";
import { assertSkew } from "./support/health.mjs";
import { faultsOf, measured, withoutForcedCuts } from "./support/measured.mjs";
import { kernelDrops, withLoss } from "./support/network.mjs";
import { watch } from "./support/programs.mjs";
import { publishRecorded } from "./support/recorded.mjs";
import { subtest, until, withStack } from "./support/rig.mjs";

const ROUND_S = 6; // of the test card's recording: three of its key frames, so that one comes wherever a segment is to end
const PACKET_SAMPLES = 960;
const LOSS = 0.05;
const SENT = 400; // packets of sound, of which some are lost for sure

const statusOf = async (stack, stream) => (await bridgeStreams(stack.bridgePort)).find(({ name }) => name === stream);
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
  if (drops === 0 && isInTime(source)) {
    assert.deepEqual([output.forced_cuts, others], [0, 0]);
    assert.ok(output.discontinuities <= source.sync.steps, `${output.discontinuities} discontinuities, ${source.sync.steps} steps`);
  }
  assert.deepEqual(withoutForcedCuts(faultsOf(report), output.forced_cuts), []);
  assert.ok(others <= output.forced_cuts, `${others} of ${report.segments} segments begin with no IDR picture`);
}

async function beginsWhole(stack) {
  const publisher = await publishRecorded(stack, "shop", { title: "Sandals", roundS: ROUND_S });
  await until("it can be watched", async () => (await fetch(stack.playlist("shop"))).ok);
  const watching = watch(stack.playlist("shop"), { program: built().doctor }); // with sanitizers, of classic HLS, here alone
  await until("the second round has begun", async () => (await statusOf(stack, "shop")).source.pictures.good > (ROUND_S + 3) * 30);
  const report = await watching.end();
  const { title, source, output } = await statusOf(stack, "shop");
  assert.equal(title, "Sandals");
  assertSeamless(report, source, output, await kernelDrops());
  measured(() => assertSkew(report)); // the reports are webrtcbin's, and say when it had time
  measured(() => { // so is what the sound is moved by to follow them; a packet that is missing would be more
    assert.ok(isInTime(source), `${source.samples.silent} samples of silence`);
    assert.equal(source.sync.steps, 0);
  });
  assert.ok(source.sync.by_reports && source.sync.reports > 0, JSON.stringify(source.sync));
  return publisher;
}

async function goesWithoutAWord(stack) {
  const first = await publishRecorded(stack, "market", { key: "my own key" });
  await until("it can be watched", async () => (await fetch(stack.playlist("market"))).ok);
  await first.drop();
  await until("the bridge waits for it", async () => (await statusOf(stack, "market")).state === "held");
  await assert.rejects(publishRecorded(stack, "market", { key: "another key" }), { code: 468 });
  const { publishers } = await statusOf(stack, "market");
  const second = await publishRecorded(stack, "market", { key: "my own key" });
  await first.hears({ hls: "unpublished", code: "taken-over" });
  await until("it is live again", async () => (await statusOf(stack, "market")).state === "live");
  assert.equal((await statusOf(stack, "market")).publishers, publishers + 1);
  await second.leave();
}

/** What is lost of its pictures is sent again; of its sound, nobody asks for that. */
async function sendsAgain(stack) {
  const tracks = async () => packetsOf((await statusOf(stack, "shop")).source);
  const before = await tracks();
  await withLoss(LOSS, () => until("much has been sent", async () => (await tracks()).audio.packets >= before.audio.packets + SENT));
  const since = async () => {
    const now = await tracks();
    return Object.fromEntries(Object.keys(now).map((kind) =>
      [kind, Object.fromEntries(["lost", "reordered", "packets"].map((what) => [what, now[kind][what] - before[kind][what]]))]));
  };
  await until("some pictures come late, and of the sound some packets are missing: nobody asks for these again", async () => {
    const { audio, video } = await since();
    return video.reordered > 0 && audio.lost > 0 && audio.reordered === 0;
  });
  const { audio, video } = await since();
  // on a busy machine they may come too late
  measured(() => assert.ok(video.lost / video.packets < audio.lost / audio.packets / 2, `${video.lost} of ${video.packets} packets are lost`));
}

test("a recorded publisher", { concurrency: true }, (t) =>
  withStack({}, async (stack) => {
    let shop;
    await Promise.all([
      subtest(t, stack, "begins whole, and has no seam", async () => (shop = await beginsWhole(stack))),
      subtest(t, stack, "goes away without a word, and its name is free for who has its key", () => goesWithoutAWord(stack)),
    ]);
    assert.ok(shop, "it has begun whole");
    await subtest(t, stack, "what is lost of its pictures is sent again", () => sendsAgain(stack));
    await shop.leave();
  }));
