#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// Playback tokens: what nginx makes of them (nginx/gate.pm, which its Perl runs), and what a player does with its own.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { signText, signToken } from "../../tools/stack/playback-token.mjs";
import { endOf, PlaybackToken, renewalAt } from "../../web-publisher/js/playback-token.js";

const SECRET = "0123456789abcdef0123456789abcdef";
const NOW = 1800000000;
const LIVE = "https://live.example.com/live/";

const sign = (claims, { kid = "k1", secret = SECRET } = {}) => signToken({ [kid]: secret }, claims);

// what nginx takes for a token, and how it takes it apart
const FORM = new RegExp(/location ~ "(\^\/p\/.*)"/.exec(readFileSync(new URL("../../nginx/tokens.conf", import.meta.url), "utf8"))[1]
  .replace("\\z", "$(?!\\n)"));

const fileOf = (name) => fileURLToPath(new URL(name, import.meta.url));

/** What the gate says to each of many requests. */
function answers(requests) {
  const said = execFileSync("perl", [fileOf("gate.pl"), fileOf("../../nginx/gate.pm")],
    { input: requests.map((one) => `${JSON.stringify(one)}\n`).join(""), encoding: "utf8", maxBuffer: 1 << 26 });
  const lines = said.split("\n").slice(0, -1);
  assert.equal(lines.length, requests.length);
  return lines;
}

/** What nginx knows of a request with a token, or null if that has not the form of one. `request`: what differs from the usual. */
function requestOf(token, request) {
  const parts = FORM.exec(`/p/${token}/live/shop/index.m3u8`)?.groups;
  return parts ? { call: "verdict", address: "192.0.2.7", now: NOW, janus_hls_secret: SECRET, janus_hls_own_edge: "", janus_hls_ended: " ",
    ...parts, ...request } : null;
}

/** Why each token is refused, "" if it is not: of many [token, what differs from the usual]. */
function refusals(rows) {
  const requests = rows.map(([token, request = {}]) => requestOf(token, request));
  const said = answers(requests.filter(Boolean));
  return requests.map((one) => (one ? said.shift().replace(/^pass$/, "") : "form"));
}
const refusal = (token, request) => refusals([[token, request]])[0];

// ---- the gate ----

test("a token lets its viewer in, and any other is refused for what is wrong with it", () => {
  const good = { stream: "shop", exp: NOW + 60 };
  const rows = [
    [good, "", {}],
    [{ prefix: "sh", exp: NOW + 60 }, "", {}],
    [{ prefix: "", exp: NOW + 60 }, "", {}],
    [{ ...good, ip: "192.0.2.7", sid: "7f3a", nbf: NOW }, "", {}],
    [{ ...good, more: { of: "what we do not know" } }, "", {}],
    [{ ...good, ip: "192.0.2.8" }, "", { janus_hls_own_edge: "1" }], // which has looked
    [{ stream: "shop", exp: NOW - 29 }, "", { janus_hls_own_edge: "1" }],
    [{ stream: "shop", exp: NOW }, "expired", {}],
    [{ stream: "shop", exp: NOW - 30 }, "expired", { janus_hls_own_edge: "1" }],
    [{ ...good, nbf: NOW + 1 }, "early", {}],
    [{ ...good, nbf: NOW + 1 }, "early", { janus_hls_own_edge: "1" }],
    [{ stream: "shops", exp: NOW + 60 }, "stream", {}],
    [{ stream: "sho", exp: NOW + 60 }, "stream", {}],
    [{ stream: "", exp: NOW + 60 }, "stream", {}],
    [{ stream: ["shop"], exp: NOW + 60 }, "stream", {}],
    [{ stream: "other", prefix: "shop", exp: NOW + 60 }, "stream", {}], // the narrower one counts
    [{ prefix: "shop-", exp: NOW + 60 }, "stream", {}],
    [{ exp: NOW + 60 }, "stream", {}],
    [{ stream: "shop" }, "claims", {}],
    [{ stream: "shop", exp: `${NOW + 60}` }, "claims", {}],
    [{ stream: "shop", exp: NOW + 60.5 }, "claims", {}],
    [{ stream: "shop", exp: null }, "claims", {}],
    [{ ...good, nbf: "now" }, "claims", {}],
    [{ ...good, ip: "192.0.2.8" }, "address", {}],
    [{ ...good, ip: "" }, "address", {}],
    [{ ...good, ip: 7 }, "address", {}],
    [{ ...good, ip: "nowhere" }, "address", { address: "nowhere" }],
    [{ ...good, sid: "7f3a" }, "session", { janus_hls_ended: " 81cc 7f3a " }],
    [{ ...good, sid: "7f3" }, "", { janus_hls_ended: " 81cc 7f3a " }],
    [{ ...good, sid: 7 }, "session", {}],
    [good, "key", { janus_hls_secret: "" }],
    [good, "signature", { janus_hls_secret: SECRET.replace("0", "1") }],
    ["shop", "claims", {}],
    ["pass", "claims", {}],
    [7, "claims", {}],
    [null, "claims", {}],
  ];
  const said = refusals(rows.map(([claims, , request]) => [sign(claims), request]));
  for (const [i, [claims, expected, request]] of rows.entries())
    assert.equal(said[i], expected, `${JSON.stringify(claims)} ${JSON.stringify(request)}`);
  assert.equal(refusal(signText("k1", SECRET, "{")), "claims", "no JSON, though it was signed");
  assert.equal(refusal(signText("k1", SECRET, `{"stream":"shop","exp":1e999}`)), "claims", "an end that is no number");
});

