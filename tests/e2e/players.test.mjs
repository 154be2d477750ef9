// SPDX-License-Identifier: GPL-3.0-or-later

// Other people's players, as npm has them and with their own defaults (but for one of dash.js), on one
// live stream: dash.js and Shaka Player with DASH, Shaka Player and video.js with low-latency HLS.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { replay } from "./support/audience.mjs";
import { publish, untilLive, withBrowser } from "./support/browser.mjs";
import { LIVE } from "./support/measured.mjs";
import { parseMpd } from "./support/mpd.mjs";
import { assertNoErrors, openPlayer, plays, untilIts } from "./support/npm-player.mjs";
import { butPauses, ffprobe } from "./support/programs.mjs";
import { until, withStack } from "./support/rig.mjs";
import { servePages } from "./support/viewer.mjs";

const manifestOf = async (stack) => parseMpd(await (await fetch(stack.manifest("demo"))).text());

/** When what is listed of a period ends, in the time of the presentation. */
const endOf = ({ start, sets }) => Math.min(...sets.map(({ offset, segments }) => {
  const last = segments.at(-1);
  return start + last.start + last.duration - offset;
}));

/** The times that the manifest tells are those of the files that it names. */
async function assertFiles(stack, { init, kind, segments }) {
  const bytes = async (name) => {
    const response = await fetch(new URL(name, stack.manifest("demo")));
    assert.equal(response.status, 200, name);
    return Buffer.from(await response.arrayBuffer());
  };
  const head = await bytes(init);
  assert.ok(segments.length > 0, `${kind} has no segment`);
  for (const { file, start, duration } of segments) {
    const place = path.join(stack.options.folder, "segment.mp4");
    await writeFile(place, Buffer.concat([head, await bytes(file)]));
    const { complaints, streams, packets } = await ffprobe(place);
    assert.equal(butPauses(complaints), "", file);
    assert.equal(streams[0].codec_type, kind, file);
    assert.ok(Math.abs(Number(packets[0].dts_time) - start) < 0.0001, `${file} starts at ${packets[0].dts_time}, not ${start}`);
    const ends = Number(streams[0].duration);
    assert.ok(Math.abs(ends - start - duration) < 0.0001, `${file} ends at ${ends}, not ${start + duration}`);
  }
}

test("other people's players", async (t) => {
  const pages = await servePages();
  t.after(() => pages.close());
  await withStack({ bridgeSettings: { "sources.held": 1 } }, (stack) =>
    withBrowser({}, async (context) => {
      const publisher = await publish(context, stack, "demo");
      // of less than three segments Shaka Player wants the open one too, and has no address for it
      const manifest = await until("three segments", async () => {
        const found = await manifestOf(stack);
        return found.periods[0]?.sets.every(({ segments }) => segments.length > 2) && found;
      });
      const dash = [await openPlayer(context, pages, "dashjs", stack.manifest("demo")),
        await openPlayer(context, pages, "shaka", stack.manifest("demo"))];
      // Video.js gives up for good if ten parts change nothing in its buffer, as those of a segment do that begins without a
      // key frame: a live browser on a busy machine is late with one now and then, a recorded one is not
      const other = await replay(stack, "other");
      const lowLatency = [await openPlayer(context, pages, "shaka", stack.master("demo")),
        await openPlayer(context, pages, "videojs", stack.master("other"))];

      await t.test("the manifest tells what there is", async () => {
        assert.equal(manifest.type, "dynamic");
        const [{ start, sets }] = manifest.periods;
        assert.ok(Math.abs(Date.now() / 1000 - start) < 60, `a period at ${start} is of today`);
        assert.deepEqual(sets.map(({ kind }) => kind), ["video", "audio"]);
        assert.match(sets[0].codecs, /^avc1\.[0-9A-F]{6}$/);
        assert.equal(sets[0].size, "640x360");
      });

      await t.test("they play it", async (t) => {
        await Promise.all([...dash, ...lowLatency].map((page) => plays(page, t)));
        await Promise.all(lowLatency.map((page) => page.close()));
      });

      await t.test("each file is what the manifest says", async () => {
        // a browser that a busy machine has held up may be behind another period by now
        const { periods: [before] } = await manifestOf(stack);
        const last = before.sets[0].segments.at(-1).file;
        const after = await until("a period goes on", async () => (await manifestOf(stack)).periods.find(({ id, sets }) =>
          id === before.id && sets[0].segments.at(-1).file !== last));
        assert.equal(after.start, before.start, "a period stays where it is");
        for (const [i, set] of after.sets.entries()) {
          assert.equal(set.offset, before.sets[i].offset);
          await assertFiles(stack, set);
        }
      });

      await t.test("they play on when the publisher's page was loaded again", async () => {
        await publisher.reload();
        await untilLive(publisher);
        const next = await until("another period", async () =>
          (await manifestOf(stack)).periods.find(({ id }) => id !== manifest.periods[0].id));
        for (const set of next.sets) await assertFiles(stack, set);
        for (const page of dash) {
          await untilIts(page, "plays what is new", ({ time }) => time > next.start + 3);
          await assertNoErrors(page);
        }
      });

      await t.test("they come to the end", async () => {
        await publisher.close();
        await until("it waits for a publisher", async () =>
          (await bridgeStreams(stack.bridgePort)).some(({ name, state }) => name === "demo" && state === "held"));
        const { periods } = await manifestOf(stack);
        for (const page of dash) // which take an end that comes with a last segment for that of the segment before
          await untilIts(page, "has all that is listed", ({ buffered }) => buffered.at(-1)?.[1] > endOf(periods.at(-1)) - 0.1);
        await other.stop(); // one stream is held open at a time: the older one ends
        const last = await until("the end", async () => {
          const found = await manifestOf(stack);
          return found.type === "static" && found;
        });
        for (const page of dash) {
          // dash.js on a busy machine may stand for good when half a second is left, which it takes for too little to go on with
          const { time } = await untilIts(page, "ends", ({ ended, time, rate }) => ended || (!LIVE && rate === 0 && time > last.end - 0.6));
          assert.ok(Math.abs(time - last.end) < 1, `${page.player} ends at ${time}, not ${last.end}`);
          await assertNoErrors(page);
        }
      });
    }));
});
