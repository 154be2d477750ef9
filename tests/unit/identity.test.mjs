#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// By what a publisher is known.

import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import test from "node:test";
import { fitTitle, ownKey, takeToken } from "../../web-publisher/js/identity.js";

globalThis.crypto ??= webcrypto; // Node 18 has none

test("a title has at most 200 bytes of UTF-8, in whole letters", () => {
  assert.equal(fitTitle("  Sandals & more "), "Sandals & more");
  assert.equal(fitTitle("   "), "");
  for (const [text, letters] of [["ñ".repeat(150), 100], ["x".repeat(300), 200], ["👟".repeat(60), 50], ["a" + "👟".repeat(60), 50]])
    assert.equal([...fitTitle(text)].length, letters, text);
});

test("a key is made once, and long enough that nobody guesses it", () => {
  const kept = new Map();
  const memory = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
  const key = ownKey(memory);
  assert.match(key, /^[0-9a-f]{32}$/);
  assert.equal(ownKey(memory), key);
  kept.clear();
  assert.notEqual(ownKey(memory), key);
});

test("a token is taken from the address, which does not keep it", () => {
  for (const [search, hash, token, left] of [
    ["", "#token=a.b.c", "a.b.c", "/publish.html"],
    ["?stream=shop", "#token=a.b.c", "a.b.c", "/publish.html?stream=shop"],
    ["?token=a.b.c&stream=shop", "", "a.b.c", "/publish.html?stream=shop"],
    ["?token=x.y.z", "#token=a.b.c&more=1", "a.b.c", "/publish.html#more=1"],
    ["?token=", "", "", "/publish.html"],
    ["?stream=shop", "", "", null],
  ]) {
    const kept = new Map(), seen = [];
    const tab = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
    const history = { replaceState: (state, title, address) => void seen.push(address) };
    assert.equal(takeToken(tab, { pathname: "/publish.html", search, hash }, history), token, search + hash);
    assert.deepEqual(seen, left === null ? [] : [left], search + hash);
    assert.equal(takeToken(tab, { pathname: "/publish.html", search: "", hash: "" }, history), token, "after a reload");
    assert.equal(takeToken(tab, { pathname: "/watch.html", search: "", hash: "" }, history, "of a viewer"), "", "each page has its own");
  }
});