/** How much the gate remembers after each request, if it may remember `bound`: [newer, older]. */
const keptOf = (requests, bound) => execFileSync("perl", [fileOf("gate.pl"), fileOf("../../nginx/gate.pm"), String(bound)],
  { input: requests.map((one) => `${JSON.stringify(one)}\n`).join(""), encoding: "utf8" }).trim().split("\n").map((line) => line.split(" ").map(Number));

test("what is remembered has a bound, and has nothing that is not good", () => {
  const requests = Array.from({ length: 25 }, (_, i) => [
    requestOf(sign({ stream: "shop", exp: NOW + 60, sid: String(i) })),
    requestOf(sign({ stream: "till", exp: NOW + 60, sid: String(i) })),
    requestOf(sign({ stream: "shop", exp: NOW + 60, sid: String(i) }), { janus_hls_secret: SECRET.replace("0", "1"), janus_hls_watched: `wrong ${i}` }),
  ]).flat();
  const known = keptOf(requests, 10);
  assert.equal(known.length, requests.length);
  known.forEach(([young, old], i) => assert.ok(young <= 10 && old <= 10 && young + old <= Math.floor(i / 3) + 1, `${young} and ${old} at ${i}`));
  assert.deepEqual(known.at(-1), [5, 10]);
});

test("a token that is remembered ends when it says, and is still of its viewer alone", () => {
  const bound = sign({ stream: "shop", exp: NOW + 60, nbf: NOW, ip: "192.0.2.7" });
  const rows = [
    [{ now: NOW + 59 }, ""],
    [{ now: NOW + 60 }, "pass, then expired"],
    [{ now: NOW - 1 }, "pass, then early"],
    [{ address: "192.0.2.8" }, "pass, then address"],
    [{ janus_hls_address: "192.0.2.8", janus_hls_own_edge: "1" }, "pass, then address"],
    [{ janus_hls_watched: "another stream's", janus_hls_stream: "till" }, "pass, then stream"],
  ];
  const said = refusals(rows.map(([later]) => [bound, { later }]));
  rows.forEach(([later, expected], i) => assert.equal(said[i], expected, JSON.stringify(later)));
});

