#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// Which layers a publisher sends, and what each may take.

import assert from "node:assert/strict";
import test from "node:test";
import { planLayers, readAnswer, shareOut } from "../../web-publisher/js/layers.js";

const HD = { width: 1280, height: 720 };
const rids = (wishes) => planLayers(wishes).map(({ rid, scaleResolutionDownBy }) => `${rid}/${scaleResolutionDownBy}`).join(" ");

const ONE = "high/1", TWO = "high/1 low/2", THREE = "high/1 mid/2 low/4";

for (const [what, wishes, expected] of [
  ["nobody wants layers", { simulcast: false, size: HD, cores: 8 }, ONE],
  ["a camera of 720p", { simulcast: true, size: HD, cores: 1 }, THREE],
  ["one that is held upright", { simulcast: true, size: { width: 720, height: 1280 } }, THREE],
  ["one that has not said its size", { simulcast: true, size: null }, THREE],
  ["960x540", { simulcast: true, size: { width: 960, height: 540 } }, THREE],
  ["a little less", { simulcast: true, size: { width: 956, height: 540 } }, TWO],
  ["640x480", { simulcast: true, size: { width: 640, height: 480 } }, TWO],
  ["480x270", { simulcast: true, size: { width: 480, height: 270 } }, TWO],
  ["320x240", { simulcast: true, size: { width: 320, height: 240 } }, ONE],
  ["a screen", { simulcast: true, size: { width: 1920, height: 1080 }, isScreen: true }, TWO],
  ["a large machine", { simulcast: "auto", size: HD, cores: 8 }, THREE],
  ["four cores", { simulcast: "auto", size: HD, cores: 4 }, THREE],
  ["two cores", { simulcast: "auto", size: HD, cores: 2 }, TWO],
  ["one core", { simulcast: "auto", size: HD, cores: 1 }, ONE],
  ["a machine of which nothing is known", { simulcast: "auto", size: HD }, THREE],
  ["a large machine with a small camera", { simulcast: "auto", size: { width: 640, height: 360 }, cores: 8 }, TWO],
])
  test(`layers: ${what}`, () => assert.equal(rids(wishes), expected));

for (const [count, cap, expected] of [
  [1, 2500000, [2500000]],
  [2, 2500000, [2000000, 500000]],
  [3, 2500000, [1940000, 450000, 110000]],
  [3, 1000000, [740000, 180000, 80000]],
  [3, 8000000, [6450000, 1440000, 110000]],
  [3, 50001, [37001, 9000, 4000]],
])
  test(`${count} layers share ${cap} bit/s`, () => {
    const shares = shareOut(count, cap);
    assert.deepEqual(shares, expected);
    assert.equal(shares.reduce((sum, bps) => sum + bps, 0), cap);
  });

const answer = (...video) => ["v=0", "m=audio 9 UDP/TLS/RTP/SAVPF 111", "b=TIAS:96000", "a=simulcast:recv no",
  "m=video 9 UDP/TLS/RTP/SAVPF 102", "c=IN IP4 0.0.0.0", ...video, ""].join("\r\n");

for (const [what, sdp, expected] of [
  ["an older server", answer("b=TIAS:2500000"), { layers: [], cap: 2500000 }],
  ["three layers", answer("b=TIAS:3000000", "a=rid:high recv", "a=simulcast:recv high;mid;low"),
    { layers: ["high", "mid", "low"], cap: 3000000 }],
  ["one of them refused for now, one with another choice", answer("a=simulcast:recv high;~mid;low,other"),
    { layers: ["high", "low"], cap: null }],
  ["what the server sends is no answer to it", answer("a=simulcast:send high;low"), { layers: [], cap: null }],
  ["no picture", "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nb=TIAS:96000\r\n", { layers: [], cap: null }],
])
  test(`an answer: ${what}`, () => assert.deepEqual(readAnswer(sdp), expected));
