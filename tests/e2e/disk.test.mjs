// SPDX-License-Identifier: GPL-3.0-or-later

// A disk that is full or cannot be written: the bridge says so once of each thing that it writes, lists
// nothing that is not whole, and goes on by itself.

import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { faultsBut } from "./support/health.mjs";
import { run, watch } from "./support/programs.mjs";
import { publishRecorded } from "./support/recorded.mjs";
import { sleep, until, withStack } from "./support/rig.mjs";

const SIZE_MB = 24;

async function mount(...args) {
  const { status, stderr } = await run("mount", args);
  assert.equal(status, 0, stderr);
}

const filler = (stack) => path.join(stack.hls, "filler");

const TROUBLES = {
  "the disk is full for a while": {
    breakDisk: (stack) => writeFile(filler(stack), Buffer.alloc(SIZE_MB << 20)).catch((error) => assert.equal(error.code, "ENOSPC")),
    mendDisk: (stack) => rm(filler(stack)),
    complaint: /No space left on device/,
  },
  "the disk is read-only for a while": {
    breakDisk: (stack) => mount("-o", "remount,ro", stack.hls),
    mendDisk: (stack) => mount("-o", "remount,rw", stack.hls),
    complaint: /Read-only file system/,
  },
};

const outputOf = async (stack) => (await bridgeStreams(stack.bridgePort))[0].output;

/** Breaks the disk for a while, and looks at what viewers get meanwhile. */
async function throughTrouble(stack, { breakDisk, mendDisk, complaint }) {
  const watching = watch(stack.playlist("shop"));
  await sleep(1000);
  const { failed_writes: before } = await outputOf(stack);

  await breakDisk(stack);
  await until("two segments cannot be written", async () => (await outputOf(stack)).failed_writes >= before + 2);
  await sleep(1000);
  const [broken] = await bridgeStreams(stack.bridgePort);
  assert.equal(broken.state, "live");
  await mendDisk(stack);
  const { segments } = broken.output;
  await until("segments come again", async () => (await outputOf(stack)).segments > segments + 2);

  const report = await watching.end();
  assert.deepEqual(faultsBut(report), []);
  assert.equal(report.discontinuities, 1, "what was lost is a gap that players are told of");
  const log = await readFile(path.join(stack.options.folder, "bridge", "hls-bridge.log"), "utf8");
  const complaints = log.split("\n").filter((line) => complaint.test(line));
  for (const what of [/ video-\S+ cannot/, / audio-\S+ cannot/, / a segment cannot/])
    assert.equal(complaints.filter((line) => what.test(line)).length, 1, log);
}

test("a disk that cannot be written", (t) =>
  withStack({}, async (stack) => {
    await mount("-t", "tmpfs", "-o", `size=${SIZE_MB}m,mode=755`, "tmpfs", stack.hls);
    try {
      await publishRecorded(stack, "shop");
      await until("segments", async () => (await outputOf(stack)).segments >= 2);
      for (const [name, trouble] of Object.entries(TROUBLES)) await t.test(name, () => throughTrouble(stack, trouble));
    } finally {
      await run("umount", ["-l", stack.hls]);
    }
  }));
