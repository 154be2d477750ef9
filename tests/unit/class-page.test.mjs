#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// The class page's pure modules, and what the class desk shows of a publisher and takes of a press.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { BUTTONS, countersOf, readPress } from "../../tools/class/lessons.mjs";
import { readCandidate, shownAddress, shownSdp, shownSeller } from "../../tools/class/seller.mjs";
import { layOut } from "../../web-publisher/js/class-layout.js";
import { factsOf, keyOf, PRESSES } from "../../web-publisher/js/class-lesson.js";
import { compare, lifetime, readPlaylist } from "../../web-publisher/js/class-playlist.js";
import { codecsOf, commandsFor, cutBetween, pathOf, stateOf, valuesOf } from "../../web-publisher/js/class-values.js";
import { stringsOf } from "./english.mjs";

const LIST = `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:41
#EXTINF:2.000,
seg-7-41.ts
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z
#EXTINF:1.5,
seg-7-42.ts
`;

test("a playlist tells its numbers, and where decoding starts again", () => {
  assert.deepEqual(readPlaylist(LIST), { sequence: 41, target: 2, segments: [
    { number: 41, name: "seg-7-41.ts", seconds: 2, begins: false },
    { number: 42, name: "seg-7-42.ts", seconds: 1.5, begins: true },
  ] });
  assert.deepEqual(readPlaylist("not found"), { sequence: 0, target: 0, segments: [{ number: 0, name: "not found", seconds: 0, begins: false }] });
});

test("what has come and gone is told of two looks", () => {
  const before = readPlaylist(LIST), now = readPlaylist(LIST.replace("seg-7-41.ts", "seg-7-43.ts"));
  assert.deepEqual(compare(before, now), { added: ["seg-7-43.ts"], removed: ["seg-7-41.ts"] });
  assert.deepEqual(compare(null, now), { added: [], removed: [] });
});

test("a lifetime is read of Cache-Control", () => {
  assert.deepEqual(lifetime("public, max-age=31536000, immutable"), { seconds: 31536000, immutable: true });
  assert.deepEqual(lifetime("public, max-age=1"), { seconds: 1, immutable: false });
  assert.deepEqual(lifetime(null), { seconds: 0, immutable: false });
});

test("stations stand side by side on a projector and below each other on a phone, and none over another", () => {
  for (const [width, isWide] of [[1920, true], [1280, true], [1000, true], [999, false], [390, false], [320, false]]) {
    const { stations, height, font, pipes } = layOut(width, [6, 8, 8, 7, 5]);
    assert.equal(stations.every(({ y }) => y === 0), isWide, `${width}`);
    for (const [i, { x, y, width: w, height: h }] of stations.entries()) {
      assert.ok(x >= 0 && x + w <= width + 0.01 && y + h <= height, `station ${i} at ${width}`);
      const next = stations[i + 1];
      if (next) assert.ok(isWide ? x + w < next.x : y + h < next.y, `station ${i} at ${width}`);
    }
    assert.ok(font >= 13, `${font}`);
    assert.equal(pipes.length, 4);
  }
});

test("an SDP is shown without what lets anybody in, and no public address", () => {
  const offer = readFileSync(new URL("../fixtures/offers/chrome-desktop.sdp", import.meta.url), "utf8");
  const shown = shownSdp(`${offer}c=IN IP4 203.0.113.9\r\na=candidate:1 1 udp 1 203.0.113.9 5000 typ srflx\r\n` +
    "a=rtcp:9000 IN IP4 203.0.113.9\r\na=ice-pwd:hush-hush\r\na=ice-ufrag:whoami\r\na=fingerprint:sha-256 AB:CD\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNf\r\n");
  for (const secret of ["hush-hush", "whoami", "AB:CD", "WVNf", "203.0.113.9"]) assert.ok(!shown.join("\n").includes(secret), secret);
  assert.ok(shown.some((line) => line.startsWith("a=rtpmap:")));
  assert.ok(shown.includes("a=ice-pwd:…"));
});

test("a candidate is read, and its address shown only within a network", () => {
  assert.deepEqual(readCandidate("842163049 1 udp 1677729535 10.0.0.7 46154 typ host"), { type: "host", protocol: "udp", address: "10.0.0.7", port: 46154 });
  assert.deepEqual(readCandidate("a=candidate:1 1 UDP 1 198.51.100.4 9 typ srflx raddr 10.0.0.7 rport 1"), { type: "srflx", protocol: "udp", address: "…", port: 9 });
  assert.equal(readCandidate("nothing"), null);
  for (const [address, shown] of [["192.168.1.9", true], ["172.20.1.1", true], ["172.32.1.1", false], ["8.8.8.8", false], ["fe80::1", true],
    ["2001:db8::1", false], ["ab12.local", true]])
    assert.equal(shownAddress(address) === address, shown, address);
});

