// SPDX-License-Identifier: GPL-3.0-or-later

// What a lesson has shown, of its counters before and after: which sentences, with which numbers. Pure.

/** The buttons of the page: { button, value }. */
export const PRESSES = [
  { button: "lose", value: 5 },
  { button: "keys", value: 1 },
  { button: "kill", value: 1 },
  { button: "segment", value: 4 },
  { button: "segment", value: 2 },
  { button: "window", value: 3 },
  { button: "window", value: 6 },
];

/** The key of a press's strings, as "class.segment.4". */
export const keyOf = ({ button, value }) => `class.${button}${button === "segment" || button === "window" ? `.${value}` : ""}`;

/** The key of why a lesson has failed. */
export const failureOf = ({ why }) => (why ? `class.failed.${why}` : "class.failed");

/** A counter that began again with the bridge has made what it shows. */
const grown = (after, before) => (after >= before ? after - before : after);

/** [{ key, numbers }] of a lesson that is done: what happened. */
export function factsOf({ button, before, after, beganAt, backAt }) {
  if (!before || !after) return [];
  const more = (name) => grown(after[name], before[name]);
  const seconds = Math.round((backAt - beganAt) / 100) / 10;
  if (button === "lose") {
    return [
      { key: "class.fact.lost", numbers: { dropped: more("dropped"), packets: more("packets") + more("dropped") } },
      { key: "class.fact.sound", numbers: { ms: Math.round(more("concealed") / 48) } },
      { key: "class.fact.damaged", numbers: { damaged: more("damaged"), requests: more("requests") } },
      { key: "class.fact.made", numbers: { made: more("made") } },
    ];
  }
  if (button === "keys") {
    return [
      { key: "class.fact.held-back", numbers: { held: more("heldBack") } },
      { key: more("forced") ? "class.fact.forced" : "class.fact.not-forced", numbers: { forced: more("forced"), cuts: more("cuts") } },
    ];
  }
  const back = { key: "class.fact.back", numbers: { seconds } };
  if (button === "kill") {
    return [back,
      { key: "class.fact.numbers", numbers: { before: before.sequence, after: after.sequence } },
      { key: "class.fact.discontinuity", numbers: {} }];
  }
  if (button === "segment") return [back, { key: "class.fact.target", numbers: { before: before.target, after: after.target } }];
  return [back, { key: "class.fact.listed", numbers: { before: before.listed, after: after.listed } }];
}
