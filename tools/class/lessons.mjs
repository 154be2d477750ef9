// SPDX-License-Identifier: GPL-3.0-or-later

// The buttons of the class page: what may be asked, and which counters tell what came of it. Pure.

import { STREAM_NAME } from "../../web-publisher/js/stream-name.js";

/** Each button with the values that it takes, and how long its trouble lasts; 0: it is done when it is done. */
export const BUTTONS = {
  lose: { values: [5], seconds: 20 },
  kill: { values: [1], seconds: 0 },
  segment: { values: [2, 4], seconds: 0 },
  window: { values: [3, 6], seconds: 0 },
  keys: { values: [1], seconds: 12 },
};

/** What somebody has pressed: { button, value, stream }; throws a sentence if it is nothing that can be pressed. */
export function readPress(press) {
  const { button, value, stream } = press ?? {};
  if (typeof button !== "string" || !Object.hasOwn(BUTTONS, button)) throw new Error("there is no such button");
  if (!BUTTONS[button].values.includes(value)) throw new Error(`the button ${button} takes ${BUTTONS[button].values.join(" or ")}`);
  if (typeof stream !== "string" || !STREAM_NAME.test(stream)) throw new Error("a stream name is 1 to 64 of A-Z a-z 0-9 _ -");
  return { button, value, stream };
}

const sum = (list, key) => list.reduce((all, each) => all + (each[key] ?? 0), 0);

/** The counters by which a lesson is told, of a stream's status and look; null if there is no stream. */
export function countersOf(status, look) {
  if (!status || !look) return null;
  const { source, output } = status;
  return {
    live: status.state === "live",
    packets: sum(look.tracks, "packets"),
    missing: sum(look.tracks, "lost"),
    dropped: look.trouble.lost,
    damaged: (source?.pictures.damaged ?? 0) + (source?.pictures.undecodable ?? 0),
    concealed: source ? source.samples.concealed + source.samples.rebuilt : 0,
    requests: source?.keyframe_requests ?? 0,
    heldBack: look.trouble.held_back,
    cuts: look.cuts.at_idr,
    forced: look.cuts.forced,
    made: output.segments,
    newest: output.last_duration,
    target: output.target_duration,
    sequence: output.media_sequence,
    discontinuities: output.discontinuities,
    listed: output.listed,
  };
}
