#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// Parts that are asked for before they exist.

import assert from "node:assert/strict";
import test from "node:test";
import { hintOf, HintedParts, isAtEnd } from "../../web-publisher/js/hinted-parts.js";

const URL_OF = "http://x/live/demo/audio.m3u8";
const list = { live: true, partTarget: 0.1, url: URL_OF, preloadHint: { TYPE: "PART", URI: "audio-1-7.3.m4s" } };

for (const [what, details, wanted] of [
  ["a list with short parts", list, "http://x/live/demo/audio-1-7.3.m4s"],
  ["a list with long parts: there is time enough", { ...list, partTarget: 0.2 }, null],
  ["a list that has ended", { ...list, live: false }, null],
  ["a list that hints at nothing", { ...list, preloadHint: undefined }, null],
  ["a list that hints at an initialisation segment", { ...list, preloadHint: { TYPE: "MAP", URI: "a.mp4" } }, null],
])
  test(what, () => assert.equal(hintOf(details), wanted));

test("who is far behind asks for segments", () => {
  assert.deepEqual([9.5, 8.5, -Infinity].map((end) => isAtEnd(end, { partEnd: 10 })), [true, false, false]);
});

/** { parts, asked, left }: addresses that were asked for, and those that were given up. */
function server() {
  const asked = [], left = [];
  const parts = new HintedParts((url, signal) => {
    asked.push(url);
    signal.addEventListener("abort", () => left.push(url));
    return url === "bad" ? Promise.reject(new Error("status 404")) : Promise.resolve({ data: url });
  });
  return { parts, asked, left };
}

test("each is asked for once, and taken once", async () => {
  const { parts, asked } = server();
  parts.ask("7.1");
  parts.ask("7.1");
  assert.deepEqual(asked, ["7.1"]);
  assert.deepEqual(await parts.take("7.1"), { data: "7.1" });
  assert.equal(parts.take("7.1"), undefined);
  assert.equal(parts.take("7.2"), undefined);
});

test("what nobody takes is given up, but for the last two", () => {
  const { parts, left } = server();
  for (const url of ["7.1", "7.2", "7.3", "7.4"]) parts.ask(url);
  assert.deepEqual(left, ["7.1", "7.2"]);
  parts.take("7.3");
  parts.ask("7.5");
  assert.deepEqual(left, ["7.1", "7.2"], "what is taken makes room");
  parts.forget();
  assert.deepEqual(left, ["7.1", "7.2", "7.4", "7.5"]);
});

test("what cannot be had is told to who takes it", async () => {
  const { parts } = server();
  parts.ask("bad");
  await assert.rejects(parts.take("bad"), /404/);
});
