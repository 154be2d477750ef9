// SPDX-License-Identifier: GPL-3.0-or-later

// Low-latency HLS as it is served keeps every rule of rfc8216bis that shows from outside, whatever
// the publisher does: hls-doctor follows it, and Shaka Packager reads what is listed. At the same time, of
// recorded publishers, one comes through a server that breaks rules, and hls-doctor says so; one lacks its sound.

import assert from "node:assert/strict";
import test from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { replay } from "./support/audience.mjs";
import { publish, withBrowser } from "./support/browser.mjs";
import {
  assertConforms, assertNoFaults, assertShakaReadsAll, followMissingSound, followThroughTrouble, neverLookedAt,
} from "./support/conformance.mjs";
import { FAULTS, REMARKS, startFaultyProxy } from "./support/faulty-proxy.mjs";
import { forcedCuts } from "./support/health.mjs";
import { untilSegments } from "./support/lists.mjs";
import { watch } from "./support/programs.mjs";
import { until, withStack } from "./support/rig.mjs";

// there is no sound for what was published without
const LACKS_SOUND = /^one rendition has content that another lacks/;

const TIMES = 3; // that each fault is given to see: the last may come too late to be looked at
const REFUSALS = 1; // hls-doctor asks each rendition once for what is to be refused
const BROKEN_MS = 150000; // a part is asked for again when it has left the list, and a busy machine is slow

/** What a server does wrong is found, when it has done each thing some times; if a busy hls-doctor saw one too late, when it has again. */
async function assertFound(stack, stream) {
  const publisher = await replay(stack, stream);
  const proxy = await startFaultyProxy(stack.url);
  const missing = (rules, found) => rules.filter((rule) => !found.some((finding) => finding.rule.startsWith(rule)));
  const found = { faults: [], remarks: [] };
  const lacks = () => [...missing(Object.values(FAULTS), found.faults), ...missing(REMARKS, found.remarks)];
  try {
    await until("hls-doctor finds each rule that is broken", async () => {
      const before = { ...proxy.broken };
      const watching = watch(`${proxy.url}/live/${stream}/master.m3u8`);
      const seldom = () => Object.entries(proxy.broken)
        .filter(([kind, times]) => times - before[kind] < (kind === "refusal" ? REFUSALS : TIMES));
      await until("each rule is broken some times", () => seldom().length === 0, BROKEN_MS);
      const { faults, remarks } = await watching.end();
      found.faults.push(...faults);
      found.remarks.push(...remarks);
      return lacks().length === 0;
    }, BROKEN_MS).catch((error) => assert.fail(`${error.message}: ${JSON.stringify([proxy.broken, lacks()])}`));
  } finally {
    await proxy.close();
    await publisher.stop();
  }
}

/** Looks on for two segments more, and again, until hls-doctor has looked at all that it is to: a busy one asks too late for what is held. */
async function followOn(stack, stream, report) {
  const others = [];
  await until(`all is looked at of ${stream}`, async () => {
    if (neverLookedAt([report, ...others]).length === 0) return true;
    const watching = watch(stack.master(stream));
    await untilSegments(stack, stream, 2);
    others.push(await watching.end());
    return false;
  }).catch((error) => assert.fail(`${error.message}: ${neverLookedAt([report, ...others]).join(", ")}`));
  return others;
}

test("a loss, a still screen, another size and a reload break no rule", (t) =>
  withStack({}, (stack) =>
    withBrowser({ shell: true }, async (context) => {
      const page = await publish(context, stack, "shop");
      await until("the multivariant playlist is there", async () => (await fetch(stack.master("shop"))).ok);
      const [report, soundless] = await Promise.all([
        followThroughTrouble(stack.master("shop"), page,
          { lossMs: 3000, stillMs: 3000, sizeMs: 2000, pauseMs: 1500 }),
        followMissingSound(stack, "recorded"),
        assertFound(stack, "spoilt"),
      ]);
      assertNoFaults(soundless, LACKS_SOUND);
      const others = await followOn(stack, "shop", report);
      assertConforms(t, report, { forced: await forcedCuts(stack, "shop"), others });
      await page.close();
      await until("the publisher is gone, and the lists stand still", async () =>
        (await bridgeStreams(stack.bridgePort)).find(({ name }) => name === "shop").state === "held");
      await assertShakaReadsAll(t, stack, "shop");
    })));
