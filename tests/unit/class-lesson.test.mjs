#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// The buttons of the class page behind the desk: one lesson at a time, other settings for the bridge, and lists that begin
// again while segments and numbers stay.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { lookIntoFolder } from "../../tools/class/folder.mjs";
import { Lessons } from "../../tools/class/lesson.mjs";

const FILES = ["index.m3u8", "manifest.mpd", "seg-7-1.ts", ".numbers"];

/** A stack whose bridge is only told what to do; `done` is what it was told. */
async function makeStack(t) {
  const hls = await mkdtemp(path.join(os.tmpdir(), "janus-hls-lesson-"));
  t.after(() => rm(hls, { recursive: true, force: true }));
  await mkdir(path.join(hls, "demo"));
  for (const file of FILES) await writeFile(path.join(hls, "demo", file), "1234");
  const done = [];
  const stack = { hls, options: { bridgeSettings: { "hls.segment": 2, "hls.playlist": 6 } }, done,
    parts: { bridge: { kill: (signal) => done.push(signal), exited: async () => {} } },
    startBridge: async () => void done.push({ ...stack.options.bridgeSettings }) };
  return stack;
}

const LIVE = { live: true, made: 9, listed: 6, target: 2 };

/** Waits until the lesson is over: the lesson. */
async function over(lessons) {
  while (lessons.shown.state === "running") await new Promise((resolve) => setTimeout(resolve, 5));
  return lessons.shown;
}

test("segments of another length: the bridge ends in peace, lists go, and segments and numbers stay", async (t) => {
  const stack = await makeStack(t);
  const lessons = new Lessons(stack, async () => LIVE);
  assert.equal(await lessons.begin({ button: "segment", value: 4, stream: "demo" }), true);
  assert.equal(lessons.shown.state, "running");
  const { state, before, after } = await over(lessons);
  assert.equal(state, "done");
  assert.deepEqual([before, after], [LIVE, LIVE]);
  assert.deepEqual(stack.done, ["SIGTERM", { "hls.segment": 4, "hls.playlist": 6 }]);
  assert.deepEqual((await readdir(path.join(stack.hls, "demo"))).sort(), [".numbers", "seg-7-1.ts"]);
  assert.deepEqual(lessons.settings, { segment: 4, window: 6 });
});

test("a shorter playlist: the lists stay; a killed bridge: the settings too", async (t) => {
  const stack = await makeStack(t);
  let looks = 0;
  const lessons = new Lessons(stack, async () => ({ ...LIVE, listed: Math.max(4, 6 - looks++) })); // short ones first
  await lessons.begin({ button: "window", value: 3, stream: "demo" });
  const { before, after, beganAt, backAt } = await over(lessons);
  assert.deepEqual([before.listed, after.listed], [6, 4], "it is told once the list is as short as it is to be");
  assert.ok(backAt >= beganAt);
  await lessons.begin({ button: "kill", value: 1, stream: "demo" });
  assert.equal((await over(lessons)).state, "done");
  assert.deepEqual(stack.done, ["SIGTERM", { "hls.segment": 2, "hls.playlist": 3 }, "SIGKILL", { "hls.segment": 2, "hls.playlist": 3 }]);
  assert.deepEqual((await readdir(path.join(stack.hls, "demo"))).sort(), [...FILES].sort());
});

