// SPDX-License-Identifier: GPL-3.0-or-later

// The main job on real input: Chromium, Janus, the bridge and nginx on one side; VLC, hls.js,
// ffprobe, Shaka Packager and hls-doctor on the other.

import assert from "node:assert/strict";
import { link, mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { FULL_SIZE, publish, withBrowser } from "./support/browser.mjs";
import { assertHealthy } from "./support/health.mjs";
import { measured } from "./support/measured.mjs";
import { doctor, ffprobe, shaka } from "./support/programs.mjs";
import { sleep, until, withStack } from "./support/rig.mjs";
import { openViewer, quantile, servePages } from "./support/viewer.mjs";
import { Vlc } from "./support/vlc.mjs";

const STALLED = "mediaError/bufferStalledError"; // which is measured

/** The segments that are there, kept for as long as the test runs: the bridge goes on and removes its own. */
async function keepSegments(stack, stream) {
  const from = path.join(stack.hls, stream), to = path.join(stack.options.folder, "kept");
  await mkdir(to);
  const names = (await readdir(from)).filter((name) => name.endsWith(".ts")).sort();
  await Promise.all(names.map((name) => link(path.join(from, name), path.join(to, name))));
  return names.map((name) => path.join(to, name));
}

/** What two demuxers that share no code say of one segment. */
async function assertDemuxes(file) {
  const libav = await ffprobe(file);
  assert.equal(libav.complaints, "", file);
  const kinds = libav.streams.map((stream) => stream.codec_type).sort();
  assert.deepEqual(kinds, ["audio", "video"], file);
  const video = libav.packets.filter((packet) => packet.codec_type === "video");
  assert.match(video[0].flags, /K/, `${file} starts with a key frame`);
  const other = await shaka(file);
  assert.equal(other.status, 0, `${file}: ${other.stderr}`);
  assert.match(other.stdout, /codec: H264/, file);
  assert.match(other.stdout, /codec: AAC/, file);
}

test("the test card goes from Chromium to VLC and hls.js", async (t) => {
  const pages = await servePages();
  t.after(() => pages.close());
  await withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      const started = Date.now();
      await publish(context, stack, "demo", { size: FULL_SIZE });
      await until("the playlist is there", async () => (await fetch(stack.playlist("demo"))).ok);
      t.diagnostic(`watchable ${((Date.now() - started) / 1000).toFixed(1)} s after the page was opened`);

      await t.test("hls-doctor finds nothing wrong", async () => {
        const report = await doctor(stack.playlist("demo"), 20);
        t.diagnostic(`skew ${report.marks.skew_median_ms.toFixed(1)} ms, 95 % within ` +
          `${report.marks.skew_p95_ms.toFixed(1)} ms, date off ${report.date_off_max_ms?.toFixed(0)} ms`);
        assertHealthy(report);
        assert.equal(report.discontinuities, 0);
        assert.deepEqual([report.width, report.height], [1280, 720]);
        measured(() => {
          assert.ok(Math.abs(report.date_off_median_ms) <= 50, `dates are off by ${report.date_off_median_ms} ms`);
          // a single picture may be drawn late
          assert.ok(Math.abs(report.date_off_max_ms) <= 200, `a date is off by ${report.date_off_max_ms} ms`);
        });
        const [{ source }] = await bridgeStreams(stack.bridgePort);
        assert.equal(source.sync.by_reports, true, "the picture is placed by sender reports");
      });

      await t.test("libav and Shaka Packager read every segment", async () => {
        for (const file of await keepSegments(stack, "demo")) await assertDemuxes(file);
      });

      await t.test("VLC plays it for 20 s", async () => {
        const vlc = await Vlc.play(stack.playlist("demo"));
        try {
          await until("VLC shows pictures", async () => (await vlc.stats()).pictures > 0, 20000);
          const before = await vlc.stats();
          await sleep(20000);
          const after = await vlc.stats();
          t.diagnostic(`VLC: ${JSON.stringify(after)}`);
          assert.ok(after.pictures - before.pictures > 20, "it plays on");
          measured(() => {
            assert.ok(after.pictures - before.pictures > 20 * 25, "about 30 pictures a second");
            assert.deepEqual([after.lostPictures, after.lostSounds], [0, 0], "VLC drops nothing");
          });
          assert.equal(after.corrupted, 0);
        } finally {
          await vlc.stop();
        }
      });

      await t.test("hls.js plays it for 30 s without an error", async () => {
        const viewer = await openViewer(context, pages, stack.playlist("demo"));
        await until("hls.js plays", async () => (await viewer.state()).playingAt !== null, 15000);
        await sleep(30000);
        const { errors, stalls, latencies } = await viewer.state();
        t.diagnostic(`glass to glass ${quantile(latencies, 0.5)} ms (median of ${latencies.length})`);
        assert.deepEqual(errors.filter((error) => error !== STALLED), []);
        measured(() => assert.deepEqual(stalls, []));
        assert.ok(latencies.length > 10, "the time code is read");
        assert.deepEqual(viewer.errors, []);
      });
    }));
});

test("Chromium's own fake camera goes through", () =>
  withStack({}, (stack) =>
    withBrowser({ fakeCamera: true }, async (context) => {
      await publish(context, stack, "camera", { source: "camera" });
      const report = await doctor(stack.playlist("camera"), 10);
      assertHealthy(report, { marks: false });
      assert.equal(report.with_audio, report.segments);
    })));

test("two publishers do not disturb each other", () =>
  withStack({}, (stack) =>
    withBrowser({}, async (context) => {
      await publish(context, stack, "one");
      const other = await publish(context, stack, "two");
      await sleep(13000); // the lists hold nothing any more of two encoders starting at once
      const watchOne = doctor(stack.playlist("one"), 16);
      const two = await doctor(stack.playlist("two"), 8);
      await other.close(); // in the midst of the first one's show
      assertHealthy(two, { marks: false });
      assertHealthy(await watchOne);
    })));
