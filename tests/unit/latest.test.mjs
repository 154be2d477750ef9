#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// Which of several cameras is shown that people were asked for one after the other.

import assert from "node:assert/strict";
import test from "node:test";
import { Latest } from "../../web-publisher/js/latest.js";

/** Something to open that is there, or cannot be, when the test says so. */
function toOpen() {
  const one = { stopped: 0 };
  const opened = new Promise((resolve, reject) => Object.assign(one, { give: () => resolve(one), refuse: reject }));
  return Object.assign(one, { stop: () => one.stopped++, open: () => opened });
}

test("the last one that was asked for is taken, in whatever order they come; the others are closed", async () => {
  for (const order of [["first", "last"], ["last", "first"]]) {
    const latest = new Latest();
    const all = { first: toOpen(), last: toOpen() };
    const taken = [latest.take(all.first.open), latest.take(all.last.open)];
    for (const name of order) all[name].give();
    assert.deepEqual(await Promise.all(taken), [null, all.last], `${order}`);
    assert.deepEqual([all.first.stopped, all.last.stopped], [1, 0], `${order}`);
  }
});

test("what is not wanted any more is closed when it comes", async () => {
  const latest = new Latest();
  const one = toOpen();
  const taken = latest.take(one.open);
  latest.forget();
  one.give();
  assert.equal(await taken, null);
  assert.equal(one.stopped, 1);
});

test("why it cannot be opened is told of the last one alone", async () => {
  const latest = new Latest();
  const [first, last] = [toOpen(), toOpen()];
  const taken = [latest.take(first.open), latest.take(last.open)];
  first.refuse(new Error("denied"));
  last.refuse(new Error("there is none"));
  assert.equal(await taken[0], null);
  await assert.rejects(taken[1], /there is none/);
});
