// SPDX-License-Identifier: GPL-3.0-or-later

// Low-latency HLS: hls.js plays it through nginx, two demuxers read its parts, and requests for what
// is not there yet are held and answered as rfc8216bis says.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import test, { after, describe } from "node:test";
import { replay } from "./support/audience.mjs";
import { openPage, publish, SMALL_SIZE } from "./support/browser.mjs";
import { forcedCuts } from "./support/health.mjs";
import { LIVE, measured, OF_A_BUSY_MACHINE } from "./support/measured.mjs";
import { butPauses, ffprobe, shaka } from "./support/programs.mjs";
import { publishRecorded } from "./support/recorded.mjs";
import { sleep, subtest, until } from "./support/rig.mjs";
import { shareStack } from "./support/shared.mjs";
import { whileSteady } from "./support/steady.mjs";
import { recordingOf } from "./support/testcard.mjs";
import { openViewer, quantile, servePages } from "./support/viewer.mjs";

const DEMUXED = LIVE ? Infinity : 4; // parts of each rendition; conformance.test.mjs has all of them demuxed
const PLAYED_S = LIVE ? 20 : 4;
const HELD_MS = 6000; // three target durations, for which a request is held at the most

const get = (url, options) => fetch(url, { cache: "no-store", ...options });
const text = async (url) => {
  const response = await get(url);
  assert.equal(response.status, 200, url);
  return response.text();
};

/**
 * The answer to a request that may be held. If nothing new has come for three target durations, the answer is 503, and
 * players ask again: whoever sends may be slow.
 */
async function held(url) {
  for (;;) {
    const began = performance.now();
    const response = await get(url);
    if (response.status !== 503) return response;
    const ms = performance.now() - began;
    assert.ok(ms >= HELD_MS - 1, `${url}: 503 after ${ms} ms`);
  }
}

/** What a test wants to know of a media playlist. */
function parse(playlist) {
  const lines = playlist.split("\n");
  const first = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(playlist)[1]);
  const attribute = (line, name) => new RegExp(`${name}="?([^",]+)`).exec(line)?.[1];
  const segments = [{ parts: [] }];
  for (const line of lines) {
    const segment = segments.at(-1);
    if (line.startsWith("#EXT-X-MAP:")) segment.map = attribute(line, "URI");
    else if (line.startsWith("#EXT-X-PART:"))
      segment.parts.push({ uri: attribute(line, "URI"), duration: Number(attribute(line, "DURATION")),
        independent: line.includes("INDEPENDENT=YES") });
    else if (line.startsWith("#EXTINF:")) segment.duration = parseFloat(line.slice(8));
    else if (line && !line.startsWith("#")) {
      segment.uri = line;
      segments.push({ parts: [] });
    }
  }
  const open = segments.pop();
  return {
    first, segments, open,
    last: first + segments.length - 1, // whole one
    map: segments.find((segment) => segment.map)?.map,
    target: Number(/PART-TARGET=([\d.]+)/.exec(playlist)[1]),
    hint: /PRELOAD-HINT:TYPE=PART,URI="([^"]+)/.exec(playlist)?.[1],
    report: /RENDITION-REPORT:(.*)/.exec(playlist)?.[1],
  };
}

/**
 * The rules of rfc8216bis, section 4.4.4.9, and what is promised beyond them. A browser that is too busy to send a key frame
 * in time has a segment cut without one: `forced` of them, by the bridge's own count.
 */
function assertParts(list, forced) {
  const segments = list.segments.filter(({ parts }) => parts.length > 1);
  assert.ok(segments.length >= 1, `no segment of ${list.segments.length} has parts`);
  for (const segment of segments) {
    const sum = segment.parts.reduce((total, { duration }) => total + duration, 0);
    assert.ok(Math.abs(sum - segment.duration) < 0.001, `parts of ${segment.uri}: ${sum}, not ${segment.duration}`);
    segment.parts.forEach(({ duration, uri }, i) => {
      assert.ok(duration <= list.target, `${uri}: ${duration}`);
      if (i + 1 < segment.parts.length) assert.ok(duration >= 0.85 * list.target, `${uri}: ${duration}`);
    });
  }
  const dependent = segments.filter(({ parts }) => !parts[0].independent).map(({ uri }) => uri);
  assert.ok(dependent.length <= forced, `${dependent} begin with no independent part; ${forced} had no key frame in time`);
  measured(() => assert.deepEqual(dependent, []));
}