test("what Janus says of a handle is shown, bounded and without secrets", () => {
  const shown = shownSeller({
    sdps: { remote: "v=0\r\na=ice-pwd:abc\r\n".repeat(500), local: "a=rtpmap:96 H264/90000\r\na=rtpmap:97 rtx/90000\r\na=rtpmap:111 opus/48000/2" },
    webrtc: { ice: { state: "ready", "selected-pair": "203.0.113.1:1 [host,udp] <-> 10.0.0.2:5 [prflx,udp]",
      "remote-candidates": ["1 1 udp 1 10.0.0.2 5 typ host"] }, dtls: { "dtls-state": "connected", stats: { in: { packets: 9 } } },
    media: { 0: { stats: { in: { packets: 3, bytes: 30 } } },
      1: { stats: { in: { packets: 5, bytes: 500, nacks: 1, "video-simulcast-1": { packets: 4, bytes: 40 } } } } } },
  });
  assert.deepEqual([shown.packets, shown.bytes, shown.nacks, shown.ice], [12, 570, 1, "ready"]);
  assert.ok(shown.offer.length <= 400 && !shown.offer.includes("a=ice-pwd:abc"));
  assert.equal(shown.pair, "…:1 [host,udp] <-> 10.0.0.2:5 [prflx,udp]");
  assert.equal(shown.dtls, "connected");
  const pairOf = (pair) => shownSeller({ webrtc: { ice: { "selected-pair": pair } } }).pair;
  assert.equal(pairOf("2001:db8:1:2:3:4:5:6:5000 [host,udp] <-> fd00::7:42:5001 [host,udp]"), "…:5000 [host,udp] <-> fd00::7:42:5001 [host,udp]");
  assert.equal(codecsOf(shown.answer), "H264 + opus");
  assert.equal(pathOf(shown), "host udp :5");
  assert.doesNotThrow(() => shownSeller({}));
});

test("a press is one of the buttons with one of its values, for a stream's name", () => {
  for (const [button, { values }] of Object.entries(BUTTONS))
    for (const value of values) assert.deepEqual(readPress({ button, value, stream: "demo", more: 1 }), { button, value, stream: "demo" });
  for (const wrong of [null, [], {}, { button: "toString", value: 1, stream: "a" }, { button: "lose", value: 50, stream: "a" },
    { button: "lose", value: "5", stream: "a" }, { button: "lose", value: 5, stream: "../a" }, { button: "lose", value: 5 }])
    assert.throws(() => readPress(wrong), /button|takes|name/, JSON.stringify(wrong));
});

const status = { state: "live", source: { pictures: { damaged: 1, undecodable: 2 }, samples: { concealed: 480, rebuilt: 0 }, keyframe_requests: 9 },
  output: { segments: 7, last_duration: 2, target_duration: 2, media_sequence: 3, discontinuities: 0, listed: 6 } };
const bridge = { tracks: [
  { kind: "video", port: 4000, packets: 100, lost: 1, packet: { sequence: 7, timestamp: 9, payload_type: 96, marker: true, bytes: 900 }, asked: { age: 1.25, for: "cut", times: 3 } },
  { kind: "audio", port: 4002, packets: 50, lost: 0 }],
  segment: { seconds: 1.2, target: 2, pictures: 40, sounds: 44 }, cuts: { asked: 4, at_idr: 3, forced: 0, lead: 0.1 }, newest: { seconds: 2, bytes: 1e6, made: 7 },
  trouble: { lose_percent: 5, loses_for: 0, lost: 4, holds_for: 0, held_back: 2 } };

test("each button's lesson is told in sentences that exist, with all their numbers", () => {
  const before = countersOf(status, bridge), after = { ...before, dropped: 9, damaged: 7, forced: 1, sequence: 2 };
  assert.equal(countersOf(null, bridge), null);
  for (const { button, value } of PRESSES) {
    assert.ok(BUTTONS[button].values.includes(value), `${button} ${value}`);
    const facts = factsOf({ button, value, before, after, beganAt: 0, backAt: 2500 });
    assert.ok(facts.length > 0);
    for (const language of ["en", "es"]) {
      const strings = stringsOf(language);
      for (const key of [keyOf({ button, value }), `${keyOf({ button, value })}.expect`]) assert.ok(strings[key], key);
      for (const { key, numbers } of facts) {
        assert.ok(strings[key], key);
        for (const [, name] of strings[key].matchAll(/\{(\w+)\}/g)) assert.ok(Number.isFinite(numbers[name]), `${key}: ${name}`);
      }
    }
  }
  assert.deepEqual(factsOf({ button: "lose", before, after, beganAt: 0, backAt: 1 })[0].numbers, { dropped: 5, packets: 5 });
  assert.deepEqual(factsOf({ button: "kill", before: null, after, beganAt: 0, backAt: 1 }), []);
});

test("a counter that began again with the bridge counts what it shows", () => {
  const before = countersOf(status, bridge);
  const [, { numbers }] = factsOf({ button: "keys", before, after: { ...before, forced: 0, cuts: 1 }, beganAt: 0, backAt: 1 });
  assert.deepEqual(numbers, { forced: 0, cuts: 1 });
});

