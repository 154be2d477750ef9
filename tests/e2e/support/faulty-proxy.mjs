// SPDX-License-Identifier: GPL-3.0-or-later

// A server in front of the real one that breaks rules of low-latency HLS now and then, so that
// hls-doctor is seen to see it.

import http from "node:http";

const EACH = 5; // of so many requests of a sort one is spoilt

/** What hls-doctor must find behind it, of faults and of remarks: how the rule begins. */
export const FAULTS = [
  "a request that must be refused with 400 is not",
  "a blocking request is answered before its part is there",
  "a delta update comes to another playlist",
  "not one EXT-X-RENDITION-REPORT of each other rendition",
  "a listed segment or part cannot be fetched",
  "one name has had two contents",
  "a listed part changes",
  "FRAME-RATE is below that of the media",
  "CODECS lacks what the media has",
  "decode errors in sequence",
];
export const REMARKS = ["a playlist is not compressed by gzip", "media may not be cached"];

/** The playlist as it was before it had the part that is asked for: who asks late would have it by now. */
function withoutPart(query, playlist) {
  const lines = playlist.split("\n");
  const part = lines.findIndex((line) => line.includes(`-${query.get("_HLS_msn")}.${query.get("_HLS_part")}.m4s`));
  const hint = lines.findIndex((line) => line.startsWith("#EXT-X-PRELOAD-HINT"));
  if (part >= 0 && part < hint) lines.splice(part, hint - part);
  return lines.join("\n");
}

/** Serves what `origin` serves, not quite. Returns { url, close }. */
export async function startFaultyProxy(origin) {
  const counts = {};
  const seen = new Set();
  const now = (what) => (counts[what] = (counts[what] ?? 0) + 1) % EACH === 0;

  function spoilPlaylist(path, query, text) {
    if (path.endsWith("master.m3u8"))
      return text.replace(/FRAME-RATE=[\d.]+/, "FRAME-RATE=1.000").replace(/mp4a\.40\.2/, "mp4a.40.5");
    if (query.has("_HLS_skip")) return text.replace(/EXTINF:\d/g, "EXTINF:0");
    if (path.endsWith("video.m3u8") && now("report")) return text.replace(/#EXT-X-RENDITION-REPORT.*\n/, "");
    if (path.endsWith("audio.m3u8") && now("part")) return text.replace(/#EXT-X-PART:DURATION=0\.19200/g, "#EXT-X-PART:DURATION=0.19300");
    return text;
  }

  const server = http.createServer(async (request, response) => {
    const url = new URL(request.url, origin);
    const { pathname, searchParams: query } = url;
    const early = query.has("_HLS_part") && (!query.has("_HLS_msn") || now("early"));
    if (early) url.search = "";
    const answer = await fetch(url, { cache: "no-store" });
    let body = Buffer.from(await answer.arrayBuffer());
    let status = answer.status;
    if (early && status === 200) body = Buffer.from(withoutPart(query, String(body)));
    if (pathname.endsWith(".m3u8") && status === 200) body = Buffer.from(spoilPlaylist(pathname, query, String(body)));
    if (/audio-\d+-\d+\.m4s$/.test(pathname)) body.fill(0xff, body.length >> 1);
    if (/audio-\d+-\d+\.\d+\.m4s$/.test(pathname) && seen.has(pathname)) body[body.length - 1] ^= 1;
    if (/video-\d+-\d+\.m4s$/.test(pathname) && now("lost")) status = 404;
    seen.add(pathname);
    response.writeHead(status, { "Content-Type": answer.headers.get("content-type"), "Cache-Control": "no-cache" });
    response.end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))),
  };
}