test("two secrets are good at once, and each for what names it alone", () => {
  const secrets = { k1: SECRET, k2: SECRET.split("").reverse().join("") };
  const ask = (token) => refusal(token, { janus_hls_secret: secrets[token.split(".")[1]] ?? "" });
  const claims = { stream: "shop", exp: NOW + 60 };
  for (const kid of ["k1", "k2"]) assert.equal(ask(sign(claims, { kid, secret: secrets[kid] })), "");
  assert.equal(ask(sign(claims, { kid: "k1", secret: secrets.k2 })), "signature");
  assert.equal(ask(sign(claims, { kid: "k3", secret: secrets.k2 })), "key");
  const [, , payload, signature] = sign(claims, { kid: "k1" }).split(".");
  assert.equal(ask(`v1.k2.${payload}.${signature}`), "signature", "the ID is signed as well");
});

test("what is changed in any place, cut, or too long is refused", () => {
  const token = sign({ stream: "shop", exp: NOW + 60, sid: "7f3a" });
  assert.equal(refusal(token), "");
  const changed = Array.from(token, (letter, i) => [token.slice(0, i) + (letter === "A" ? "B" : "A") + token.slice(i + 1), token.slice(0, i),
    token.slice(0, i) + token.slice(i + 1)]).flat();
  for (const more of ["A", ".", "=", "\n", "\0", "%00", `.${token}`]) changed.push(token + more, more + token);
  refusals(changed.map((one) => [one])).forEach((said, i) => assert.notEqual(said, "", JSON.stringify(changed[i])));
  assert.equal(refusal(sign({ stream: "shop", exp: NOW + 60, sid: "x".repeat(400) })), "form");
  assert.equal(refusal("v1.k1.".padEnd(1 << 20, "A")), "form");
  assert.equal(refusal(token.replace("v1.", "v2.")), "form");
  assert.equal(refusal(`v1.k1.${token.split(".")[2]}.`), "form", "without a signature");
});

test("whatever comes, it is a word, and only what was signed passes", () => {
  const words = new Set(["form", "key", "signature", "claims", "stream", "expired", "early", "address", "session"]);
  const values = [undefined, null, true, 0, -1, 1.5, NOW + 60, 1e300, "", "shop", "sh", "\u0000", [], {}, ["shop"], "192.0.2.7", "::1"];
  const any = () => values[randomInt(values.length)];
  const asked = [];
  for (let i = 0; i < 1000; i++) {
    const claims = {};
    for (const name of ["stream", "prefix", "exp", "nbf", "ip", "sid"]) if (randomInt(2)) claims[name] = any();
    if (randomInt(2)) Object.assign(claims, { stream: "shop", exp: NOW + 60 });
    const token = sign(claims);
    asked.push({ claims, token, request: { janus_hls_secret: randomInt(8) ? SECRET : "" } });
    const bytes = Buffer.from(token);
    bytes[randomInt(bytes.length)] = randomInt(256);
    const changed = bytes.toString("latin1");
    if (changed !== token) asked.push({ token: changed });
  }
  let passed = 0;
  refusals(asked.map(({ token, request }) => [token, request])).forEach((said, i) => {
    const { claims, token } = asked[i];
    assert.ok(claims && said === "" || words.has(said), `${said}: ${JSON.stringify(claims ?? token)}`);
    if (said !== "") return;
    passed++;
    assert.ok(claims.exp > NOW && (claims.stream === "shop" || (typeof claims.stream !== "string" && "shop".startsWith(claims.prefix))),
      JSON.stringify(claims));
  });
  assert.ok(passed > 10, `${passed} passed`);
});

