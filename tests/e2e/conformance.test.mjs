// SPDX-License-Identifier: GPL-3.0-or-later

// Low-latency HLS as it is served keeps every rule of rfc8216bis that shows from outside, whatever
// the publisher does: hls-doctor follows it, and Shaka Packager reads what is listed. At the same time, of
// recorded publishers, one comes through a server that breaks rules, and hls-doctor says so; one lacks its sound.

import assert from "node:assert/strict";
import test from "node:test";
import { replay } from "./support/audience.mjs";
import { publish, withBrowser } from "./support/browser.mjs";
import {
  assertConforms, assertNoFaults, assertShakaReadsAll, followMissingSound, followThroughTrouble,
} from "./support/conformance.mjs";
import { FAULTS, REMARKS, startFaultyProxy } from "./support/faulty-proxy.mjs";
import { watch } from "./support/programs.mjs";
import { until, withStack } from "./support/rig.mjs";

// there is no sound for what was published without
const LACKS_SOUND = /^one rendition has content that another lacks/;

const TIMES = 3; // that each fault is given to see: the last may come too late to be looked at
const REFUSALS = 1; // hls-doctor asks each rendition once for what is to be refused
const BROKEN_MS = 150000; // a part is asked for again when it has left the list, and a busy machine is slow

/** What a server does wrong is found, when it has done each thing some times. */
async function assertFound(stack, stream) {
  const publisher = await replay(stack, stream);
  const proxy = await startFaultyProxy(stack.url);
  try {
    const watching = watch(`${proxy.url}/live/${stream}/master.m3u8`);
    const seldom = () => Object.entries(proxy.broken).filter(([kind, times]) => times < (kind === "refusal" ? REFUSALS : TIMES));
    await until("each rule is broken some times", () => seldom().length === 0, BROKEN_MS)
      .catch((error) => assert.fail(`${error.message}: ${JSON.stringify(proxy.broken)}`));
    const { faults, remarks } = await watching.end();
    const missing = (rules, found) => rules.filter((rule) => !found.some((finding) => finding.rule.startsWith(rule)));
    assert.deepEqual(missing(Object.values(FAULTS), faults), [], JSON.stringify([proxy.broken, faults], null, 1));
    assert.deepEqual(missing(REMARKS, remarks), [], JSON.stringify(remarks, null, 1));
  } finally {
    await proxy.close();
    await publisher.stop();
  }
}

test("a loss, a still screen, another size and a reload break no rule", (t) =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      const page = await publish(context, stack, "shop");
      await until("the multivariant playlist is there", async () => (await fetch(stack.master("shop"))).ok);
      const [report, soundless] = await Promise.all([
        followThroughTrouble(stack.master("shop"), page,
          { lossMs: 3000, stillMs: 3000, sizeMs: 3000, pauseMs: 2000 }),
        followMissingSound(stack, "recorded"),
        assertFound(stack, "spoilt"),
      ]);
      assertNoFaults(soundless, LACKS_SOUND);
      assertConforms(t, report);
      await assertShakaReadsAll(t, stack, "shop");
    })));