/** Media that a playlist names. */
async function fetchMedia(base, name) {
  const response = await get(new URL(name, base));
  assert.equal(response.status, 200, name);
  assert.match(response.headers.get("cache-control"), /immutable/);
  assert.equal(response.headers.get("content-type"), "video/mp4");
  return Buffer.from(await response.arrayBuffer());
}

/** One part, of these bytes behind its initialisation segment's, by two demuxers. */
async function assertDemuxes(part, bytes, codec, folder) {
  const file = path.join(folder, "part.mp4");
  await writeFile(file, bytes);
  const libav = await ffprobe(file);
  assert.equal(butPauses(libav.complaints), "", part.uri);
  measured(() => assert.equal(libav.complaints, "", part.uri));
  assert.equal(libav.streams.length, 1);
  const start = Number(libav.packets[0].dts_time), end = Number(libav.streams[0].duration);
  assert.ok(Math.abs(end - start - part.duration) < 0.001, `${part.uri} lasts ${end - start}, not ${part.duration}`);
  const other = await shaka(file);
  assert.equal(other.status, 0, `${part.uri}: ${other.stderr}`);
  assert.match(other.stdout, codec, part.uri);
  return { start, end };
}

const SET_MS = 1000; // a date that would be off by more is of a clock that was set, and stands as it is

