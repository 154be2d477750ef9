#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Makes the slides of the class of docs/script.md and docs/guion.md: FOLDER/slides.html and what it uses. The folder may be that
// of the pages; it works without a server, too.
// Usage: tools/make-slides.mjs FOLDER

import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { deck } from "./slides/deck.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DECKS = [
  { lang: "en", document: "script.md", drawing: "streaming_architecture" },
  { lang: "es", document: "guion.md", drawing: "arquitectura_streaming" },
];

const page = (decks) => `<!doctype html>
<!-- SPDX-License-Identifier: GPL-3.0-or-later -->
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<title>janus-hls</title>
<link rel="icon" href="img/logo.svg" type="image/svg+xml">
<link rel="stylesheet" href="css/style.css">
<link rel="stylesheet" href="css/slides.css">
<script defer src="js/slides.js"></script>
</head>
<body class="slides">
${decks.join("\n")}
<nav class="keys">
<button type="button" id="back" class="button small" aria-keyshortcuts="ArrowLeft">‹</button>
<output id="place">1</output>
<button type="button" id="on" class="button small" aria-keyshortcuts="ArrowRight">›</button>
<button type="button" id="notes" class="button small" aria-keyshortcuts="n" aria-pressed="false">N</button>
<button type="button" id="language" class="button small" aria-keyshortcuts="l">ES</button>
</nav>
</body>
</html>
`;

/** Writes the slides into `folder`, which is made if it is not there. */
export function makeSlides(folder) {
  const decks = DECKS.map(({ document, ...options }) => deck(readFileSync(path.join(ROOT, "docs", document), "utf8"), options));
  for (const name of ["css", "js", "img"]) mkdirSync(path.join(folder, name), { recursive: true });
  writeFileSync(path.join(folder, "slides.html"), page(decks));
  copyFileSync(path.join(ROOT, "tools/slides/slides.css"), path.join(folder, "css/slides.css"));
  copyFileSync(path.join(ROOT, "tools/slides/slides.js"), path.join(folder, "js/slides.js"));
  for (const file of ["css/style.css", "img/logo.svg"])
    if (!existsSync(path.join(folder, file))) copyFileSync(path.join(ROOT, "web-publisher", file), path.join(folder, file));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder] = process.argv.slice(2);
  if (!folder || folder.startsWith("-")) {
    console.error("Usage: make-slides.mjs FOLDER   writes slides.html there, and what it uses");
    process.exit(1);
  }
  makeSlides(folder);
  console.log(path.join(folder, "slides.html"));
}
