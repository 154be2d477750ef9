// SPDX-License-Identifier: GPL-3.0-or-later

// A disk that is full or cannot be written: the bridge says so once of each thing that it writes, lists
// nothing that is not whole, and goes on by itself.

import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { publish, withBrowser } from "./support/browser.mjs";
import { faultsBut } from "./support/health.mjs";
import { doctor, run } from "./support/programs.mjs";
import { sleep, until, withStack } from "./support/rig.mjs";

const SIZE_MB = 24;

async function mount(...args) {
  const { status, stderr } = await run("mount", args);
  assert.equal(status, 0, stderr);
}

/** Publishes onto a small disk, breaks it for a while, and looks at what viewers get meanwhile. */
async function throughTrouble({ breakDisk, mendDisk, complaint }) {
  await withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      await mount("-t", "tmpfs", "-o", `size=${SIZE_MB}m,mode=755`, "tmpfs", stack.hls);
      try {
        await publish(context, stack, "shop");
        await sleep(5000);
        const watching = doctor(stack.playlist("shop"), 26);
        await sleep(1000);

        await breakDisk(stack);
        await sleep(7000);
        const [broken] = await bridgeStreams(stack.bridgePort);
        assert.ok(broken.output.failed_writes >= 2, JSON.stringify(broken.output));
        assert.equal(broken.state, "live");
        await mendDisk(stack);
        const { segments } = broken.output;
        await until("segments come again", async () =>
          (await bridgeStreams(stack.bridgePort))[0].output.segments > segments + 2, 10000);

        const report = await watching;
        assert.deepEqual(faultsBut(report), []);
        assert.equal(report.discontinuities, 1, "what was lost is a gap that players are told of");
        const log = await readFile(path.join(stack.options.folder, "bridge", "hls-bridge.log"), "utf8");
        const complaints = log.split("\n").filter((line) => complaint.test(line));
        for (const what of [/ video-\S+ cannot/, / audio-\S+ cannot/, / a segment cannot/])
          assert.equal(complaints.filter((line) => what.test(line)).length, 1, log);
      } finally {
        await run("umount", ["-l", stack.hls]);
      }
    }));
}

const filler = (stack) => path.join(stack.hls, "filler");

test("the disk is full for a while", () => throughTrouble({
  breakDisk: (stack) => writeFile(filler(stack), Buffer.alloc(SIZE_MB << 20)).catch((error) => assert.equal(error.code, "ENOSPC")),
  mendDisk: (stack) => rm(filler(stack)),
  complaint: /No space left on device/,
}));

test("the disk is read-only for a while", () => throughTrouble({
  breakDisk: (stack) => mount("-o", "remount,ro", stack.hls),
  mendDisk: (stack) => mount("-o", "remount,rw", stack.hls),
  complaint: /Read-only file system/,
}));
