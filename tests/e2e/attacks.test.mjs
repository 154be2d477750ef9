// SPDX-License-Identifier: GPL-3.0-or-later

// Publishers that mean no good, some at a time, beside two honest ones: the honest ones notice nothing, the
// bridge makes no more of what comes than real time allows, and each attacker is gone as soon as that is asked for.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { bridgeJson } from "../../tools/stack/bridge.mjs";
import { SOURCE, built } from "../../tools/stack/stack.mjs";
import { Attacker } from "./support/attacker.mjs";
import { assertSkew, faultsBut } from "./support/health.mjs";
import { untilSentOn, withBridge } from "./support/lone-bridge.mjs";
import { measured, withoutForcedCuts } from "./support/measured.mjs";
import { watch } from "./support/programs.mjs";
import { until } from "./support/rig.mjs";

const HONEST = ["shop", "market"];
const PLACES = 6; // live streams that the bridge takes: two are honest
const AT_ONCE = 3; // attackers
const MEMORY_MAX = 8 << 20; // bytes that the bridge may grow by
const LEAD_S = 2; // media time that a stream may be ahead of real time
const GRACE_S = 4; // what was there when the first packet came, and what one last segment may hold
const FILES_A_SECOND = 50; // hls.files
const BURST_S = 2; // so many seconds' worth may come at once
const LISTS = 20; // and what else there is one of: playlists of each size, the manifest, a thumbnail, a state file
const BYTES_A_SECOND = 6 << 20;
const NAMES = 300;
const LATE_OF_A_CUT = 20; // packets of sound, at least, that are late with a picture that is half a second late
const PLAIN_BRIDGE = built(path.join(SOURCE, "build")).bridge; // with sanitizers its memory tells nothing
const BACK = 2 ** 31 - 1;


/** What there is below a stream's folder: { files, bytes }. */
async function onDisk(folder) {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(names.map((name) => stat(path.join(folder, name)).then(({ size }) => size, () => 0)));
  return { files: names.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** Seconds of media that were made of a stream: all outputs have the same segments. */
async function mediaSeconds(port, name) {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(text.match(new RegExp(`^hls_bridge_segment_duration_seconds_sum\\{stream="${name}"\\} (\\S+)$`, "m"))[1]);
}

const BOTH = ["audio", "video"];
const LAYERS = ["audio", "high", "mid", "low"];

/** Each attack: what it announces, and what it sends. */
const ATTACKS = {
  "sound-steps-back": [["audio"], (a) => a.times(1500, (i) => a.sound(-BACK * i))],
  "sound-runs-ahead": [["audio"], (a) => a.times(800, (i) => a.sound(48000 * i))],
  "both-run-ahead": [BOTH, (a) => a.times(400, async (i) => {
    await a.sound(48000 * i);
    await a.keyFrame(900000 * i);
  })],
  "pictures-run-ahead": [["video"], (a) => a.times(400, (i) => a.keyFrame(900000 * i))],
  "pictures-step-back": [["video"], (a) => a.times(1000, (i) => a.keyFrame(-BACK * i))],
  "reports-lie": [BOTH, (a) => a.times(400, async (i) => {
    await a.sound(960 * i);
    await a.picture(1800 * i);
    await a.report("audio", 3e9 + i * 86400, 960 * i);
    await a.report("video", 3e9 - i * 86400, 900000 * i);
  })],
  "sizes-alternate": [BOTH, (a) => a.times(400, async (i) => {
    await a.sound(960 * i);
    await a.keyFrame(1800 * i, 20 + (i % 2), 12);
  })],
  "layers-lie-about-their-size": [LAYERS, (a) => a.times(400, async (i) => {
    await a.sound(960 * i);
    for (const [k, layer] of LAYERS.slice(1).entries()) await a.keyFrame(1800 * i, 10 + 5 * ((i + k) % 7), 12, layer);
  })],
  "layers-share-an-ssrc": [LAYERS, (a) => a.times(400, async (i) => {
    await a.sound(960 * i);
    for (const layer of LAYERS.slice(1)) await a.keyFrame(1800 * i, 20, 12, layer, { ssrc: 8, sequence: i });
  })],
  "layers-change-ssrcs": [LAYERS, (a) => a.times(400, async (i) => {
    await a.sound(960 * i);
    for (const [k, layer] of LAYERS.slice(1).entries()) await a.keyFrame(1800 * i, 20 - 4 * k, 12, layer, { ssrc: 100 + 3 * i + k });
  })],
  "layers-run-apart": [LAYERS, (a) => a.times(400, async (i) => {
    await a.sound(960 * i);
    await a.keyFrame(1800 * i, 20, 12, "high");
    await a.keyFrame(900000 * i, 16, 12, "mid");
    await a.keyFrame(-BACK * i, 10, 12, "low");
    await a.report("mid", 3e9 - i * 86400, 900000 * i);
  })],
  "layers-take-turns": [LAYERS, (a) => a.times(300, async (i) => {
    await a.sound(960 * i);
    await a.keyFrame(1800 * i, 20 - 4 * (i % 3), 12, LAYERS[1 + (i >> 4) % 3]);
  })],
  noise: [BOTH, (a) => a.times(800, (i) => a.rtp(BOTH[i % 2], i * 960, randomBytes(i % 1200)))],
};

/** No more has come of an attack that began at `from` than real time allows. */
async function assertBounded({ port, hls }, name, from) {
  await until(`${name}: packets have come`, async () =>
    (await bridgeJson(port, `/streams/${name}`)).source?.tracks.some(({ packets, refused }) => packets + refused > 100));
  const [made, disk] = await Promise.all([mediaSeconds(port, name), onDisk(path.join(hls, name))]);
  const seconds = (performance.now() - from) / 1000;
  assert.ok(made <= seconds + LEAD_S + GRACE_S, `${name}: ${made} s of media in ${seconds} s`);
  assert.ok(disk.files <= FILES_A_SECOND * (BURST_S + seconds) + LISTS, `${name}: ${disk.files} files in ${seconds} s`);
  assert.ok(disk.bytes <= BYTES_A_SECOND * (seconds + LEAD_S), `${name}: ${disk.bytes} bytes in ${seconds} s`);
}

/** One attack, and what came of it. */
async function attack({ port, hls }, name) {
  const [kinds, send] = ATTACKS[name];
  const attacker = await Attacker.announce(port, name, kinds);
  const from = performance.now();
  assert.equal(attacker.status, 201, name);
  try {
    await send(attacker);
    await assertBounded({ port, hls }, name, from);
    const gone = await fetch(`http://127.0.0.1:${port}/streams/${name}`, { method: "DELETE" });
    assert.equal(gone.status, 204, name);
    await until(`${name} publishes no more`, async () =>
      (await bridgeJson(port, "/streams")).streams.find((one) => one.name === name)?.state !== "live");
  } finally {
    attacker.close();
  }
}

/** One datagram under each of many names, some at a time. */
async function manyNames({ port }) {
  let entered = 0, begun = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let name; begun < NAMES;) {
      name = `name-${begun++}`;
      const attacker = await Attacker.announce(port, name, ["audio"]);
      if (attacker.status === 201) {
        entered++;
        await attacker.sound(0);
        await fetch(`http://127.0.0.1:${port}/streams/${name}`, { method: "DELETE" });
      }
      attacker.close();
    }
  }));
  assert.ok(entered > 0);
}

