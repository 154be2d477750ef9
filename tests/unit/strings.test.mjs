#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// The strings of the pages: each language has all, what is used exists, and what exists is used.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { choose, LANGUAGES, t, take } from "../../web-publisher/js/strings.js";
import { stringsOf } from "./english.mjs";

const PAGES = fileURLToPath(new URL("../../web-publisher", import.meta.url));
const FILE_ENDING = /\.(js|mjs|json|html|css|svg|jpg|m3u8)$/; // "publish.html" is no key
const english = stringsOf("en");
const sections = new Set(Object.keys(english).map((key) => key.split(".")[0]));

const filesOf = (folder, ending) => readdirSync(path.join(PAGES, folder))
  .filter((name) => name.endsWith(ending))
  .map((name) => ({ name: path.join(folder, name), text: readFileSync(path.join(PAGES, folder, name), "utf8") }));
const pages = filesOf(".", ".html"), modules = filesOf("js", ".js");

/** Each use of a key: { file, key }, or { file, prefix } if its end is made as the page runs. */
function uses() {
  const found = [];
  for (const { name, text } of pages)
    for (const [, key] of text.matchAll(/ data-text(?:-[a-z-]+)?="([^"]*)"/g)) found.push({ file: name, key });
  for (const { name, text } of modules) {
    const code = text.replace(/^\s*\/\/.*$/gm, "");
    for (const [, key] of code.matchAll(/"([a-z]+(?:\.[a-z0-9-]+)+)"/g))
      if (sections.has(key.split(".")[0]) && !FILE_ENDING.test(key)) found.push({ file: name, key });
    for (const [, prefix] of code.matchAll(/`([a-z]+\.[a-z0-9.-]*)\$\{/g))
      if (sections.has(prefix.split(".")[0])) found.push({ file: name, prefix });
  }
  return found;
}

/** The names of the values in a string, and in each of its forms. */
const formsOf = (string) => (typeof string === "object" ? Object.values(string) : [string]);
const valuesIn = (string) => [...new Set(formsOf(string).flatMap((form) => form.match(/\{\w+\}/g) ?? []))].sort();

test("each file of strings is one of the languages, and each language has one", () => {
  const files = readdirSync(path.join(PAGES, "strings")).map((name) => path.basename(name, ".json")).sort();
  assert.deepEqual(files, Object.keys(LANGUAGES).sort());
  assert.ok(files.length >= 2);
});

for (const language of Object.keys(LANGUAGES)) {
  test(`${language} has all strings, none of them empty, and with no value that is never given`, () => {
    const strings = stringsOf(language);
    assert.deepEqual(Object.keys(strings).sort(), Object.keys(english).sort());
    const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
    for (const [key, string] of Object.entries(strings)) {
      for (const form of formsOf(string)) assert.match(form, /\S/, key);
      if (typeof string === "object") {
        assert.ok("other" in string, key);
        for (const form of Object.keys(string)) assert.ok(pluralCategories.includes(form), `${key}: ${form}`);
      }
      // a translation may leave one out, and what the plugin says is known by its code
      const known = [...valuesIn(english[key]), ...(/^(error|ended)\./.test(key) ? ["{stream}", "{number}", "{reason}", "{text}"] : [])];
      for (const value of valuesIn(string)) assert.ok(known.includes(value), `${key}: ${value}`);
    }
  });
}

test("what pages say exists, and what exists is said", () => {
  const used = uses();
  assert.ok(used.length > 200, `only ${used.length} uses were seen`);
  assert.deepEqual(used.filter(({ key }) => key && !(key in english)), []);
  const isUsed = (key) => used.some((use) => use.key === key || (use.prefix && key.startsWith(use.prefix)));
  assert.deepEqual(Object.keys(english).filter((key) => !isUsed(key)), []);
});

test("the English in the pages is that of the strings", () => {
  let seen = 0;
  const plain = (html) => html.replaceAll("&amp;", "&").replaceAll("&lt;", "<").replaceAll("&gt;", ">");
  for (const { name, text } of pages) {
    for (const [, tag, key, shown] of text.matchAll(/<(\w+)[^>]* data-text="([^"]*)"[^>]*>([^<]*)<\//g)) {
      assert.equal(plain(shown), english[key], `${name}: <${tag}> ${key}`);
      seen++;
    }
    for (const [element] of text.matchAll(/<[^>]* data-text-[^>]*>/g))
      for (const [, attribute, key] of element.matchAll(/ data-text-([a-z-]+)="([^"]*)"/g)) {
        assert.equal(plain(element.match(new RegExp(`\\s${attribute}="([^"]*)"`))?.[1] ?? ""), english[key], `${name}: ${key}`);
        seen++;
      }
  }
  assert.equal(seen, uses().filter(({ file }) => file.endsWith(".html")).length);
});

test("each error code of the plugin has a text", () => {
  const header = readFileSync(new URL("../../janus-plugin/core/request.h", import.meta.url), "utf8");
  const codes = [...header.matchAll(/HLS_ERROR_\w+ = (\d+)/g)].map(([, code]) => code);
  assert.ok(codes.length >= 17);
  assert.deepEqual(codes.filter((code) => !(`error.${code}` in english)), []);
});

test("the language is the first that somebody wants and that there is", () => {
  for (const [wanted, is] of [[["es-MX", "en"], "es"], [["en-US"], "en"], [["fr", "es"], "es"], [["ja"], "en"], [[], "en"],
    [["", "ES"], "es"], [["constructor"], "en"], [["es-419"], "es"]])
    assert.equal(choose(wanted), is, wanted.join());
});

test("a text is filled in, counts, and what a language lacks is said in English", () => {
  take("en", { a: "{count} of {what}", b: { one: "{count} part", other: "{count} parts" }, c: "only here", d: "see {inner}" });
  take("es", { b: { one: "{count} parte", other: "{count} partes" }, c: "" }, { current: true });
  assert.equal(t("a", { count: 3, what: "$& {count}" }), "3 of $& {count}");
  assert.equal(t("b", { count: 1 }), "1 parte");
  assert.equal(t("b", { count: 0 }), "0 partes");
  assert.equal(t("c"), "only here");
  assert.equal(t("d", { inner: { key: "b", values: { count: 2 } } }), "see 2 partes");
  assert.equal(t("d"), "see {inner}");
  assert.equal(t("error.999", { text: "Words of a newer server." }), "Words of a newer server.");
  assert.equal(t("nowhere"), "nowhere");
});

test("a language is said though the English strings cannot be had", async () => {
  const strings = await import("../../web-publisher/js/strings.js?without-english");
  const element = { dataset: {}, textContent: "One", getAttribute: () => null };
  strings.show(element, "a");
  assert.equal(element.textContent, "One", "what the page has stays until there are any");
  strings.take("es", { a: "Uno" }, { current: true });
  strings.show(element, "a");
  assert.equal(element.textContent, "Uno");
});
