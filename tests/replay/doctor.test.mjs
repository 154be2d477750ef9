#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// hls-doctor and ladders: what the bridge makes of a publisher in several sizes has no fault, and in copies that are spoilt
// each fault is found. The rules alone have unit tests; here they look at real media.

import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { built } from "../../tools/stack/stack.mjs";
import { run, watch } from "../e2e/support/programs.mjs";
import { until } from "../e2e/support/rig.mjs";
import { iframesOf, rangeOf } from "./support/iframes.mjs";
import { runLoaded } from "./support/loaded.mjs";
import { folderOf, LOW_LATENCY, plain, replay } from "./support/replays.mjs";

const CARD = "testcard-320x180";
const SMALL = [LOW_LATENCY, "--video-tracks", 2, "--seconds", 10]; // what is looked at again and again
const IFRAMES = '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,CODECS="avc1.42C015",RESOLUTION=320x180,URI="i.m3u8"\n';

/** What hls-doctor says of a playlist: files are looked at once, a server for a while. */
const look = (playlist, ...options) => lookBy(plain.doctor, playlist, ...options);

async function lookBy(program, playlist, ...options) {
  const { status, stdout, stderr } = await runLoaded(program, ["--json", "--aligned", "--time", /^http/.test(playlist) ? "3" : "0", ...options, playlist]);
  assert.doesNotMatch(stderr, /Sanitizer|runtime error/);
  assert.notEqual(status, 2, stderr);
  return JSON.parse(stdout);
}

const rules = ({ faults }) => faults.map(({ rule }) => rule);
const has = (report, rule) => assert.ok(rules(report).some((each) => each.startsWith(rule)), `${rule}: not in ${JSON.stringify(report.faults, null, 1)}`);

let whole; // the folder of the ladder that each test spoils a copy of

test.before(async (t) => {
  whole = (await replay(t, CARD, SMALL)).folder;
});

/** The same of a server, sooner or later: whoever is held up for seconds has looked at nothing when the time is over. */
const hasSoon = (rule, playlist, ...options) => until(`${rule} is found`, async () =>
  rules(await look(playlist, ...options)).some((each) => each.startsWith(rule)));

/** A copy of the ladder, to be spoilt: { folder, at(name), edit(name, change) }. */
async function ladder(t) {
  const folder = await folderOf(t);
  const copied = await run("cp", ["-a", `${whole}/.`, folder]); // hundreds of files; node takes ten times as long
  assert.equal(copied.status, 0, copied.stderr);
  const at = (file) => path.join(folder, file);
  const edit = async (file, change) => {
    const before = await readFile(at(file), "utf8"), after = change(before);
    assert.notEqual(after, before, `${file} is as it was`);
    await writeFile(at(file), after);
  };
  return { folder, at, edit };
}

test("a ladder is cut at the same places", async (t) => {
  const { report } = await replay(t, CARD, [LOW_LATENCY, "--video-tracks", 3]);
  assert.deepEqual(report.faults, []);
  assert.equal(report.alignment.video_off_max_ticks, 0);
  assert.ok(report.alignment.segments >= 9 && report.alignment.sounds >= 9, JSON.stringify(report.alignment));
});

