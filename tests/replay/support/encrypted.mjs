// SPDX-License-Identifier: GPL-3.0-or-later

// Recordings that are replayed with keys, and what their playlists say of those.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { built } from "../../../tools/stack/stack.mjs";
import { runLoaded } from "./loaded.mjs";
import { folderOf, recording } from "./replays.mjs";

/** What each method of encryption has to get right: [recording, options of rtp-replay, seconds], by name. */
export const CASES = {
  "one size": ["dtx", [], 8],
  "three sizes, one of them later, and Opus": ["dtx", ["--video-tracks", 2, "--rung", "low:700", "--opus"], 8],
  "a rung that nobody watches": ["dtx", ["--rung", "low:700", "--rungs-watched", 180, "--rungs-gone", "2:5"], 8],
  "another SSRC, behind a discontinuity": ["dtx", ["--new-ssrc", 5], 12],
};

/**
 * Replays `name` into a new folder. The option KEYS stands for the folder of keys. Gives { media, keys, said }: the folders of
 * both, and the log.
 */
export async function replayWithKeys(t, name, options) {
  const folder = await folderOf(t), keys = path.join(folder, "keys");
  await mkdir(keys);
  const { status, stderr } = await runLoaded(built().replay, ["--json", "--hls", folder,
    ...options.map((option) => (option === "KEYS" ? keys : String(option))), recording(name)]);
  assert.equal(status, 0, stderr);
  return { media: path.join(folder, "replay"), keys: path.join(keys, "replay"), said: stderr };
}

/**
 * What a media playlist names, as a player reads it: [{ uri, key, iv, map, msn, kind, length }]. `keyLine` is what each
 * EXT-X-KEY must look like, with the address and the vector as its groups; key undefined: it is clear.
 */
export function namedBy(text, keyLine) {
  const named = [];
  let msn = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(text)[1]);
  let key, iv, map, length;
  for (const line of text.split("\n")) {
    const said = keyLine.exec(line);
    if (line.startsWith("#EXT-X-KEY")) assert.ok(said, line);
    if (said) [, key, iv] = said;
    length = Number(/^#EXT-X-BYTERANGE:(\d+)@0$/.exec(line)?.[1] ?? length);
    const uri = /^#EXT-X-(PART|MAP):.*URI="([^"]+)"/.exec(line);
    if (uri?.[1] === "MAP") map = uri[2];
    if (uri) named.push({ uri: uri[2], key, iv, map, msn, kind: uri[1] });
    if (line && !line.startsWith("#")) named.push({ uri: line, key, iv, map, msn: msn++, kind: "SEGMENT", length });
  }
  return named;
}
