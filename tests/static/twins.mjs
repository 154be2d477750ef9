#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Holds each document and its Spanish twin together: the same headings, tables, questions and notes in the same order, the same
// numbers in each section, and the same commands, which print the same: ./check docs runs those of one for both. What a page
// says is its reader's language.

import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { slidesOf } from "../../tools/slides/deck.mjs";
import { stepsOf } from "../docs/steps.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TWINS = [["docs/workshop.md", "docs/taller.md"], ["docs/script.md", "docs/guion.md"]];
const STATIONS = 5, POINTS = 24; // of the original script; at least so many rows has its table

const read = (file) => readFileSync(path.join(ROOT, file), "utf8");

/** What a document is made of, a word for each piece: "h2", "row 4", "bullet", "question", "note". */
const bonesOf = (text) => text.split("\n").flatMap((line) => {
  if (/^#+ /.test(line)) return [`h${line.indexOf(" ")}`];
  if (/^\|/.test(line)) return [`row of ${line.split("|").length - 2}`];
  if (/^- /.test(line)) return ["bullet"];
  if (/^<details>/.test(line)) return ["answer"];
  return [];
});

/** What somebody does, and what comes of it. */
const stepOf = ({ command, expected, open, runs }) =>
  (command ? [command, ...expected].join("\n") : open?.join(" ") ?? (runs ? ["runs", ...expected].join("\n") : "says"));

/** The numbers of each section, in whatever order, with the decimal sign as it stands there; links are left out, since they are words. */
const numbersOf = (text) => text.split(/^(?=#+ )/m).map((section) => {
  const numbers = section.replace(/\]\([^)]*\)/g, "]").match(/\d+(?:[.,]\d+)?/g) ?? [];
  return `${section.split("\n", 1)[0].split(" ", 1)[0]} ${numbers.sort().join(" ")}`;
});

/** The first place where two lists differ, or null. */
function difference(a, b) {
  const i = a.findIndex((piece, n) => piece !== b[n]);
  return i >= 0 ? `"${a[i]}" and "${b[i]}", piece ${i + 1}` : a.length === b.length ? null : `${a.length} and ${b.length} pieces`;
}

const wrong = [];
for (const [english, spanish] of TWINS) {
  const texts = [english, spanish].map(read);
  const bones = difference(...texts.map(bonesOf));
  if (bones) wrong.push(`${english} and ${spanish} are not built alike: ${bones}`);
  const numbers = difference(...texts.map(numbersOf));
  if (numbers) wrong.push(`${english} and ${spanish} have other numbers: ${numbers}`);
  const steps = difference(...texts.map((text) => stepsOf(text).map(stepOf)));
  if (steps) wrong.push(`${english} and ${spanish} have other commands: ${steps}`);
}
const [script, guion] = TWINS[1].map((file) => slidesOf(read(file)));
const slides = difference(...[script, guion].map((deck) => deck.map(({ station, notes, drawing }) => `${station} ${Boolean(notes)} ${Boolean(drawing)}`)));
if (slides) wrong.push(`the slides of docs/script.md and docs/guion.md differ: ${slides}`);
for (let station = 1; station <= STATIONS; station++)
  if (script.filter((slide) => slide.station === station).length !== 2) wrong.push(`docs/script.md: station ${station} has no slide, or no question`);
const points = read("docs/script.md").split(/^## Where each point/m)[1]?.match(/^\| (?!point|---).*$/gm) ?? [];
if (points.length < POINTS) wrong.push(`docs/script.md: ${points.length} points of the original script, of ${POINTS}`);
wrong.forEach((line) => console.error(line));
process.exit(wrong.length ? 1 : 0);
