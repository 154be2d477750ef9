// SPDX-License-Identifier: GPL-3.0-or-later

// As much of Markdown as the documents of the class use, as HTML for slides. Links become their words: a slide leads nowhere.

const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/** Code, emphasis and links of one text. */
export function inline(text) {
  return text.split(/(`[^`]*`)/).map((piece) => (piece.startsWith("`")
    ? `<code>${escape(piece.slice(1, -1))}</code>`
    : escape(piece)
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replace(/\*\*([^*]+)\*\*/g, "<strong>$1</strong>")
      .replace(/\*([^*]+)\*/g, "<em>$1</em>"))).join("");
}

/** "1. this. 2. that" and "a) this · b) that" are lists to look at. */
function words(text) {
  const steps = text.split(/(?:^|\s)\d\. /).filter(Boolean);
  if (/^1\. /.test(text)) return `<ol>${steps.map((step) => `<li>${inline(step.replace(/\.$/, ""))}</li>`).join("")}</ol>`;
  return inline(text);
}

const cells = (line) => line.replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());

function table(lines) {
  const [head, , ...rows] = lines.map(cells);
  const named = head.some(Boolean);
  const row = (columns) => `<tr>${columns.map((cell, i) => (!named && i === 0 ? `<th>${inline(cell)}</th>` : `<td>${words(cell)}</td>`)).join("")}</tr>`;
  return `<table class="${named ? "wide" : "facts"}">${named ? `<thead><tr>${head.map((cell) => `<th>${inline(cell)}</th>`).join("")}</tr></thead>` : ""}` +
    `<tbody>${rows.map(row).join("")}</tbody></table>`;
}

function paragraph(text) {
  if (/^a\) /.test(text))
    return `<ul class="choices">${text.split(" · ").map((choice) => `<li>${inline(choice)}</li>`).join("")}</ul>`;
  return `<p>${inline(text)}</p>`;
}

/** What a line begins. */
const KINDS = [
  ["table", /^\|/],
  ["item", /^- /],
  ["quote", /^>/],
  ["code", /^ {4}/],
  ["text", /./],
];
const kindOf = (line) => KINDS.find(([, pattern]) => pattern.test(line))?.[0] ?? null;

/** The blocks of some lines: { kind, lines }. What continues an item or a paragraph belongs to it. */
function blocksOf(lines) {
  const blocks = [];
  let open = null;
  for (const line of lines) {
    const kind = kindOf(line);
    const continues = open && (kind === open.kind || (open.kind === "item" && /^ {2}\S/.test(line)));
    if (kind === null) open = null;
    else if (continues) open.lines.push(line);
    else blocks.push(open = { kind, lines: [line] });
  }
  return blocks;
}

const join = (lines) => lines.map((line) => line.trim()).join(" ");

function items(lines) {
  const found = [];
  for (const line of lines) {
    if (line.startsWith("- ")) found.push([line.slice(2)]);
    else found.at(-1).push(line);
  }
  return `<ul>${found.map((item) => `<li>${inline(join(item))}</li>`).join("")}</ul>`;
}

/** The HTML of some lines without headings, and what they say to the teacher: { html, notes }. */
export function render(lines) {
  const html = [], notes = [];
  for (const block of blocksOf(lines)) {
    if (block.kind === "quote") {
      const said = block.lines.map((line) => line.replace(/^> ?/, "")).join("\n").split("\n\n");
      notes.push(...said.map((text) => `<p>${inline(join(text.split("\n")))}</p>`));
    } else if (block.kind === "table") {
      html.push(table(block.lines));
    } else if (block.kind === "item") {
      html.push(items(block.lines));
    } else if (block.kind === "code") {
      html.push(`<pre>${escape(block.lines.map((line) => line.slice(4)).join("\n"))}</pre>`);
    } else if (/^<details>/.test(block.lines[0])) {
      html.push(`<div class="answer"><h3>${inline(/<summary>(.*)<\/summary>/.exec(block.lines[0])[1])}</h3>`);
    } else {
      const shown = block.lines.filter((line) => line !== "</details>" && !/^<!--.*-->$/.test(line) && !/^!\[/.test(line));
      if (shown.length) html.push(paragraph(join(shown)));
      if (block.lines.includes("</details>")) html.push("</div>");
    }
  }
  return { html: html.join("\n"), notes: notes.join("\n") };
}
