// SPDX-License-Identifier: GPL-3.0-or-later

// Hundreds of players at once, by hls-viewers: each is given everything, whole and in order. How soon,
// and what it costs, is measured in tests/bench/viewers.mjs.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { gunzipSync } from "node:zlib";
import { ask } from "./support/ask.mjs";
import { assertEven, replay, watchWith } from "./support/audience.mjs";
import { measured } from "./support/measured.mjs";
import { sleep, until, withStack } from "./support/rig.mjs";

/** Nothing went wrong, everybody was given something, and nobody much less than another; how many pieces it was is the machine's. */
function assertServed(watched, { viewers, pieces }) {
  assert.equal(watched.errors, 0, JSON.stringify(watched.errors_by_kind));
  assert.equal(watched.status, 0);
  assert.equal(watched.joined, viewers);
  assertEven(watched);
  measured(() => assert.ok(watched.fewest >= pieces, `somebody was given ${watched.fewest} pieces of media`));
}

/** The text of a playlist, which is of this kind and says so. */
function textOf({ status, headers, body }, isGzip) {
  assert.equal(status, 200);
  assert.equal(headers["content-encoding"], isGzip ? "gzip" : undefined);
  assert.equal(headers.vary, "Accept-Encoding");
  assert.equal(Number(headers["content-length"]), body.length);
  return String(isGzip ? gunzipSync(body) : body);
}

