// SPDX-License-Identifier: GPL-3.0-or-later

// A document of the class as slides: each heading begins one. A section that says "slides: none" in a comment is left out.

import { drawArchitecture } from "../draw-architecture.mjs";
import { inline, render } from "./markdown.mjs";

const LEFT_OUT = "<!-- slides: none -->";
const STATION = /^(?:Station|Estación|Question|Pregunta) (\d)\b/;
const STRIP = "40 112 1520 240"; // of the drawing: the two wheels, and what each station is

/** The sections of a document: { level, title, lines }. */
function sectionsOf(text) {
  const sections = [];
  for (const line of text.split("\n")) {
    const [, marks, title] = /^(#{1,3}) (.*)$/.exec(line) ?? [];
    if (marks) sections.push({ level: marks.length, title, lines: [] });
    else sections.at(-1)?.lines.push(line);
  }
  return sections;
}

/** Whether anything of a section is shown. */
const isShown = ({ lines }) => !lines.includes(LEFT_OUT);

/** The slides of a document: { title, station, html, notes, drawing }. The first one has the document's title alone. */
export function slidesOf(text) {
  const slides = [];
  let above = true; // the section that this one stands in
  for (const section of sectionsOf(text)) {
    if (section.level === 1) {
      slides.push({ title: section.title.replace(/^.*?: /, ""), first: true, station: 0, html: "", notes: "" });
      continue;
    }
    if (section.level === 2) above = isShown(section);
    if (!above || !isShown(section)) continue;
    slides.push({ title: section.title, station: Number(STATION.exec(section.title)?.[1] ?? 0), ...render(section.lines),
      drawing: section.lines.some((line) => line.startsWith("![")) });
  }
  return slides;
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** A copy of the drawing whose ids are its own: of two with one id, the hidden one may be the one that is found. */
const copyOf = (picture, mark) => picture.replace(/(id="|url\(#)(\w+)/g, `$1$2-${mark}`);

function slide({ title, station, html, notes, drawing, first }, { picture, name }, i) {
  const own = copyOf(picture, `${name}-${i + 1}`);
  const strip = first || station
    ? own.replace(/viewBox="[^"]*"/, `viewBox="${STRIP}" class="strip at-${station}"`).replace(/role="img" aria-label="[^"]*"/, 'aria-hidden="true"') : "";
  const kind = first ? "first" : drawing ? "drawing" : station ? "station" : "plain";
  return `<section class="slide ${kind}" id="${name}-${i + 1}">
${strip}
<h2>${inline(capital(title))}</h2>
<div class="body">
${drawing ? own : ""}
${html}
</div>
${notes ? `<aside class="notes">${notes}</aside>` : ""}
</section>`;
}

/** The slides of one language, as HTML. `drawing`: the name of its picture of the path. */
export function deck(text, { lang, drawing }) {
  const picture = drawArchitecture(drawing);
  return `<main lang="${lang}" hidden>\n${slidesOf(text).map((each, i) => slide(each, { picture, name: lang }, i)).join("\n")}\n</main>`;
}
