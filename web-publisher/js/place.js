// SPDX-License-Identifier: GPL-3.0-or-later

// Where a list is placed in time that has no segment in common with the one before it, as after a restart of the bridge or if
// its size was not shown for long. hls.js takes each number in between for a whole target duration. Segments may be much shorter,
// so it has placed one size a minute behind another. The dates tell it exactly. Pure.

const dated = ({ fragments }) => fragments.filter((one) => one?.programDateTime);

/** Whether `details` have no segment in common with the `previous` ones of the same list. */
export const isApart = (details, previous) => Boolean(previous) && (details.startSN > previous.endSN || details.endSN < previous.startSN);

/** Whether `details` begin with the number behind the `previous` list's last: hls.js places them right, with no hole. */
export const follows = (details, previous) => details.startSN === previous.endSN + 1;

/**
 * Places `details` beside `reference`, the list that was loaded last, by their dates; if one has none, they stay. It is by two
 * segments of nearly the same time, the first or the last of `details` and one of the other: dates run ahead of the media in a
 * list while a publisher is away, or if a clock is set.
 */
export function placeByDates(details, reference) {
  const own = dated(details), others = reference ? dated(reference) : [];
  let least = Infinity, shiftS = 0;
  for (const one of own.length ? [own[0], own.at(-1)] : [])
    for (const other of others) {
      const laterMs = one.programDateTime - other.programDateTime;
      if (Math.abs(laterMs) >= least) continue;
      least = Math.abs(laterMs);
      shiftS = other.start + laterMs / 1000 - one.start;
    }
  for (const fragment of [...details.fragments, details.fragmentHint]) fragment?.addStart(shiftS);
}
