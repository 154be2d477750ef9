// SPDX-License-Identifier: GPL-3.0-or-later

// The system's clock is set while a stream is live: media goes on as if nothing had been, and the
// dates in the playlist are those of the new clock from then on.

import assert from "node:assert/strict";
import { mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { faultsOfLive } from "./support/health.mjs";
import { measured } from "./support/measured.mjs";
import { watch } from "./support/programs.mjs";
import { publishRecorded } from "./support/recorded.mjs";
import { until, withStack } from "./support/rig.mjs";
import { built, SOURCE } from "../../tools/stack/stack.mjs";
import { assertDiscontinuities } from "./support/steps.mjs";

const RIGHT_MS = 50;
const STEP_S = 3600;
const SEGMENTS = 2; // by each time
const STEPS = /PROGRAM-DATE-TIME does not follow EXTINF/; // which is what it is

async function libfaketime() {
  for (const triplet of await readdir("/usr/lib")) {
    const folder = `/usr/lib/${triplet}/faketime`;
    const files = await readdir(folder).catch(() => []);
    if (files.includes("libfaketimeMT.so.1")) return path.join(folder, "libfaketimeMT.so.1");
  }
  throw new Error("libfaketime is not installed (Debian package faketime)");
}

/** Adds the segments of a playlist to `seen`: sequence number -> { date (ms), duration (ms) }. */
async function read(playlist, seen) {
  const text = await (await fetch(playlist)).text();
  let number = Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)[1]);
  for (const [, date, duration] of text.matchAll(/DATE-TIME:(\S+)\n#EXTINF:([\d.]+)/g))
    seen.set(number++, { date: Date.parse(date), duration: 1000 * duration });
}

test("the system's clock is set an hour on, and back", async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-clock-"));
  t.after(() => rm(folder, { recursive: true }));
  const clock = path.join(folder, "clock");
  await writeFile(clock, "+0\n");
  const env = {
    bridge: {
      LD_PRELOAD: await libfaketime(),
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      DONT_FAKE_MONOTONIC: "1",
    },
  };
  // libfaketime and the sanitizers do not go together
  await withStack({ env, build: built(path.join(SOURCE, "build")) }, async (stack) => {
    await publishRecorded(stack, "shop");
    await until("it can be watched", async () => (await fetch(stack.playlist("shop"))).ok);
    const watching = watch(stack.playlist("shop"));
    const seen = new Map();
    /** Sets the clock by so many seconds, and waits for segments behind all that there are which begin by it. */
    const setBy = async (seconds) => {
      await writeFile(`${clock}.new`, `+${seconds}\n`);
      await rename(`${clock}.new`, clock); // no moment without a time
      await read(stack.playlist("shop"), seen);
      const last = Math.max(...seen.keys());
      const begunByIt = ([number, { date }]) => number > last && Math.abs(date - Date.now() - 1000 * seconds) < 1000 * STEP_S / 2;
      await until(`${SEGMENTS} segments that begin ${seconds} s on`, async () =>
        (await read(stack.playlist("shop"), seen), [...seen].filter(begunByIt).length >= SEGMENTS));
    };
    for (const seconds of [0, STEP_S, 0]) await setBy(seconds);
    const segments = [...seen].sort(([a], [b]) => a - b);
    const joins = segments.slice(1).map((segment, i) => [segments[i], segment]).filter(([[a], [b]]) => b === a + 1);
    const steps = joins.map(([[, a], [, b]]) => (b.date - a.date - a.duration) / 1000).filter((seconds) => Math.abs(seconds) > RIGHT_MS / 1000);
    const large = steps.filter((seconds) => Math.abs(seconds) > STEP_S / 2);
    assert.deepEqual(large.map(Math.sign), [1, -1], `dates step by ${steps.join(", ")} s`);
    measured(() => {
      assert.equal(steps.length, 2, `dates step by ${steps.join(", ")} s`);
      assert.ok(Math.abs(steps[0] - STEP_S) < 0.1 && Math.abs(steps[1] + STEP_S) < 0.1, steps.join(", "));
    });

    const report = await watching.end();
    assert.deepEqual(await faultsOfLive(report, stack, "shop", { but: STEPS }), []);
    await assertDiscontinuities(stack, "shop", report.discontinuities, 0);
  });
});