test("an address is an IPv4 one, or the /64 network of an IPv6 one", () => {
  const rows = [
    ["192.0.2.7", "192.0.2.7", ""], ["192.0.2.7", "::ffff:192.0.2.7", ""], ["::FFFF:192.0.2.7", "192.0.2.7", ""], ["192.0.2.7", "192.0.2.70", "address"],
    ["2001:db8:1:2:3:4:5:6", "2001:DB8:1:2::9", ""], ["2001:0db8:0001:0002::9", "2001:db8:1:2:3:4:5:6", ""],
    ["2001:db8:1:2::", "2001:db8:1:3::", "address"], ["::1", "::2", ""], ["::", "0:0:0:0:1::", ""], ["1:2:3:4:5:6:7::", "1:2:3:4::", ""],
    ["::ffff:0:0", "::1", "address"], ["192.0.2.7", "unix:", "address"], ["::", "unix:", "address"],
  ];
  for (const none of ["", "localhost", "1.2.3", "1:2:3", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "1:2:3:4:5:6:7:8::", ":::", "unix:", "192.0.2.7\u0000",
    "192.0.2.7 ", "0x7f.1", "017.0.0.1", "\u0661"])
    rows.push([none, none, "address"]);
  const said = refusals(rows.map(([ip, address]) => [sign({ stream: "shop", exp: NOW + 60, ip }), { address }]));
  rows.forEach(([ip, address, expected], i) => assert.equal(said[i], expected, `${ip} by ${address}`));
});

test("an edge of our own has looked at its viewer's address and time", () => {
  const late = sign({ stream: "shop", exp: NOW - 5, ip: "192.0.2.7" }), good = sign({ stream: "shop", exp: NOW + 600, ip: "192.0.2.7" });
  const own = { janus_hls_own_edge: "1" }, asks = (address) => ({ ...own, janus_hls_address: address });
  const edge = { address: "198.51.100.1" };
  assert.equal(refusal(good), "");
  assert.equal(refusal(good, edge), "address");
  assert.equal(refusal(good, { ...edge, ...own }), "");
  assert.equal(refusal(late), "expired");
  assert.equal(refusal(late, { ...edge, ...own }), "");
  assert.equal(refusal(late, { ...edge, ...asks("192.0.2.7") }), "expired");
  assert.equal(refusal(good, { ...edge, ...asks("192.0.2.7") }), "");
  assert.equal(refusal(good, { ...edge, ...asks("192.0.2.8") }), "address");
  assert.equal(refusal(good, { ...edge, ...asks("-") }), "");
});

test("what an edge is told holds for ten seconds, and no longer than the token", () => {
  const rows = [[600, "max-age=10"], [11, "max-age=10"], [5, "max-age=5"], [1, "max-age=1"], [0, "no-store"]];
  const said = answers(rows.map(([seconds]) => requestOf(sign({ stream: "shop", exp: NOW + seconds }), { call: "kept" })));
  rows.forEach(([seconds, expected], i) => assert.equal(said[i], expected, `${seconds} s before its end`));
});

