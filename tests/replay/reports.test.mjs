#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// hls-doctor and what low-latency playlists report of each other: a report may be older than what a viewer knows, if its
// playlist was made before and came late. A server of two lists that grow, without media, shows both.

import assert from "node:assert/strict";
import http from "node:http";
import test from "node:test";
import { watch } from "../e2e/support/programs.mjs";

const PART_MS = 200, PARTS = 5; // of a segment
const LISTED = 6; // segments
const HELD = 6; // answers of each list that took long, of which hls-doctor may not have seen the last
const SECONDS = 60; // at the most
const OVER = 30; // parts: more than lie between two answers on any machine
const OLDER = /^an EXT-X-RENDITION-REPORT is older/;

const MASTER = `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",DEFAULT=YES,URI="audio.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=90000,CODECS="avc1.42C015,mp4a.40.2",RESOLUTION=320x180,AUDIO="a"
video.m3u8
`;

/** The text of a list whose last part is `edge`, counted from 0, and that reports `other` of the other one. */
function listOf(name, edge, other, otherEdge) {
  const open = Math.floor(edge / PARTS), first = Math.max(0, open - LISTED);
  const lines = ["#EXTM3U", "#EXT-X-VERSION:9", "#EXT-X-TARGETDURATION:1", "#EXT-X-PART-INF:PART-TARGET=0.2",
    "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.6", `#EXT-X-MEDIA-SEQUENCE:${first}`,
    `#EXT-X-MAP:URI="${name}.mp4"`];
  for (let msn = first; msn <= open; msn++) {
    const parts = msn < open ? PARTS : (edge % PARTS) + 1;
    for (let i = 0; i < parts; i++) lines.push(`#EXT-X-PART:DURATION=0.2,INDEPENDENT=YES,URI="${name}-${msn}.${i}.m4s"`);
    if (parts === PARTS) lines.push("#EXTINF:1.0,", `${name}-${msn}.m4s`);
  }
  lines.push(`#EXT-X-RENDITION-REPORT:URI="${other}.m3u8",LAST-MSN=${Math.floor(otherEdge / PARTS)},LAST-PART=${otherEdge % PARTS}`);
  return `${lines.join("\n")}\n`;
}

/**
 * hls-doctor's report of two lists that grow, the sound's half a part behind. What is asked of the pictures comes `lateMs`
 * after it was made; each reports the other `behind` parts too old.
 */
async function look(t, { lateMs, behind }) {
  const edge = { video: 40, audio: 40 }, text = {}, waiting = new Set(), held = { video: 0, audio: 0 };
  let enough;
  const make = (name, other) => {
    edge[name]++;
    text[name] = listOf(name, edge[name], other, edge[other] - behind);
    [...waiting].forEach((one) => one());
  };
  make("video", "audio");
  make("audio", "video");
  const timers = [setInterval(() => {
    make("video", "audio");
    timers.push(setTimeout(make, PART_MS / 2, "audio", "video"));
  }, PART_MS)];
  const server = http.createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://localhost");
    const name = /^\/(video|audio)\.m3u8$/.exec(pathname)?.[1];
    if (pathname === "/master.m3u8") return response.end(MASTER);
    if (!name) return response.writeHead(404).end();
    const wanted = Number(searchParams.get("_HLS_msn") ?? 0) * PARTS + Number(searchParams.get("_HLS_part") ?? 0);
    const late = name === "video" ? lateMs : 0;
    const answer = (later = true) => {
      if (edge[name] < wanted) return;
      waiting.delete(answer);
      held[name] += later || late > 0;
      if (Object.values(held).every((count) => count >= HELD)) enough();
      setTimeout((body) => response.end(body), late, text[name]);
    };
    waiting.add(answer);
    answer(false);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    timers.forEach(clearTimeout);
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${server.address().port}/master.m3u8`;
  const watching = watch(url, { seconds: SECONDS });
  await new Promise((resolve) => (enough = resolve));
  const report = await watching.end();
  assert.deepEqual(report.renditions.map(({ uri }) => uri).sort(), ["audio.m3u8", "video.m3u8"]);
  for (const { uri, held } of report.renditions) assert.ok(held >= 2, `${uri}: ${held} answers took long`);
  return report.faults.filter(({ rule }) => OLDER.test(rule));
}

test("a playlist that comes late may report what is known to be over", async (t) =>
  assert.deepEqual(await look(t, { lateMs: 1.75 * PART_MS, behind: 0 }), []));

test("a playlist that reports what was over when it was made is found", async (t) =>
  assert.equal((await look(t, { lateMs: 0, behind: OVER })).length, 1));

test("so is one that comes late as well", async (t) =>
  assert.equal((await look(t, { lateMs: 1.75 * PART_MS, behind: OVER })).length, 1));
