#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// What a publisher is told while live, out of the statistics that browsers have.

import assert from "node:assert/strict";
import test from "node:test";
import { PublishFigures } from "../../web-publisher/js/publish-figures.js";

const RIDS = ["high", "mid", "low"];
const SIZES = { high: [1280, 720], mid: [640, 360], low: [320, 180] };

/** A connection that sends `rids`; what is sent grows by send(). */
function connection(rids = RIDS) {
  const reports = new Map([["sound", { type: "outbound-rtp", kind: "audio", bytesSent: 0, packetsSent: 0 }]]);
  // as Chromium does: in any order
  for (const rid of [...rids].sort())
    reports.set(rid, { type: "outbound-rtp", kind: "video", rid, active: true, bytesSent: 0, packetsSent: 0,
      framesEncoded: 0, qualityLimitationReason: "none" });
  return {
    reports,
    getStats: async () => structuredClone(reports),
    getSenders: () => [{ track: { kind: "audio" } },
      { track: { kind: "video" }, getParameters: () => ({ encodings: rids.map((rid) => ({ rid })) }) }],
    send(rid, frames, bytes) {
      const report = reports.get(rid);
      report.framesEncoded += frames;
      report.bytesSent += bytes;
      report.packetsSent += frames;
      report.framesPerSecond = frames || undefined;
      if (frames) [report.frameWidth, report.frameHeight] = SIZES[rid] ?? [1280, 720];
    },
  };
}

/** Reads twice, a second apart, with `happens` between. */
async function after(sent, happens, figures = new PublishFigures()) {
  await figures.read(sent, 0);
  happens();
  return figures.read(sent, 1000);
}

test("one size: its figures, and no layers", async () => {
  const sent = connection([undefined]);
  const figures = await after(sent, () => sent.send(undefined, 30, 125000));
  assert.deepEqual(figures.layers, []);
  assert.equal(figures.videoBitrate, 1000000);
  assert.deepEqual([figures.width, figures.height, figures.frameRate, figures.limit], [1280, 720, 30, null]);
  sent.reports.get(undefined).qualityLimitationReason = "cpu";
  assert.equal((await new PublishFigures().read(sent, 0)).limit, "cpu");
});

test("three layers: the best first, and the best is the picture", async () => {
  const sent = connection();
  const { layers, width, frameRate, videoBitrate } = await after(sent, () => {
    sent.send("low", 29, 12500);
    sent.send("high", 30, 200000);
    sent.send("mid", 30, 50000);
  });
  assert.deepEqual(layers.map(({ rid, width: w, bitrate, paused, why }) => [rid, w, bitrate, paused, why]),
    [["high", 1280, 1600000, false, null], ["mid", 640, 400000, false, null], ["low", 320, 100000, false, null]]);
  assert.deepEqual([width, frameRate, videoBitrate], [1280, 30, 2100000]);
});

test("what probes the network is no picture", async () => {
  const sent = connection();
  const { layers, videoBitrate } = await after(sent, () => {
    sent.send("low", 30, 100000);
    sent.reports.get("low").targetBitrate = 110000;
  });
  assert.equal(layers[2].bitrate, 110000);
  assert.equal(videoBitrate, 800000);
});

test("a layer that stands while the others go on is paused, and browsers say why", async () => {
  const sent = connection();
  const figures = new PublishFigures();
  await after(sent, () => RIDS.forEach((rid) => sent.send(rid, 30, 10000)), figures);
  for (const report of sent.reports.values()) report.qualityLimitationReason &&= "bandwidth";
  sent.send("high", 0, 0);
  sent.send("mid", 30, 10000);
  sent.send("low", 30, 10000);
  const { layers, width, limit } = await figures.read(sent, 2000);
  assert.equal(limit, "bandwidth");
  assert.deepEqual(layers.map(({ paused, why, frameRate }) => [paused, why, frameRate]),
    [[true, "bandwidth", 0], [false, null, 30], [false, null, 30]]);
  assert.equal(width, 640);
  sent.send("high", 30, 10000);
  const again = await figures.read(sent, 3000);
  assert.deepEqual([again.layers[0].paused, again.layers[0].why, again.width], [false, "bandwidth", 1280]);
});

test("a screen that stands still pauses nothing", async () => {
  const sent = connection(["high", "low"]);
  const still = await after(sent, () => sent.send("low", 1, 100));
  assert.deepEqual(still.layers.map(({ paused }) => paused), [false, false]);
});

test("a layer that was paused is so still when the screen stands still", async () => {
  const sent = connection(["high", "low"]);
  const figures = new PublishFigures();
  await after(sent, () => sent.send("low", 30, 100), figures);
  const { layers } = await figures.read(sent, 2000);
  assert.deepEqual(layers.map(({ paused }) => paused), [true, false]);
});

test("one that is switched off is paused, for no reason of the network's", async () => {
  const sent = connection();
  sent.reports.get("high").active = false;
  const { layers } = await after(sent, () => {});
  assert.deepEqual(layers.map(({ paused, why }) => [paused, why]), [[true, null], [false, null], [false, null]]);
});

test("another connection begins at nothing", async () => {
  const figures = new PublishFigures();
  const first = connection();
  await after(first, () => RIDS.forEach((rid) => first.send(rid, 30, 10000)), figures);
  const { videoBitrate, loss, layers } = await figures.read(connection(), 2000);
  assert.deepEqual([videoBitrate, loss, layers[0].bitrate], [null, null, null]);
});