const durations = (list) => [...list.matchAll(/#EXTINF:([\d.]+)/g)].map(([, seconds]) => seconds);
const dates = (list) => [...list.matchAll(/DATE-TIME:(\S+)/g)].map(([, date]) => Date.parse(date));

/** A segment's date is that of the one before and its duration, put right by 0.4 ms at most. Both are rounded. */
function assertDatesFollow(list) {
  const starts = dates(list);
  const spans = durations(list).map((seconds) => Number(seconds) * 1000);
  assert.ok(starts.length > 2);
  for (let i = 1; i < starts.length; i++) {
    const off = Math.abs(starts[i] - starts[i - 1] - spans[i - 1]);
    assert.ok(off < 1.5 || off > SET_MS - 1.5, `${off} ms, ${list}`);
    measured(() => assert.ok(off < 1.5, `${off} ms, ${list}`)); // who sends may have been held up at its beginning
  }
}

/** How far the dates of segments of parts are from those of the same segments in the classic playlist, ms. These are
 * dated when they are whole, those when they begin and less is known: a busy machine's first dates are late. */
async function datesApart(stack, of) {
  const [classic, video] = (await Promise.all([text(stack.playlist("demo")), text(of("video.m3u8"))])).map(dates);
  return Math.max(...video.slice(1, 4).map((date) => Math.min(...classic.map((other) => Math.abs(other - date)))));
}

const shared = shareStack({}, { shell: true });
const pages = await servePages();
after(() => pages.close());

/** Waits until `stream` can be watched at low latency, and has `segments` whole segments. */
const untilThere = (stack, stream, segments = 1) => until(`${stream} has ${segments} segments`, async () =>
  (await get(stack.master(stream))).ok &&
  parse(await text(new URL("video.m3u8", stack.master(stream)))).segments.length >= segments);

/** Publishes the test card: a live one shows the time, which is measured. */
const publishCard = (context, stack, stream) => (LIVE ? publish(context, stack, stream) : replay(stack, stream));

/** Opens hls.js. Its picture is painted, which costs a third, only if the time is read from it. */
async function openHls(context, playlist) {
  const viewer = await openViewer(context, pages, playlist);
  if (!LIVE) await viewer.evaluate(() => (document.getElementById("video").style.display = "none"));
  return viewer;
}

async function playTestCard({ stack, context, t }) {
  const card = await publishCard(context, stack, "demo");
  const base = stack.master("demo");
  const of = (name) => new URL(name, base);
  await untilThere(stack, "demo", 4);

  /** The list of the pictures that the bridge itself has now: an old number is answered at once. */
  const now = async () => parse(await text(of("video.m3u8?_HLS_msn=0")));

  await subtest(t, stack, "the multivariant playlist tells what there is", async () => {
    const master = await text(base);
    t.diagnostic(master.trim().split("\n").at(-2));
    assert.match(master, /CODECS="avc1\.[0-9A-F]{6},mp4a\.40\.2"/);
    assert.match(master, LIVE ? /RESOLUTION=640x360/ : /RESOLUTION=320x180/);
    assert.match(master, /FRAME-RATE=\d+\.\d{3}/);
    assert.match(master, /AVERAGE-BANDWIDTH=\d+/);
    assert.match(master, /AUDIO="audio"/);
  });

  await subtest(t, stack, "parts are as long as they are said to be, and two demuxers read them", async () => {
    for (const [name, codec] of [["video.m3u8", /codec: H264/], ["audio.m3u8", /codec: AAC/]]) {
      const hasParts = ({ parts }) => parts.length > 3; // a starved segment ends with the first IDR picture
      const list = await until(`${name} has a whole segment of parts`, async () => {
        const now = parse(await text(of(name)));
        return now.segments.some(hasParts) && now;
      });
      assertParts(list, await forcedCuts(stack, "demo"));
      const whole = list.segments.findLast(hasParts);
      // all at once: to look at them may take longer than they are kept
      const [map, segment, ...parts] = await Promise.all([list.map, whole.uri, ...whole.parts.map(({ uri }) => uri)]
        .map((uri) => fetchMedia(base, uri)));
      assert.ok(segment.equals(Buffer.concat(parts)), "a segment is its parts");
      let end = null;
      for (const [i, part] of whole.parts.slice(0, DEMUXED).entries()) {
        const span = await assertDemuxes(part, Buffer.concat([map, parts[i]]), codec, stack.options.folder);
        if (end !== null) assert.ok(Math.abs(span.start - end) < 0.0001, `${part.uri} joins`);
        end = span.end;
      }
    }
  });

  await subtest(t, stack, "segments are those of the classic playlist", async () => {
    const { state: classic, answer: video } = await whileSteady("the classic playlist",
      () => text(stack.playlist("demo")), () => text(of("video.m3u8")));
    const common = durations(video).slice(1, 4).join();
    assert.ok(durations(classic).join().includes(common), `${durations(classic)} has ${common}`);
    assertDatesFollow(video);
    const apart = await datesApart(stack, of);
    measured(() => assert.ok(apart < 300, `${apart} ms`));
  });

  await subtest(t, stack, "a request for the next part is held until it is there", async () => {
    const waits = [];
    for (let i = 0; i < 10; i++) {
      const before = parse(await text(of("video.m3u8")));
      const part = before.open.parts.length;
      const began = performance.now();
      const response = await held(of(`video.m3u8?_HLS_msn=${before.last + 1}&_HLS_part=${part}`));
      waits.push(performance.now() - began);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("cache-control"), "public, max-age=0, s-maxage=12");
      const then = parse(await response.text());
      assert.ok(then.last > before.last || then.open.parts.length > part, "it has the part");
    }
    t.diagnostic(`held for ${waits.map((ms) => ms.toFixed(0)).join(" ")} ms`);
    measured(() => assert.ok(quantile(waits, 0.5) < 500 && Math.max(...waits) < 2000, "for a part and no longer"));
  });

  await subtest(t, stack, "a part that is hinted at comes whole, and no byte before", async () => {
    for (let given = 0, withdrawnAt = 0; given < 5;) {
      const { hint, last } = await now();
      const response = await held(of(hint));
      if (response.status === 404) { // the segment has ended before it: once in a segment at the most
        assert.ok(withdrawnAt < last, `${hint} is withdrawn, as one before it in its segment`);
        withdrawnAt = last;
        const { segments, open, last: ended } = await now();
        assert.ok(ended > last, `${hint} is withdrawn while its segment goes on`);
        assert.ok(![...segments, open].some(({ parts }) => parts.some(({ uri }) => uri === hint)), `${hint} is listed`);
        continue;
      }
      assert.equal(response.status, 200, hint);
      assert.match(response.headers.get("cache-control"), /immutable/);
      const bytes = Buffer.from(await response.arrayBuffer());
      assert.equal(bytes.length, Number(response.headers.get("content-length")));
      const again = Buffer.from(await (await get(of(hint))).arrayBuffer());
      assert.ok(bytes.equals(again), "it is the part that is there then");
      given++;
    }
  });

  await subtest(t, stack, "a request that cannot wait is refused or answered at once", async () => {
    const { last, first } = await now();
    const status = async (query) => (await get(of(`video.m3u8?${query}`))).status;
    assert.equal(await status("_HLS_part=0"), 400);
    assert.equal(await status("_HLS_msn=x"), 400);
    assert.equal(await status(`_HLS_msn=${last + 50}`), 400);
    // of the open segment: of one that has ended since then, any part is an old one
    const { answer } = await whileSteady("the open segment", async () => (await now()).last,
      (ended) => status(`_HLS_msn=${ended + 1}&_HLS_part=99`));
    assert.equal(answer, 400);
    const began = performance.now();
    for (let i = 0; i < 20; i++)
      for (const old of [`_HLS_msn=${first}`, "_HLS_msn=0&_HLS_part=0"]) assert.equal(await status(old), 200);
    const took = performance.now() - began;
    measured(() => assert.ok(took < 40 * 100, "old numbers are not held, be it for half a part each"));
    assert.equal((await get(`${stack.url}/live/nobody/video.m3u8?_HLS_msn=1`)).status, 404);
    assert.equal((await get(of("video-1-1.0.m4s"))).status, 404);
    const missing = await get(of("video-1-1.m4s"));
    assert.equal(missing.status, 404);
    assert.equal(missing.headers.get("cache-control"), "no-store");
    assert.equal((await get(`http://127.0.0.1:${stack.llPort}/streams`)).status, 404, "no control API");
  });

  await subtest(t, stack, "a playlist is compressed, and a delta update is shorter", async () => {
    const response = await get(of("video.m3u8?_HLS_msn=0"));
    assert.equal(response.headers.get("content-encoding"), "gzip");
    const list = await text(of("video.m3u8?_HLS_skip=YES&_HLS_msn=0"));
    assert.match(list, /CAN-SKIP-UNTIL=12/);
  });

  await subtest(t, stack, "each rendition reports the other", async () => {
    const audio = parse(await text(of("audio.m3u8")));
    const video = parse(await text(of("video.m3u8"))); // it has gone on since then, if anything
    const report = /URI="video.m3u8",LAST-MSN=(\d+),LAST-PART=(\d+)/.exec(audio.report);
    assert.ok(Number(report[1]) - video.last <= 2, audio.report);
    assert.match(video.report, /URI="audio.m3u8"/);
  });

  await subtest(t, stack, "hls.js plays it without an error", async () => {
    const viewer = await openHls(context, base);
    await until("hls.js plays", async () => (await viewer.state()).playingAt !== null);
    const place = () => viewer.evaluate(() => document.getElementById("video").currentTime);
    const from = await place();
    await until("it plays on", async () => (await place()) > from + PLAYED_S);
    if (LIVE) await until("the time code is read", async () => (await viewer.state()).latencies.length > 10);
    const { errors, stalls, latencies } = await viewer.state();
    assert.deepEqual(errors.filter((error) => !OF_A_BUSY_MACHINE.test(error)), []);
    measured(() => assert.deepEqual(stalls, []));
    assert.deepEqual(viewer.errors, []);
    if (!LIVE) return;
    t.diagnostic(`glass to glass ${quantile(latencies, 0.5)} ms (median of ${latencies.length}, ` +
      `95 % within ${quantile(latencies, 0.95)} ms)`);
    assert.ok(quantile(latencies, 0.5) < 2000);
  });

  await subtest(t, stack, "its dates become those of the classic playlist", async () => {
    const before = await datesApart(stack, of);
    t.diagnostic(`${before} ms apart`);
    // if who sends was slow for all of its beginning, both are late, and are put right beside each other
    if (LIVE) await until("they are, or come nearer", async () => {
      const apart = await datesApart(stack, of);
      return apart <= 20 || apart < before - 2;
    });
  });
  if (!LIVE) await card.stop();
}

const STALLS_MS = 1000; // where pictures stay away, a busy machine may run dry for a moment

/** Plays it while something happens to the picture: nothing may be lost, and nothing stop for long. */
async function watch(context, stack, stream, during) {
  await untilThere(stack, stream);
  const viewer = await openHls(context, stack.master(stream));
  await until("hls.js plays", async () => (await viewer.state()).playingAt !== null);
  const place = () => viewer.evaluate(() => document.getElementById("video").currentTime);
  const from = await place();
  await during();
  const after = await place();
  await until("it plays on", async () => (await place()) > Math.max(from + PLAYED_S, after + 2));
  const { errors, stalls } = await viewer.state();
  assert.deepEqual(errors.filter((error) => !OF_A_BUSY_MACHINE.test(error)), []);
  const behind = await viewer.evaluate(() => window.hls.latency);
  measured(() => {
    assert.deepEqual(errors.filter((error) => /TimeOut\b|bufferAppend/.test(error)), []);
    assert.ok(stalls.reduce((sum, { ms }) => sum + ms, 0) < STALLS_MS, JSON.stringify(stalls));
    assert.ok(behind < 2, `${behind} s behind live: it is not as near as before`);
  });
}

async function playSlides({ stack, context }) {
  const publisher = await replay(stack, "slides", { recording: recordingOf("still") });
  await watch(context, stack, "slides", () => {});
  const list = await text(new URL("video.m3u8", stack.master("slides")));
  assert.ok(!list.includes("GAP"), "parts without a picture are filled");
  assertParts(parse(list), await forcedCuts(stack, "slides"));
  await publisher.stop();
}

async function playFreeze({ stack, context }) {
  const publisher = await publishRecorded(stack, "turned", { recording: recordingOf("rotation") });
  const video = () => text(new URL("video.m3u8", stack.master("turned")));
  await watch(context, stack, "turned", async () => {
    await publisher.request({ request: "configure", video: false });
    await sleep(4000);
    await publisher.request({ request: "configure", video: true });
    await until("the other size is listed", async () => /RESOLUTION=180x320/.test(await text(stack.master("turned"))));
    await until("it is behind a discontinuity", async () => /#EXT-X-DISCONTINUITY\n#EXT-X-MAP/.test(await video()));
  });
  await publisher.leave();
}

/** Seeks back in a watch page that measures. Resolves to whether its text tells, in a moment, that it is so much further behind. */
const fallsBehind = (page, seconds) => page.evaluate(async (back) => {
  const behind = () => Number(/Glass to glass: (\d+) ms/.exec(document.getElementById("measure-text").textContent)?.[1]);
  const before = behind();
  document.getElementById("player").currentTime -= back;
  for (let i = 0; i < 40; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (behind() > before + back * 500) return true; // the page itself comes nearer all the time
  }
  return false;
}, seconds);

/** The watch page stays open while the bridge starts again. */
async function playsOnAfterRestart(stack, page, t) {
  const list = async () => parse(await text(new URL("video.m3u8", stack.master("watched"))));
  const before = await list();
  const time = () => page.evaluate(() => document.getElementById("player").currentTime);
  await stack.parts.bridge.stop();
  await stack.startBridge();
  await until("new segments", async () => (await list()).first > before.last);
  const at = await time();
  await until("it plays on", async () => (await time()) > at + 2);
  t.diagnostic(await page.textContent("#measure-text"));
  assert.deepEqual(page.errors, []);
}

async function measureOnPage({ stack, context, t }) {
  await publish(context, stack, "watched", LIVE ? {} : { size: SMALL_SIZE });
  await untilThere(stack, "watched");
  const page = await openPage(context, `${stack.url}/watch.html?stream=watched&measure`);
  await until("it measures", async () => /Glass to glass: \d+ ms.*Low latency/.test(await page.textContent("#measure-text")));
  if (LIVE) await sleep(2000);
  const behind = async () => Number(/Glass to glass: (\d+) ms/.exec(await page.textContent("#measure-text"))?.[1]);
  const before = await behind();
  measured(() => assert.ok(before < 2000, `${before} ms`));
  // who falls behind comes back, nearer than hls.js by itself, which wants a second in the buffer
  await until("it has fallen behind", () => fallsBehind(page, 0.8));
  // one that stood still on a busy machine is told to stay further away
  if (LIVE) await until("it is back", async () => (await behind()) < before + 100);
  const time = () => page.evaluate(() => document.getElementById("player").currentTime);
  const at = await time();
  await until("it plays on", async () => (await time()) > at + 2);
  assert.deepEqual(page.errors, []);
  await subtest(t, stack, "it recovers when the bridge starts again", (u) => playsOnAfterRestart(stack, page, u));
  await page.close();
  const classic = await openPage(context, `${stack.url}/watch.html?stream=watched&measure&classic`);
  await until("the classic one plays", async () => /Classic playlist/.test(await classic.textContent("#measure-text")));
  assert.deepEqual(classic.errors, []);
}

describe("low-latency HLS", { concurrency: 2 }, () => {
  test("of the test card", shared(playTestCard));
  test("a still screen of one picture a second plays", shared(playSlides));
  test("a picture that freezes and one of another size play on", shared(playFreeze));
});

test("the watch page plays low latency, measures it, and recovers", shared(measureOnPage)); // the bridge starts again
