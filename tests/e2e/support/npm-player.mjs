// SPDX-License-Identifier: GPL-3.0-or-later

// Other people's players, as npm has them, in a page each (tests/e2e/pages/player-page.js).

import assert from "node:assert/strict";
import path from "node:path";
import { openPage } from "./browser.mjs";
import { measured } from "./measured.mjs";
import { until } from "./rig.mjs";

const PLAYED_S = 5; // of media, which each player must have shown

/** Opens `player` on `url`; state() is what it has seen. */
export async function openPlayer(context, pages, player, url) {
  const page = await openPage(context, `${pages.url}/player.html?${new URLSearchParams({ player, url })}`);
  page.player = `${player} on ${path.basename(url)}`;
  page.state = () => page.evaluate(() => window.viewer);
  return page;
}

/** Waits until `probe(state)` is true, and returns the state; if it is never, tells what there was. */
export async function untilIts(page, what, probe) {
  let state;
  return until(`${page.player}: ${what}`, async () => {
    state = await page.state();
    return probe(state) && state;
  }).catch((error) => {
    error.message += `: ${JSON.stringify(state)}`;
    throw error;
  });
}

/** Neither the player nor its page has told of an error. */
export async function assertNoErrors(page) {
  assert.deepEqual((await page.state()).errors, [], page.player);
  assert.deepEqual(page.errors, [], page.player);
}

/**
 * video.js gives up a playlist for good if ten appends in a row have lengthened nothing that is buffered, as of parts before
 * the next key frame, and says so in its log; of a stream in one size it is the only one.
 */
const GAVE_UP = /No available working or supported playlists[^]*stalled download exclusion/;

const REOPENED_MOST = { misplaced: 10, givenUp: 3 }; // times

/**
 * Waits until it begins. Somebody who sees that it has given up, or stands with its sound elsewhere (loadHls12() of
 * player-page.js), opens the page again, and so does this. A machine that does nothing else must not need it.
 */
async function begins(page) {
  for (let times = 0; ; times++) {
    const { errors, misplaced } = await untilIts(page, "begins", ({ playing, errors, misplaced }) => playing || misplaced || errors.length > 0);
    const hasGivenUp = errors.some((error) => GAVE_UP.test(error));
    if (times >= (misplaced ? REOPENED_MOST.misplaced : hasGivenUp ? REOPENED_MOST.givenUp : 0)) return;
    assert.deepEqual(errors.filter((error) => !GAVE_UP.test(error)), [], page.player);
    measured(() => assert.deepEqual({ errors, misplaced }, { errors: [], misplaced: false }, page.player));
    await page.reload();
    await until(`${page.player} is there again`, () => page.state());
  }
}

/** It begins, and plays on, for so many seconds; tells how far behind live. Returns its state. */
export async function plays(page, t, seconds = PLAYED_S) {
  await begins(page);
  const { time } = await untilIts(page, "plays", ({ playing, time }) => playing && time > 0);
  const state = await untilIts(page, "plays on", (state) => state.time >= time + seconds);
  const behind = Number.isFinite(state.latency) ? `${state.latency.toFixed(1)} s behind live by its own reckoning` : "plays";
  t.diagnostic(`${page.player}: ${behind}`);
  await assertNoErrors(page);
  return state;
}
