#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// What ./check docs reads out of a document, when it takes a program's words for those of the document, and what of a
// document becomes slides.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { makeSlides } from "../../tools/make-slides.mjs";
import { slidesOf } from "../../tools/slides/deck.mjs";
import { render } from "../../tools/slides/markdown.mjs";
import { missingFrom } from "../docs/shape.mjs";
import { stepsOf } from "../docs/steps.mjs";

const DOCUMENT = `## One

Read this:

    hls: {
    }

    $ curl -s \\
        http://localhost/list
    a 1

    b 2
    $ cat > /tmp/x <<'END'
    $ this is no command
    END

<!-- run: open http://localhost/page -->
<!-- run: page 1 runs -->

    console.log(1);

<!-- run: printed -->

    1

<!-- run: not -->

    $ vlc

## Two

<!-- run: page 1 says -->

    All is well.

    $ next
`;

test("steps are commands with what they print, and what a browser does", () => {
  assert.deepEqual(stepsOf(DOCUMENT).map(({ command, expected, open, runs, says }) => ({ command, expected, open, runs, says }))
    .map((step) => JSON.parse(JSON.stringify(step))), [
    { command: "curl -s \\\n    http://localhost/list", expected: ["a 1", "b 2"] },
    { command: "cat > /tmp/x <<'END'\n$ this is no command\nEND", expected: [] },
    { open: ["http://localhost/page"] },
    { runs: "console.log(1);", expected: ["1"] },
    { says: ["All is well."] },
    { command: "next", expected: [] },
  ]);
});

for (const [what, printed, expected, missing] of [
  ["a number stands for any", "loss 12.5 % of 7", ["loss 0.0 % of 1000"], null],
  ["words are exact", "gain 12.5 %", ["loss 0.0 %"], "loss 0.0 %"],
  ["a status is exact", "HTTP/1.1 404 Not Found", ["HTTP/1.1 200 OK"], "HTTP/1.1 200 OK"],
  ["a number alone is exact", "404", ["200"], "200"],
  ["hls-doctor may find fault with a busy machine", "FAULT  no new segment", ["nothing wrong"], null],
  ["… stands for anything", "[host,udp] <-> x [prflx,udp]", ["[host,udp] <-> … […,udp]"], null],
  ["lines may stand between", "a\nother\nb", ["a", "…", "b"], null],
  ["the order counts", "b\na", ["a", "b"], "b"],
  ["one line is not two", "a", ["a", "a"], "a"],
])
  test(`shape: ${what}`, () => assert.equal(missingFrom(printed, expected), missing));

/** Waits until `probe()` is true, for as long as the whole test may take. */
async function until(probe) {
  while (!probe()) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** Whether anything runs of a process group; what has ended and is not yet waited for does not. */
const runs = (group) => readdirSync("/proc").filter((name) => /^\d+$/.test(name)).some((pid) => {
  const [state, , its] = (() => {
    try {
      return readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
    } catch {
      return []; // it has gone
    }
  })();
  return Number(its) === group && state !== "Z";
});

test("what a document has started ends with the run of it, even if that is killed", async (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "documents-")), file = path.join(folder, "group");
  t.after(() => rmSync(folder, { recursive: true }));
  const shell = new URL("../docs/shell.mjs", import.meta.url).href;
  const command = "echo $$ >/tmp/group.new; mv /tmp/group.new /tmp/group; sleep 10000; true"; // /tmp/ is the folder there
  const child = spawn(process.execPath, ["--input-type=module", "-e",
    `import { Shell } from ${JSON.stringify(shell)}; await new Shell(${JSON.stringify(folder)}).run(${JSON.stringify(command)}, ["never said"]);`],
  { stdio: "inherit" });
  await until(() => existsSync(file));
  const group = Number(readFileSync(file, "utf8"));
  assert.ok(runs(group));
  child.kill("SIGKILL");
  await until(() => !runs(group));
});

test("a slide has what the class sees; the teacher's words are notes, and the answer is one to wait for", () => {
  const slides = slidesOf("# Script: in and out\n\nPreface.\n\n## Station 2. The gate\n\n> **Say.** Hello.\n\n| | |\n| --- | --- |\n| Role | SFU |\n\n" +
    "### Question 2\n\n*Why?*\n\n<details><summary>Answer</summary>\n\nBecause.\n</details>\n\n## Dates\n\n<!-- slides: none -->\n\n### Part of it\n\nno\n");
  assert.deepEqual(slides.map(({ title, station }) => [title, station]), [["in and out", 0], ["Station 2. The gate", 2], ["Question 2", 2]]);
  assert.equal(slides[1].notes, "<p><strong>Say.</strong> Hello.</p>");
  assert.match(slides[1].html, /<th>Role<\/th><td>SFU<\/td>/);
  assert.match(slides[2].html, /<div class="answer"><h3>Answer<\/h3>\n<p>Because\.<\/p>\n<\/div>/);
});

test("what a document says is text in a slide, never markup", () => {
  assert.equal(render(["<script> & `<b>`"]).html, "<p>&lt;script&gt; &amp; <code>&lt;b&gt;</code></p>");
});

test("the slides are a page that its policy lets be: nothing inline, each id once, and what it names is there", (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "slides-"));
  t.after(() => rmSync(folder, { recursive: true }));
  makeSlides(folder);
  const page = readFileSync(path.join(folder, "slides.html"), "utf8");
  assert.doesNotMatch(page, /<style|\sstyle=|<script(?! defer src=)|\son\w+=/);
  const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
  assert.deepEqual(ids.filter((id, i) => ids.indexOf(id) !== i), []);
  for (const [, id] of page.matchAll(/url\(#([^)]+)\)/g)) assert.ok(ids.includes(id), id);
  const named = [...page.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, file]) => file);
  assert.ok(named.length > 1, `${named}`);
  assert.deepEqual(named.filter((file) => !existsSync(path.join(folder, file))), []);
  const [english, spanish] = ["en", "es"].map((lang) => page.split(`<main lang="${lang}"`)[1].split("</main>")[0].match(/<section /g).length);
  assert.equal(english, spanish);
  assert.ok(english > 20, String(english));
});

test("Varnish, as operations.md has systemd start it, stays in the foreground, and passes on only what an origin reads", () => {
  const text = (name) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
  const [, options] = /^ +ExecStart=\S*varnishd (.*)$/m.exec(text("docs/operations.md"));
  assert.match(options, /(^| )-F( |$)/, `systemd would end what it leaves behind: ${options}`);
  const [, count, size] = /large_client_header_buffers (\d+) (\d+)k;/.exec(text("nginx/guard.conf"));
  const most = (name) => Number(new RegExp(`-p ${name}=(\\d+)k( |$)`).exec(options)?.[1]);
  assert.ok(most("http_req_hdr_len") < size, options); // with the end of the line
  // of two buffers that follow each other nginx fills more than one at the least; some fields are Varnish's own
  assert.ok(most("http_req_size") <= (count / 2) * size - 4, options);
});
