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

/** What the faulty server does is found. */
function assertFound({ faults, remarks }) {
  const found = (list, rule) => list.some((finding) => finding.rule.startsWith(rule));
  assert.deepEqual(FAULTS.filter((rule) => !found(faults, rule)), [], JSON.stringify(faults, null, 1));
  assert.deepEqual(REMARKS.filter((rule) => !found(remarks, rule)), [], JSON.stringify(remarks, null, 1));
}

test("a loss, a still screen, another size and a reload break no rule", (t) =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      const page = await publish(context, stack, "shop");
      await until("the multivariant playlist is there", async () => (await fetch(stack.master("shop"))).ok, 15000);
      const proxy = await startFaultyProxy(stack.url);
      t.after(() => proxy.close());
      const [report, spoilt, soundless] = await Promise.all([
        followThroughTrouble(stack.master("shop"), 34, page,
          { lossMs: 5000, stillMs: 4000, sizeMs: 4000, pauseMs: 3000 }),
        doctor(`${proxy.url}/live/shop/master.m3u8`, 24),
        followMissingSound(stack, "recorded"),
      ]);
      assertFound(spoilt);
      assertNoFaults(soundless, LACKS_SOUND);
      assertConforms(t, report);
      await assertShakaReadsAll(t, stack, "shop");
    })));
