// SPDX-License-Identifier: GPL-3.0-or-later

// How far media playlists have come.

import { until } from "./rig.mjs";

/** The number behind the last whole segment of a media playlist: how many the stream has had. */
export const numberBehind = (list) => Number(/MEDIA-SEQUENCE:(\d+)/.exec(list)[1]) + list.match(/^#EXTINF/gm).length;

/** How many discontinuities a media playlist has come to, those that have left it too. */
export const discontinuitiesIn = (list) =>
  Number(/^#EXT-X-DISCONTINUITY-SEQUENCE:(\d+)$/m.exec(list)?.[1] ?? 0) + list.split("#EXT-X-DISCONTINUITY\n").length - 1;

/** Waits until `stream` lists `count` whole segments more. */
export async function untilSegments(stack, stream, count) {
  const behind = async () => numberBehind(await (await fetch(stack.playlist(stream))).text());
  const before = await behind();
  await until(`${count} segments more of ${stream}`, async () => (await behind()) >= before + count);
}
