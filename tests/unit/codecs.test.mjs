#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// Which codecs a publisher may choose, and what it is told of them.

import assert from "node:assert/strict";
import test from "node:test";
import { answeredCodec, canSend, codecOf, CODECS, isUnseen, layerParameters, whoSees } from "../../web-publisher/js/codecs.js";
import { english } from "./english.mjs";

const explained = (name) => english({ key: whoSees(name) });

const SENDS = { codecs: [{ mimeType: "video/VP8" }, { mimeType: "video/rtx" }, { mimeType: "video/H264" }, { mimeType: "video/AV1" }] };

for (const [text, is] of [["vp9", "vp9"], ["AV1", "av1"], ["H264", "h264"], ["theora", ""], ["", ""], [null, ""], [undefined, ""]])
  test(`the codec of "${text}"`, () => assert.equal(codecOf(text), is));

test("each is explained, and one is seen by nobody", () => {
  for (const name of CODECS.filter((one) => one !== "h264")) assert.match(explained(name), /unless the server makes H\.264 of it/, name);
  assert.deepEqual(CODECS.filter(isUnseen), ["vp8"]);
  assert.match(explained("h264"), /plays everywhere/);
  assert.match(explained(""), /unless the server is set up for another/);
});

test("what a browser sends can be chosen; one that does not say may try all", () => {
  assert.deepEqual(CODECS.filter((name) => canSend(name, SENDS)).sort(), ["av1", "h264", "vp8"]);
  assert.deepEqual(CODECS.filter((name) => canSend(name, null)), CODECS);
});

for (const [what, sdp, is] of [
  ["of VP9", "v=0\r\nm=audio 9 X 111\r\na=rtpmap:111 opus/48000/2\r\nm=video 9 X 98\r\na=rtpmap:98 VP9/90000\r\n", "vp9"],
  ["of H.264, with a picture first", "v=0\r\nm=video 9 X 96\r\na=rtpmap:96 H264/90000\r\nm=audio 9 X 111\r\na=rtpmap:111 opus/48000/2\r\n", "h264"],
  ["of sound alone", "v=0\r\nm=audio 9 X 111\r\na=rtpmap:111 opus/48000/2\r\n", ""],
  ["that refuses the picture", "v=0\r\nm=video 0 X 96\r\nc=IN IP4 0.0.0.0\r\n", ""],
])
  test(`an answer ${what}`, () => assert.equal(answeredCodec(sdp), is));

test("VP9 and AV1 send one layer in each stream", () => {
  assert.deepEqual(CODECS.filter((name) => layerParameters(name).scalabilityMode === "L1T1").sort(), ["av1", "vp9"]);
});