test("stations say what the desk has gathered, and a dash for what is not there", () => {
  const say = (key, values) => `${key}${values ? JSON.stringify(values) : ""}`;
  const list = { change: { added: ["seg-7-000042.ts"], removed: [] }, listFields: { cache: "HIT", cacheControl: "public, max-age=1" } };
  const look = { bridge, seller: null, gateway: { tracks: [{ bitrate: 1e6, lost: 2 }] }, folder: { count: 3, bytes: 5e6, files: [] } };
  const { seller, janus, bridge: made, files } = valuesOf(look, list, { lastCut: "idr", players: {} }, say);
  assert.equal(seller.codecs, "class.direct");
  assert.equal(seller.rate, "1.00 Mbit/s");
  assert.deepEqual([janus.vport, janus.vseq, janus.vpt, janus.apt], ["UDP :4000", "7", "96 M · 900 B", "–"]);
  assert.deepEqual([made.growing, made.opus, made.aac, made.why, made.cut], ["1.2 s / 2 s", "50", "44", "class.why.cut", "class.cut.idr"]);
  assert.deepEqual([files.added, files.removed, files["list-cache"], files["segment-cache"]], ["…000042.ts", "–", "HIT · 1 s", "–"]);
  assert.doesNotThrow(() => valuesOf({}, { change: { added: [], removed: [] } }, { lastCut: null, players: {} }, say));
});

test("a box has the command for what it shows: the port that Janus sends to, and a certificate that nobody vouches for", () => {
  const look = { control: 8191, seller: { pair: "192.168.1.2:37251 [host,udp] <-> 192.168.1.3:38440 [prflx,udp]" },
    bridge: { tracks: [{ kind: "audio", port: 6, packets: 9 }, { kind: "video", port: 4, packets: 1 }, { kind: "video", port: 5, packets: 2 }] } };
  const command = (station, more) => commandsFor(station, { site: "https://192.168.1.2:8080", stream: "ana", look, ...more });
  assert.match(command("seller"), /^sudo tcpdump -i any .* udp dst port 37251 and greater 500\n# chrome:/);
  const ipv6 = { seller: { pair: "fd00::7:42:5001 [host,udp] <-> fd00::8:43:5002 [host,udp]" } };
  assert.match(command("seller", { look: ipv6 }), /udp dst port 5001 and/);
  assert.equal(command("janus"), "sudo tcpdump -i lo -nn -T rtp -c 4 udp dst port 5");
  assert.equal(command("bridge"), "curl -s http://127.0.0.1:8191/streams/ana/look");
  assert.equal(command("files"), "curl -sik https://192.168.1.2:8080/live/ana/index.m3u8");
  assert.equal(command("files", { site: "http://localhost:8080" }), "curl -si http://localhost:8080/live/ana/index.m3u8");
  assert.equal(command("viewer"), "vlc https://192.168.1.2:8080/live/ana/index.m3u8");
  for (const nothing of [null, {}, { seller: null, bridge: null }]) {
    assert.equal(command("seller", { look: nothing }), "# chrome://webrtc-internals");
    assert.equal(command("janus", { look: nothing }), "sudo tcpdump -i lo -nn -T rtp -c 4 udp and dst host 127.0.0.1");
    assert.match(command("bridge", { look: nothing }), /:8190\//);
  }
});

test("why a segment has ended follows from two looks at the counters", () => {
  const counted = (at_idr, forced) => ({ at_idr, forced });
  assert.equal(cutBetween(null, counted(1, 0), null), null);
  assert.equal(cutBetween(counted(1, 0), counted(2, 0), null), "idr");
  assert.equal(cutBetween(counted(2, 0), counted(2, 1), "idr"), "forced");
  assert.equal(cutBetween(counted(2, 1), counted(2, 1), "forced"), "forced");
});

for (const [what, given, expected] of [
  ["there is no stream", { stream: "" }, "busy class.state.none"],
  ["nobody has looked yet", {}, "busy class.state.none"],
  ["it is live", { look: { bridge, status } }, "good class.state.live"],
  ["it is live, and others have had all looks of this second", { look: { bridge: null, status } }, "good class.state.live"],
  ["its publisher has gone", { look: { bridge, status: { state: "held" } } }, "busy class.state.held"],
  ["it has ended", { look: { bridge, status: { state: "ended" } } }, "busy class.state.over"],
  ["the bridge has forgotten it", { look: { bridge: null, status: null, away: false } }, "busy class.state.over"],
  ["the bridge is away", { look: { bridge: null, status: null, away: true } }, "bad class.state.away"],
  ["the desk is away, and what it said is of before", { look: { bridge, status }, answeredMs: 20000 }, "bad start.unreachable"],
  ["nobody has answered at all", { stream: "", answeredMs: 20000 }, "bad start.unreachable"],
])
  test(`the page says how it is: ${what}`, () => {
    const [mood, key] = stateOf({ stream: "demo", look: null, answeredMs: 0, ...given });
    assert.equal(`${mood} ${key}`, expected);
    assert.ok(stringsOf("es")[key], key);
  });
