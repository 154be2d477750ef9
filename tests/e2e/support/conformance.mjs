// SPDX-License-Identifier: GPL-3.0-or-later

// What hls-doctor and Shaka Packager must say of low-latency HLS, in quiet times and others.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { built } from "../../../tools/stack/stack.mjs";
import { OWN_PICTURE, showInstead, untilLive } from "./browser.mjs";
import { discontinuitiesIn } from "./lists.mjs";
import { faultsOf, withoutForcedCuts } from "./measured.mjs";
import { withLoss } from "./network.mjs";
import { run, shaka, watch } from "./programs.mjs";
import { sleep, until } from "./rig.mjs";
import { TESTCARD } from "./testcard.mjs";

/** How many discontinuities the pictures have come to. */
const discontinuitiesOf = async (master) =>
  discontinuitiesIn(await (await fetch(new URL("video.m3u8", master), { cache: "no-store" })).text());

/** The publisher of `page` sends another size for `sizeMs`, and is loaded again. Each is listed before the next. */
export async function changeSizeAndReload(master, page, { sizeMs, pauseMs, size = { width: 360, height: 640 } }) {
  await showInstead(page, size);
  await until("the other size is listed", async () =>
    (await (await fetch(master, { cache: "no-store" })).text()).includes(`RESOLUTION=${size.width}x${size.height}`));
  await sleep(sizeMs);
  const before = await discontinuitiesOf(master);
  await page.reload();
  await untilLive(page);
  await until("the reload is seen", async () => (await discontinuitiesOf(master)) > before);
  await sleep(pauseMs);
}

/** hls-doctor's report, while the publisher of `page` has trouble. */
export async function followThroughTrouble(master, page, { lossMs, stillMs, sizeMs, pauseMs, seconds }) {
  const watching = watch(master, { seconds });
  await sleep(pauseMs);
  await withLoss(0.05, () => sleep(lossMs));
  await sleep(pauseMs);
  await showInstead(page, null);
  await sleep(stillMs);
  await showInstead(page, OWN_PICTURE);
  await sleep(pauseMs);
  await changeSizeAndReload(master, page, { sizeMs, pauseMs });
  return watching.end();
}

/** hls-doctor's report of a stream whose publisher comes with sound, without, and with it again. */
export async function followMissingSound(stack, stream) {
  const send = (seconds, ...options) => run(built().replay, ["--bridge", `http://127.0.0.1:${stack.bridgePort}`,
    "--stream", stream, "--seconds", seconds, ...options, TESTCARD]);
  const first = send(5);
  await until("the multivariant playlist is there", async () => (await fetch(stack.master(stream))).ok);
  const watching = watch(stack.master(stream));
  await first;
  await send(5, "--only", "video");
  await send(6);
  return watching.end();
}

/** No rule is broken, but for how fast parts come. */
export const assertNoFaults = (report) => assert.deepEqual(faultsOf(report), []);

/** What hls-doctor must have looked at of each rendition. The reload of a publisher's page is a discontinuity. */
const FIGURES = ["discontinuities", "segments", "parts", "independent_parts", "held", "delta_updates", "hinted_parts",
  "retained_checked", "refusals"];

const LISTS = ["audio.m3u8", "video.m3u8"];

/** What none of these reports of a stream has looked at, as "audio.m3u8: no held". */
export const neverLookedAt = (reports) => LISTS.flatMap((uri) => FIGURES
  .filter((figure) => !reports.some(({ renditions }) => renditions.find((rendition) => rendition.uri === uri)?.[figure] > 0))
  .map((figure) => `${uri}: no ${figure}`));

/** No rule is broken, and what was to be looked at was. `forced`: segments that a live browser sent no key frame for in time. */
export function assertConforms(t, report, { forced = 0, others = [] } = {}) {
  for (const { rule, count, examples } of report.remarks) t.diagnostic(`remark: ${rule} (${count}): ${examples[0]}`);
  for (const r of report.renditions)
    t.diagnostic(`${r.uri}: ${r.segments} segments, ${r.parts} parts, ${r.versions} versions, ${r.delta_updates} delta ` +
      `updates, ${r.hinted_parts} hints, ${r.discontinuities} discontinuities, parts ${r.longest_part_gap_seconds} s apart`);
  for (const each of [report, ...others]) {
    assert.deepEqual(withoutForcedCuts(faultsOf(each), forced), []);
    assert.deepEqual(each.renditions.map(({ uri }) => uri).sort(), LISTS);
  }
  assert.deepEqual(neverLookedAt([report, ...others]), []);
}

const lines = (playlist, pattern) => [...playlist.matchAll(pattern)].map(([, uri]) => uri);

/**
 * The segments of a playlist: [{ uri, map, parts }], without those that are gaps and have no file: a publisher may end
 * behind a cut to which it has sent no sound.
 */
function segmentsOf(playlist) {
  let map, parts = [], gap = false;
  const segments = [];
  for (const line of playlist.split("\n")) {
    map = lines(line, /^#EXT-X-MAP:URI="([^"]+)"/g)[0] ?? map;
    parts.push(...lines(line, /^#EXT-X-PART:(?!.*GAP=YES).*URI="([^"]+)"/g));
    gap ||= line === "#EXT-X-GAP";
    if (!line || line.startsWith("#")) continue;
    if (!gap) segments.push({ uri: line, map, parts });
    parts = [];
    gap = false;
  }
  return segments;
}

/** Shaka Packager reads each segment that is listed, and each chain of parts, behind its initialisation. The lists stand still. */
export async function assertShakaReadsAll(t, stack, stream) {
  const get = async (name) => {
    const response = await fetch(new URL(name, stack.master(stream)), { cache: "no-store" });
    assert.equal(response.status, 200, name);
    return Buffer.from(await response.arrayBuffer());
  };
  const read = async (name, pieces, codec) => {
    const file = path.join(stack.options.folder, "shaka.mp4");
    await writeFile(file, Buffer.concat(await Promise.all(pieces.map(get))));
    const { status, stdout, stderr } = await shaka(file);
    assert.equal(status, 0, `${name}: ${stderr}`);
    assert.match(stdout, codec, name);
  };
  let count = 0;
  for (const [list, codec] of [["video.m3u8", /codec: H264/], ["audio.m3u8", /codec: AAC/]]) {
    const segments = segmentsOf(String(await get(list)));
    for (const map of new Set(segments.map((segment) => segment.map))) await read(map, [map], codec);
    for (const { uri, map, parts } of segments) {
      await read(uri, [map, uri], codec);
      if (parts.length) await read(`the parts of ${uri}`, [map, ...parts], codec);
      count++;
    }
  }
  t.diagnostic(`Shaka Packager read ${count} segments`);
  assert.ok(count >= 6, `${count} segments`);
}
