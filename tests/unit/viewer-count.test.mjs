#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// How many watch, as nginx's logs have it.

import assert from "node:assert/strict";
import { appendFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { ViewerCount } from "../../tools/stack/viewers.mjs";
import { fetchViewers } from "../../web-publisher/js/live-list.js";

test("viewers of both kinds are counted once each, and told to publishers, but for streams that no list names", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "viewers-"));
  const now = Date.now() / 1000;
  const line = (age, address, file) => `${(now - age).toFixed(3)} ${address} /live/${file} 200 "VLC/3"\n`;
  try {
    const count = new ViewerCount(folder);
    await count.read(); // there are no logs yet
    await appendFile(path.join(folder, "viewers.log"),
      line(1, "10.0.0.1", "shop/index.m3u8") + line(0, "10.0.0.1", "shop/index.m3u8") + line(3600, "10.0.0.9", "shop/index.m3u8") +
      line(0, "10.0.0.1", "secret/index.m3u8") + "nonsense\n" + line(0, "10.0.0.5", "shop/ts.m3u8").slice(0, 20));
    await appendFile(path.join(folder, "viewers-low-latency.log"),
      line(0, "10.0.0.2", "shop/video.m3u8") + line(0, "10.0.0.2", "shop/audio.m3u8"));
    await count.read();
    assert.equal(count.of("shop"), 2);
    await appendFile(path.join(folder, "viewers.log"), line(0, "10.0.0.5", "shop/ts.m3u8").slice(20));
    await count.read();
    assert.equal(count.of("shop"), 3);
    await count.tell(folder, [{ name: "shop" }, { name: "secret", unlisted: true }, { name: "nobody" }]);
    const { at, viewers } = JSON.parse(await readFile(path.join(folder, "viewers.json"), "utf8"));
    assert.deepEqual(viewers, { shop: 3, nobody: 0 });
    assert.ok(at >= Math.floor(now));
  } finally {
    await rm(folder, { recursive: true });
  }
});

const AT = 1795174572;
const answer = (seconds, body) => new Response(JSON.stringify(body), { headers: { Date: new Date((AT + seconds) * 1000).toUTCString() } });

for (const [what, name, give, expected] of [
  ["it is counted", "shop", () => answer(3, { at: AT, viewers: { shop: 3 } }), 3],
  ["it is not", "shop", () => answer(3, { at: AT, viewers: {} }), undefined],
  ["nor one with a name that each object has", "constructor", () => answer(3, { at: AT, viewers: { shop: 3 } }), undefined],
  ["the count is of before", "shop", () => answer(60, { at: AT, viewers: { shop: 3 } }), undefined],
  ["nobody counts", "shop", () => new Response("", { status: 404 }), null],
  ["the server is busy", "shop", () => new Response("", { status: 502 }), undefined],
  ["no answer comes", "shop", () => { throw new TypeError("failed to fetch"); }, undefined],
  ["it is no count", "shop", () => new Response("<html>"), undefined],
])
  test(`how many watch, as a publisher is told: ${what}`, async (t) => {
    t.mock.method(globalThis, "fetch", async () => give());
    assert.equal(await fetchViewers(name), expected);
  });
