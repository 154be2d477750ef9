// SPDX-License-Identifier: GPL-3.0-or-later

// Whether a machine is too busy for the test card that it shows, looked at once a second: pure. Signs are the encoder's own
// (qualityLimitationReason "cpu") and pictures that were not drawn in time. One bad second is nothing, as there is one
// whenever something else is started.

const DRAWN_LEAST = 0.8; // part of the pictures that should have been drawn
const PATIENCE = { small: 3, other: 6 }; // seconds that are bad one after the other
const SMALL_CORES = 2;

/** Whether a machine has so few cores that it need not be tried. `cores`: as navigator.hardwareConcurrency has it. */
export const isTiny = (cores) => cores === 1;

export class BusyMachine {
  #patience;
  #bad = 0; // seconds, one after the other

  constructor(cores) {
    this.#patience = cores <= SMALL_CORES ? PATIENCE.small : PATIENCE.other;
  }

  /**
   * Takes in what a second was like, and returns whether it is too busy. `limit`: what keeps the encoder from doing better,
   * "cpu" or something else; `drawn`: which part of its pictures the card drew, null if that is not known.
   */
  look({ limit, drawn }) {
    const isBad = limit === "cpu" || (drawn !== null && drawn < DRAWN_LEAST);
    this.#bad = isBad ? this.#bad + 1 : 0;
    return this.#bad >= this.#patience;
  }
}

/** Lightens the card of `source` (openSource()), once, if `machine` is too busy for it. Returns whether it did so now. */
export function lightenIfBusy(source, machine, limit) {
  if (!source?.lighten || !machine.look({ limit, drawn: source.drawn() })) return false;
  source.lighten();
  delete source.lighten;
  return true;
}