test("a bridge that does not start with other settings has those of before again, and the lesson says so", async (t) => {
  const stack = await makeStack(t), lists = [];
  stack.startBridge = async () => {
    const settings = { ...stack.options.bridgeSettings };
    stack.done.push(settings);
    lists.push((await readdir(path.join(stack.hls, "demo"))).includes("index.m3u8"));
    await writeFile(path.join(stack.hls, "demo", "index.m3u8"), "of a bridge that began");
    if (settings["hls.segment"] === 4) throw new Error("hls-bridge does not answer after 30 s");
  };
  const lessons = new Lessons(stack, async () => LIVE);
  await lessons.begin({ button: "segment", value: 4, stream: "demo" });
  const { state, why, error } = await over(lessons);
  assert.deepEqual([state, why], ["failed", "settings"]);
  assert.match(error, /settings of before: hls-bridge does not answer/);
  assert.deepEqual(stack.done, ["SIGTERM", { "hls.segment": 4, "hls.playlist": 6 }, { "hls.segment": 2, "hls.playlist": 6 }]);
  assert.deepEqual(lists, [false, false], "no list promises what the other bridge did");
  assert.deepEqual(lessons.settings, { segment: 2, window: 6 });
  assert.equal(await lessons.begin({ button: "kill", value: 1, stream: "demo" }), true);
  assert.equal((await over(lessons)).state, "done");
});

test("a killed bridge that does not start is started once more; if none starts, the lesson says what to do", async (t) => {
  const stack = await makeStack(t);
  let starts = 0, startsAt = 2;
  stack.startBridge = async () => {
    if (++starts < startsAt) throw new Error("no answer");
  };
  const lessons = new Lessons(stack, async () => LIVE);
  await lessons.begin({ button: "kill", value: 1, stream: "demo" });
  assert.equal((await over(lessons)).state, "done");
  startsAt = Infinity;
  await lessons.begin({ button: "kill", value: 1, stream: "demo" });
  const { state, why } = await over(lessons);
  assert.deepEqual([state, why, starts], ["failed", "gone", 4]);
});

test("there is one lesson at a time, and none of a stream that is not live", async (t) => {
  const stack = await makeStack(t);
  let answer;
  const lessons = new Lessons(stack, () => new Promise((resolve) => (answer = resolve)));
  assert.equal(await lessons.begin({ button: "kill", value: 1, stream: "demo" }), true);
  assert.equal(await lessons.begin({ button: "kill", value: 1, stream: "demo" }), false);
  answer(null);
  const { state, why, error } = await over(lessons);
  assert.deepEqual([state, why], ["failed", "not-live"]);
  assert.match(error, /demo is not live/);
  assert.deepEqual(stack.done, [], "nothing was ended");
});

test("who ends everything waits for a bridge that starts, and none starts after that", async (t) => {
  const stack = await makeStack(t);
  let started, ended, is = 0;
  const begun = new Promise((resolve) => {
    stack.startBridge = () => {
      resolve();
      return new Promise((done) => (started = () => done(is++)));
    };
  });
  const lessons = new Lessons(stack, async () => LIVE);
  await lessons.begin({ button: "kill", value: 1, stream: "demo" });
  await begun;
  let stopped = false;
  const stopping = lessons.stop().then(() => (stopped = true));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(stopped, false);
  started();
  await stopping;
  assert.equal(is, 1);

  const other = new Lessons(stack, async () => LIVE);
  const ends = new Promise((resolve) => {
    stack.parts.bridge.exited = () => {
      resolve();
      return new Promise((done) => (ended = done));
    };
  });
  stack.startBridge = async () => assert.fail("it starts");
  await other.begin({ button: "window", value: 3, stream: "demo" });
  await ends;
  const stopped2 = other.stop();
  ended();
  await stopped2;
  const { state, error } = await over(other);
  assert.deepEqual([state, error], ["failed", "everything ends"]);
  assert.equal(await other.begin({ button: "kill", value: 1, stream: "demo" }), false);
});

test("a folder tells its files, the newest first, and none of those whose names begin with a dot", async (t) => {
  const stack = await makeStack(t);
  const { files, count, bytes } = await lookIntoFolder(path.join(stack.hls, "demo"));
  assert.deepEqual(files.map(({ name }) => name).sort(), FILES.filter((name) => name !== ".numbers").sort());
  assert.deepEqual([count, bytes], [3, 12]);
  assert.deepEqual(await lookIntoFolder(path.join(stack.hls, "nobody")), { files: [], count: 0, bytes: 0 });
});
