#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Does what a document tells its readers to do, against a live demo, and looks whether comes of it what the document says.
// Usage: tests/e2e/in-namespace tests/docs/run.mjs [DOCUMENT [HEADING…]]   docs/workshop.md; with headings, those sections alone
//        whose headings have one of these words, and what they stand on. VERBOSE=1: tells each step

import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fail, pass } from "../run/results.mjs";
import { withBrowser } from "../e2e/support/browser.mjs";
import { missingFrom } from "./shape.mjs";
import { Shell } from "./shell.mjs";
import { stepsOf } from "./steps.mjs";

const SAYS_MS = 180000;
const SHOWN = 600; // characters of a page
const SETTLES_MS = 5000; // one page after the other
const ALWAYS = /^(The demo of the day|La demo)/; // what all else stands on
const [document = "docs/workshop.md", ...wanted] = process.argv.slice(2);

/** Opens pages, and does and looks what is said of them. */
class Pages {
  #context;
  #pages = [];

  constructor(context) {
    this.#context = context;
  }

  async open(urls, also) {
    if (!also) await this.close();
    for (const url of urls) {
      const page = await this.#context.newPage();
      page.said = "";
      page.on("console", (message) => (page.said += `${message.text()}\n`));
      await page.goto(url);
      this.#pages.push(page);
      await page.waitForTimeout(SETTLES_MS);
    }
    return null;
  }

  /** Again and again, until `probe()` finds nothing wrong. */
  async #until(probe) {
    const end = Date.now() + SAYS_MS;
    for (;;) {
      const wrong = await probe();
      if (wrong === null || Date.now() > end) return wrong;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }

  runs(number, script, expected) {
    const page = this.#pages[number - 1];
    return this.#until(async () => {
      page.said = "";
      const error = await page.evaluate(`(async () => { ${script} })()`).then(() => null, String);
      const missing = missingFrom(page.said, expected);
      return error ?? (missing === null ? null : `"${missing.trim()}" is not in\n${page.said}`);
    });
  }

  says(number, lines) {
    const page = this.#pages[number - 1];
    return this.#until(async () => {
      const text = await page.innerText("body");
      const missing = missingFrom(text, lines);
      return missing === null ? null : `"${missing.trim()}" is not in\n${text}`;
    });
  }

  /** What the pages show, to whoever looks why something went wrong. */
  async shown() {
    const texts = await Promise.all(this.#pages.map((page) => page.innerText("body").catch(String)));
    return texts.map((text, i) => `page ${i + 1} shows: ${text.replace(/\s+/g, " ").slice(0, SHOWN)}`).join("\n");
  }

  async close() {
    for (const page of this.#pages.splice(0)) await page.close();
  }
}

async function take(step, shell, pages) {
  if (step.open) return pages.open(step.open, step.also);
  if (step.runs) return pages.runs(step.page, step.runs, step.expected);
  if (step.says) return pages.says(step.page, step.says);
  return shell.run(step.command, step.expected);
}

const nameOf = ({ command, open, runs, says }) => (command ?? open?.join(" ") ?? runs ?? says.join(" ")).split("\n")[0];

async function runAll(shell, context) {
  const pages = new Pages(context);
  let heading = "", begun = Date.now();
  const told = () => heading && console.log(`-- ${heading}: ${Math.round((Date.now() - begun) / 1000)} s`);
  const steps = stepsOf(readFileSync(document, "utf8"))
    .filter((step) => !wanted.length || ALWAYS.test(step.heading) || wanted.some((words) => step.heading.includes(words)));
  if (!steps.length) fail(document, "it has no command");
  for (const step of steps) {
    if (step.heading !== heading) {
      told();
      [heading, begun] = [step.heading, Date.now()];
    }
    const wrong = await take(step, shell, pages).catch((error) => String(error));
    if (wrong === null) pass();
    else fail(`${document}:${step.line}: ${nameOf(step)}`, `${wrong}\n${await pages.shown()}`);
    if (wrong !== null && /\.\/demo/.test(step.command)) break; // nothing else can be right
    if (process.env.VERBOSE) console.log(`${wrong === null ? "good" : "BAD "} ${step.line}: ${nameOf(step)}`);
  }
  told();
  await pages.close();
}

const folder = mkdtempSync(path.join(os.tmpdir(), "janus-hls-docs-"));
chmodSync(folder, 0o755); // nginx's workers read it
const shell = new Shell(folder);
try {
  await withBrowser({ context: { locale: /taller/.test(document) ? "es-MX" : "en-US" } }, (context) => runAll(shell, context));
} finally {
  await shell.close();
  rmSync(folder, { recursive: true, force: true });
}
