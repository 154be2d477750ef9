// SPDX-License-Identifier: GPL-3.0-or-later

// An I-frame playlist of segments that exist, as a player could make one for itself: where the first picture of each is.

import { readFile } from "node:fs/promises";
import path from "node:path";

/** The boxes of MP4 from `at` up to `end`: [{ type, at, end }]. */
function boxesOf(bytes, at = 0, end = bytes.length) {
  const boxes = [];
  for (let size; at < end; at += size) {
    size = bytes.readUInt32BE(at);
    boxes.push({ type: bytes.toString("latin1", at + 4, at + 8), at, end: at + size });
  }
  return boxes;
}

const find = (bytes, type, within) => boxesOf(bytes, within && within.at + 8, within?.end).filter((box) => box.type === type);

/** The bytes of the first `pictures` of fragment `which` of a segment, with its header: { offset, length }. */
export function rangeOf(bytes, { which = 0, pictures = 1 } = {}) {
  const moof = find(bytes, "moof")[which];
  const [trun] = find(bytes, "trun", find(bytes, "traf", moof)[0]);
  const flags = bytes.readUInt32BE(trun.at + 8) & 0xffffff;
  let at = trun.at + 20 + (flags & 4 ? 4 : 0); // behind the count and the data offset
  let end = moof.at + bytes.readInt32BE(trun.at + 16);
  for (let i = 0; i < pictures; i++) {
    at += flags & 0x100 ? 4 : 0;
    end += bytes.readUInt32BE(at);
    at += 4 + (flags & 0x400 ? 4 : 0) + (flags & 0x800 ? 4 : 0);
  }
  return { offset: moof.at, length: end - moof.at };
}

/**
 * The I-frame playlist of the media playlist `name` in `folder`. `spoil(range, bytes, index)` may return another range for
 * a segment.
 */
export async function iframesOf(folder, name, spoil = (range) => range) {
  const kept = /^#EXT(M3U|INF:|-X-(TARGETDURATION|MEDIA-SEQUENCE|DISCONTINUITY|MAP|PROGRAM-DATE-TIME))/;
  const lines = [];
  let index = 0;
  for (const line of (await readFile(path.join(folder, name), "utf8")).split("\n")) {
    if (line.startsWith("#EXT-X-VERSION")) lines.push("#EXT-X-VERSION:5", "#EXT-X-I-FRAMES-ONLY");
    else if (kept.test(line)) lines.push(line);
    if (!line || line.startsWith("#")) continue;
    const bytes = await readFile(path.join(folder, line));
    const { offset, length } = spoil(rangeOf(bytes), bytes, index++);
    lines.push(`#EXT-X-BYTERANGE:${length}@${offset}`, line);
  }
  return lines.join("\n") + "\n";
}
