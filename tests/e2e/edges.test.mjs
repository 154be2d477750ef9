// SPDX-License-Identifier: GPL-3.0-or-later

// Two tiers of cache before two origins, each on a host of its own: what a crowd watches is fetched once,
// viewers notice nothing of an origin's restart, and another origin stands in for one that is gone.

import assert from "node:assert/strict";
import test, { describe } from "node:test";
import { gunzipSync } from "node:zlib";
import { ask } from "./support/ask.mjs";
import { assertEven, assertUnharmed, beginWatch, beginReplay, replay } from "./support/audience.mjs";
import { Edges } from "./support/edges.mjs";
import { numberBehind } from "./support/lists.mjs";
import { measured, unless } from "./support/measured.mjs";
import { sleep, subtest, until, UNTIL_MS, withStack } from "./support/rig.mjs";

const VIEWERS = 100;
const LONG_LIST = { "hls.playlist": 30 }; // nobody is held up for so long that segments have left it
const LOG_MS = 15000; // until a tier has written down that it has given up another

/** Whether a tier of `tiers` has given up the one behind it since `before` of edges.givenUp(tiers). */
const hasGivenUp = (edges, before, tiers) =>
  until("a tier has given up", async () => (await edges.givenUp(tiers)) > before, LOG_MS).catch(() => false);

/**
 * `check()` holds unless, since `before` of edges.givenUp(tiers), a tier has given up the one behind it, as it should if that has
 * gone: a machine that stands still for seconds makes it, and viewers notice. Then it is of the machine.
 */
const unlessGivenUp = (edges, before, check, tiers) => unless(() => hasGivenUp(edges, before, tiers), check);

/** Asks the edge; again if it says that nobody answers, and a tier has given up the one behind it meanwhile. */
async function askEdge(edges, target, options) {
  for (const end = Date.now() + UNTIL_MS; ; await sleep(200)) {
    const answer = await ask(edges.url("shop", ""), target, options);
    const before = edges.givenUpBefore ?? 0; // one that is given up stays so for some seconds
    if (answer.status < 500) edges.givenUpBefore = await edges.givenUp();
    if (answer.status < 500 || Date.now() > end) return answer;
    if (!(await hasGivenUp(edges, before))) return answer;
  }
}

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
  assertUnharmed(watched);
  assert.equal(watched.joined, VIEWERS);
  assertEven(watched);
}

/** However a request for a playlist is spelt, the origin hears of what it waits for alone. */
async function asksOnce(edges, kind) {
  const list = String((await askEdge(edges, "/live/shop/video.m3u8")).body);
  // of the segment behind the open one, of which nobody else has asked yet
  const msn = numberBehind(list) + 1;
  const before = await edges.givenUp();
  const spellings = ["", "?x=1", `?_HLS_msn=${msn}`, `?x=2&_HLS_msn=${msn}&y`, `?_HLS_msn=00${msn}&_HLS_foo=3`,
    `?_HLS_msn=${msn}&_HLS_part=1`, `?_HLS_part=01&x=4&_HLS_msn=${msn}`, `?_HLS_msn=${msn}&_HLS_part=1&_HLS_msn=7`,
    `?_HLS_skip=v2&_HLS_msn=${msn}`, `?_HLS_msn=${msn}&_HLS_skip=YES`, `?_HLS_msn=${msn}&_HLS_skip=no`];
  const different = [`_HLS_msn=${msn}`, `_HLS_msn=${msn}&_HLS_part=1`, `_HLS_msn=${msn}&_HLS_skip=YES`]
    .map((directives) => `/live/shop/video.m3u8?${directives}`);
  const answers = await Promise.all(spellings.map((spelling) => askEdge(edges, `/live/shop/video.m3u8${spelling}`)));
  const refused = answers.map(({ status }) => status).filter((status) => status !== 200);
  assert.deepEqual(refused.filter((status) => status !== 503), []);
  measured(() => assert.deepEqual(refused, [])); // nothing has come while it was held: whoever sends was slow
  const asked = await until("the origin has written down what it was asked for", async () => {
    const urls = (await edges.requests("origin-1")).map(({ url }) => url).filter((url) => url.includes(`msn=${msn}`)).sort();
    return urls.length >= different.length && urls;
  });
  assert.deepEqual([...new Set(asked)], different);
  if (kind === "varnish" && !refused.length)
    await unlessGivenUp(edges, before, () => assert.deepEqual(asked, different, "each is asked for once"));
  const plain = (await edges.requests("origin-1")).filter(({ url }) => /[?&](x|y|_HLS_foo)\b/.test(url));
  assert.deepEqual(plain, [], "what is no directive goes no further");
  for (const wrong of ["_HLS_part=1", "_HLS_msn=x", `_HLS_msn=${msn}&_HLS_part=-1`])
    assert.equal((await askEdge(edges, `/live/shop/video.m3u8?${wrong}`)).status, 400, wrong);
}