test("with a webhook, a session passes for as long as that has let it in, at its address", () => {
  const token = sign({ stream: "shop", exp: NOW + 600 });
  const ask = (more, kind = {}) => requestOf(token, { janus_hls_asks: "1", janus_hls_from: "192.0.2.7", ...kind, ...more });
  const noted = (more) => ask(more, { call: "note" });
  const rows = [
    [ask(), "webhook"],
    [ask({ janus_hls_asks: "" }), "pass"],
    [ask({ janus_hls_own_edge: "1" }), "pass"], // which has asked
    [ask({ janus_hls_own_edge: "1", janus_hls_address: "192.0.2.7" }), "webhook"], // it asks now
    [ask({ janus_hls_address: "192.0.2.7" }), "edge"], // who is none of ours may not ask about others
    [ask({ janus_hls_address: "-" }), "edge"],
    [ask({ janus_hls_asks: "", janus_hls_address: "192.0.2.7" }), "pass"],
    [ask({ janus_hls_secret: "" }), "key"], // what is no good token is nobody's session
    [noted({ janus_hls_lifetime: "max-age=60" }), "/janus_hls_noted"],
    [ask(), "pass"],
    [ask({ janus_hls_from: "192.0.2.8" }), "webhook"],
    [ask({ call: "kept" }), "max-age=10"],
    [ask({ now: NOW + 57, call: "kept" }), "max-age=3"],
    [ask({ now: NOW + 59 }), "pass"],
    [ask({ now: NOW + 60 }), "webhook"],
    [ask({ now: NOW + 60, call: "kept" }), "no-store"],
    [noted({ now: NOW + 60, janus_hls_lifetime: "no-store" }), "/janus_hls_noted"],
    [ask({ now: NOW + 60 }), "webhook"],
    [noted({ now: NOW + 60, janus_hls_lifetime: undefined }), "/janus_hls_noted"],
    [ask({ now: NOW + 60 }), "webhook"],
    [noted({ now: NOW + 61, janus_hls_lifetime: "max-age=3600" }), "/janus_hls_noted"],
    [ask({ now: NOW + 599 }), "pass"],
    [ask({ now: NOW + 600 }), "expired"],
  ];
  const said = answers(rows.map(([request]) => request));
  rows.forEach(([, expected], i) => assert.equal(said[i], expected, `row ${i}`));
  const many = (more) => Array.from({ length: 25 }, (_, i) => noted({ janus_hls_from: `192.0.2.${i}`, ...more }));
  assert.deepEqual(keptOf(many({ janus_hls_lifetime: "max-age=60" }), 10).at(-1), [5, 10]);
  assert.deepEqual(keptOf(many({}), 10).at(-1), [0, 0], "one that is let in for this time alone puts nobody out");
});

// ---- a player's own ----

const at = (seconds) => sign({ stream: "shop", exp: NOW + seconds });

test("addresses get the token as they are asked for, and lose it in the answer", () => {
  const token = at(60);
  const mine = new PlaybackToken({ token, live: LIVE });
  const rows = [
    ["https://live.example.com/live/shop/video.m3u8?_HLS_msn=7", `https://live.example.com/p/${token}/live/shop/video.m3u8?_HLS_msn=7`],
    ["https://live.example.com/settings.json", "https://live.example.com/settings.json"],
    ["https://other.example.com/live/shop/index.m3u8", "https://other.example.com/live/shop/index.m3u8"],
  ];
  for (const [plain, wire] of rows) {
    assert.equal(mine.wire(plain), wire);
    assert.equal(mine.plain(wire), plain);
  }
  const none = new PlaybackToken({ live: LIVE });
  assert.equal(none.wire(rows[0][0]), rows[0][0]);
  assert.deepEqual(none.forHls(class {}), {});
  assert.equal(new PlaybackToken({ token: "a/../b", live: LIVE }).wire(`${LIVE}shop/index.m3u8`),
    "https://live.example.com/p/a%2F..%2Fb/live/shop/index.m3u8");
});

test("hls.js asks with the token of that moment, and hears the plain address", () => {
  const mine = new PlaybackToken({ token: at(60), live: LIVE });
  let loaded;
  class Loader { load(...all) { loaded = all; } }
  const { xhrSetup, pLoader } = mine.forHls(Loader);
  const opened = [];
  xhrSetup({ open: (...all) => opened.push(all) }, `${LIVE}shop/index.m3u8`);
  assert.deepEqual(opened, [["GET", mine.wire(`${LIVE}shop/index.m3u8`), true]]);
  const heard = [];
  new pLoader().load("context", "config", { onError: "kept", onSuccess: (...all) => heard.push(all) });
  assert.equal(loaded[2].onError, "kept");
  loaded[2].onSuccess({ url: mine.wire(`${LIVE}shop/index.m3u8`), data: "#EXTM3U" }, "stats", "context", "details");
  assert.deepEqual(heard, [[{ url: `${LIVE}shop/index.m3u8`, data: "#EXTM3U" }, "stats", "context", "details"]]);
});

