// SPDX-License-Identifier: GPL-3.0-or-later

// What operators are told of the sizes that are made of a stream, out of the bridge's status (docs/protocol.md): pure.

const WHY = ["unwatched", "no-encoder", "behind", "starting", "failed", "refused", "waiting"]; // rung.NAME of the strings

/** A text (strings.js) for each rung of a stream's `transcoder`: [{ bad, key, values }]. */
export function describeRungs(transcoder) {
  return (transcoder?.rungs ?? []).map(({ name, state, width, height, filled, pictures }) => {
    if (state === "made") return { bad: false, key: filled ? "rung.made-soon" : "rung.made", values: { name, width, height } };
    const known = state ?? (pictures > 0 && width > 0 ? "starting" : "waiting"); // an older bridge does not say
    const why = WHY.includes(known) ? { key: `rung.${known}` } : known;
    return { bad: ["behind", "failed", "refused"].includes(known), key: "rung.copied", values: { name, why } };
  });
}

/** The text of how fast they are made; null: they are not. */
export function describeSpeed(transcoder) {
  if (!transcoder?.runs || !(transcoder.load > 0)) return null;
  const times = 1 / transcoder.load;
  return { key: "rung.speed",
    values: { times: times.toFixed(times < 10 ? 1 : 0), ms: Math.round(transcoder.lag_ms), count: transcoder.pictures.waiting } };
}
