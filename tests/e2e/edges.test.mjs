// SPDX-License-Identifier: GPL-3.0-or-later

// Two tiers of cache before two origins, each on a host of its own: what a crowd watches is fetched once,
// viewers notice nothing of an origin's restart, and another origin stands in for one that is gone.

import assert from "node:assert/strict";
import test from "node:test";
import { gunzipSync } from "node:zlib";
import { ask } from "./support/ask.mjs";
import { assertEven, replay, watchWith } from "./support/audience.mjs";
import { Edges } from "./support/edges.mjs";
import { sleep, withStack } from "./support/rig.mjs";

const VIEWERS = 100;

/** How often each URL that has a name of its own for ever was fetched. */
function fetches(requests) {
  const count = new Map();
  for (const { url, status } of requests)
    if (status === 200 && /_HLS_|-/.test(url)) count.set(url, (count.get(url) ?? 0) + 1);
  return count;
}

/** One fetch for each object, of the playlists one a second, and hardly any of what viewers asked for. */
function assertCollapsed(requests, watched, seconds) {
  const more = [...fetches(requests)].filter(([, count]) => count > 1);
  assert.deepEqual(more, [], "each object is fetched once");
  assert.deepEqual(requests.filter(({ status }) => status !== 200), []);
  for (const name of ["index", "master", "video", "audio"]) {
    const plain = requests.filter(({ url }) => url.endsWith(`/${name}.m3u8`)).length;
    assert.ok(plain <= seconds + 1, `${name}.m3u8 was fetched ${plain} times in ${seconds} s`);
  }
  assert.ok(requests.length < watched.requests / 10, `${requests.length} of ${watched.requests}`);
}

function assertServed(watched) {
  assert.deepEqual(Object.entries(watched.errors_by_kind).filter(([, count]) => count > 0), []);
  assert.equal(watched.joined, VIEWERS);
  assertEven(watched);
}

async function throughEdges(t, kind, file) {
  await withStack({ bridgeSettings: Edges.BRIDGE_SETTINGS }, async (stack) => {
    const publisher = await replay(stack, "shop");
    const edges = new Edges(stack, kind);
    const watch = (seconds) => watchWith(edges.url("shop", file), ["-n", VIEWERS, "-t", seconds, "--ramp", 1]);
    try {
      await edges.start();
      await t.test("each object is fetched once", async (u) => {
        const watched = await watch(4);
        const requests = await edges.requests("origin-1");
        u.diagnostic(`${VIEWERS} viewers asked ${watched.requests} times, the origin was asked ${requests.length} times`);
        assertServed(watched);
        assert.ok(fetches(requests).size >= 2);
        assertCollapsed(requests, watched, 7);
        assert.deepEqual(await edges.requests("origin-2"), []);
      });
      await t.test("gzip is given to who takes it, and to nobody else", async () => {
        const texts = [];
        for (const accepted of ["gzip", "identity", "gzip", "gzip;q=0"]) {
          const answer = await ask(edges.url("shop", ""), "/live/shop/video.m3u8?_HLS_msn=0", { headers: { "Accept-Encoding": accepted } });
          assert.equal(answer.status, 200);
          assert.equal(answer.headers["content-encoding"], accepted === "gzip" ? "gzip" : undefined, accepted);
          texts.push(String(accepted === "gzip" ? gunzipSync(answer.body) : answer.body));
        }
        for (const text of texts) assert.match(text, /^#EXTM3U\n/);
      });
      await t.test("who waits for a stream to begin is told, through both tiers", async () => {
        const waiting = () => fetch(edges.url("late", "wait.json"), { cache: "no-store" });
        const early = Array.from({ length: 20 }, waiting);
        await sleep(1000);
        const late = await replay(stack, "late");
        try {
          for (const answer of [...(await Promise.all(early)), await waiting()]) {
            assert.equal(answer.status, 200);
            assert.equal(answer.headers.get("access-control-allow-origin"), "*");
            assert.deepEqual(await answer.json(), { live: true });
          }
        } finally {
          await late.stop();
        }
        const asked = (await edges.requests("origin-1")).filter(({ url }) => url === "/live/late/wait.json").length;
        assert.ok(kind === "nginx" || asked <= 2, `the origin was asked ${asked} times: those who wait share a request`);
      });
      await t.test("viewers notice nothing of an origin that is restarted", async () => {
        const watching = watch(5);
        await sleep(2500);
        await edges.stopOrigin("origin-1");
        await sleep(2500); // longer than any player waits between two looks
        await edges.startOrigin("origin-1");
        assertServed(await watching);
        assert.ok((await edges.requests("origin-2")).length > 0, "the other one stood in");
      });
      await t.test("another origin stands in for one whose network is gone", async () => {
        const before = (await edges.requests("origin-2")).length;
        await edges.host["origin-1"].unplug();
        const watched = await watch(8); // a request on a connection that is there waits for three
        assert.equal(watched.joined, VIEWERS);
        assert.ok(watched.fewest >= 2, `all watch on: ${watched.fewest} to ${watched.most} pieces of media`);
        assert.ok((await edges.requests("origin-2")).length > before);
      });
      await t.test("while no origin answers, the playlist is the old one", async () => {
        await edges.stopOrigin("origin-2");
        for (let i = 0; i < 4; i++) {
          const response = await fetch(edges.url("shop", file));
          assert.equal(response.status, 200);
          assert.match(await response.text(), /^#EXTM3U/);
          await sleep(500);
        }
        const missing = await fetch(edges.url("shop", "seg-1-000000.ts"));
        assert.ok(missing.status >= 500, "what was never fetched cannot be had");
      });
    } finally {
      await edges.stop();
      await publisher.stop();
    }
  });
}

test("classic HLS through two tiers of nginx", (t) => throughEdges(t, "nginx", "index.m3u8"));
test("low-latency HLS through two tiers of Varnish", (t) => throughEdges(t, "varnish", "master.m3u8"));
