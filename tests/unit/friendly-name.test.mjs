#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// Names for those who have not thought of one.

import assert from "node:assert/strict";
import test from "node:test";
import { friendlyName } from "../../web-publisher/js/friendly-name.js";

/** Chance that gives `values` in turn, again and again. */
function inTurn(...values) {
  let next = 0;
  return () => values[next++ % values.length];
}

test("two words of the language and a number; an adjective follows its noun in Spanish", () => {
  for (const [language, first, last] of [["en", "agile-badger-10", "wise-whale-99"], ["en-GB", "agile-badger-10", "wise-whale-99"],
    ["es", "abeja-alegre-10", "zorro-veloz-99"], ["es-MX", "abeja-alegre-10", "zorro-veloz-99"], ["fr", "agile-badger-10", "wise-whale-99"]]) {
    assert.equal(friendlyName(language, inTurn(0)), first, language);
    assert.equal(friendlyName(language, inTurn(0.9999)), last, language);
  }
});

test("whatever chance gives, it is a stream name", () => {
  for (const language of ["en", "es"])
    for (let word = 0; word < 1; word += 1 / 128)
      assert.match(friendlyName(language, inTurn(word)), /^[a-z]+-[a-z]+-\d\d$/, `${language}, ${word}`);
});

test("thirty people seldom get one name twice", () => {
  let seed = 7;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const classes = Array.from({ length: 100 }, () => new Set(Array.from({ length: 30 }, () => friendlyName("es", random))));
  const withTwins = classes.filter(({ size }) => size < 30).length;
  assert.ok(withTwins < 5, `${withTwins} of 100 classes have two of one name`);
});
