#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// Parts of another size that are asked for all at once.

import assert from "node:assert/strict";
import test from "node:test";
import { assemblePages } from "./assembled_pages.mjs";
import { loaderWith, PartsAhead, partsAt } from "../../web-publisher/js/parts-ahead.js";

const segment = (sn, start, end) => ({ sn, start, end });
const partsOf = (fragment, count) => Array.from({ length: count }, (none, i) => ({ fragment, url: `${fragment.sn}.${i}` }));
const ended = segment(7, 14, 16), growing = segment(8, 16, 16.6);
const details = { partList: [...partsOf(ended, 2), ...partsOf(growing, 3)], fragmentHint: growing };

for (const [what, list, bufferEnd, wanted] of [
  ["of the segment that grows, all", details, 16.6, ["8.0", "8.1", "8.2"]],
  ["of one that has just ended, and what is behind it, all", details, 15.8, ["7.0", "7.1", "8.0", "8.1", "8.2"]],
  ["where the next one begins, nothing", { partList: partsOf(ended, 2), fragmentHint: segment(8, 16, 16) }, 16.001, []],
  ["one alone is not worth it", { partList: partsOf(growing, 1), fragmentHint: growing }, 16, []],
  ["a list without parts has none", {}, 3, []],
])
  test(what, () => assert.deepEqual(partsAt(list, bufferEnd, 0.02), wanted));

/** Answers that come when `release(url)` is called. */
function server() {
  const waiting = new Map();
  const asked = [];
  return {
    asked,
    release: (url, ok = true) => waiting.get(url)({ ok, status: ok ? 200 : 404, arrayBuffer: async () => new ArrayBuffer(url.length) }),
    fetch: (url, { signal }) => {
      asked.push(url);
      return new Promise((resolve, reject) => {
        waiting.set(url, resolve);
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    },
  };
}

/** A loader of hls.js, as far as it matters: what it loads itself is in `loaded`. */
function makeLoader(ahead) {
  const loaded = [];
  class Loader {
    stats = { loading: {} };
    load({ url }) { loaded.push(url); }
    abort() {}
    destroy() {}
  }
  const Own = loaderWith(Loader, ahead);
  const load = (url) => {
    const loader = new Own();
    const answer = new Promise((resolve) => loader.load({ url }, {}, { onSuccess: (response, stats) => resolve({ ...response, stats }) }));
    return { loader, answer };
  };
  return { load, loaded };
}

const atOnce = async () => {}; // what is there is taken as it comes

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("hls.js gets what was asked for, once, and loads the rest itself", async () => {
  const one = server();
  const ahead = new PartsAhead({ fetch: one.fetch, now: () => 5, wait: atOnce });
  const { load, loaded } = makeLoader(ahead);
  ahead.ask(["8.0", "8.1"]);
  assert.deepEqual(one.asked, ["8.0", "8.1"]);
  const { answer } = load("8.0");
  one.release("8.0");
  const { data, stats } = await answer;
  assert.deepEqual([data.byteLength, stats.loaded, stats.total, stats.isAhead, stats.loading], [3, 3, 3, true, { start: 5, first: 5, end: 5 }]);
  load("8.0");
  load("9.0");
  assert.deepEqual(loaded, ["8.0", "9.0"]);
});

test("what cannot be had so is loaded by hls.js, unless it has given it up", async () => {
  const one = server();
  const ahead = new PartsAhead({ fetch: one.fetch, wait: atOnce });
  const { load, loaded } = makeLoader(ahead);
  ahead.ask(["8.0", "8.1", "8.2"]);
  load("8.0");
  const { loader } = load("8.1");
  loader.abort();
  for (const url of ["8.0", "8.1"]) one.release(url, false);
  await settled();
  assert.deepEqual(loaded, ["8.0"]);
  ahead.forget();
  load("8.2");
  await settled();
  assert.deepEqual(loaded, ["8.0", "8.2"], "it was forgotten");
});

test("an answer to a loader that is gone is nobody's", async () => {
  const one = server();
  const ahead = new PartsAhead({ fetch: one.fetch, wait: atOnce });
  const { load } = makeLoader(ahead);
  ahead.ask(["8.0", "8.1"]);
  const { loader, answer } = load("8.0");
  let came = false;
  answer.then(() => (came = true));
  loader.destroy();
  one.release("8.0");
  await settled();
  assert.equal(came, false);
});

for (const [what, release] of [
  ["all are there", (one) => one.release("8.1")],
  ["one cannot be had", (one) => one.release("8.1", false)],
  ["there is nothing else to show", (one, over) => over()],
])
  test(`none is taken until ${what}`, async () => {
    const one = server(), waits = [];
    let over;
    const ahead = new PartsAhead({ fetch: one.fetch, wait: (ms) => new Promise((resolve) => (waits.push(ms), (over = resolve))) });
    const { load } = makeLoader(ahead);
    ahead.ask(["8.0", "8.1"], 300);
    let came = false;
    load("8.0").answer.then(() => (came = true));
    one.release("8.0");
    await settled();
    assert.deepEqual([came, waits], [false, [300]]);
    release(one, over);
    await settled();
    assert.equal(came, true);
  });

test("what is never answered is loaded by hls.js in the end; the time of what was asked for before is not its own", async () => {
  const one = server(), limits = [];
  const limit = (ms) => {
    limits.push(Object.assign(new AbortController(), { ms }));
    return limits.at(-1).signal;
  };
  const ahead = new PartsAhead({ fetch: one.fetch, limit, wait: atOnce });
  const { load, loaded } = makeLoader(ahead);
  ahead.ask(["8.0", "8.1"], 300);
  ahead.ask(["9.0", "9.1"], 300);
  const { answer } = load("9.0");
  load("9.1");
  limits[0].abort();
  one.release("9.0");
  assert.equal((await answer).data.byteLength, 3);
  await settled();
  assert.deepEqual([loaded, limits.map(({ ms }) => ms)], [[], [20000, 20000]]);
  limits[1].abort();
  await settled();
  assert.deepEqual(loaded, ["9.1"]);
});

test("nobody waits for them any more when the player ends", async () => {
  const importPage = assemblePages();
  const { default: Hls } = await importPage("vendor/hls.mjs");
  const { lowLatency } = await importPage("js/low-latency.js");
  const given = [];
  const fetch = (url, { signal }) => {
    given.push(signal);
    return new Promise(() => {});
  };
  const hls = new Hls({ ...lowLatency({ fetch }), enableWorker: false });
  hls.config.partsAhead.ask(["8.0", "8.1"], 300);
  assert.deepEqual(given.map(({ aborted }) => aborted), [false, false]);
  hls.destroy();
  assert.deepEqual(given.map(({ aborted }) => aborted), [true, true]);
});
