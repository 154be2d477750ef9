// SPDX-License-Identifier: GPL-3.0-or-later

// Hundreds of players at once, by hls-viewers: each is given everything, whole and in order. How soon, and what it costs, is
// measured in tests/bench/viewers.mjs. What is waited for is what they were given: how long that takes is the machine's.

import assert from "node:assert/strict";
import { mkdir, rename, writeFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import test, { describe } from "node:test";
import { gunzipSync } from "node:zlib";
import { ask } from "./support/ask.mjs";
import { assertEven, assertUnharmed, beginWatch, replay, watchWith } from "./support/audience.mjs";
import { numberBehind } from "./support/lists.mjs";
import { measured } from "./support/measured.mjs";
import { subtest, until, withStack } from "./support/rig.mjs";

/** Nothing went wrong, and nobody was given much less than another; how many pieces in a second is the machine's. */
function assertServed(watched, { viewers, aSecond }) {
  assertUnharmed(watched);
  assert.equal(watched.status, watched.errors ? 1 : 0);
  assert.equal(watched.joined, viewers);
  assertEven(watched);
  measured(() => assert.ok(watched.fewest >= aSecond * watched.seconds, `${watched.fewest} pieces of media in ${watched.seconds} s`));
}

/** The text of a playlist, which is of this kind and says so. */
function textOf({ status, headers, body }, isGzip) {
  assert.equal(status, 200);
  assert.equal(headers["content-encoding"], isGzip ? "gzip" : undefined);
  assert.equal(headers.vary, "Accept-Encoding");
  assert.equal(Number(headers["content-length"]), body.length);
  return String(isGzip ? gunzipSync(body) : body);
}

const LONG_LIST = { "hls.playlist": 30 }; // nobody is held up for so long that segments have left it

async function giveHundreds(t, stack) {
  const publisher = await replay(stack, "shop");
  const files = ["--files", path.join(stack.hls, "shop")];

  await subtest(t, stack, "200 at low latency", async (u) => {
    const watching = beginWatch(stack, stack.master("shop"), ["-n", 200, "--ramp", 1, ...files]);
    await watching.given(12);
    const watched = await watching.end();
    const { held_playlists: held } = watched;
    u.diagnostic(`${watched.requests} requests; ${held.count} held playlists, ` +
      `99 % within ${held.p99_ms} ms of the part's birth`);
    assertServed(watched, { viewers: 200, aSecond: 3.3 });
    // but for the multivariant one that a viewer who comes late begins with: that is too short
    const plain = watched.playlists - watched.compressed;
    assert.ok(plain <= watched.joined && plain < watched.compressed, `${plain} of ${watched.playlists} are not compressed`);
    measured(() => assert.equal(plain, 0));
    assert.ok(held.count >= 200, `${held.count} requests are held, and not one of each`);
    measured(() => assert.ok(held.count > 200 * 3.3 * watched.seconds, `${held.count} requests are held`));
    assert.equal(watched.births_unknown, 0);
  });

  await subtest(t, stack, "viewers that accept gzip get the same as the others, in fewer bytes", async () => {
    const target = new URL(stack.master("shop")).pathname.replace("master", "video");
    const get = (accepted, query, options = {}) => ask(stack.url, `${target}?${query}`,
      { ...options, headers: { "Accept-Encoding": accepted, ...options.headers } });
    await until("both are given the same version", async () => {
      const now = textOf(await get("identity", "_HLS_msn=0"), false);
      const msn = numberBehind(now);
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

  await subtest(t, stack, "those who ask for the part that is hinted at, beside those of the classic playlist", async () => {
    const begun = [beginWatch(stack, stack.master("shop"), ["-n", 40, "--ramp", 1, "--hints", ...files]),
      beginWatch(stack, stack.playlist("shop"), ["-n", 100, "--ramp", 1, "--plain", ...files])];
    await Promise.all([begun[0].given(8), begun[1].given(1)]);
    const [hinted, classic] = await Promise.all(begun.map((watching) => watching.end()));
    assertServed(hinted, { viewers: 40, aSecond: 3.7 });
    assert.ok(hinted.held_parts.count >= 40, `${hinted.held_parts.count} parts are held, and not one of each`);
    measured(() => assert.ok(hinted.held_parts.count > 40 * 2 * 3.7 * hinted.seconds, `${hinted.held_parts.count} parts are held`));
    assertServed(classic, { viewers: 100, aSecond: 0.2 });
    assert.equal(classic.compressed, 0);
  });
  await publisher.stop();
}

const segments = (first, count, before = "") => "#EXTM3U\n#EXT-X-TARGETDURATION:1\n" +
  `#EXT-X-MEDIA-SEQUENCE:${first}\n${before}` + "#EXTINF:1.0,\nseg-1-000000.ts\n".repeat(count);

async function sayWhatIsWrong(t, stack) {
  const folder = path.join(stack.hls, "wrong");
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, "seg-1-000000.ts"), Buffer.alloc(188));
  const list = async (text) => {
    await writeFile(path.join(folder, ".new"), text);
    await rename(path.join(folder, ".new"), path.join(folder, "index.m3u8"));
  };
  const begin = (viewers, ...args) => beginWatch(stack, stack.playlist("wrong"), ["-n", viewers, "--ramp", 0, ...args]);

  await subtest(t, stack, "a stream that is not there", async () => {
    const watching = beginWatch(stack, stack.playlist("nobody"), ["-n", 3, "--ramp", 0]);
    await watching.wronged(3);
    const watched = await watching.end();
    assert.equal(watched.status, 1);
    assert.equal(watched.joined, 0);
    assert.equal(watched.errors_by_kind.refused, watched.errors);
  });

  await subtest(t, stack, "a playlist that leaves out segments, though nobody has asked for that", async () => {
    await list(segments(50, 3, "#EXT-X-SKIP:SKIPPED-SEGMENTS=2\n"));
    const watching = begin(1);
    await watching.wronged(1);
    const watched = await watching.end();
    assert.equal(watched.joined, 0);
    assert.equal(watched.errors_by_kind.list, watched.errors);
  });

  await subtest(t, stack, "a playlist that goes back, and one that leaves viewers behind", async () => {
    await list(segments(50, 3));
    const watching = begin(2);
    await watching.come(2);
    await list(segments(40, 3));
    await watching.wronged(2);
    await list(segments(90, 3));
    await watching.wronged(4);
    const watched = await watching.end();
    assert.equal(watched.status, 1);
    assert.equal(watched.errors_by_kind.backward, 2);
    assert.equal(watched.errors_by_kind.behind, 2);
  });

  await subtest(t, stack, "media that is not as long as its file", async () => {
    const other = path.join(stack.options.folder, "other");
    await mkdir(other);
    await writeFile(path.join(other, "seg-1-000000.ts"), Buffer.alloc(376));
    await list(segments(0, 3));
    const watching = begin(1, "--files", other);
    await watching.wronged(3);
    assert.equal((await watching.end()).errors_by_kind.size, 3);
  });

  await subtest(t, stack, "a server that is not there, and what is no server", async () => {
    await stack.parts.nginx.stop();
    const watching = begin(2);
    await watching.wronged(2);
    const watched = await watching.end();
    assert.equal(watched.joined, 0);
    assert.equal(watched.errors_by_kind.connect, watched.errors);
    await assert.rejects(watchWith("https://127.0.0.1/index.m3u8", []), /only http/);
  });
}

const PARTS = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.9\n#EXT-X-PART-INF:PART-TARGET=0.3\n";
const partsOf = (msn, count) => Array.from({ length: count }, (_, i) => `#EXT-X-PART:DURATION=0.3,URI="${msn}.${i}"\n`).join("");
const segmentsOf = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => `#EXTINF:0.9,\n${from + i}\n`).join("");

/**
 * To viewers that play segment 52 by its parts and have been given the first, the server answers with segments `from` to 55
 * whole, and parts of the last one. Resolves to what hls-viewers says, and `asked`: the media that it asked for.
 */
async function comeLate(from) {
  const late = `${PARTS}#EXT-X-MEDIA-SEQUENCE:${from}\n${segmentsOf(from, 54)}${partsOf(55, 3)}${segmentsOf(55, 55)}#EXT-X-ENDLIST\n`;
  const first = `${PARTS}#EXT-X-MEDIA-SEQUENCE:51\n${segmentsOf(51, 51)}${partsOf(52, 1)}`;
  const asked = [];
  let done, given;
  const all = new Promise((resolve) => (done = resolve)), one = new Promise((resolve) => (given = resolve));
  const server = http.createServer(async (request, response) => {
    const name = request.url.slice(1);
    const isList = name.startsWith("video.m3u8");
    if (name.includes("_HLS_msn")) await one;
    if (!isList) asked.push(name);
    response.end(!isList ? "media" : name.includes("_HLS_msn") ? late : first);
    if (name === "52.0") given();
    if (name === "55.2") done();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const watching = beginWatch({ guests: new Set() }, `http://127.0.0.1:${server.address().port}/video.m3u8`, ["-n", 1, "--ramp", 0]);
  try {
    await Promise.race([all, watching.report]);
    await watching.come(1);
    return { ...(await watching.end()), asked };
  } finally {
    await watching.end();
    server.closeAllConnections();
    server.close();
  }
}

describe("hls-viewers", { concurrency: 3 }, () => {
  test("hundreds of viewers are given every part, whole and in order", (t) =>
    withStack({ bridgeSettings: LONG_LIST }, (stack) => giveHundreds(t, stack)));

  test("what is wrong is told", (t) => withStack({}, (stack) => sayWhatIsWrong(t, stack)));

  test("viewers who are so late that parts are listed no more take their segments whole", async () => {
    const { asked, errors, joined } = await comeLate(51);
    assert.deepEqual(asked, ["52.0", "52", "53", "54", "55.0", "55.1", "55.2"]);
    assert.deepEqual([errors, joined], [0, 1]);
    const left = await comeLate(53);
    assert.equal(left.errors_by_kind.behind, 1, "what has left the list has gone");
  });
});
