// SPDX-License-Identifier: GPL-3.0-or-later

// Hundreds of players at once, by hls-viewers: each is given everything, whole and in order. How soon,
// and what it costs, is measured in tests/bench/viewers.mjs.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { replay, watchWith } from "./support/audience.mjs";
import { sleep, withStack } from "./support/rig.mjs";

/** Nothing went wrong, and nobody was given less than another; at either end one may be ahead. */
function assertServed(watched, { viewers, pieces }) {
  assert.equal(watched.errors, 0, JSON.stringify(watched.errors_by_kind));
  assert.equal(watched.status, 0);
  assert.equal(watched.joined, viewers);
  assert.ok(watched.fewest >= pieces, `somebody was given ${watched.fewest} pieces of media`);
  assert.ok(watched.most - watched.fewest <= 2, `${watched.fewest} to ${watched.most} pieces of media`);
}

test("hundreds of viewers are given every part, whole and in order", (t) =>
  withStack({}, async (stack) => {
    const publisher = await replay(stack, "shop");
    const files = ["--files", path.join(stack.hls, "shop")];

    await t.test("200 at low latency", async (u) => {
      const watched = await watchWith(stack.master("shop"), ["-n", 200, "-t", 10, ...files]);
      const { held_playlists: held } = watched;
      u.diagnostic(`${watched.requests} requests; ${held.count} held playlists, ` +
        `99 % within ${held.p99_ms} ms of the part's birth`);
      assertServed(watched, { viewers: 200, pieces: 40 });
      assert.ok(held.count > 200 * 2 * 40, "requests are held");
      assert.equal(watched.births_unknown, 0);
    });

    await t.test("those who ask for the part that is hinted at, beside those of the classic playlist", async () => {
      const [hinted, classic] = await Promise.all([
        watchWith(stack.master("shop"), ["-n", 40, "-t", 4, "--hints", ...files]),
        watchWith(stack.playlist("shop"), ["-n", 100, "-t", 4, ...files]),
      ]);
      assertServed(hinted, { viewers: 40, pieces: 15 });
      assert.ok(hinted.held_parts.count > 40 * 2 * 15, "parts are held");
      assertServed(classic, { viewers: 100, pieces: 1 });
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
