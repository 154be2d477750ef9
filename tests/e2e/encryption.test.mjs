// SPDX-License-Identifier: GPL-3.0-or-later

// An encrypted stream as viewers have it: hls.js plays it at low latency, ffmpeg and VLC its .ts segments, with keys that
// nginx gives out and no cache keeps; with another key nothing is played.

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { replay } from "./support/audience.mjs";
import { openPage, withBrowser } from "./support/browser.mjs";
import { run } from "./support/programs.mjs";
import { subtest, until, withStack } from "./support/rig.mjs";
import { openViewer, openWatchPage, servePages } from "./support/viewer.mjs";
import { Vlc } from "./support/vlc.mjs";

const KEY = /\/key-(ts|ll)-\d+-[0-9a-f-]{36}\.bin$/;
const PART = /-\d+\.\d+\.m4s$/;
const HAVE_METADATA = 1; // no picture, and no sound

/** The addresses that `page` has fetched, from now on. */
function fetched(page) {
  const urls = [];
  page.on("requestfinished", (request) => urls.push(request.url().replace(/\?.*/, "")));
  return urls;
}

test("an encrypted stream", async (t) => {
  const pages = await servePages();
  t.after(() => pages.close());
  await withStack({ bridgeSettings: { "encryption.method": "aes-128", "encryption.rotate": 2 } }, (stack) =>
    withBrowser({ shell: true }, async (context) => {
      await replay(stack, "demo");

      await subtest(t, stack, "keys are given out beside the playlists, and lie nowhere else", async () => {
        const list = await (await fetch(stack.playlist("demo"))).text();
        const uri = /#EXT-X-KEY:METHOD=AES-128,URI="([^"]+)"/.exec(list)[1];
        const answer = await fetch(new URL(uri, stack.playlist("demo")));
        assert.deepEqual([answer.status, answer.headers.get("cache-control"), answer.headers.get("access-control-allow-origin")],
          [200, "no-store", "*"]);
        assert.equal((await answer.arrayBuffer()).byteLength, 16);
        const none = await fetch(new URL(`../other/${uri}`, stack.playlist("demo")));
        assert.deepEqual([none.status, none.headers.get("cache-control")], [404, "no-store"]);
        const files = await readdir(path.join(stack.hls, "demo"));
        assert.deepEqual(files.filter((name) => /key|\.bin|\.mpd|\.jpg/.test(name)), [], "no key, no DASH and no picture");
        assert.equal((await fetch(`${stack.url}/live/demo/key-ll-0-/../../../etc/passwd`)).status, 404);
      });

      await subtest(t, stack, "hls.js plays its parts, with one key after the other", async () => {
        const viewer = await openViewer(context, pages, stack.master("demo"));
        const urls = fetched(viewer);
        await until("pictures of three keys", async () =>
          new Set(urls.filter((url) => KEY.test(url))).size >= 3 && (await viewer.state()).latencies.length > 10);
        assert.ok(urls.filter((url) => PART.test(url)).length > 10, "it plays parts");
        const { errors } = await viewer.state();
        assert.deepEqual(errors.filter((error) => /decrypt|key|fatal|parsing/i.test(error)), []);
        await viewer.close();
      });

      await subtest(t, stack, "so does the watch page", async () => {
        const page = await openWatchPage(context, stack, "demo");
        const urls = fetched(page);
        await until("the test card's clock is seen", async () => (await page.state()).latencies.length > 5);
        await until("parts", () => urls.some((url) => PART.test(url)));
        assert.deepEqual(page.errors, []);
        await page.close();
      });

      await subtest(t, stack, "with another key nothing is played", async () => {
        const page = await openPage(context, "about:blank");
        let keys = 0;
        await page.route(KEY, (route) => {
          keys++;
          return route.fulfill({ body: Buffer.alloc(16, 7), headers: { "Access-Control-Allow-Origin": "*" } });
        });
        await page.goto(`${pages.url}/hls.html?playlist=${encodeURIComponent(stack.master("demo"))}`);
        const state = () => page.evaluate(() => ({ ...window.viewer, ready: document.getElementById("video").readyState }));
        await until("hls.js cannot make anything of it", async () => // and may be answered late before
          keys > 0 && /fragDecryptError|fragParsingError|WebCrypto|bufferAppend/i.test((await state()).errors.join()));
        const { ready, latencies, playingAt } = await state();
        assert.deepEqual([ready <= HAVE_METADATA, latencies.length, playingAt], [true, 0, null]);
        await page.close();
      });

      await subtest(t, stack, "ffmpeg reads the .ts segments", async () => {
        const { status, stdout, stderr } = await run("ffmpeg", ["-nostdin", "-v", "error", "-allowed_extensions", "ALL",
          "-i", stack.playlist("demo"), "-frames:v", "60", "-f", "framecrc", "-"]);
        assert.equal(status, 0, stderr);
        assert.ok(stdout.split("\n").filter((line) => line.startsWith("0,")).length >= 60, stdout.slice(-300));
      });

      await subtest(t, stack, "VLC plays them", async () => {
        const vlc = await Vlc.play(stack, stack.playlist("demo"));
        await until("VLC shows pictures", async () => {
          const { pictures, sounds } = await vlc.stats();
          return pictures > 20 && sounds > 20;
        });
        await vlc.child.stop();
      });
    }));
});
