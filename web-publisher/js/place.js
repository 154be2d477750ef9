// SPDX-License-Identifier: GPL-3.0-or-later

// Where a list is placed in time that has no segment in common with the one before it, as after a restart of the bridge or if
// its size was not shown for long. hls.js takes each number in between for a whole target duration. Segments may be much shorter,
// so it has placed one size a minute behind another. The dates tell it exactly. Pure.

const dated = ({ fragments }) => fragments.find((one) => one?.programDateTime);

/** Whether `details` have no segment in common with the `previous` ones of the same list. */
export const isApart = (details, previous) => Boolean(previous) && (details.startSN > previous.endSN || details.endSN < previous.startSN);

/** Places `details` beside `reference`, the list that was loaded last, by their dates; if one has none, they stay. */
export function placeByDates(details, reference) {
  const one = dated(details), other = reference && dated(reference);
  if (!one || !other) return;
  const shiftS = other.start + (one.programDateTime - other.programDateTime) / 1000 - one.start;
  for (const fragment of [...details.fragments, details.fragmentHint]) fragment?.addStart(shiftS);
}