const LISTS = [
  ["another duration", (list) => list.replace(/(#EXTINF:\d\.\d)\d/, (_, all) => `${all}9`), "renditions differ in the EXTINF of one segment"],
  ["another number", (list) => list.replace(/(MEDIA-SEQUENCE:)(\d+)/, (_, tag, n) => tag + (Number(n) + 1)), "renditions number one time differently"],
  ["another date", (list) => list.replace(/(DATE-TIME:.*)(\d\d)Z/, (_, date, ms) => `${date}${(Number(ms) + 50) % 100}Z`), "renditions differ in the date of one segment"],
  ["another part target", (list) => list.replace(/PART-TARGET=[\d.]+/, "PART-TARGET=0.30000"), "renditions differ in PART-TARGET"],
  ["a discontinuity", (list) => list.replace("#EXT-X-PROGRAM", "#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM"), "one segment number has two discontinuity numbers"],
];
for (const [what, change, rule] of LISTS)
  test(`${what} in one of the ladder's lists is found`, async (t) => {
    const { at, edit } = await ladder(t);
    await edit("video-2.m3u8", change);
    has(await look(at("master.m3u8")), rule);
  });

test("lists and segments that are named and not there are found", async (t) => {
  const { folder, at } = await ladder(t);
  const name = /^video-2-.*\.m4s$/m.exec(await readFile(at("video-2.m3u8"), "utf8"))[0];
  await rm(at(name));
  has(await look(at("master.m3u8")), "a listed segment or part cannot be fetched");
  for (const list of ["audio", "video", "video-2"]) {
    await rm(at(`${list}.m3u8`));
    const { faults } = await look(at("master.m3u8"));
    const said = faults.find(({ rule }) => rule.startsWith("a listed playlist cannot be fetched"))?.examples.join();
    assert.match(said ?? "", new RegExp(`\\b${list}\\.m3u8`), `in ${folder}`);
  }
});

/** Damages the first samples of a file of media, so that decoders complain. */
async function damage(file) {
  const bytes = await readFile(file), from = bytes.indexOf("mdat") + 4;
  await writeFile(file, bytes.fill(0x55, from, from + 40));
}

for (const kind of ["video-2", "audio"])
  test(`damage is found in a segment of ${kind}, and in a part`, async (t) => {
    const { at } = await ladder(t), look = () => lookBy(built().doctor, at("master.m3u8")); // with sanitizers
    const list = await readFile(at(`${kind}.m3u8`), "utf8"), part = /^#EXT-X-PART:(?=.*INDEPENDENT=YES).*URI="([^"]+)"/m.exec(list)[1];
    await damage(at(list.match(/^\w.*\.m4s$/mg).at(-1)));
    const found = (await look()).faults.filter(({ rule }) => rule.startsWith("decode errors"));
    assert.deepEqual(found.map(({ rule, count }) => [rule, count]), [["decode errors in a segment alone", 1], ["decode errors in sequence", 1]]);
    for (const { examples } of found) assert.ok(examples[0].startsWith(`${kind}.m3u8: segment `), examples[0]);
    await damage(at(part));
    has(await look(), "decode errors in an independent part alone");
  });

test("a ladder of transport streams is followed like any other", async (t) => {
  const { at, edit } = await ladder(t);
  const list = await readFile(at("index.m3u8"), "utf8");
  const inf = '#EXT-X-STREAM-INF:BANDWIDTH=400000,CODECS="avc1.42C015,mp4a.40.2",RESOLUTION=320x180,FRAME-RATE=31.000\n';
  await writeFile(at("index-low.m3u8"), list);
  await writeFile(at("classic.m3u8"), `#EXTM3U\n${inf}index.m3u8\n${inf}index-low.m3u8\n`);
  const report = await look(at("classic.m3u8"));
  assert.deepEqual(report.faults, []);
  assert.equal(report.low_latency, false);
  assert.ok(report.alignment.segments >= 4, JSON.stringify(report.alignment));
  await edit("index-low.m3u8", (text) => text.replace(/^(seg-\d+-\d+)\.ts$/m, "other.ts"));
  await writeFile(at("other.ts"), await readFile(at(list.match(/^seg-.*\.ts$/mg)[1])));
  has(await look(at("classic.m3u8")), "renditions number one time differently");
});

/** The ladder with an I-frame playlist; see iframesOf(). */
async function withIframes(t, spoil) {
  const made = await ladder(t);
  await writeFile(made.at("i.m3u8"), await iframesOf(made.folder, "video.m3u8", spoil));
  const media = await readFile(made.at("master.m3u8"), "utf8");
  await writeFile(made.at("multi.m3u8"), media.replace(/^#EXT-X-I-FRAME-STREAM-INF.*\n/mg, "") + IFRAMES);
  return made;
}

test("each range of an I-frame playlist is an IDR picture that can be shown alone", async (t) => {
  const { at } = await withIframes(t);
  const report = await look(at("multi.m3u8"));
  assert.deepEqual(report.faults, []);
  assert.ok(report.iframes[0].pictures >= 4, JSON.stringify(report.iframes));
});

const second = (change) => (range, bytes, index) => (index === 1 ? change(range, bytes) : range);
const RANGES = [
  ["that is too short", ({ offset, length }) => ({ offset, length: length - 40 }), "a range ends within its I-frame"],
  ["without its header", ({ offset, length }, bytes) => {
    const mdat = bytes.indexOf("mdat") - 4;
    return { offset: mdat, length: offset + length - mdat };
  }, "no picture is found in a range"],
  ["with a picture more", (_, bytes) => rangeOf(bytes, { pictures: 2 }), "a range holds more than its I-frame"],
  ["of another picture", (_, bytes) => rangeOf(bytes, { which: 1 }), "an I-frame that is no IDR picture"],
  ["beyond its file", ({ offset }, bytes) => ({ offset, length: bytes.length + 1 }), "a range of an I-frame playlist reaches beyond its file"],
];
for (const [what, change, rule] of RANGES)
  test(`an I-frame's range ${what} is found`, async (t) => {
    const { at } = await withIframes(t, second(change));
    has(await look(at("multi.m3u8")), rule);
  });

test("an I-frame playlist that is not there, and a file that it names, are found", async (t) => {
  const { at, edit } = await withIframes(t);
  await edit("i.m3u8", (list) => list.replace(/^video-.*\.m4s$/m, "gone.m4s"));
  has(await look(at("multi.m3u8")), "a range of an I-frame playlist cannot be fetched");
  await writeFile(at("i.m3u8"), "nothing");
  has(await look(at("multi.m3u8")), "an I-frame playlist cannot be read");
});

const IFRAME_LISTS = [
  ["another target duration", "i.m3u8", (list) => list.replace(/(TARGETDURATION:)\d+/, "$19"), "an I-frame playlist has another TARGETDURATION"],
  ["a discontinuity", "i.m3u8", (list) => list.replace("#EXTINF", "#EXT-X-DISCONTINUITY\n#EXTINF"), "an I-frame has another discontinuity number"],
  ["other numbers", "i.m3u8", (list) => list.replace(/(MEDIA-SEQUENCE:)(\d+)/, (_, tag, n) => tag + (Number(n) + 1)), "an I-frame has another number"],
  ["the size of another picture", "multi.m3u8", (list) => list.replace(/(I-FRAME-.*RESOLUTION=)320x180/, "$1640x360"), "RESOLUTION is not that of the media"],
];
for (const [what, name, change, rule] of IFRAME_LISTS)
  test(`${what} of an I-frame playlist is found`, async (t) => {
    const { at, edit } = await withIframes(t);
    await edit(name, change);
    has(await look(at("multi.m3u8")), rule);
  });

/** A server of `folder`, in whose playlists, which have ended, `change` is made. Resolves to its address. */
async function serve(t, folder, change) {
  const server = http.createServer(async (request, response) => {
    const bytes = await readFile(path.join(folder, path.basename(request.url))).catch(() => null);
    if (!bytes) response.writeHead(404).end();
    else response.end(request.url.endsWith(".m3u8") ? `${change(bytes.toString())}#EXT-X-ENDLIST\n` : bytes);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

test("segments may stand elsewhere, but not on the disk of who watches", async (t) => {
  const { folder } = await ladder(t);
  let place = "";
  const url = await serve(t, folder, (list) => list.replace(/^seg-/mg, `${place}seg-`));
  place = `${url}/there/`;
  assert.deepEqual((await look(`${url}/index.m3u8`)).faults, []);
  place = `file://${folder}/`;
  has(await look(`${url}/index.m3u8`), "a listed segment cannot be fetched");
});

test("what is listed when the watching is ended is in the report", async (t) => {
  const { folder, at } = await ladder(t);
  const list = await readFile(at("index.m3u8"), "utf8"), segments = list.match(/^seg-.*/gm);
  let ended; // while it looks at the first segment; by then the list has one more than before
  const server = http.createServer(async ({ url }, response) => {
    if (url === "/index.m3u8") return response.end(ended ? list : list.slice(0, list.lastIndexOf("#EXT-X-PROGRAM")));
    ended ??= watching.end();
    response.end(await readFile(path.join(folder, path.basename(url))));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const watching = watch(`http://127.0.0.1:${server.address().port}/index.m3u8`);
  while (!ended) await sleep(10);
  assert.equal((await ended).segments, segments.length);
});

/**
 * hls-doctor's report of a stream whose last segment but one is the largest by far, and whose multivariant playlist speaks of
 * those before it. So many segments are listed `before` the watching is ended, and all by when the multivariant playlist that
 * is asked for then is answered; but of these only so many are still listed `then`.
 */
async function lookAtLarge(t, before, then = Infinity) {
  const { folder } = await ladder(t);
  const list = (await readFile(path.join(folder, "index.m3u8"), "utf8"))
    .replace("#EXT-X-TARGETDURATION", "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES\n$&");
  const [head, ...segments] = list.split(/(?=#EXT-X-PROGRAM)/), names = list.match(/^seg-.*\.ts$/mg);
  const first = Number(/MEDIA-SEQUENCE:(\d+)/.exec(list)[1]);
  const multi = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=500000,CODECS="avc1.42C015,mp4a.40.2"\nindex.m3u8\n';
  const given = new Set();
  let listed = names.length + Math.min(before, -2), gone = 0, ending = false;
  const all = () => until("all that is listed is asked for", () => names.slice(0, listed).every((name) => given.has(name)));
  const server = http.createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://localhost"), name = path.basename(pathname);
    if (name === "multi.m3u8") {
      if (ending) {
        listed = names.length;
        await all();
        gone = Math.max(0, names.length - then);
      }
      return response.end(multi);
    }
    if (name === "index.m3u8") {
      const wanted = Number(searchParams.get("_HLS_msn") ?? 0) - first;
      while (wanted >= listed && !request.destroyed) await sleep(10);
      return response.end(head.replace(/(MEDIA-SEQUENCE:)\d+/, `$1${first + gone}`) + segments.slice(gone, listed).join(""));
    }
    const bytes = await readFile(path.join(folder, name));
    response.end(name === names.at(-2) ? Buffer.concat(Array(6).fill(bytes)) : bytes, () => given.add(name));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => (server.closeAllConnections(), server.close()));
  const watching = watch(`http://127.0.0.1:${server.address().port}/multi.m3u8`);
  await all();
  listed = names.length + before;
  await all();
  ending = true;
  return { ...await watching.end(), names };
}

const BELOW_PEAK = "BANDWIDTH is below the peak segment bit rate (4.4.6.2.1)";

/** What hls-doctor `found` of BANDWIDTH in lookAtLarge(t, ...when); it is looked at again if hls-doctor was not answered in time. */
async function assertPeak(t, found, ...when) {
  const report = await until("all is looked at, also what came last", async () => {
    const look = await lookAtLarge(t, ...when);
    return look.renditions[0].segments === look.names.length && found.every((rule) => rules(look).includes(rule)) && look;
  });
  assert.deepEqual(rules(report).filter((rule) => rule.startsWith("BANDWIDTH")), found, `${when}`);
}

test("a multivariant playlist must speak of what was listed when it was asked for, but for the newest", async (t) => {
  for (const [before, found] of [[-2, []], [-1, []], [0, [BELOW_PEAK]]]) await assertPeak(t, found, before);
});

test("a multivariant playlist need not speak of what was listed no more when it came", async (t) => {
  for (const [then, found] of [[2, [BELOW_PEAK]], [1, []]]) await assertPeak(t, found, 0, then);
});

/**
 * A stream whose first segment of `seconds`, "gone.ts", is not there: that is said `afterMs` after the list was asked for
 * that names it. After `first` of these lists it does not, and that is the last. Resolves to the address of its multivariant
 * playlist.
 */
async function serveGone(t, seconds, afterMs, first = 1) {
  let lists = 0, asked;
  const segments = (names) => names.map((name) => `#EXTINF:${seconds.toFixed(1)},\n${name}.ts\n`).join("");
  const head = (sequence) => `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:${Math.ceil(seconds)}\n#EXT-X-MEDIA-SEQUENCE:${sequence}\n`;
  const server = http.createServer(async (request, response) => {
    if (request.url === "/multi.m3u8") response.end('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.42C015"\nlist.m3u8\n');
    else if (request.url === "/gone.ts") {
      await sleep(Math.max(0, asked + afterMs - performance.now()));
      response.writeHead(404).end();
    } else if (request.url !== "/list.m3u8") response.end("no media");
    else if (lists++ >= first) response.end(`${head(1)}${segments(["a", "b", "c"])}#EXT-X-ENDLIST\n`);
    else {
      asked = performance.now();
      response.end(head(0) + segments(["gone", "a", "b"]));
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}/multi.m3u8`;
}

test("what need not be there any more when it is answered for is no fault", async (t) => {
  const gone = (found) => found.filter(({ examples }) => examples.some((each) => each.startsWith("gone.ts"))).map(({ rule }) => rule);
  const late = await look(await serveGone(t, 0.1, 1000), "--time", "20");
  assert.deepEqual(gone(late.faults), []);
  assert.deepEqual(gone(late.remarks), ["a file was tried too late to be judged (6.2.2)"]);
  const soon = await look(await serveGone(t, 8, 0), "--time", "20");
  assert.deepEqual(gone(soon.faults), ["a listed segment or part cannot be fetched (6.2.1)"]);
  assert.deepEqual(gone(soon.remarks), []);
  // and of a list alone, which is asked for once more, to see what it is
  const listOf = async (...when) => new URL("list.m3u8", await serveGone(t, ...when, 2)).href;
  const lateToo = await look(await listOf(0.1, 1000), "--time", "20"), soonToo = await look(await listOf(8, 0), "--time", "20");
  assert.deepEqual([lateToo, soonToo].map(({ faults }) => gone(faults)), [[], ["a listed segment cannot be fetched (6.2.1)"]]);
  assert.deepEqual([lateToo, soonToo].map(({ remarks }) => gone(remarks)), [["a file was tried too late to be judged (6.2.2)"], []]);
});

test("ranges are asked for over HTTP", async (t) => {
  const { folder, edit } = await withIframes(t);
  await edit("multi.m3u8", (text) => text.replace(/^#EXT-X-STREAM-INF.*\nvideo-2\.m3u8\n/m, "")); // each file is a request
  let ranges = true, wait_ms = 0;
  const server = http.createServer(async (request, response) => {
    if (request.url.includes("_HLS_msn")) return; // the lists stand still: there is no answer to that
    const bytes = await readFile(path.join(folder, path.basename(request.url.split("?")[0]))).catch(() => null);
    const [, from, to] = (ranges && /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "")) || [];
    if (from) await sleep(wait_ms);
    if (!bytes) response.writeHead(404).end();
    else if (from) response.writeHead(206).end(bytes.subarray(Number(from), Number(to) + 1));
    else response.end(bytes);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => (server.closeAllConnections(), server.close()));
  const url = `http://127.0.0.1:${server.address().port}/multi.m3u8`;
  const seen = () => until("the pictures are seen", async () => (await look(url)).iframes[0].pictures >= 4);
  await seen();
  wait_ms = 1500; // what was asked for is waited for, though the time is over
  await seen();
  ranges = false;
  wait_ms = 0;
  await hasSoon("a request for a range of bytes is answered with the whole file", url);
  await hasSoon("Apple 10.1", url, "--apple");
});

test("Apple's rules are for multivariant playlists", async (t) => {
  const { at } = await withIframes(t);
  const found = rules(await look(at("multi.m3u8"), "--apple"));
  assert.ok(!found.some((rule) => rule.startsWith("Apple 6.1")), "there is an I-frame playlist");
  await writeFile(at("bare.m3u8"), (await readFile(at("multi.m3u8"), "utf8")).replace(IFRAMES, ""));
  has(await look(at("bare.m3u8"), "--apple"), "Apple 6.1");
  const { status, stderr } = await runLoaded(plain.doctor, ["--apple", at("video.m3u8")]);
  assert.equal(status, 2);
  assert.match(stderr, /multivariant/);
  const gone = await runLoaded(plain.doctor, ["--apple", at("gone.m3u8")]);
  assert.equal(gone.status, 2);
  assert.match(gone.stderr, /gone.m3u8 is not there/);
});

test("a server that lists things without end ends the watching when the memory is taken that there is for it", async (t) => {
  const part = Buffer.alloc(4 << 20), parts = (n) => Array.from({ length: n }, (_, i) => `#EXT-X-PART:DURATION=0.5,URI="${i}.m4s"\n`).join("");
  let looks = 0; // each of which finds ten parts more, of a segment that is never whole
  const server = http.createServer(({ url }, answer) => answer.end(url === "/v.m3u8"
    ? `#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n#EXT-X-PART-INF:PART-TARGET=0.5\n${parts(10 * ++looks)}` : part));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const report = await look(`http://127.0.0.1:${server.address().port}/v.m3u8`, "--time", "100", "--memory", "100");
  assert.match(JSON.stringify(report.remarks), /watching ended early, since it took too much memory.*100 MB/);
});
