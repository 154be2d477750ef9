// SPDX-License-Identifier: GPL-3.0-or-later

// A file of tests that is told to end does so, and leaves nothing running.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import test from "node:test";
import { until } from "./support/rig.mjs";

const SUPPORT = new URL("support/browser.mjs", import.meta.url).href;

test("who is told to end in the midst of a test with a browser ends, and the browser too", async () => {
  const code = `const { withBrowser } = await import("${SUPPORT}");
    await withBrowser({ shell: true }, async (context) => {
      await context.newPage();
      console.log("open");
      await new Promise((resolve) => setTimeout(resolve, 300000));
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "", ended = false;
  child.stdout.on("data", (more) => (said += more)); // the browser has no part of this pipe
  child.on("exit", () => (ended = true));
  await until("the browser is there", () => /open/.test(said));
  child.kill("SIGTERM");
  await until("it has ended", () => ended, 30000);
  assert.equal(child.exitCode, 1);
});