/** The origin has its status page on. Edges have not, and take no path but in the one spelling of playlists. */
async function passesOnlyWhatIsPublic(edges) {
  const origin = `http://${edges.host["origin-1"].address}`;
  assert.equal((await ask(origin, "/status.html")).status, 200, "the origin has it");
  for (const target of ["/status.html", "/status.html?x", "/status.json", "/%73tatus.html", "/streams", "/streams/shop", "/metrics",
    "/healthz", "/janus", "/janus?x", "/live/", "/live/shop/", "/live/shop/.new", "/live/shop/notes.txt",
    "/live/shop/index.m3u8%0a", "/live/shop/index.m3u8%0aX:%20y", "/live/shop/master.m3u8%0d%0a", "/js/page-tools.js%0a"])
    assert.equal((await askEdge(edges, target)).status, 404, target);
  for (const target of ["/", "/index.html", "/watch.html?stream=shop", "/settings.json", "/js/watch-page.js", "/vendor/hls.mjs",
    "/live/streams.json", "/live/shop/manifest.mpd", "/live/shop/master.m3u8"])
    assert.equal((await askEdge(edges, target)).status, 200, target);
  for (const method of ["PUT", "DELETE", "POST"])
    assert.equal((await askEdge(edges, "/live/shop/index.m3u8", { method })).status, 405, method);
}

/** Keys of what is encrypted are for each viewer alone: no tier keeps one, nor that there is none. */
async function keepsNoKey(edges) {
  const key = "/live/shop/key-ll-7-0f8fad5b-d9cb-469f-a165-70867728950e.bin";
  const asked = 3;
  for (let i = 0; i < asked; i++) {
    const { status, headers } = await askEdge(edges, key);
    assert.deepEqual([status, headers["cache-control"]], [404, "no-store"]);
  }
  await until("the origin was asked each time", async () =>
    (await edges.requests("origin-1")).filter(({ url }) => url === key).length >= asked);
}

const isMedia = ({ url }) => /-\d+-\d+/.test(url);

/** Waits until an origin has been asked for more media than `before`. */
const untilAsked = (edges, origin, before) => until(`${origin} is asked for media`, async () =>
  (await edges.requests(origin)).filter(isMedia).length > before);

async function fetchesOnce(u, edges, watch, pieces) {
  await askEdge(edges, "/live/shop/index.m3u8"); // who has an old list gives it to all while it asks for another
  const from = performance.now();
  const watching = watch();
  await watching.given(pieces);
  const watched = await watching.end();
  const requests = await edges.requests("origin-1");
  const seconds = (performance.now() - from) / 1000;
  u.diagnostic(`${VIEWERS} viewers asked ${watched.requests} times, the origin was asked ${requests.length} times`);
  assert.equal(watched.joined, VIEWERS);
  assert.ok(fetches(requests).size >= 2);
  const others = await edges.requests("origin-2");
  await unlessGivenUp(edges, 0, () => { // since the tiers began, as are the requests
    assertServed(watched);
    assertCollapsed(requests, watched, Math.max(7, seconds + 1));
    assert.deepEqual(others, []);
  });
}

/** Each who waits asks again if the stream has not begun as long as a request is held, as the page does. */
async function waitTogether(stack, edges) {
  let rounds = 1;
  const waiting = async () => {
    for (let round = 1; ; rounds = Math.max(rounds, ++round)) {
      const answer = await askEdge(edges, "/live/late/wait.json");
      if (answer.status !== 204) return answer;
    }
  };
  const early = Array.from({ length: 20 }, waiting);
  await sleep(500);
  beginReplay(stack, "late");
  for (const { status, headers, body } of [...(await Promise.all(early)), await waiting()]) {
    assert.equal(status, 200);
    assert.equal(headers["access-control-allow-origin"], "*");
    assert.deepEqual(JSON.parse(body), { live: true });
  }
  const asked = (await edges.requests("origin-1")).filter(({ url }) => url === "/live/late/wait.json").length;
  assert.ok(asked < early.length * rounds, `the origin was asked ${asked} times by ${early.length}: those who wait share a request`);
  measured(() => assert.ok(asked <= 2, `the origin was asked ${asked} times`));
}

