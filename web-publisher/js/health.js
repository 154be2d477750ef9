// SPDX-License-Identifier: GPL-3.0-or-later

// How a publisher's connection does, in one word for people who look at no figures: pure.

const LOSS = { poor: 0.02, bad: 0.1 }; // parts of 1
const ROUND_TRIP_MS = 400; // above it, what is lost comes again too late for low latency

/**
 * The text (strings.js) and the mood of it: { key, mood }, mood "good", "busy" (it could be better) or "bad". The worst
 * there is to say. `figures`: of PublishFigures.
 */
export function healthOf({ loss, roundTripMs, limit }) {
  if (loss > LOSS.bad) return { key: "health.loses-much", mood: "bad" };
  if (loss > LOSS.poor) return { key: "health.loses", mood: "busy" };
  if (limit === "bandwidth") return { key: "health.slow-network", mood: "busy" };
  if (limit === "cpu") return { key: "health.slow-machine", mood: "busy" };
  if (roundTripMs > ROUND_TRIP_MS) return { key: "health.far", mood: "busy" };
  return { key: "health.good", mood: "good" };
}
