// SPDX-License-Identifier: GPL-3.0-or-later

// A machine that is far too busy for a minute: three more test cards and two who watch, beside a stream. When it is
// calm again, that stream is whole within a segment: its publisher is asked for key frames, and segments begin with them.

import assert from "node:assert/strict";
import os from "node:os";
import test from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { FULL_SIZE, openPage, publish, withBrowser } from "../e2e/support/browser.mjs";
import { doctor } from "../e2e/support/programs.mjs";
import { sleep, until, withStack } from "../e2e/support/rig.mjs";

const BUSY_MS = 75000;
const OTHERS = 3, VIEWERS = 2;
const CALM_MS = 3000; // a segment, and a browser's end
const LOOK_MS = 10000;
const WINDOW_MS = 15000; // until what was listed in bad times has left the list
const DOCTOR_S = 15;

/** How the stream stands, for people and for comparing. */
async function standing(stack) {
  const { source, output } = (await bridgeStreams(stack.bridgePort)).find(({ name }) => name === "demo");
  const { keyframe_requests: asked, sync, sound_clock: clock } = source;
  return { asked, forced: output.forced_cuts, segments: output.segments, sync, clock };
}

const tell = (t, when, s) => t.diagnostic(`${when}: asked ${s.asked}, ${s.forced} of ${s.segments} segments cut without a key frame, ` +
  `correction ${s.sync.correction_ms.toFixed(0)} ms, ${s.sync.steps ?? "no"} steps, sound's clock ${JSON.stringify(s.clock)}, ` +
  `load ${os.loadavg()[0].toFixed(1)}`);

/** More than the machine can do, for a while. */
async function keepBusy(t, stack) {
  await withBrowser({}, async (context) => {
    const pages = [];
    for (let i = 0; i < OTHERS; i++)
      pages.push(openPage(context, `${stack.url}/publish.html?stream=other-${i}&source=testcard&size=${FULL_SIZE}&simulcast=0&auto=1`));
    for (let i = 0; i < VIEWERS; i++) pages.push(openPage(context, `${stack.url}/watch.html?stream=demo`));
    const end = Date.now() + BUSY_MS;
    await Promise.allSettled(pages); // which may be too slow to open
    while (Date.now() < end) {
      await sleep(Math.min(15000, end - Date.now()));
      tell(t, "busy", await standing(stack));
    }
  });
}

test("a stream is whole within a segment of calm", async (t) => {
  await withStack({ bodyMs: 300000 }, (stack) =>
    withBrowser({}, async (context) => {
      await publish(context, stack, "demo", { size: FULL_SIZE });
      await until("segments are there", async () => (await standing(stack)).segments > 4, 30000);
      tell(t, "before", await standing(stack));
      await keepBusy(t, stack);
      await sleep(CALM_MS);
      const calm = await standing(stack);
      tell(t, "calm", calm);
      await sleep(LOOK_MS);
      const later = await standing(stack);
      tell(t, "later", later);
      assert.ok(later.asked - calm.asked >= LOOK_MS / 1000 / 4, "it is asked for key frames");
      assert.equal(later.forced, calm.forced, "every segment begins with one");
      assert.ok(Math.abs(later.sync.correction_ms) <= 200, "and the sound fits the picture");
      await sleep(WINDOW_MS - LOOK_MS);
      const report = await doctor(stack.playlist("demo"), DOCTOR_S);
      assert.deepEqual(report.faults, []);
      assert.equal(report.starting_with_idr, report.segments);
    }));
});