async function restartOrigin(edges, watch, file) {
  // nobody has watched for some seconds: a list that old would be given to all who ask beside the first
  await askEdge(edges, `/live/shop/${file}`);
  const tiers = edges.kind === "varnish" ? ["edge"] : undefined; // Varnish tells in the region's log that we stop an origin
  const before = await edges.givenUp(tiers);
  const watching = watch();
  await watching.come(VIEWERS);
  const asked = (await edges.requests("origin-2")).filter(isMedia).length;
  await edges.stopOrigin("origin-1");
  await untilAsked(edges, "origin-2", asked); // it stands in
  await watching.given(watching.fewest + 1);
  await edges.startOrigin("origin-1");
  await watching.given(watching.fewest + 1);
  const watched = await watching.end();
  assert.equal(watched.joined, VIEWERS);
  await unlessGivenUp(edges, before, () => assertServed(watched), tiers);
}

async function standIn(edges, watch) {
  const asked = (await edges.requests("origin-2")).filter(isMedia).length;
  await edges.host["origin-1"].unplug();
  const watching = watch();
  await untilAsked(edges, "origin-2", asked);
  await watching.given(watching.fewest + 2); // all watch on
  assert.equal((await watching.end()).joined, VIEWERS);
}

async function throughEdges(t, kind, file, pieces) {
  await withStack({ bridgeSettings: { ...Edges.BRIDGE_SETTINGS, ...LONG_LIST } }, async (stack) => {
    const publisher = await replay(stack, "shop");
    const edges = new Edges(stack, kind);
    const watch = () => beginWatch(stack, edges.url("shop", file), ["-n", VIEWERS, "--ramp", 1]);
    try {
      await edges.start();
      await subtest(t, stack, "each object is fetched once", (u) => fetchesOnce(u, edges, watch, pieces));
      await subtest(t, stack, "only directives make another request", () => asksOnce(edges, kind));
      await subtest(t, stack, "only what viewers fetch passes", () => passesOnlyWhatIsPublic(edges));
      await subtest(t, stack, "keys are fetched each time", () => keepsNoKey(edges));
      await subtest(t, stack, "only clients that accept gzip get it", async () => {
        const texts = [];
        for (const accepted of ["gzip", "identity", "gzip", "gzip;q=0"]) {
          const answer = await askEdge(edges, "/live/shop/video.m3u8?_HLS_msn=0", { headers: { "Accept-Encoding": accepted } });
          assert.equal(answer.status, 200);
          assert.equal(answer.headers["content-encoding"], accepted === "gzip" ? "gzip" : undefined, accepted);
          texts.push(String(accepted === "gzip" ? gunzipSync(answer.body) : answer.body));
        }
        for (const text of texts) assert.match(text, /^#EXTM3U\n/);
      });
      await subtest(t, stack, "viewers who wait for a stream hear of it through both tiers", () => waitTogether(stack, edges));
      await subtest(t, stack, "viewers notice nothing of an origin that is restarted", () => restartOrigin(edges, watch, file));
      await subtest(t, stack, "another origin stands in for one whose network is gone", () => standIn(edges, watch));
      await subtest(t, stack, "while no origin answers, the playlist is the old one", async () => {
        await edges.stopOrigin("origin-2");
        for (let i = 0; i < 4; i++) {
          const response = await fetch(edges.url("shop", file));
          assert.equal(response.status, 200);
          assert.match(await response.text(), /^#EXTM3U/);
          await sleep(500);
        }
        const missing = await fetch(edges.url("shop", "seg-1-999999.ts"));
        assert.ok(missing.status >= 500, "what was never fetched cannot be had");
      });
    } finally {
      await edges.stop();
      await publisher.stop();
    }
  });
}

describe("two tiers of cache", { concurrency: 2 }, () => {
  test("classic HLS through nginx", (t) => throughEdges(t, "nginx", "index.m3u8", 1));
  test("low-latency HLS through Varnish", (t) => throughEdges(t, "varnish", "master.m3u8", 8));
});
