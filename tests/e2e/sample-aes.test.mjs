// SPDX-License-Identifier: GPL-3.0-or-later

// Samples that are encrypted by cbcs, as viewers have them: Shaka Player decrypts them by Chromium's ClearKey, at low
// latency with the key that nginx gives out, and of DASH with a licence; with another key nothing is played.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { keyFolder } from "../../tools/stack/bridge.mjs";
import { replay } from "./support/audience.mjs";
import { withBrowser } from "./support/browser.mjs";
import { openPlayer, plays, untilIts } from "./support/npm-player.mjs";
import { INSTRUMENTS, run } from "./support/programs.mjs";
import { subtest, until, withStack } from "./support/rig.mjs";
import { servePages } from "./support/viewer.mjs";

const KEY = /\/key-ll-\d+-[0-9a-f-]{36}\.bin$/;
const PART = /-\d+\.\d+\.m4s$/;
const LICENCES = "https://keys.example/clearkey/";
const ALLOWED = { "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*" };

const frames = (page) => page.evaluate(() => document.querySelector("video").getVideoPlaybackQuality().totalVideoFrames);

/** What a licence server of ClearKey answers (W3C, Encrypted Media Extensions, 9.1.4), from the folder of keys. */
async function licence(folder, request) {
  const { kids } = JSON.parse(request.postData());
  const names = await readdir(folder);
  const keys = await Promise.all(kids.map(async (kid) => {
    const id = Buffer.from(kid, "base64url").toString("hex");
    const name = names.find((each) => each.replaceAll("-", "").endsWith(`${id}.bin`));
    return { kty: "oct", kid, k: (await readFile(path.join(folder, name))).toString("base64url") };
  }));
  return JSON.stringify({ keys, type: "temporary" });
}

test("a stream whose samples are encrypted", async (t) => {
  const pages = await servePages();
  t.after(() => pages.close());
  const settings = { "encryption.method": "cbcs", "encryption.clearkey_uri": `${LICENCES}{stream}/{id}` };
  await withStack({ bridgeSettings: settings }, (stack) =>
    withBrowser({ shell: true }, async (context) => {
      await replay(stack, "demo");
      await until("three segments are listed", async () =>
        (await (await fetch(new URL("video.m3u8", stack.master("demo")))).text()).split("#EXTINF").length > 3);

      await subtest(t, stack, "Shaka Player plays it at low latency, by parts", async (u) => {
        const urls = new Set();
        context.on("requestfinished", (request) => urls.add(request.url()));
        const page = await openPlayer(context, pages, "shaka", stack.master("demo"));
        await plays(page, u);
        const fetched = (kind) => [...urls].filter((url) => kind.test(url)).length;
        await untilIts(page, "plays parts", () => fetched(PART) > 10);
        assert.equal(fetched(KEY), 1);
        assert.ok((await frames(page)) > 30);
        await page.close();
      });

      await subtest(t, stack, "and DASH with licences", async (u) => {
        const asked = [];
        await context.route(`${LICENCES}**`, async (route) => {
          if (route.request().method() === "OPTIONS") return route.fulfill({ headers: ALLOWED });
          asked.push(route.request().url());
          return route.fulfill({ headers: ALLOWED, contentType: "application/json",
            body: await licence(path.join(keyFolder(stack.hls), "demo"), route.request()) });
        });
        const page = await openPlayer(context, pages, "shaka", stack.manifest("demo"));
        await plays(page, u);
        assert.ok(asked.length > 0 && asked.every((url) => url.startsWith(`${LICENCES}demo/`)), asked.join());
        assert.ok((await frames(page)) > 30);
        await page.close();
      });

      await subtest(t, stack, "with another key nothing is played", async () => {
        await context.route(KEY, (route) => route.fulfill({ body: Buffer.alloc(16, 7), headers: ALLOWED }));
        const page = await openPlayer(context, pages, "shaka", stack.master("demo"));
        await untilIts(page, "has failed", ({ errors }) => errors.length > 0);
        assert.equal(await frames(page), 0);
        await context.unroute(KEY);
        await page.close();
      });

      await subtest(t, stack, "hls-doctor decrypts it with the keys that the lists name", async () => {
        await until("it sees pictures and hears sound, and finds no fault", async () => {
          const { stdout } = await run(INSTRUMENTS.doctor, ["--json", "--time", "3", stack.master("demo")]);
          const { faults, remarks, marks } = JSON.parse(stdout);
          assert.deepEqual(remarks.filter(({ rule }) => /encrypted|key/.test(rule)), []);
          assert.deepEqual(faults.filter(({ rule }) => /decrypt|encrypted|decod/.test(rule)), []);
          return marks.pairs > 0;
        });
      });
    }));
});
