// SPDX-License-Identifier: GPL-3.0-or-later

// What is live now, as the bridge tells everybody: live/streams.json, a file that any cache may keep.

import { timeLimit } from "./time-limit.js";

const STALE_S = 20; // it is written again every five seconds
const ANSWER_MS = 10000; // a server that takes longer is gone

/**
 * The live streams: [{ name, title?, live_since, width?, height?, thumbnail? }], times in seconds
 * since 1970. Throws if they cannot be known: the server is away, or what writes the list is.
 */
export async function fetchLiveStreams() {
  const response = await fetch("live/streams.json", { cache: "no-cache", signal: timeLimit(ANSWER_MS) });
  if (!response.ok) throw new Error(`live/streams.json: ${response.status}`);
  const { at, streams } = await response.json();
  // by the server's own clock, which need not be ours
  const now = Date.parse(response.headers.get("Date") ?? "") / 1000;
  if (now - at > STALE_S) throw new Error("live/streams.json is of long ago");
  return streams;
}

/** How many watch a stream; undefined: it is not counted, or not known just now; null: this server counts nobody. */
export async function fetchViewers(name) {
  const response = await fetch("live/viewers.json", { cache: "no-cache", signal: timeLimit(ANSWER_MS) }).catch(() => null);
  if (!response?.ok) return response?.status === 404 ? null : undefined;
  const { at, viewers = {} } = await response.json().catch(() => ({}));
  const now = Date.parse(response.headers.get("Date") ?? "") / 1000;
  return now - at > STALE_S || !Object.hasOwn(viewers, name) ? undefined : viewers[name];
}

/** Where the small picture of a stream is; another address with each new picture. */
export const thumbnailUrl = ({ name, thumbnail }) => `live/${name}/thumb.jpg?${thumbnail}`;
