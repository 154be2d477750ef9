// SPDX-License-Identifier: GPL-3.0-or-later

// Publishers that send little, live: a still screen, a frozen picture, silence that is not sent. What the bridge makes of
// each is asserted of recordings, too (tests/replay).

import assert from "node:assert/strict";
import test from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import {
  mute, OWN_PICTURE, publishSlides, publishWithDtx, showInstead, withBrowser,
} from "./support/browser.mjs";
import { assertSkew, faultsOfLive } from "./support/health.mjs";
import { untilSegments } from "./support/lists.mjs";
import { untilLookedAt } from "./support/looks.mjs";
import { LIVE, measured } from "./support/measured.mjs";
import { watch } from "./support/programs.mjs";
import { until, withStack } from "./support/rig.mjs";
import { assertDiscontinuities } from "./support/steps.mjs";

// Of so few marks 95 % are nearly all. Where the machine is busy the browser may lose sound before it is
// encoded; the one mark until that is found is off by what was lost.
const ONE_OFF = { p95Ms: 300 };
const QUIET = LIVE ? 5 : 2; // segments that the picture freezes for, and that the sound is muted for
const AFTER = LIVE ? 5 : 1;
const PICTURES = 60; // packets of pictures, a second or two, in which sound is counted: 50 packets a second, and next to none with DTX
const SILENT = 0.2; // of sound for one of pictures, at the most

/** Waits until hardly any sound comes beside the pictures: what was sent before is on its way for a while on a busy machine. */
async function untilSilent(stack, stream) {
  const packets = async () => {
    const { source } = (await bridgeStreams(stack.bridgePort)).find(({ name }) => name === stream);
    return ["audio", "video"].map((kind) => source.tracks.find((track) => track.kind === kind).packets);
  };
  let from = await packets();
  await until("DTX is on", async () => {
    const now = await packets();
    const [sounds, pictures] = now.map((count, i) => count - from[i]);
    if (pictures < PICTURES) return false;
    from = now;
    return sounds < SILENT * pictures;
  });
}

test("a still screen, a picture that freezes and a sound that is muted with DTX: nothing is missing", () =>
  withStack({}, (stack) =>
    withBrowser({ shell: true }, async (context, browser) => {
      await publishSlides(await browser.newContext(), stack, "slides");
      const page = await publishWithDtx(context, stack, "shop");
      const streams = ["slides", "shop"];
      for (const stream of streams)
        await until(`${stream} can be watched`, async () => (await fetch(stack.playlist(stream))).ok);
      const watched = streams.map((stream) => watch(stack.playlist(stream)));
      await Promise.all(streams.map((stream) => untilLookedAt(stack, stream)));

      await showInstead(page, null);
      await untilSegments(stack, "shop", QUIET);
      await showInstead(page, OWN_PICTURE);
      await mute(page, true);
      await untilSilent(stack, "shop");
      await untilSegments(stack, "shop", QUIET);
      await mute(page, false);
      await Promise.all(streams.map((stream) => untilSegments(stack, stream, AFTER)));
      await Promise.all(streams.map((stream) => untilLookedAt(stack, stream)));

      const reports = await Promise.all(watched.map((watching) => watching.end()));
      for (const [i, report] of reports.entries()) {
        assert.deepEqual(await faultsOfLive(report, stack, streams[i]), []);
        await assertDiscontinuities(stack, streams[i], report.discontinuities, 0);
        assert.ok(report.segments >= 3, `${report.segments} segments`);
        assert.equal(report.with_audio, report.segments);
      }
      measured(() => assertSkew(reports[1], ONE_OFF));
      measured(() => assert.ok(reports[0].longest_gap_seconds <= 3, `no new segment for ${reports[0].longest_gap_seconds} s`));
    })));
