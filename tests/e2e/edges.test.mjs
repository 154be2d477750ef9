// SPDX-License-Identifier: GPL-3.0-or-later

// Two tiers of cache before two origins, each on a host of its own: what a crowd watches is fetched once,
// viewers notice nothing of an origin's restart, and another origin stands in for one that is gone.

import assert from "node:assert/strict";
import test from "node:test";
import { gunzipSync } from "node:zlib";
import { ask } from "./support/ask.mjs";
import { assertEven, replay, watchWith } from "./support/audience.mjs";
import { Edges } from "./support/edges.mjs";
import { sleep, until, withStack } from "./support/rig.mjs";

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

/** However a request for a playlist is spelt, the origin hears of what it waits for alone. */
async function asksOnce(edges, kind) {
  const list = await (await fetch(edges.url("shop", "video.m3u8"))).text();
  // of the segment behind the open one, of which nobody else has asked yet
  const msn = Number(/MEDIA-SEQUENCE:(\d+)/.exec(list)[1]) + list.match(/#EXTINF/g).length + 1;
  const spellings = ["", "?x=1", `?_HLS_msn=${msn}`, `?x=2&_HLS_msn=${msn}&y`, `?_HLS_msn=00${msn}&_HLS_foo=3`,
    `?_HLS_msn=${msn}&_HLS_part=1`, `?_HLS_part=01&x=4&_HLS_msn=${msn}`, `?_HLS_msn=${msn}&_HLS_part=1&_HLS_msn=7`,
    `?_HLS_skip=v2&_HLS_msn=${msn}`, `?_HLS_msn=${msn}&_HLS_skip=YES`, `?_HLS_msn=${msn}&_HLS_skip=no`];
  const different = [`_HLS_msn=${msn}`, `_HLS_msn=${msn}&_HLS_part=1`, `_HLS_msn=${msn}&_HLS_skip=YES`]
    .map((directives) => `/live/shop/video.m3u8?${directives}`);
  const answers = await Promise.all(spellings.map((spelling) => ask(edges.url("shop", ""), `/live/shop/video.m3u8${spelling}`)));
  assert.deepEqual(answers.map(({ status }) => status), spellings.map(() => 200));
  const asked = await until("the origin has written down what it was asked for", async () => {
    const urls = (await edges.requests("origin-1")).map(({ url }) => url).filter((url) => url.includes(`msn=${msn}`)).sort();
    return urls.length >= different.length && urls;
  });
  assert.deepEqual([...new Set(asked)], different);
  if (kind === "varnish") assert.deepEqual(asked, different, "each is asked for once");
  const plain = (await edges.requests("origin-1")).filter(({ url }) => /[?&](x|y|_HLS_foo)\b/.test(url));
  assert.deepEqual(plain, [], "what is no directive goes no further");
  for (const wrong of ["_HLS_part=1", "_HLS_msn=x", `_HLS_msn=${msn}&_HLS_part=-1`])
    assert.equal((await ask(edges.url("shop", ""), `/live/shop/video.m3u8?${wrong}`)).status, 400, wrong);
}

/** The origin has its status page on. Edges have not, and take no path but in the one spelling of playlists. */
async function passesOnlyWhatIsPublic(edges) {
  const origin = `http://${edges.host["origin-1"].address}`, edge = edges.url("shop", "");
  assert.equal((await ask(origin, "/status.html")).status, 200, "the origin has it");
  for (const target of ["/status.html", "/status.html?x", "/status.json", "/%73tatus.html", "/streams", "/streams/shop", "/metrics",
    "/healthz", "/janus", "/janus?x", "/live/", "/live/shop/", "/live/shop/.new", "/live/shop/notes.txt",
    "/live/shop/index.m3u8%0a", "/live/shop/index.m3u8%0aX:%20y", "/live/shop/master.m3u8%0d%0a", "/js/page-tools.js%0a"])
    assert.equal((await ask(edge, target)).status, 404, target);
  for (const target of ["/", "/index.html", "/watch.html?stream=shop", "/settings.json", "/js/watch-page.js", "/vendor/hls.mjs",
    "/live/streams.json", "/live/shop/manifest.mpd", "/live/shop/master.m3u8"])
    assert.equal((await ask(edge, target)).status, 200, target);
  for (const method of ["PUT", "DELETE", "POST"])
    assert.equal((await ask(edge, "/live/shop/index.m3u8", { method })).status, 405, method);
}

async function throughEdges(t, kind, file) {
  await withStack({ bridgeSettings: Edges.BRIDGE_SETTINGS }, async (stack) => {
    const publisher = await replay(stack, "shop");
    const edges = new Edges(stack, kind);
    const watch = (seconds) => watchWith(edges.url("shop", file), ["-n", VIEWERS, "-t", seconds, "--ramp", 1]);
    try {
      await edges.start();
      await t.test("each object is fetched once", async (u) => {
        const from = performance.now();
        const watched = await watch(4);
        const requests = await edges.requests("origin-1");
        const seconds = (performance.now() - from) / 1000;
        u.diagnostic(`${VIEWERS} viewers asked ${watched.requests} times, the origin was asked ${requests.length} times`);
        assertServed(watched);
        assert.ok(fetches(requests).size >= 2);
        assertCollapsed(requests, watched, Math.max(7, seconds + 1));
        assert.deepEqual(await edges.requests("origin-2"), []);
      });
      await t.test("only directives make another request", () => asksOnce(edges, kind));
      await t.test("only what viewers fetch passes", () => passesOnlyWhatIsPublic(edges));
      await t.test("only clients that accept gzip get it", async () => {
        const texts = [];
        for (const accepted of ["gzip", "identity", "gzip", "gzip;q=0"]) {
          const answer = await ask(edges.url("shop", ""), "/live/shop/video.m3u8?_HLS_msn=0", { headers: { "Accept-Encoding": accepted } });
          assert.equal(answer.status, 200);
          assert.equal(answer.headers["content-encoding"], accepted === "gzip" ? "gzip" : undefined, accepted);
          texts.push(String(accepted === "gzip" ? gunzipSync(answer.body) : answer.body));
        }
        for (const text of texts) assert.match(text, /^#EXTM3U\n/);
      });
      await t.test("viewers who wait for a stream hear of it through both tiers", async () => {
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
        assert.ok(asked <= 2, `the origin was asked ${asked} times: those who wait share a request`);
      });
      await t.test("viewers notice nothing of an origin that is restarted", async () => {
        // nobody has watched for some seconds: a list that old would be given to all who ask beside the first
        await (await fetch(edges.url("shop", file))).text();
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
