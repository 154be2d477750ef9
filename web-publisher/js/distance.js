// SPDX-License-Identifier: GPL-3.0-or-later

// How far behind live a viewer at low latency is: as near as the playlist allows, further while that does not go
// well, and nearer again bit by bit. It is done by the rate, which nobody hears. hls.js would stay away for good. Pure.

export const AHEAD_PARTS = 1.25; // that must be there to come nearer: more than the next one takes to come

const PAUSE_MS = 1000; // a trouble that comes sooner after another one is the same
const MOST_S = 1; // further than the playlist allows
const CALM_MS = { first: 20000, most: 320000 }; // until it comes nearer by a step; twice as long if that was wrong
const PROVEN_MS = 30000; // a step nearer that has held so long was right
const BEGIN = { ofPart: 0.4, most: 0.08 }; // s behind the aim, for it to catch up
const END_S = 0.02; // and until
const NEAR = { ofPart: 0.3, most: 0.06 }; // s nearer than the aim, for it to fall back
/*
 * At another rate than its own a browser stretches sound, for which Chromium wants 0.05 s more of it: it runs dry the sooner if a
 * change of rate begins when little is ahead.
 */
const STRETCH_S = 0.15;
const LATER = 0.95, SOONER = 1.05, SOON = { rate: 1.1, behindS: 0.5 };
/*
 * What must be ahead when it is lowest: browsers take 0.05 to 0.08 s of sound before it is heard. If it is less, a viewer falls
 * back by what is missing, before it stands, and comes nearer again by small steps.
 */
const LOW = { s: 0.1, most: 0.3, stepS: 0.01, calmMs: 8000 };
// The classic playlist grows by segments: its end is not known to the tenth of a second, and much must be ahead.
const CLASSIC = { beginS: 1, endS: 0.3, soonS: 2, aheadS: 3 };

/** It goes away and comes back by a part, or so much. */
const stepS = (partS) => Math.min(partS, 0.2);

/** Whole milliseconds, or three steps of 0.1 s nearer would not end at 0. */
const within = (seconds) => Math.min(MOST_S, Math.max(0, Math.round(seconds * 1000) / 1000));

export class Distance {
  #extraS = 0;
  #troubledAt = -Infinity;
  #steps = 1; // that a trouble moves it
  #changedAt = -Infinity;
  #nearerAt = -Infinity;
  #calmMs = CALM_MS.first;
  #reserveS = 0;
  #lowAt = -Infinity;

  /**
   * Before more came, only `aheadS` of media was left, of a viewer who was `furtherS` from live than the playlist allows: how
   * late something comes is learnt, as a jitter buffer does. Who is further back than this ever goes, as after a seek, does not
   * take what has just come.
   */
  onLow({ aheadS, furtherS }, now) {
    const wanted = Math.min(furtherS + LOW.s - aheadS, LOW.most);
    if (aheadS >= LOW.s || furtherS > MOST_S || wanted < this.#reserveS) return;
    this.#reserveS = wanted;
    this.#lowAt = now;
  }

  /** It stands. Troubles that follow each other take it away twice as fast. `partS`: how long a part may be. */
  onTrouble(partS, now) {
    if (now - this.#changedAt < PAUSE_MS && this.#changedAt !== this.#nearerAt) return;
    if (now - this.#nearerAt < PROVEN_MS) this.#calmMs = Math.min(2 * this.#calmMs, CALM_MS.most);
    this.#steps = now - this.#troubledAt < CALM_MS.first ? 2 * this.#steps : 1;
    this.#extraS = within(this.#extraS + this.#steps * stepS(partS));
    this.#troubledAt = this.#changedAt = now;
    this.#nearerAt = -Infinity;
  }

  /** Seconds further than the playlist allows. */
  extraS(partS, now) {
    if (this.#extraS > 0 && now - this.#changedAt >= this.#calmMs) {
      this.#extraS = within(this.#extraS - stepS(partS));
      this.#changedAt = this.#nearerAt = now;
    } else if (this.#nearerAt > -Infinity && now - this.#nearerAt >= PROVEN_MS) {
      this.#calmMs = CALM_MS.first;
      this.#nearerAt = -Infinity;
    }
    if (this.#reserveS > 0 && now - this.#lowAt >= LOW.calmMs) {
      this.#reserveS = within(this.#reserveS - LOW.stepS);
      this.#lowAt = now;
    }
    return Math.max(this.#extraS, this.#reserveS);
  }
}

/** Seconds of media ahead of what an element shows. */
export function aheadOf({ buffered, currentTime }) {
  for (let i = 0; i < buffered.length; i++)
    if (buffered.start(i) <= currentTime && currentTime <= buffered.end(i)) return buffered.end(i) - currentTime;
  return 0;
}

/** The rate to play at: `behindS` the aim, `aheadS` in the buffer, parts of `partS`; `rate` is the one now. */
export function rateFor({ behindS, aheadS, partS, rate }) {
  if (behindS > (rate > 1 ? END_S : Math.min(BEGIN.most, BEGIN.ofPart * partS)) && aheadS > Math.max(AHEAD_PARTS * partS, rate === 1 ? STRETCH_S : 0))
    return behindS > SOON.behindS ? SOON.rate : SOONER;
  const isNear = behindS < -(rate < 1 ? END_S : Math.min(NEAR.most, NEAR.ofPart * partS));
  return isNear && (rate < 1 || aheadS > STRETCH_S) ? LATER : 1;
}

/** The same of the classic playlist. hls.js itself never comes nearer: what a slow machine loses would add up. */
export function classicRate({ behindS, aheadS, rate }) {
  if (behindS <= (rate > 1 ? CLASSIC.endS : CLASSIC.beginS) || aheadS <= CLASSIC.aheadS) return 1;
  return behindS > CLASSIC.soonS ? SOON.rate : SOONER;
}