test("it ends when the token says, and is renewed before", () => {
  assert.equal(endOf(at(60)), (NOW + 60) * 1000);
  for (const wrong of ["", "x", "v1.k1.e30.x", "v1.k1.%.x", signText("k1", SECRET, '{"exp":"soon"}')]) assert.equal(endOf(wrong), null, wrong);
  assert.equal(renewalAt(0, 3600000), 3540000);
  assert.equal(renewalAt(0, 90000), 60000);
  assert.equal(renewalAt(0, -5), -5);
});

const settle = async () => { for (let i = 0; i < 10; i++) await null; };

/** A token of `seconds` on a clock of the test's own. */
function begin(t, seconds, renew) {
  const one = { now: NOW * 1000, ends: 0, tick: null };
  t.mock.method(globalThis, "setInterval", (tick) => (one.tick = tick));
  t.mock.method(globalThis, "clearInterval", () => (one.tick = null));
  one.token = new PlaybackToken({ token: at(seconds), live: LIVE, renew, now: () => one.now });
  one.token.start(() => one.ends++);
  one.pass = async (ms) => {
    for (let i = 0; i < ms; i += 250) {
      one.now += 250;
      one.tick?.();
      await settle();
    }
  };
  return one;
}

test("without renewal it is over within a second of its end, once", async (t) => {
  const one = begin(t, 9);
  await one.pass(8750);
  assert.equal(one.ends, 0);
  await one.pass(1000);
  assert.equal(one.ends, 1);
  await one.pass(5000);
  assert.equal(one.ends, 1);
});

test("a newer token takes its place, and is renewed in its turn", async (t) => {
  const asked = [];
  const one = begin(t, 9, async (old) => {
    asked.push([old, (one.now - NOW * 1000) / 1000]);
    return at(9 + 9 * asked.length);
  });
  await one.pass(8000);
  assert.deepEqual(asked, [[at(9), 6]]);
  assert.equal(one.token.wire(`${LIVE}shop/a.ts`), `https://live.example.com/p/${at(18)}/live/shop/a.ts`);
  await one.pass(20000);
  assert.equal(one.ends, 0);
  assert.equal(asked.length, 3);
});

test("a renewal that fails, or is of no use, is tried again until the end", async (t) => {
  const answers = [() => Promise.reject(new Error("away")), () => null, () => at(9), () => at(5), () => 7, () => { throw new Error("x"); }];
  let asked = 0;
  const one = begin(t, 9, () => answers[asked++ % answers.length]());
  await one.pass(8500);
  assert.ok(asked >= 4, `asked ${asked} times`);
  assert.equal(one.ends, 0);
  await one.pass(1000);
  assert.equal(one.ends, 1);
});

test("a page that slept until its token was over asks for a newer one before it ends", async (t) => {
  let newer = at(7200);
  const one = begin(t, 9, async () => newer);
  one.now += 3600e3;
  await one.pass(500);
  assert.equal(one.ends, 0);
  assert.equal(one.token.wire(`${LIVE}shop/a.ts`), `https://live.example.com/p/${newer}/live/shop/a.ts`);
  newer = null;
  one.now += 7200e3;
  await one.pass(1000);
  assert.equal(one.ends, 1);
});

test("a renewal that is never answered is asked for again", async (t) => {
  const limits = [];
  t.mock.method(AbortSignal, "timeout", () => (limits.push(new AbortController()), limits.at(-1).signal));
  const one = begin(t, 90, () => new Promise(() => {}));
  await one.pass(70000);
  assert.equal(limits.length, 1);
  limits[0].abort();
  await one.pass(15000);
  assert.deepEqual([limits.length, one.ends], [2, 0]);
  limits[1].abort();
  await one.pass(10000);
  assert.equal(limits.length, 3);
  limits[2].abort();
  await one.pass(1000);
  assert.equal(one.ends, 1);
});

test("a renewal that is over already is none, and not asked for without end", async (t) => {
  let asked = 0;
  const one = begin(t, 9, async () => at(3000 + asked++));
  one.now += 3600e3;
  await one.pass(2000);
  assert.deepEqual([asked, one.ends], [1, 1]);
});
