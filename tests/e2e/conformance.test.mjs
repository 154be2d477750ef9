// SPDX-License-Identifier: GPL-3.0-or-later

// Low-latency HLS as it is served keeps every rule of rfc8216bis that shows from outside, whatever
// the publisher does: hls-doctor follows it, and Shaka Packager reads what is listed.

import test from "node:test";
import { publish, withBrowser } from "./support/browser.mjs";
import { assertConforms, assertShakaReadsAll, followThroughTrouble } from "./support/conformance.mjs";
import { until, withStack } from "./support/rig.mjs";

test("a loss, a still screen, another size and a reload break no rule", (t) =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      const page = await publish(context, stack, "shop");
      await until("the multivariant playlist is there", async () => (await fetch(stack.master("shop"))).ok, 15000);
      const report = await followThroughTrouble(stack.master("shop"), 34, page,
        { lossMs: 5000, stillMs: 4000, sizeMs: 4000, pauseMs: 3000 });
      assertConforms(t, report);
      await assertShakaReadsAll(t, stack, "shop");
    })));
