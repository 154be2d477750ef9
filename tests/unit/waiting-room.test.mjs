#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// How often somebody asks who waits for a stream, whatever the server answers.

import assert from "node:assert/strict";
import test from "node:test";
import { afterAnswer, NOT_ASKED } from "../../web-publisher/js/waiting-room.js";

const LOOKS = 2; // requests of one look for what is not there: index.m3u8, master.m3u8

/** How many requests a page makes in `minutes`, where each wait.json is answered with `status` after `tookMs`. */
function requests({ status, tookMs, isWell = true, minutes = 10, random = () => 0.5 }) {
  let asked = LOOKS, now = 0, known = NOT_ASKED;
  while (now < minutes * 60000) {
    const next = afterAnswer({ known, status, tookMs, isWell, random: random() });
    asked += 1 + (next.look ? LOOKS : 0);
    now += tookMs + next.pauseMs;
    known = next.known;
  }
  return asked / minutes;
}

for (const [what, answer, least, most] of [
  ["the server holds requests", { status: 204, tookMs: 25000 }, 2, 3],
  ["a cache answers for it at once", { status: 204, tookMs: 5 }, 20, 35],
  ["the server is away", { status: 0, tookMs: 0, isWell: false }, 5, 12],
  ["it is full", { status: 503, tookMs: 10 }, 5, 12],
  ["it holds none, and is well", { status: 502, tookMs: 10 }, 30, 60],
  ["it is told that it is live, and finds nothing", { status: 200, tookMs: 10 }, 30, 60],
])
  test(`${what}: so many requests a minute`, () => {
    const perMinute = requests(answer);
    assert.ok(perMinute >= least && perMinute <= most, `${perMinute} a minute`);
  });

test("what begins is looked for at once", () => {
  const { pauseMs, look } = afterAnswer({ known: { failures: 5, misled: 0 }, status: 200, tookMs: 12000, isWell: true, random: 0.9 });
  assert.deepEqual({ pauseMs, look }, { pauseMs: 0, look: true });
});

test("those who were answered at once do not ask again at once", () => {
  const pauses = [0, 0.5, 1].map((random) =>
    afterAnswer({ known: NOT_ASKED, status: 204, tookMs: 25000, isWell: true, random }).pauseMs);
  assert.deepEqual(pauses, [500, 650, 800]);
});

test("no two wait for as long after a failure, and nobody for longer than 45 s", () => {
  for (let failures = 0; failures < 2000; failures += 1) {
    const [soonest, latest] = [0, 1].map((random) =>
      afterAnswer({ known: { failures, misled: 0 }, status: 0, tookMs: 0, isWell: false, random }).pauseMs);
    assert.ok(latest === 3 * soonest && soonest >= 500 && latest <= 45000, `${failures}: ${soonest} to ${latest}`);
  }
});

test("a request that was held has the server forgiven what was before", () => {
  const { known } = afterAnswer({ known: { failures: 9, misled: 9 }, status: 204, tookMs: 25000, isWell: true, random: 0 });
  assert.deepEqual(known, NOT_ASKED);
});