test("whatever strangers send, two honest streams notice nothing and the bridge stays small", async (t) => {
  const settings = { "sources.max": PLACES, "sources.timeout": 60, "hls.files": FILES_A_SECOND, "hls.hold": 1, "hls.keep": 1 };
  await withBridge(settings, async (bridge) => {
    const { port, hls, send } = bridge;
    const senders = HONEST.map((name) => send(name, "--json"));
    const haveSegments = async (count) => {
      const { streams } = await bridgeJson(port, "/streams");
      return HONEST.every((name) => (streams.find((one) => one.name === name)?.output.segments ?? 0) >= count);
    };
    await until("both can be watched", () => haveSegments(3));
    const resident = async () => (await bridgeJson(port, "/streams")).process.resident_bytes;
    const before = await resident();
    const watching = HONEST.map((name) => watch(path.join(hls, name, "index.m3u8")));

    const waiting = Object.keys(ATTACKS);
    assert.ok(waiting.length >= 8);
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let name; (name = waiting.shift());) await attack(bridge, name);
    }));
    await manyNames(bridge);
    await until("there is enough to look at, however fast the attacks were", () => haveSegments(9));

    const reports = await Promise.all(watching.map((each) => each.end()));
    const { streams, load } = await bridgeJson(port, "/streams");
    await Promise.all(HONEST.map((name) => untilSentOn(port, streams.find((one) => one.name === name))));
    await Promise.all(senders.map((sender) => sender.stop()));
    for (const [i, name] of HONEST.entries()) {
      const { state, publishers, output, source } = streams.find((one) => one.name === name);
      assert.deepEqual([state, publishers, output.discontinuities], ["live", 1, 0], name);
      assert.deepEqual([source.kernel_drops, source.backlog_drops, source.pictures.damaged], [0, 0, 0], name);
      // only a sender that is itself held up sends no key picture in time
      const { late_sounds: late } = JSON.parse(await readFile(senders[i].logFile, "utf8"));
      assert.ok(output.forced_cuts <= late / LATE_OF_A_CUT, `${name}: ${output.forced_cuts} forced cuts, ${late} packets of sound sent late`);
      assert.ok(reports[i].segments >= 6, `${reports[i].segments} segments`);
      assert.deepEqual(withoutForcedCuts(faultsBut(reports[i]), output.forced_cuts), []);
      assertSkew(reports[i], { p95Ms: Infinity });
      measured(() => assertSkew(reports[i]));
    }
    assert.ok(load.streams <= PLACES);
    const grown = (await resident()) - before;
    t.diagnostic(`the bridge grew by ${(grown / (1 << 20)).toFixed(1)} MB`);
    assert.ok(grown <= MEMORY_MAX, `the bridge grew by ${grown} bytes`);
  }, { program: PLAIN_BRIDGE, lowLatency: true });
});