test("hundreds of viewers are given every part, whole and in order", (t) =>
  withStack({}, async (stack) => {
    const publisher = await replay(stack, "shop");
    const files = ["--files", path.join(stack.hls, "shop")];

    await t.test("200 at low latency", async (u) => {
      const watched = await watchWith(stack.master("shop"), ["-n", 200, "-t", 6, ...files]);
      const { held_playlists: held } = watched;
      u.diagnostic(`${watched.requests} requests; ${held.count} held playlists, ` +
        `99 % within ${held.p99_ms} ms of the part's birth`);
      assertServed(watched, { viewers: 200, pieces: 20 });
      // but for the multivariant one that a viewer who comes late begins with: that is too short
      const plain = watched.playlists - watched.compressed;
      assert.ok(plain <= watched.joined && plain < watched.compressed, `${plain} of ${watched.playlists} are not compressed`);
      measured(() => assert.equal(plain, 0));
      assert.ok(held.count >= 200, `${held.count} requests are held, and not one of each`);
      measured(() => assert.ok(held.count > 200 * 20, `${held.count} requests are held`));
      assert.equal(watched.births_unknown, 0);
    });

    await t.test("viewers that accept gzip get the same as the others, in fewer bytes", async () => {
      const target = new URL(stack.master("shop")).pathname.replace("master", "video");
      const get = (accepted, query, options = {}) => ask(stack.url, `${target}?${query}`,
        { ...options, headers: { "Accept-Encoding": accepted, ...options.headers } });
      await until("both are given the same version", async () => {
        const now = textOf(await get("identity", "_HLS_msn=0"), false);
        const msn = Number(/MEDIA-SEQUENCE:(\d+)/.exec(now)[1]) + now.match(/#EXTINF/g).length;
        const [gzip, plain] = await Promise.all(["gzip, deflate, br", "gzip;q=0"].map((accepted) => get(accepted, `_HLS_msn=${msn}`)));
        assert.ok(gzip.body.length * 5 < plain.body.length, `${gzip.body.length} of ${plain.body.length} bytes`);
        return textOf(gzip, true) === textOf(plain, false);
      });
      const head = await get("gzip", "_HLS_msn=0", { method: "HEAD" });
      assert.equal(head.headers["content-encoding"], "gzip");
      assert.ok(Number(head.headers["content-length"]) > 0 && head.body.length === 0);
      const refused = await get("gzip", "_HLS_msn=x");
      assert.equal(String(refused.body), "_HLS_msn is not a number");
      textOf(await get("gzip", "_HLS_msn=0", { headers: { Cookie: `shop=${"x".repeat(6000)}` } }), true);
    });

    await t.test("those who ask for the part that is hinted at, beside those of the classic playlist", async () => {
      const [hinted, classic] = await Promise.all([
        watchWith(stack.master("shop"), ["-n", 40, "-t", 4, "--hints", ...files]),
        watchWith(stack.playlist("shop"), ["-n", 100, "-t", 4, "--plain", ...files]),
      ]);
      assertServed(hinted, { viewers: 40, pieces: 15 });
      assert.ok(hinted.held_parts.count >= 40, `${hinted.held_parts.count} parts are held, and not one of each`);
      measured(() => assert.ok(hinted.held_parts.count > 40 * 2 * 15, `${hinted.held_parts.count} parts are held`));
      assertServed(classic, { viewers: 100, pieces: 1 });
      assert.equal(classic.compressed, 0);
    });
    await publisher.stop();
  }));

test("hls-viewers says what is wrong", (t) =>
  withStack({}, async (stack) => {
    const folder = path.join(stack.hls, "shop");
    const segments = (first, count) => "#EXTM3U\n#EXT-X-TARGETDURATION:2\n" +
      `#EXT-X-MEDIA-SEQUENCE:${first}\n` + "#EXTINF:2.0,\nseg-1-000000.ts\n".repeat(count);
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, "seg-1-000000.ts"), Buffer.alloc(188));

    await t.test("a stream that is not there", async () => {
      const watched = await watchWith(stack.playlist("nobody"), ["-n", 3, "-t", 1, "--ramp", 0]);
      assert.equal(watched.status, 1);
      assert.equal(watched.joined, 0);
      assert.ok(watched.errors_by_kind.refused >= 3);
    });

    await t.test("a playlist that leaves out segments, though nobody has asked for that", async () => {
      await writeFile(path.join(folder, "index.m3u8"), segments(50, 3).replace(/(?=#EXTINF)/, "#EXT-X-SKIP:SKIPPED-SEGMENTS=2\n"));
      const watched = await watchWith(stack.playlist("shop"), ["-n", 1, "-t", 1, "--ramp", 0]);
      assert.equal(watched.joined, 0);
      assert.ok(watched.errors_by_kind.list >= 1);
    });

    await t.test("a playlist that goes back, and one that leaves viewers behind", async () => {
      await writeFile(path.join(folder, "index.m3u8"), segments(50, 3));
      const watching = watchWith(stack.playlist("shop"), ["-n", 2, "-t", 6, "--ramp", 0]);
      await sleep(1000);
      await writeFile(path.join(folder, "index.m3u8"), segments(40, 3));
      await sleep(2500);
      await writeFile(path.join(folder, "index.m3u8"), segments(90, 3));
      const watched = await watching;
      assert.equal(watched.status, 1);
      assert.equal(watched.errors_by_kind.backward, 2);
      assert.equal(watched.errors_by_kind.behind, 2);
    });

    await t.test("media that is not as long as its file", async () => {
      const other = path.join(stack.options.folder, "other");
      await mkdir(other);
      await writeFile(path.join(other, "seg-1-000000.ts"), Buffer.alloc(376));
      await writeFile(path.join(folder, "index.m3u8"), segments(0, 3));
      const watched = await watchWith(stack.playlist("shop"), ["-n", 1, "-t", 1, "--ramp", 0, "--files", other]);
      assert.equal(watched.errors_by_kind.size, 3);
    });

    await t.test("a server that is not there, and what is no server", async () => {
      await stack.parts.nginx.stop();
      const watched = await watchWith(stack.playlist("shop"), ["-n", 2, "-t", 1, "--ramp", 0]);
      assert.equal(watched.joined, 0);
      assert.ok(watched.errors_by_kind.connect >= 2);
      await assert.rejects(watchWith("https://127.0.0.1/index.m3u8", []), /only http/);
    });
  }));
