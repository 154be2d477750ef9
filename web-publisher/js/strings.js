// SPDX-License-Identifier: GPL-3.0-or-later

// The words of the pages, in the language of whoever reads them: strings/LANGUAGE.json has those of one.
//
//   <p data-text="watch.search">Looking …</p>     the text of an element; its English stays until the strings are there
//   <img alt="" data-text-alt="start.path">       the same of an attribute: aria-label, title, placeholder or alt
//   show(element, "watch.behind", { seconds: 3 })   the same from a module; it is said again if another language is chosen
//   t("watch.behind", { seconds: 3 })               the text alone, once `ready` has come
//
// A string has {name} if the value of that name stands there. One that depends on values.count has several forms, named as
// Intl.PluralRules does: { "one": …, "other": … }. A value may be a text itself: { key, values }. What a language
// lacks is said in English.

/** All languages: what each calls itself. One more is a line here, and its strings/LANGUAGE.json. */
export const LANGUAGES = { en: "English", es: "Español" };

const FALLBACK = "en";
const KEPT = "janus-hls-language"; // in localStorage: what was chosen
const ATTRIBUTES = ["aria-label", "title", "placeholder", "alt"];
const SELECTOR = ["text", ...ATTRIBUTES.map((name) => `text-${name}`)].map((name) => `[data-${name}]`).join();

const tables = {}; // of each language that is loaded, its strings
const given = new WeakMap(); // the values that show() was given for an element
const listeners = [];
let language = FALLBACK;

/** The language for somebody who would like `wanted`, the best first: of ["es-MX", "en"] "es". */
export const choose = (wanted) =>
  wanted.map((tag) => String(tag).toLowerCase().split("-")[0]).find((tag) => Object.keys(LANGUAGES).includes(tag)) ?? FALLBACK;

/** Takes the strings of a language in; `current`: they are said from now on. */
export function take(tag, strings, { current = false } = {}) {
  tables[tag] = strings;
  if (current) language = tag;
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return value?.key ? t(value.key, value.values) : value ?? whole;
  });
}

function formOf(string, count, tag) {
  return typeof string === "object" ? string[new Intl.PluralRules(tag).select(count)] ?? string.other : string;
}

/** The text of `key`; if no language has it, values.text, as of a server that is newer than the pages; else the key. */
export function t(key, values = {}) {
  for (const tag of [language, FALLBACK]) {
    const string = tables[tag]?.[key];
    if (string) return fill(formOf(string, values.count, tag), values);
  }
  return values.text ?? key;
}

function render(element) {
  const values = given.get(element);
  const isThere = tables[language] ?? tables[FALLBACK];
  const say = (key, put) => key && isThere && put(t(key, values));
  say(element.dataset.text, (text) => (element.textContent = text));
  for (const name of ATTRIBUTES)
    say(element.getAttribute(`data-text-${name}`), (text) => element.setAttribute(name, text));
}

/** Lets `element` say `key`, in whatever language is chosen; null: nothing. Returns the element. */
export function show(element, key, values) {
  given.set(element, values);
  if (key) element.dataset.text = key;
  else {
    delete element.dataset.text;
    element.textContent = "";
  }
  render(element);
  return element;
}

/** The same of an attribute of it, as "title". */
export function showAttribute(element, name, key, values) {
  given.set(element, values);
  element.setAttribute(`data-text-${name}`, key);
  render(element);
  return element;
}

/** Calls `render()` whenever another language has been chosen, for what is put together out of several texts. */
export const onLanguage = (render) => void listeners.push(render);

async function load(tag) {
  if (tables[tag]) return;
  const response = await fetch(new URL(`../strings/${tag}.json`, import.meta.url));
  if (!response.ok) throw new Error(`${response.url}: ${response.status}`);
  take(tag, await response.json());
}

let wanted = FALLBACK;

/** Says all in another language; what cannot be loaded is said in English. */
async function setLanguage(tag) {
  wanted = tag;
  await Promise.allSettled([FALLBACK, tag].map(load));
  if (wanted !== tag) return; // another one has been chosen meanwhile
  language = tag;
  document.documentElement.lang = tag;
  document.querySelectorAll(SELECTOR).forEach(render);
  listeners.forEach((listener) => listener());
}

/** Browsers may be told to keep nothing for a site. */
function kept(use) {
  try {
    return use(localStorage);
  } catch {
    return null;
  }
}

/** The switch: in the bar of each page that has one. */
function offerLanguages() {
  const bar = document.querySelector(".bar");
  if (!bar) return;
  const menu = document.createElement("select");
  menu.className = "language";
  menu.setAttribute("data-text-aria-label", "common.language");
  menu.setAttribute("aria-label", "Language");
  for (const [tag, name] of Object.entries(LANGUAGES)) {
    const option = new Option(name, tag);
    option.lang = tag;
    menu.add(option);
  }
  menu.value = wanted;
  menu.addEventListener("change", () => {
    kept((storage) => storage.setItem(KEPT, menu.value));
    setLanguage(menu.value);
  });
  bar.append(menu);
}

function begin() {
  const loaded = setLanguage(choose([kept((storage) => storage.getItem(KEPT)) ?? "", ...navigator.languages]));
  offerLanguages();
  return loaded;
}

/** Comes when the strings are there, or cannot be had. */
export const ready = globalThis.document ? begin() : Promise.resolve();
