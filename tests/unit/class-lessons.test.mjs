#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// What the class page says of its buttons: what came of the last one, and that a press was refused.

import assert from "node:assert/strict";
import test from "node:test";
import { assemblePages } from "./assembled_pages.mjs";

const { ClassLessons } = await assemblePages()("js/class-lessons.js");

class Element extends EventTarget {
  dataset = {};
  children = [];
  setAttribute() {}
  append(...more) { this.children.push(...more); }
  replaceChildren(...all) { this.children = all; }
}

/** The page, with a desk that answers `answers` of { status, ... } one after the other, each once `release()` is called. */
function openPage(answers) {
  const elements = {}, waiting = [];
  const page = { asked: 0, reopened: 0, release: async () => {
    waiting.shift()();
    await new Promise((resolve) => setImmediate(resolve));
  } };
  globalThis.document = { createElement: () => new Element(), getElementById: (id) => (elements[id] ??= new Element()) };
  globalThis.fetch = () => new Promise((resolve) => {
    const { status, ...body } = answers[page.asked++];
    waiting.push(() => resolve({ ok: status === 200, status, json: async () => body }));
  });
  const lessons = new ClassLessons({ t: (key) => key, key: "k", stream: () => "ana", reopen: () => page.reopened++ });
  const buttons = () => elements.lessons.children.flatMap(({ children }) => children).filter(({ dataset }) => dataset.press);
  const press = (name) => buttons().find(({ dataset }) => dataset.press === name).dispatchEvent(new Event("click"));
  return Object.assign(page, { press, show: (lesson) => lessons.show(lesson),
    areDisabled: () => buttons().length > 0 && buttons().every(({ disabled }) => disabled),
    areEnabled: () => buttons().length > 0 && buttons().every(({ disabled }) => !disabled),
    said: () => [elements.lesson.dataset.mood, elements["lesson-title"].textContent] });
}

const lesson = (id, state, button = "segment") => ({ id, state, button, value: 4, seconds: 0, before: null, after: null });
const BUSY = ["bad", "class.refused.busy"];

test("a button that is pressed twice is pressed once", async () => {
  const page = openPage([{ status: 200, lesson: lesson(1, "running") }]);
  page.press("segment-4");
  page.press("segment-4");
  assert.equal(page.asked, 1);
  page.show(lesson(0, "done"));
  assert.ok(page.areDisabled(), "while it is on its way");
  await page.release();
  assert.ok(page.areDisabled(), "while the lesson is under way");
  assert.deepEqual(page.said(), ["busy", "class.segment.4: class.running"]);
  page.show(lesson(1, "done"));
  assert.ok(page.areEnabled());
});

test("a refusal is said until the lesson that is under way has ended, and then what came of that", async () => {
  const page = openPage([{ status: 409, error: "A lesson is under way" }]);
  page.show(lesson(1, "running"));
  page.press("kill-1");
  await page.release();
  assert.deepEqual(page.said(), BUSY);
  page.show(lesson(1, "running"));
  assert.deepEqual(page.said(), BUSY);
  page.show(lesson(1, "done"));
  assert.deepEqual(page.said(), ["good", "class.segment.4: class.done"]);
  assert.equal(page.reopened, 1, "players begin again with other segments");
});

test("without a lesson a refusal stays, and another press is possible", async () => {
  const page = openPage([{ status: 401 }, { status: 200, lesson: lesson(2, "running", "kill") }]);
  page.show(lesson(1, "done"));
  page.show(null); // another stream was chosen
  page.press("kill-1");
  await page.release();
  assert.ok(page.areEnabled());
  page.show(null);
  assert.deepEqual(page.said(), ["bad", "wall.wrong-key"]);
  page.press("kill-1");
  await page.release();
  assert.deepEqual(page.said(), ["busy", "class.kill: class.running"]);
});
