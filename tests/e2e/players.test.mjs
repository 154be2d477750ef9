// SPDX-License-Identifier: GPL-3.0-or-later

// Other people's players, as npm has them and with their own defaults (but for one of dash.js), on streams of recorded
// publishers: dash.js and Shaka Player with DASH, Shaka Player and video.js with low-latency HLS.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { replay } from "./support/audience.mjs";
import { FEW_PROCESSES, withBrowser } from "./support/browser.mjs";
import { LIVE } from "./support/measured.mjs";
import { parseMpd } from "./support/mpd.mjs";
import { assertNoErrors, openPlayer, plays, untilIts } from "./support/npm-player.mjs";
import { butPauses, ffprobe } from "./support/programs.mjs";
import { publishRecorded } from "./support/recorded.mjs";
import { subtest, until, withStack } from "./support/rig.mjs";
import { servePages } from "./support/viewer.mjs";

const manifestOf = async (stack) => parseMpd(await (await fetch(stack.manifest("demo"))).text());

/** When what is listed of a period ends, in the time of the presentation. */
const endOf = ({ start, sets }) => Math.min(...sets.map(({ offset, segments }) => {
  const last = segments.at(-1);
  return start + last.start + last.duration - offset;
}));

/** The same sets with their files, which are there for only so long. */
function fetchFiles(stack, sets) {
  const bytes = async (name) => {
    const response = await fetch(new URL(name, stack.manifest("demo")));
    assert.equal(response.status, 200, name);
    return Buffer.from(await response.arrayBuffer());
  };
  return Promise.all(sets.map(async (set) => {
    const [head, ...media] = await Promise.all([set.init, ...set.segments.map(({ file }) => file)].map(bytes));
    return { ...set, segments: set.segments.map((segment, i) => ({ ...segment, bytes: Buffer.concat([head, media[i]]) })) };
  }));
}

/** The times that the manifest tells are those of the files that it names. */
async function assertFiles(stack, sets) {
  for (const { kind, segments } of await fetchFiles(stack, sets)) {
    assert.ok(segments.length > 0, `${kind} has no segment`);
    for (const { file, start, duration, bytes } of segments) {
      const place = path.join(stack.options.folder, "segment.mp4");
      await writeFile(place, bytes);
      const { complaints, streams, packets } = await ffprobe(place);
      assert.equal(butPauses(complaints), "", file);
      assert.equal(streams[0].codec_type, kind, file);
      assert.ok(Math.abs(Number(packets[0].dts_time) - start) < 0.0001, `${file} starts at ${packets[0].dts_time}, not ${start}`);
      const ends = Number(streams[0].duration);
      assert.ok(Math.abs(ends - start - duration) < 0.0001, `${file} ends at ${ends}, not ${start + duration}`);
    }
  }
}

const HAVE_FUTURE_DATA = 3;
const CLOCK_S = 5; // how exact the dates of media are that came late
const KEY = "the same after each crash";

test("other people's players", { concurrency: true }, async (t) => {
  const pages = await servePages();
  t.after(() => pages.close());
  await withStack({ bridgeSettings: { "sources.held": 1, "hls.thumbnail": 0 } }, (stack) =>
    withBrowser({ shell: true, switches: FEW_PROCESSES }, async (context) => {
      const began = Date.now() / 1000;
      const first = await publishRecorded(stack, "demo", { key: KEY });
      const other = await replay(stack, "other");
      // of less than three segments Shaka Player wants the open one too, and has no address for it
      const manifest = await until("three segments", async () => {
        const found = await manifestOf(stack);
        return found.periods[0]?.sets.every(({ segments }) => segments.length > 2) && found;
      });

      await subtest(t, stack, "the manifest tells what there is", async () => {
        assert.equal(manifest.type, "dynamic");
        const [{ start, sets }] = manifest.periods;
        assert.ok(start > began - CLOCK_S && start < Date.now() / 1000 + CLOCK_S, `a period at ${start} is of now`);
        assert.deepEqual(sets.map(({ kind }) => kind), ["video", "audio"]);
        assert.match(sets[0].codecs, /^avc1\.[0-9A-F]{6}$/);
        assert.equal(sets[0].size, "320x180");
      });

      const files = subtest(t, stack, "each file is what the manifest says", async () => {
        let before; // of the same period: if the machine is slow, reports of the sender may begin another one
        const after = await until("a period goes on", async () => {
          const now = (await manifestOf(stack)).periods.at(-1);
          if (now.id !== before?.id) before = now;
          return now.sets.every(({ segments }, i) => segments.at(-1)?.file !== before.sets[i].segments.at(-1)?.file) && now;
        });
        assert.equal(after.start, before.start, "a period stays where it is");
        assert.deepEqual(after.sets.map(({ offset }) => offset), before.sets.map(({ offset }) => offset));
        await assertFiles(stack, after.sets);
      });

      const dash = [await openPlayer(context, pages, "dashjs", stack.manifest("demo")),
        await openPlayer(context, pages, "shaka", stack.manifest("demo"))];
      const lowLatency = [await openPlayer(context, pages, "shaka", stack.master("demo")),
        await openPlayer(context, pages, "videojs", stack.master("other"))];

      await subtest(t, stack, "they play it", async (t) => {
        await Promise.all([...dash, ...lowLatency].map((page) => plays(page, t)));
        await Promise.all(lowLatency.map((page) => page.close()));
      });
      await files; // as they were read meanwhile

      let publisher;
      await subtest(t, stack, "they play on when the publisher has crashed and begun again", async () => {
        const known = (await manifestOf(stack)).periods.map(({ id }) => id);
        await first.drop();
        publisher = await publishRecorded(stack, "demo", { key: KEY });
        const next = await until("another period", async () => (await manifestOf(stack)).periods.find(({ id, sets }) =>
          !known.includes(id) && sets.every(({ segments }) => segments.length > 0)));
        await assertFiles(stack, next.sets);
        for (const page of dash) {
          await untilIts(page, "plays what is new", ({ time }) => time > next.start + 3);
          await assertNoErrors(page);
        }
      });

      await subtest(t, stack, "they come to the end", async () => {
        await publisher.leave();
        await until("it waits for a publisher", async () =>
          (await bridgeStreams(stack.bridgePort)).some(({ name, state }) => name === "demo" && state !== "live"));
        const { periods } = await manifestOf(stack);
        for (const page of dash) // which take an end that comes with a last segment for that of the segment before
          await untilIts(page, "has all that is listed", ({ buffered }) => buffered.at(-1)?.[1] > endOf(periods.at(-1)) - 0.1);
        await other.stop(); // one stream is held open at a time: the older one ends
        const last = await until("the end", async () => {
          const found = await manifestOf(stack);
          return found.type === "static" && found;
        });
        // dash.js on a busy machine may stand for good when half a second is left, which it takes for too little to go on with.
        // Shaka Player stands just before the end if that is told some seconds later than the last segment: it moves all that
        // a static manifest lists to where its own window has come to by then.
        for (const page of dash) {
          const isFree = page.player.startsWith("shaka") || !LIVE;
          await untilIts(page, `ends at ${last.end}`, ({ ended, time, rate, ready }) => Math.abs(time - last.end) < (ended ? 1 : 0.6) &&
            (ended || (isFree && (rate === 0 || ready < HAVE_FUTURE_DATA))));
          await assertNoErrors(page);
        }
      });
    }));
});
