// SPDX-License-Identifier: GPL-3.0-or-later

// Low-latency HLS as it is served keeps every rule of rfc8216bis that shows from outside, whatever
// the publisher does: hls-doctor follows it, and Shaka Packager reads what is listed. At the same time,
// behind a server that breaks rules, hls-doctor says so; and a recorded publisher lacks its sound.

import assert from "node:assert/strict";
import test from "node:test";
import { publish, withBrowser } from "./support/browser.mjs";
import {
  assertConforms, assertNoFaults, assertShakaReadsAll, followMissingSound, followThroughTrouble,
} from "./support/conformance.mjs";
import { FAULTS, REMARKS, startFaultyProxy } from "./support/faulty-proxy.mjs";
import { doctor } from "./support/programs.mjs";
import { until, withStack } from "./support/rig.mjs";

// there is no sound for what was published without
const LACKS_SOUND = /^one rendition has content that another lacks/;

const LOOKS = 8; // at the faulty server: a busy machine asks it for less in the same time

/** What the faulty server does is found, sooner or later. */
async function assertFound(look) {
  const faults = [], remarks = [];
  const missing = (rules, list) => rules.filter((rule) => !list.some((finding) => finding.rule.startsWith(rule)));
  for (let i = 0; i < LOOKS && (missing(FAULTS, faults).length || missing(REMARKS, remarks).length); i++) {
    const report = await look();
    faults.push(...report.faults);
    remarks.push(...report.remarks);
  }
  assert.deepEqual(missing(FAULTS, faults), [], JSON.stringify(faults, null, 1));
  assert.deepEqual(missing(REMARKS, remarks), [], JSON.stringify(remarks, null, 1));
}

test("a loss, a still screen, another size and a reload break no rule", (t) =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      const page = await publish(context, stack, "shop");
      await until("the multivariant playlist is there", async () => (await fetch(stack.master("shop"))).ok);
      const proxy = await startFaultyProxy(stack.url);
      t.after(() => proxy.close());
      const [report, soundless] = await Promise.all([
        followThroughTrouble(stack.master("shop"), page,
          { lossMs: 3000, stillMs: 3000, sizeMs: 3000, pauseMs: 2000 }),
        followMissingSound(stack, "recorded"),
        assertFound(() => doctor(`${proxy.url}/live/shop/master.m3u8`, 12)),
      ]);
      assertNoFaults(soundless, LACKS_SOUND);
      assertConforms(t, report);
      await assertShakaReadsAll(t, stack, "shop");
    })));
