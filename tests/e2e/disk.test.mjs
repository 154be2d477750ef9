// SPDX-License-Identifier: GPL-3.0-or-later

// A disk that is full or cannot be written: the bridge says so once of each thing that it writes, lists
// nothing that is not whole, and goes on by itself.

import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import test, { describe } from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { faultsBut } from "./support/health.mjs";
import { withBridge } from "./support/lone-bridge.mjs";
import { withoutForcedCuts } from "./support/measured.mjs";
import { run, watch } from "./support/programs.mjs";
import { until } from "./support/rig.mjs";

const SIZE_MB = 24;
const LISTED = 60; // hls.playlist: nothing leaves the list while a test runs

async function mount(...args) {
  const { status, stderr } = await run("mount", args);
  assert.equal(status, 0, stderr);
}

const filler = (hls) => path.join(hls, "filler");

const TROUBLES = {
  "the disk is full for a while": {
    breakDisk: (hls) => writeFile(filler(hls), Buffer.alloc(SIZE_MB << 20)).catch((error) => assert.equal(error.code, "ENOSPC")),
    mendDisk: (hls) => rm(filler(hls)),
    complaint: /No space left on device/,
  },
  "the disk is read-only for a while": {
    // not while a file is open for writing, as one is now and then
    breakDisk: (hls) => until("the disk is read-only", () => mount("-o", "remount,ro", hls).then(() => true)),
    mendDisk: (hls) => mount("-o", "remount,rw", hls),
    complaint: /Read-only file system/,
  },
};

/** What is written, as the log calls it while it cannot be and when it can be again. */
const THINGS = {
  video: [/ video-\S+ cannot be written/, / video can be written again/],
  audio: [/ audio-\S+ cannot be written/, / audio can be written again/],
  segments: [/ a segment cannot be written/, / segments can be written again/],
};

/** What is said of each thing, in turn that it cannot be written and that it can. */
const saidOf = (log) => Object.entries(THINGS).map(([thing, words]) =>
  [thing, log.split("\n").filter((line) => words.some((word) => word.test(line)))]);

/**
 * It is said once of each time that a thing cannot be written: there may be some, since what is old is removed from a full
 * disk too. Returns how many they are for each.
 */
function assertToldOf(log, complaint) {
  return Object.fromEntries(saidOf(log).map(([thing, lines]) => {
    const [cannot, can] = THINGS[thing];
    assert.ok(lines.length > 0, `nothing is said of ${thing}: ${log}`);
    lines.forEach((line, i) => assert.match(line, i % 2 ? can : cannot, log));
    lines.filter((line) => cannot.test(line)).forEach((line) => assert.match(line, complaint));
    return [thing, lines.length / 2];
  }));
}

/** Breaks the disk for a while, and looks at what viewers get meanwhile. */
async function throughTrouble({ port, hls, log }, { breakDisk, mendDisk, complaint }) {
  const output = async () => (await bridgeStreams(port))[0].output;
  const list = path.join(hls, "shop", "index.m3u8");
  await until("segments", async () => (await output()).segments >= 2);
  const watching = watch(list);
  await breakDisk(hls);
  await until("two segments cannot be written", async () => (await output()).failed_writes >= 2);
  const [broken] = await bridgeStreams(port);
  assert.equal(broken.state, "live");
  await mendDisk(hls);
  const { segments } = broken.output;
  await until("segments come again", async () => (await output()).segments > segments + 2);
  const report = await watching.end();
  assert.ok(report.segments > segments + 2, `${report.segments} segments`);
  assert.deepEqual(withoutForcedCuts(faultsBut(report), (await output()).forced_cuts), []);

  await until("all is written again", async () => saidOf(await log()).every(([, lines]) => lines.length % 2 === 0));
  const told = assertToldOf(await log(), complaint);
  const listed = await readFile(list, "utf8");
  assert.equal(listed.match(/#EXT-X-DISCONTINUITY\n/g)?.length, told.segments, "what was lost is a gap that players are told of");
}

describe("a disk that cannot be written", { concurrency: true }, () => {
  for (const [name, trouble] of Object.entries(TROUBLES))
    test(name, () => withBridge({ "hls.playlist": LISTED }, async (bridge) => {
      await mount("-t", "tmpfs", "-o", `size=${SIZE_MB}m,mode=755`, "tmpfs", bridge.hls);
      try {
        bridge.send("shop");
        await throughTrouble(bridge, trouble);
      } finally {
        await run("umount", ["-l", bridge.hls]);
      }
    }, { lowLatency: true }));
});
