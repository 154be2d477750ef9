// SPDX-License-Identifier: GPL-3.0-or-later

// A network that is gone for longer than a blip, and comes back: the publisher does too, by itself. A bridge
// that hangs: the publisher is told.

import assert from "node:assert/strict";
import test from "node:test";
import { publish, untilLive, withBrowser } from "./support/browser.mjs";
import { publishRecorded } from "./support/recorded.mjs";
import { faultsOfLive, OUTAGE } from "./support/health.mjs";
import { untilLookedAt } from "./support/looks.mjs";
import { withLoss } from "./support/network.mjs";
import { watch } from "./support/programs.mjs";
import { until, withStack } from "./support/rig.mjs";

/** Loses everything until the page has given up the path that it has, which it tries to mend first, and makes another. */
async function cutUntilRebuilt(page) {
  await page.evaluate(() => (window.pathBefore = window.janusHls.publisher.peerConnection));
  await withLoss(1, () => until("the page makes another path", () => page.evaluate(() => {
    const { peerConnection } = window.janusHls.publisher;
    return peerConnection !== null && peerConnection !== window.pathBefore;
  })));
}

test("a network that is away until the page has given up its path: the publisher comes back by itself", () =>
  withStack({}, (stack) =>
    withBrowser({ shell: true }, async (context) => {
      const page = await publish(context, stack, "shop");
      await until("it can be watched", async () => (await fetch(stack.playlist("shop"))).ok);
      const watching = watch(stack.playlist("shop"));
      await untilLookedAt(stack, "shop");
      await cutUntilRebuilt(page);
      await untilLive(page);
      const text = async () => (await fetch(stack.playlist("shop"))).text();
      await until("what comes after is listed", async () => /#EXT-X-DISCONTINUITY\n[^]*#EXTINF/.test(await text()));
      await untilLookedAt(stack, "shop");
      const report = await watching.end();
      assert.ok(report.discontinuities >= 1 && report.segments >= 2, `${report.segments} segments, ${report.discontinuities} discontinuities`);
      assert.deepEqual(await faultsOfLive(report, stack, "shop", { but: OUTAGE }), []);
      assert.equal(report.ended, false);
    })));

test("a bridge that hangs is told to the publisher within seconds, and that it goes on", () =>
  withStack({}, async (stack) => {
    const publisher = await publishRecorded(stack, "shop");
    const { pid } = stack.parts.bridge;
    process.kill(pid, "SIGSTOP");
    try {
      await publisher.hears({ hls: "status", status: "waiting" });
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await until("it is live again", () => publisher.status === "live");
    const told = publisher.events.filter(({ hls }) => hls === "status");
    // a bridge that answers late on a busy machine has it wait again
    const statuses = told.map(({ status }) => status);
    assert.deepEqual(statuses, statuses.map((_, i) => ["live", "waiting"][i % 2]), "each once, in turn");
    assert.ok(statuses.length >= 3, statuses.join());
    assert.match(told[1].text, /\w/);
  }));
