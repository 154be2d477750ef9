// SPDX-License-Identifier: GPL-3.0-or-later

// A network that is gone for longer than a blip, and comes back: the publisher does too, by itself. A bridge
// that hangs: the publisher is told.

import assert from "node:assert/strict";
import test from "node:test";
import { publish, untilLive, withBrowser } from "./support/browser.mjs";
import { faultsBut } from "./support/health.mjs";
import { cut } from "./support/network.mjs";
import { doctor } from "./support/programs.mjs";
import { sleep, until, withStack } from "./support/rig.mjs";

test("a network that is away for 20 s: the publisher comes back by itself", () =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      const page = await publish(context, stack, "shop");
      await sleep(5000);
      const watching = doctor(stack.playlist("shop"), 50);
      await cut(20000);
      await untilLive(page, 25000);
      const report = await watching;
      assert.deepEqual(faultsBut(report), []);
      assert.equal(report.ended, false);
    })));

test("a bridge that hangs is told to the publisher within seconds, and that it goes on", () =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      const page = await publish(context, stack, "shop");
      const { pid } = stack.parts.bridge;
      process.kill(pid, "SIGSTOP");
      try {
        await until("the page says that the server is not ready", async () =>
          (await page.textContent("#badge")) === "NEARLY");
      } finally {
        process.kill(pid, "SIGCONT");
      }
      await untilLive(page);
    })));
