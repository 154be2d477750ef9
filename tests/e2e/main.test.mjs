// SPDX-License-Identifier: GPL-3.0-or-later

// The main job on real input: Chromium, Janus, the bridge and nginx on one side; VLC, hls.js,
// ffprobe, Shaka Packager and hls-doctor on the other.

import assert from "node:assert/strict";
import { link, mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { FULL_SIZE, publish, SMALL_SIZE, withBrowser } from "./support/browser.mjs";
import { assertHealthy, forcedCuts } from "./support/health.mjs";
import { LIVE, measured, OF_A_BUSY_MACHINE } from "./support/measured.mjs";
import { startNotingProxy } from "./support/noting-proxy.mjs";
import { butPauses, ffprobe, shaka, watch } from "./support/programs.mjs";
import { subtest, until, withStack } from "./support/rig.mjs";
import { assertDiscontinuities } from "./support/steps.mjs";
import { openViewer, quantile, servePages } from "./support/viewer.mjs";
import { Vlc } from "./support/vlc.mjs";

const PLAYED_S = LIVE ? 20 : 5; // by each player
const SIZE = LIVE ? FULL_SIZE : SMALL_SIZE; // it tells nothing more, and a larger one takes a core
const SLOW_CAMERA = "--use-fake-device-for-media-stream=fps=10"; // likewise

/** hls-doctor on a stream, and what it has been given, which a proxy notes. */
class Examination {
  static async begin(t, stack, stream) {
    const proxy = await startNotingProxy(stack.url);
    t.after(() => proxy.close());
    const examination = new Examination();
    Object.assign(examination, { proxy, stream, watching: watch(stack.playlist(stream).replace(stack.url, proxy.url)) });
    return examination;
  }

  /** How many segments it has looked at: all but the last that it has been given. */
  get seen() {
    return [...this.proxy.given].filter((url) => url.endsWith(".ts")).length - 1;
  }

  /** Its report, when it has seen so many. */
  async report(segments) {
    await until(`hls-doctor has looked at ${segments} segments of ${this.stream}`, () => this.seen >= segments);
    return this.watching.end();
  }
}

/** The segments that are there, kept for as long as the test runs: the bridge goes on and removes its own. */
async function keepSegments(stack, stream) {
  const from = path.join(stack.hls, stream), to = path.join(stack.options.folder, "kept");
  await mkdir(to);
  const names = (await readdir(from)).filter((name) => name.endsWith(".ts")).sort();
  const kept = await Promise.all(names.map((name) => link(path.join(from, name), path.join(to, name)).then(() => true, (error) => {
    if (error.code !== "ENOENT") throw error; // the bridge was sooner
    return false;
  })));
  return names.filter((_, i) => kept[i]).map((name) => path.join(to, name));
}

/** What two demuxers that share no code say of one segment. Returns whether it starts with a key frame. */
async function assertDemuxes(file) {
  const libav = await ffprobe(file);
  const kinds = libav.streams.map((stream) => stream.codec_type).sort();
  assert.deepEqual(kinds, ["audio", "video"], file);
  const video = libav.packets.filter((packet) => packet.codec_type === "video");
  if (!video[0]?.flags.includes("K")) return false; // it cannot be decoded alone
  assert.equal(butPauses(libav.complaints), "", file);
  measured(() => assert.equal(libav.complaints, "", file));
  for (const [i, { dts }] of video.entries()) assert.ok(i === 0 || dts > video[i - 1].dts, `${file}: picture ${i} is decoded at ${dts}`);
  const other = await shaka(file);
  assert.equal(other.status, 0, `${file}: ${other.stderr}`);
  assert.match(other.stdout, /codec: H264/, file);
  assert.match(other.stdout, /codec: AAC/, file);
  return true;
}

async function playsInVlc(t, stack) {
  const vlc = await Vlc.play(stack, stack.playlist("demo"));
  try {
    await until("VLC shows pictures", async () => (await vlc.stats()).pictures > 0);
    const before = await vlc.stats(), from = performance.now();
    await until("VLC plays on", async () => (await vlc.stats()).pictures > before.pictures + PLAYED_S * 15);
    const after = await vlc.stats(), seconds = (performance.now() - from) / 1000;
    t.diagnostic(`VLC: ${JSON.stringify(after)}`);
    measured(() => {
      assert.ok(after.pictures - before.pictures > seconds * 25, "about 30 pictures a second");
      assert.deepEqual([after.lostPictures, after.lostSounds], [0, 0], "VLC drops nothing");
    });
    assert.ok(after.sounds > before.sounds, "and sound");
    assert.equal(after.corrupted, 0);
  } finally {
    await vlc.stop();
  }
}

async function playsInHlsJs(t, context, pages, stack) {
  const viewer = await openViewer(context, pages, stack.playlist("demo"));
  await until("hls.js plays", async () => (await viewer.state()).playingAt !== null);
  const place = () => viewer.evaluate(() => document.getElementById("video").currentTime);
  const from = await place();
  await until("hls.js plays on, and the time code is read", async () =>
    (await place()) > from + PLAYED_S && (await viewer.state()).latencies.length > 10);
  const { errors, stalls, latencies } = await viewer.state();
  t.diagnostic(`glass to glass ${quantile(latencies, 0.5)} ms (median of ${latencies.length})`);
  assert.deepEqual(errors.filter((error) => !OF_A_BUSY_MACHINE.test(error)), []);
  measured(() => assert.deepEqual([errors.filter((error) => error !== "mediaError/bufferStalledError"), stalls], [[], []]));
  assert.deepEqual(viewer.errors, []);
  await viewer.close();
}

test("the test card and a camera go from Chromium to VLC and hls.js, and do not disturb each other", { concurrency: true }, async (t) => {
  const pages = await servePages();
  t.after(() => pages.close());
  await withStack({}, (stack) =>
    withBrowser({ fakeCamera: true, switches: LIVE ? [] : [SLOW_CAMERA] }, async (context) => {
      const started = Date.now();
      await publish(context, stack, "demo", { size: SIZE });
      const camera = await publish(context, stack, "camera", { source: "camera" });
      for (const stream of ["demo", "camera"])
        await until(`${stream} can be watched`, async () => (await fetch(stack.playlist(stream))).ok);
      t.diagnostic(`watchable ${((Date.now() - started) / 1000).toFixed(1)} s after the page was opened`);
      const [demo, second] = await Promise.all(["demo", "camera"].map((stream) => Examination.begin(t, stack, stream)));
      let seen = 0; // of demo, when the camera went

      const playing = [
        () => subtest(t, stack, "VLC plays it", (u) => playsInVlc(u, stack)),
        () => subtest(t, stack, "hls.js plays it without an error", (u) => playsInHlsJs(u, context, pages, stack)),
      ];
      if (LIVE) for (const play of playing) await play(); // each has the machine
      else await Promise.all(playing.map((play) => play()));

      await subtest(t, stack, "Chromium's own fake camera goes through", async () => {
        const report = await second.report(3);
        assertHealthy(report, { marks: false, forced: await forcedCuts(stack, "camera") });
        assert.ok(report.segments >= 3, `${report.segments} segments`);
        assert.equal(report.with_audio, report.segments);
      });

      await subtest(t, stack, "libav and Shaka Packager read every segment", async () => {
        const files = await keepSegments(stack, "demo");
        assert.ok(files.length >= 3, `${files.length} segments`);
        await camera.close(); // in the midst of the other one's show
        seen = demo.seen;
        const starts = [];
        for (const file of files) starts.push(await assertDemuxes(file));
        const others = starts.filter((isKeyFrame) => !isKeyFrame).length, forced = await forcedCuts(stack, "demo");
        assert.ok(others <= (LIVE ? 0 : forced), `${others} of ${files.length} segments start with no key frame, ${forced} by force`);
      });

      await subtest(t, stack, "hls-doctor finds nothing wrong, also when the other one has gone", async () => {
        const report = await demo.report(Math.max(6, seen + 2));
        const { marks, date_off_max_ms: off } = report;
        t.diagnostic(`skew ${marks.skew_median_ms?.toFixed(1)} ms, 95 % within ${marks.skew_p95_ms?.toFixed(1)} ms, date off ${off?.toFixed(0)} ms`);
        assertHealthy(report, { forced: await forcedCuts(stack, "demo") });
        assert.ok(report.segments >= 6, `${report.segments} segments`);
        await assertDiscontinuities(stack, "demo", report.discontinuities, 0);
        assert.equal(`${report.width}x${report.height}`, SIZE);
        measured(() => {
          assert.ok(Math.abs(report.date_off_median_ms) <= 50, `dates are off by ${report.date_off_median_ms} ms`);
          // a single picture may be drawn late
          assert.ok(Math.abs(report.date_off_max_ms) <= 200, `a date is off by ${report.date_off_max_ms} ms`);
        });
        await until("the picture is placed by sender reports", async () =>
          (await bridgeStreams(stack.bridgePort)).find(({ name }) => name === "demo").source.sync.by_reports);
      });
    }));
});
