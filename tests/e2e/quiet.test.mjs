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
import { LIVE, measured } from "./support/measured.mjs";
import { watch } from "./support/programs.mjs";
import { sleep, until, withStack } from "./support/rig.mjs";
import { assertDiscontinuities } from "./support/steps.mjs";

// Of so few marks 95 % are nearly all. Where the machine is busy the browser may lose sound before it is
// encoded; the one mark until that is found is off by what was lost.
const ONE_OFF = { p95Ms: 300 };
const QUIET_S = LIVE ? 10 : 5; // what the picture freezes for, and what the sound is muted for
const AFTER_MS = LIVE ? 10000 : 3000;
const SILENT_A_SECOND = 10; // packets of sound, of 50, that DTX sends at the most

test("a still screen, a picture that freezes and a sound that is muted with DTX: nothing is missing", () =>
  withStack({}, (stack) =>
    withBrowser({}, async (context, browser) => {
      const packets = async () => {
        const { source } = (await bridgeStreams(stack.bridgePort)).find(({ name }) => name === "shop");
        return source.tracks.find((track) => track.kind === "audio").packets;
      };
      await publishSlides(await browser.newContext(), stack, "slides");
      const page = await publishWithDtx(context, stack, "shop");
      for (const stream of ["slides", "shop"])
        await until(`${stream} can be watched`, async () => (await fetch(stack.playlist(stream))).ok);
      const [slides, shop] = ["slides", "shop"].map((stream) => watch(stack.playlist(stream)));

      await showInstead(page, null);
      await sleep(QUIET_S * 1000);
      await showInstead(page, OWN_PICTURE);
      await mute(page, true);
      await sleep(1000);
      const [before, from] = [await packets(), performance.now()];
      await sleep(QUIET_S * 1000);
      const [sent, seconds] = [(await packets()) - before, (performance.now() - from) / 1000];
      assert.ok(sent < SILENT_A_SECOND * seconds, `DTX is not on: ${sent} packets in ${seconds} s of silence`);
      await mute(page, false);
      await sleep(AFTER_MS);

      const reports = [await slides.end(), await shop.end()];
      for (const [i, report] of reports.entries()) {
        assert.deepEqual(await faultsOfLive(report, stack, ["slides", "shop"][i]), []);
        await assertDiscontinuities(stack, ["slides", "shop"][i], report.discontinuities, 0);
        assert.ok(report.segments >= 3, `${report.segments} segments`);
        assert.equal(report.with_audio, report.segments);
      }
      measured(() => assertSkew(reports[1], ONE_OFF));
      measured(() => assert.ok(reports[0].longest_gap_seconds <= 3, `no new segment for ${reports[0].longest_gap_seconds} s`));
    })));
