#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// Who is told what the plugin answers, where several requests wait at once.

import assert from "node:assert/strict";
import test from "node:test";
import { PendingRequests } from "../../web-publisher/js/pending-requests.js";

const makeError = ({ error }) => new Error(error);

test("each of several callers gets the answer to its own request", async () => {
  const pending = new PendingRequests();
  const answers = [pending.add("configure"), pending.add("configure")];
  for (const bitrate of [1, 2]) assert.equal(pending.settle({ hls: "configured", bitrate }, makeError), "configure");
  assert.deepEqual((await Promise.all(answers)).map(({ bitrate }) => bitrate), [1, 2]);
});

test("an error is of the oldest, and the others wait on", async () => {
  const pending = new PendingRequests();
  const [report, wrong, right] = ["report", "configure", "configure"].map((request) => pending.add(request));
  pending.settle({ hls: "reported" }, makeError);
  assert.equal(pending.settle({ hls: "error", error: "too much" }, makeError), "configure");
  assert.equal(pending.settle({ hls: "configured" }, makeError), "configure");
  await assert.rejects(wrong, /too much/);
  assert.deepEqual([(await report).hls, (await right).hls], ["reported", "configured"]);
});

test("an answer passes those that wait for another kind", async () => {
  const pending = new PendingRequests();
  const [publish, configure] = [pending.add("publish"), pending.add("configure")];
  assert.equal(pending.settle({ hls: "configured" }, makeError), "configure");
  assert.equal((await configure).hls, "configured");
  assert.equal(pending.settle({ hls: "error", error: "no" }, makeError), "publish");
  await assert.rejects(publish, /no/);
});

test("what comes unasked settles nothing", () => {
  const pending = new PendingRequests();
  assert.equal(pending.settle({ hls: "error", error: "x" }, makeError), null);
  pending.add("configure");
  for (const hls of ["status", "unpublished", "published"]) assert.equal(pending.settle({ hls }, makeError), null, hls);
  assert.equal(pending.settle({ hls: "configured" }, makeError), "configure");
});

test("when the connection goes, all are told", async () => {
  const pending = new PendingRequests();
  const answers = [pending.add("configure"), pending.add("publish")];
  pending.abandon(new Error("gone"));
  for (const answer of answers) await assert.rejects(answer, /gone/);
  assert.equal(pending.settle({ hls: "configured" }, makeError), null);
});
