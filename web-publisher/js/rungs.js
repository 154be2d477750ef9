// SPDX-License-Identifier: GPL-3.0-or-later

// What operators are told of the sizes that are made of a stream, out of the bridge's status (docs/protocol.md): pure.

const WHY = {
  unwatched: "nobody watches it",
  "no-encoder": "there is no encoder for it (transcode.encoders, transcode.each)",
  behind: "this machine cannot keep up",
  starting: "it starts",
  failed: "its process has failed, and is started again",
  refused: "it cannot be made",
  waiting: "it waits for a key frame, or the publisher's picture is no larger",
};

/** A line for each rung of a stream's `transcoder`: [{ bad, text }]. */
export function describeRungs(transcoder) {
  return (transcoder?.rungs ?? []).map(({ name, state, width, height, filled, pictures }) => {
    if (state === "made")
      return { bad: false, text: `${name}: ${width} × ${height}${filled ? ", from the next segment on" : ""}` };
    const known = state ?? (pictures > 0 && width > 0 ? "starting" : "waiting"); // an older bridge does not say
    return { bad: ["behind", "failed", "refused"].includes(known), text: `${name}: shows the copied pictures, ${WHY[known] ?? known}` };
  });
}

/** How fast they are made: "4.7 times as fast as real time, 33 ms behind"; "": they are not. */
export function describeSpeed(transcoder) {
  if (!transcoder?.runs || !(transcoder.load > 0)) return "";
  const times = 1 / transcoder.load;
  const waits = transcoder.pictures.waiting;
  return `${times.toFixed(times < 10 ? 1 : 0)} times as fast as real time, ${Math.round(transcoder.lag_ms)} ms behind, ` +
    `${waits} ${waits === 1 ? "picture waits" : "pictures wait"}`;
}
