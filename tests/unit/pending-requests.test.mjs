#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// Who is told what the plugin answers, where several requests wait at once.

import assert from "node:assert/strict";
import test from "node:test";
import { PendingRequests } from "../../web-publisher/js/pending-requests.js";

const makeError = ({ error }) => new Error(error);

/** Requests that are noted in `sent` as they go out. */
function rig() {
  const pending = new PendingRequests();
  const sent = [];
  const ask = (request, name, options) => pending.add(request, () => sent.push(name), options);
  return { pending, sent, ask, settle: (message) => pending.settle(message, makeError) };
}

test("each of several callers gets the answer to its own request", async () => {
  const { sent, ask, settle } = rig();
  const answers = [ask("configure", "a"), ask("configure", "b")];
  assert.deepEqual(sent, ["a"], "Janus could change the order of two");
  assert.equal(settle({ hls: "configured", bitrate: 1 }), "configure");
  assert.deepEqual(sent, ["a", "b"]);
  assert.equal(settle({ hls: "configured", bitrate: 2 }), "configure");
  assert.deepEqual((await Promise.all(answers)).map(({ bitrate }) => bitrate), [1, 2]);
});

test("an error is of the request that is under way, and the others follow", async () => {
  const { sent, ask, settle } = rig();
  const [report, wrong, right] = [ask("report", "a"), ask("configure", "b"), ask("configure", "c")];
  settle({ hls: "reported" });
  assert.equal(settle({ hls: "error", error: "too much" }), "configure");
  assert.equal(settle({ hls: "configured" }), "configure");
  await assert.rejects(wrong, /too much/);
  assert.deepEqual([(await report).hls, (await right).hls], ["reported", "configured"]);
  assert.deepEqual(sent, ["a", "b", "c"]);
});

test("what is urgent goes out at once, and the others wait for it, too", async () => {
  const { sent, ask, settle } = rig();
  const [configure, publish] = [ask("configure", "a"), ask("publish", "offer", { urgent: true })];
  ask("report", "b");
  assert.deepEqual(sent, ["a", "offer"]);
  assert.equal(settle({ hls: "configured" }), "configure");
  assert.equal((await configure).hls, "configured");
  assert.deepEqual(sent, ["a", "offer"]);
  assert.equal(settle({ hls: "error", error: "no" }), "publish");
  await assert.rejects(publish, /no/);
  assert.deepEqual(sent, ["a", "offer", "b"]);
  assert.equal(settle({ hls: "reported" }), "report");
});

test("a request that is lost holds up the others for a while only", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { sent, ask, settle } = rig();
  const [lost, next] = [ask("report", "a"), ask("configure", "b")];
  t.mock.timers.tick(9999);
  assert.deepEqual(sent, ["a"]);
  t.mock.timers.tick(1);
  await assert.rejects(lost, /does not answer/);
  assert.deepEqual(sent, ["a", "b"]);
  assert.equal(settle({ hls: "configured" }), "configure");
  t.mock.timers.tick(20000);
  assert.equal((await next).hls, "configured");
});

test("what comes unasked settles nothing", () => {
  const { ask, settle } = rig();
  assert.equal(settle({ hls: "error", error: "x" }), null);
  ask("configure", "a");
  for (const hls of ["status", "unpublished", "published"]) assert.equal(settle({ hls }), null, hls);
  assert.equal(settle({ hls: "configured" }), "configure");
});

test("when the connection goes, all are told", async () => {
  const { pending, sent, ask, settle } = rig();
  const answers = [ask("configure", "a"), ask("publish", "b")];
  pending.abandon(new Error("gone"));
  for (const answer of answers) await assert.rejects(answer, /gone/);
  assert.deepEqual(sent, ["a"]);
  assert.equal(settle({ hls: "configured" }), null);
});
