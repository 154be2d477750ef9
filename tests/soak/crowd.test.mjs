// SPDX-License-Identifier: GPL-3.0-or-later

// Many streams on one bridge that come and go all the time: those that stay notice nothing.

import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { withBridge } from "../e2e/support/lone-bridge.mjs";
import { assertHealthy } from "../e2e/support/health.mjs";
import { doctor } from "../e2e/support/programs.mjs";
import { sleep, until } from "../e2e/support/rig.mjs";

const STAYING = 4, GUESTS = 6; // at the same time
const WATCHED_S = 11;

test("streams that come and go leave the others alone", () =>
  withBridge({ "hls.hold": 1, "hls.keep": 1 }, async ({ port, hls, send }) => {
    const names = Array.from({ length: STAYING }, (none, i) => `shop-${i}`);
    names.forEach((name) => send(name));
    const streams = async () => new Map((await bridgeStreams(port)).map((stream) => [stream.name, stream]));
    await until("all are live", async () => {
      const there = await streams();
      return names.every((name) => there.get(name)?.output.segments > 0);
    });

    let over = false, guests = 0;
    const comeAndGo = async (worker) => {
      while (!over) {
        // a name of its own, or one that was here before and is held open, or taken over
        const name = guests % 3 ? `guest-${worker}-${guests}` : `regular-${worker % 2}`;
        const guest = send(name, "--seconds", String(1 + (guests++ % 2)));
        await guest.exited();
        await sleep(100);
      }
    };
    const coming = Promise.all(Array.from({ length: GUESTS }, (none, i) => comeAndGo(i)));
    const report = await doctor(path.join(hls, names[0], "index.m3u8"), WATCHED_S);
    over = true;
    await coming;

    assertHealthy(report);
    assert.equal(report.discontinuities, 0);
    assert.ok(guests > 12, `${guests} came`);
    const there = await streams();
    for (const name of names) {
      const { state, publishers, output, source } = there.get(name);
      assert.deepEqual([state, publishers, output.discontinuities, output.forced_cuts], ["live", 1, 0, 0], name);
      assert.deepEqual([source.kernel_drops, source.backlog_drops, source.pictures.damaged], [0, 0, 0], name);
      assert.ok(source.tracks.length > 0 && source.tracks.every(({ lost }) => lost === 0), JSON.stringify(source.tracks));
    }
    await until("guests leave nothing behind", async () => (await streams()).size === STAYING);
  }));
