// SPDX-License-Identifier: GPL-3.0-or-later

// Publishers that mean no good, one after the other, beside two honest ones: the honest ones notice nothing, the
// bridge makes no more of what comes than real time allows, and each attacker is gone as soon as that is asked for.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { freePorts } from "../../tools/stack/ports.mjs";
import { SOURCE, built } from "../../tools/stack/stack.mjs";
import { Attacker } from "./support/attacker.mjs";
import { assertSkew, faultsBut } from "./support/health.mjs";
import { withBridge } from "./support/lone-bridge.mjs";
import { doctor } from "./support/programs.mjs";
import { until } from "./support/rig.mjs";

const HONEST = ["shop", "market"];
const PLACES = 6; // live streams that the bridge takes: two are honest
const MEMORY_MAX = 16 << 20; // bytes that the bridge may grow by
const LEAD_S = 2; // media time that a stream may be ahead of real time
const GRACE_S = 4; // what was there when the first packet came, and what one last segment may hold
const FILES_A_SECOND = 50; // hls.files
const LISTS = 8; // and what else there is one of: playlists, the manifest, a thumbnail, a state file
const BYTES_A_SECOND = 6 << 20;
const NAMES = 600;
const PLAIN_BRIDGE = built(path.join(SOURCE, "build")).bridge; // with sanitizers its memory tells nothing
const BACK = 2 ** 31 - 1;

const json = async (port, target) => (await fetch(`http://127.0.0.1:${port}${target}`)).json();

/** What there is below a stream's folder: { files, bytes }. */
async function onDisk(folder) {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(names.map((name) => stat(path.join(folder, name)).then(({ size }) => size, () => 0)));
  return { files: names.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** Seconds of media that were made of a stream. */
const mediaSeconds = ({ output, low_latency: ll }) =>
  Math.max(output?.segments ?? 0, ll?.video?.segments ?? 0, ll?.audio?.segments ?? 0) * (output?.last_duration ?? 0);

const BOTH = ["audio", "video"];

/** Each attack: what it announces, and what it sends. */
const ATTACKS = {
  "sound-steps-back": [["audio"], (a) => a.times(5000, (i) => a.sound(-BACK * i))],
  "sound-runs-ahead": [["audio"], (a) => a.times(2000, (i) => a.sound(48000 * i))],
  "both-run-ahead": [BOTH, (a) => a.times(1000, async (i) => {
    await a.sound(48000 * i);
    await a.keyFrame(900000 * i);
  })],
  "pictures-run-ahead": [["video"], (a) => a.times(1000, (i) => a.keyFrame(900000 * i))],
  "pictures-step-back": [["video"], (a) => a.times(3000, (i) => a.keyFrame(-BACK * i))],
  "reports-lie": [BOTH, (a) => a.times(1000, async (i) => {
    await a.sound(960 * i);
    await a.picture(1800 * i);
    await a.report("audio", 3e9 + i * 86400, 960 * i);
    await a.report("video", 3e9 - i * 86400, 900000 * i);
  })],
  "sizes-alternate": [BOTH, (a) => a.times(600, async (i) => {
    await a.sound(960 * i);
    await a.keyFrame(1800 * i, 20 + (i % 2), 12);
  })],
  noise: [BOTH, (a) => a.times(2000, (i) => a.rtp(BOTH[i % 2], i * 960, randomBytes(i % 1200)))],
};

/** One attack, and what came of it. */
async function attack({ port, hls }, name) {
  const [kinds, send] = ATTACKS[name];
  const attacker = await Attacker.announce(port, name, kinds);
  const from = performance.now();
  assert.equal(attacker.status, 201, name);
  await send(attacker);
  const status = await until(`${name}: packets have come`, async () => {
    const now = await json(port, `/streams/${name}`);
    return now.source?.tracks.some(({ packets, refused }) => packets + refused > 100) && now;
  });
  const seconds = (performance.now() - from) / 1000;
  assert.ok(mediaSeconds(status) <= seconds + LEAD_S + GRACE_S, `${name}: ${mediaSeconds(status)} s of media in ${seconds} s`);
  const disk = await onDisk(path.join(hls, name));
  assert.ok(disk.files <= FILES_A_SECOND * Math.ceil(1 + seconds) + LISTS, `${name}: ${disk.files} files in ${seconds} s`);
  assert.ok(disk.bytes <= BYTES_A_SECOND * (seconds + LEAD_S), `${name}: ${disk.bytes} bytes in ${seconds} s`);
  const gone = await fetch(`http://127.0.0.1:${port}/streams/${name}`, { method: "DELETE", signal: AbortSignal.timeout(5000) });
  assert.equal(gone.status, 204, name);
  await until(`${name} publishes no more`, async () => (await json(port, "/streams")).streams.find((one) => one.name === name)?.state !== "live");
  attacker.close();
}

/** One datagram under each of many names. */
async function manyNames({ port }) {
  let entered = 0;
  for (let i = 0; i < NAMES; i++) {
    const attacker = await Attacker.announce(port, `name-${i}`, ["audio"]);
    if (attacker.status === 201) {
      entered++;
      await attacker.sound(0);
      await fetch(`http://127.0.0.1:${port}/streams/name-${i}`, { method: "DELETE" });
    }
    attacker.close();
  }
  assert.ok(entered > 0);
}

test("whatever strangers send, two honest streams notice nothing and the bridge stays small", async (t) => {
  const [llPort] = await freePorts(1);
  const settings = { "sources.max": PLACES, "hls.files": FILES_A_SECOND, "hls.hold": 1, "hls.keep": 1,
    "ll.enabled": true, "ll.port": llPort, "ll.socket": "" };
  await withBridge(settings, async (bridge) => {
    const { port, hls, send } = bridge;
    for (const name of HONEST) send(name, "--seconds", "170");
    await until("both can be watched", async () => {
      const { streams } = await json(port, "/streams");
      return HONEST.every((name) => (streams.find((one) => one.name === name)?.output.segments ?? 0) > 2);
    }, 30000);
    const resident = async () => (await json(port, "/streams")).process.resident_bytes;
    const before = await resident();
    const watching = HONEST.map((name) => doctor(path.join(hls, name, "index.m3u8"), 25));

    for (const name of Object.keys(ATTACKS)) await attack(bridge, name);
    await manyNames(bridge);

    for (const report of await Promise.all(watching)) {
      assert.deepEqual(faultsBut(report), []);
      assertSkew(report);
    }
    const { streams, load } = await json(port, "/streams");
    for (const name of HONEST) {
      const { state, publishers, output, source } = streams.find((one) => one.name === name);
      assert.deepEqual([state, publishers, output.discontinuities, output.forced_cuts], ["live", 1, 0, 0], name);
      assert.deepEqual([source.kernel_drops, source.backlog_drops, source.pictures.damaged], [0, 0, 0], name);
    }
    assert.ok(load.streams <= PLACES);
    const grown = (await resident()) - before;
    t.diagnostic(`the bridge grew by ${(grown / (1 << 20)).toFixed(1)} MB`);
    assert.ok(grown <= MEMORY_MAX, `the bridge grew by ${grown} bytes`);
  }, { program: PLAIN_BRIDGE });
});
