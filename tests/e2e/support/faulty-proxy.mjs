// SPDX-License-Identifier: GPL-3.0-or-later

// A server in front of the real one that breaks rules of low-latency HLS now and then, so that
// hls-doctor is seen to see it.

import http from "node:http";

// Of so many requests of a sort one is spoilt. Of its requests for a list, hls-doctor only holds each fifth against a delta
// update: at the same pace these alone could be spoilt, and most rules are not looked at there.
const EACH = 4;

/**
 * What is done wrong, by the name under which it is counted, and what hls-doctor must find of it: how the rule begins.
 */
export const FAULTS = {
  refusal: "a request that must be refused with 400 is not",
  early: "a blocking request is answered before its part is there",
  delta: "a delta update comes to another playlist",
  report: "not one EXT-X-RENDITION-REPORT of each other rendition",
  lost: "a listed segment or part cannot be fetched",
  hint: "a hinted part cannot be fetched",
  contents: "one name has had two contents",
  part: "a listed part changes",
  rate: "FRAME-RATE is below that of the media",
  codecs: "CODECS lacks what the media has",
  garbage: "decode errors in sequence",
};
export const REMARKS = ["a playlist is not compressed by gzip", "media may not be cached"];

const HELD_MS = 50; // a report is judged in an answer that was held, and on a busy machine the real one may be there at once

/** The playlist as it was before it had the part that is asked for: who asks late would have it by now. */
function withoutPart(query, playlist) {
  const lines = playlist.split("\n");
  const part = lines.findIndex((line) => line.includes(`-${query.get("_HLS_msn")}.${query.get("_HLS_part")}.m4s`));
  const hint = lines.findIndex((line) => line.startsWith("#EXT-X-PRELOAD-HINT"));
  if (part >= 0 && part < hint) lines.splice(part, hint - part);
  return lines.join("\n");
}

/** Whether the answer lacks what the request has named: what was there already is not taken back. */
const lacksNamed = (query, playlist) => {
  const segment = new RegExp(`^[^#].*-${query.get("_HLS_msn")}\\.m4s$`, "m");
  const part = new RegExp(`^#EXT-X-PART:.*-${query.get("_HLS_msn")}\\.${query.get("_HLS_part")}\\.m4s"`, "m");
  return query.has("_HLS_msn") && !segment.test(playlist) && !part.test(playlist);
};

/** Where a playlist ends: a delta update is compared with a whole list that ends there too. */
const endOf = (playlist) => /^#EXT-X-PRELOAD-HINT.*$/m.exec(playlist)?.[0];

/** Serves what `origin` serves, not quite. Returns { url, close, broken }: how often each of FAULTS was given to see. */
export async function startFaultyProxy(origin) {
  const broken = Object.fromEntries(Object.keys(FAULTS).map((kind) => [kind, 0]));
  const counts = {};
  const given = new Map(); // name of a part -> how often
  const ends = new Map(); // request without _HLS_skip -> { delta, whole }: where these end
  const now = (what) => (counts[what] = (counts[what] ?? 0) + 1) % EACH === 0;

  /** Replaces what is there to be replaced, and counts it. */
  function spoil(kind, text, pattern, by) {
    const spoilt = text.replace(pattern, by);
    broken[kind] += spoilt !== text;
    return spoilt;
  }

  function spoilPlaylist(path, query, text, early) {
    if (path.endsWith("master.m3u8"))
      return spoil("codecs", spoil("rate", text, /FRAME-RATE=[\d.]+/, "FRAME-RATE=1.000"), /mp4a\.40\.2/, "mp4a.40.5");
    // no shorter than it is: of less than a second no frame rate is measured
    if (query.has("_HLS_skip")) return text.replace(/EXTINF:\d/g, "EXTINF:3");
    if (path.endsWith("video.m3u8") && !early && now("report")) return spoil("report", text, /#EXT-X-RENDITION-REPORT.*\n/, "");
    if (path.endsWith("audio.m3u8") && now("part"))
      return spoil("part", text, /#EXT-X-PART:DURATION=0\.19200/g, "#EXT-X-PART:DURATION=0.19300");
    return text;
  }

  /** Counts a delta update and the whole list that it is compared with, if they are of one moment. */
  function countDelta(path, query, text) {
    const key = `${path} ${query.get("_HLS_msn")} ${query.get("_HLS_part")}`;
    const pair = { ...ends.get(key), [query.has("_HLS_skip") ? "delta" : "whole"]: endOf(text) };
    ends.set(key, pair);
    if (pair.delta && pair.delta === pair.whole) broken.delta++;
  }

  function spoilMedia(path, body) {
    given.set(path, (given.get(path) ?? 0) + 1);
    if (/audio-\d+-\d+\.m4s$/.test(path)) {
      body.fill(0xff, body.length >> 1);
      broken.garbage++;
    }
    if (/audio-\d+-\d+\.\d+\.m4s$/.test(path) && given.get(path) === 2) {
      body[body.length - 1] ^= 1;
      broken.contents++;
    }
  }

  async function serve(request, response) {
    const url = new URL(request.url, origin);
    const { pathname } = url;
    const query = new URLSearchParams(url.search); // of its own: that of the URL goes with its search
    const alone = query.has("_HLS_part") && !query.has("_HLS_msn");
    const early = alone || (query.has("_HLS_part") && !query.has("_HLS_skip") && now("early"));
    if (early) url.search = "";
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const answer = await fetch(url, { cache: "no-store", signal: gone.signal });
    let body = Buffer.from(await answer.arrayBuffer());
    let status = answer.status;
    if (status === 200 && pathname.endsWith(".m3u8")) {
      const reports = broken.report;
      const text = spoilPlaylist(pathname, query, early ? withoutPart(query, String(body)) : String(body), early);
      broken.refusal += alone;
      broken.early += early && lacksNamed(query, text);
      if (query.has("_HLS_part")) countDelta(pathname, query, text);
      if (broken.report > reports) await new Promise((resolve) => setTimeout(resolve, HELD_MS));
      body = Buffer.from(text);
    } else if (status === 200) {
      spoilMedia(pathname, body);
    }
    // a range is of the I-frame playlist, and another rule holds there
    if (/video-\d+-\d+\.m4s$/.test(pathname) && !request.headers.range && now("lost")) {
      status = 404;
      broken.lost++;
    }
    // the first who asks has it from a hint
    if (/video-\d+-\d+\.\d+\.m4s$/.test(pathname) && !request.headers.range && given.get(pathname) === 1 && now("hint")) {
      status = 404;
      broken.hint++;
    }
    response.writeHead(status, { "Content-Type": answer.headers.get("content-type"), "Cache-Control": "no-cache" });
    response.end(body);
  }

  // who asks may go while the request is held; and what cannot be had is for hls-doctor to say
  const server = http.createServer((request, response) => serve(request, response).catch(() => response.destroy()));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    broken,
    close: () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))),
  };
}
