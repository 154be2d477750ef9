#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// The desk of a class and the room behind it: who is shown, who may change what, and that who is muted stays muted.

import assert from "node:assert/strict";
import http from "node:http";
import test from "node:test";
import { Desk } from "../../tools/class/desk.mjs";
import { ClassLooks } from "../../tools/class/looks.mjs";
import { ADMISSION, Room } from "../../tools/class/room.mjs";

const KEY = "the teacher's key", PASS = "what students have";

/** The bridge's status of a stream; `more` over it. */
const stream = (name, more = {}) => ({
  name, state: "live", publishers: 1, live_since: 1, thumbnail: 7, output: { forced_cuts: 0, failed_writes: 0 },
  source: { width: 640, height: 360, frame_rate: 15, video_bitrate: 400000, audio_bitrate: 40000,
    pictures: { good: 1, idr: 1, damaged: 0, undecodable: 0 }, samples: { silent: 0 }, sync: { by_reports: true, correction_ms: 0, steps: 0 },
    keyframe_requests: 0, tracks: [{ kind: "audio", packets: 100, lost: 0 }, { kind: "video", packets: 100, lost: 0 }], ...more.source },
  ...more.stream,
});

/** A room with `streams`, and its desk until the test ends: { room, ask, asked, rawly }; `asked` is what the plugin was asked. */
async function openRoom(t, streams, answers = () => ({ hls: "done" })) {
  const asked = [];
  const room = new Room({ streams: async () => streams, seats: 30, pass: PASS,
    operate: async (request) => (asked.push(request), answers(request)) });
  const desk = new Desk(room.routes(), KEY);
  const port = await desk.open();
  t.after(() => desk.close());
  await room.look();
  const ask = async (path, body, key) => {
    const response = await fetch(`http://127.0.0.1:${port}/class/${path}`, {
      ...(body !== undefined && { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) }),
      headers: key ? { Authorization: `Bearer ${key}` } : {} });
    return { status: response.status, body: await response.json() };
  };
  /** The status of what a program asks that is no browser. */
  const rawly = (path) => new Promise((resolve, reject) => http.get({ port, host: "127.0.0.1", path }, (response) => resolve(response.resume().statusCode)).on("error", reject));
  return { room, ask, asked, rawly };
}

test("everybody sees who is live and how it goes, but for who is unlisted or has ended", async (t) => {
  const lossy = { source: { tracks: [{ kind: "audio", packets: 100, lost: 0 }, { kind: "video", packets: 100, lost: 0 }] } };
  const streams = [stream("ana"), stream("ben", lossy), stream("gone", { stream: { state: "held" } }),
    stream("over", { stream: { state: "ended" } }), stream("hidden", { stream: { unlisted: true } })];
  const { room, ask } = await openRoom(t, streams);
  streams[1] = stream("ben", { source: { tracks: [{ kind: "audio", packets: 200, lost: 0 }, { kind: "video", packets: 180, lost: 40 }] } });
  await room.look();
  const { status, body } = await ask("room.json");
  assert.equal(status, 200);
  assert.deepEqual([body.seats, body.live, body.spotlight], [30, 2, null]);
  assert.deepEqual(body.streams.map(({ name, health, rule }) => [name, health, rule]),
    [["ana", "good", undefined], ["ben", "bad", "loss"], ["gone", "bad", "held"]]);
  assert.equal(Math.round(body.streams[1].loss), 18);
  assert.equal(body.streams[0].fps, 15);
  assert.equal("pass" in body, false);
});

test("a pass is told to be the class's or not", async (t) => {
  const { ask } = await openRoom(t, []);
  assert.equal((await ask(`room.json?pass=${encodeURIComponent(PASS)}`)).body.pass, true);
  for (const pass of ["", "wrong"]) assert.equal((await ask(`room.json?pass=${pass}`)).body.pass, false, pass);
});

test("only the teacher changes something", async (t) => {
  const { ask, asked } = await openRoom(t, [stream("ana")]);
  for (const key of [undefined, "", PASS, `${KEY}x`, KEY.slice(1)])
    for (const [path, body] of [["kick.json", { stream: "ana" }], ["keepout.json", { stream: "ana" }], ["letin.json", { stream: "ana" }], ["mute.json", { stream: "ana" }], ["spotlight.json", { stream: "ana" }], ["teacher.json"]]) {
      const { status, body: { error } } = await ask(path, body, key);
      assert.equal(status, 401, `${path} with ${key}`);
      assert.match(error, /the teacher's link/);
    }
  assert.deepEqual(asked, []);
  assert.equal((await ask("room.json")).body.spotlight, null);
  assert.equal((await ask("teacher.json", undefined, KEY)).status, 200);
});

test("the teacher puts a stream into the spotlight, and out of it; who is kicked leaves it", async (t) => {
  const { ask, asked } = await openRoom(t, [stream("ana"), stream("ben")]);
  assert.equal((await ask("spotlight.json", { stream: "ana" }, KEY)).body.spotlight, "ana");
  assert.equal((await ask("room.json")).body.spotlight, "ana");
  assert.equal((await ask("spotlight.json", { stream: null }, KEY)).body.spotlight, null);
  await ask("spotlight.json", { stream: "ben" }, KEY);
  assert.equal((await ask("kick.json", { stream: "ben" }, KEY)).body.spotlight, null);
  assert.deepEqual(asked, [{ request: "kick", stream: "ben" }]);
});

test("who is kept out comes back under no name from this browser, nor another browser under this name, until the teacher lets it in", async (t) => {
  const { room, ask, asked } = await openRoom(t, [stream("ana")], () => ({ hls: "error", error_code: 470, error: "nobody is live" }));
  const admits = (name, browser) => room.routes()[`POST ${ADMISSION}`].answer({ type: "publish", data: { stream: name, publisher: { by: "open", key_sha256: browser } } }).allow;
  assert.equal(admits("ana", "a1"), true);
  assert.equal(admits("ben", "b1"), true);
  const { status, body } = await ask("keepout.json", { stream: "ana" }, KEY); // it has gone by itself
  assert.deepEqual([status, body.kept_out], [200, ["ana"]]);
  assert.deepEqual(asked, [{ request: "kick", stream: "ana" }, { request: "list" }]);
  assert.deepEqual([admits("ana", "a1"), admits("ana2", "a1"), admits("ana", "c1"), admits("ben", "b1"), admits("cleo", "c1")], [false, false, false, true, true]);
  await ask("keepout.json", { stream: "nobody" }, KEY); // whose browser is not known
  assert.deepEqual([admits("dan", undefined), admits("nobody", "d1")], [true, false]);
  assert.deepEqual((await ask("letin.json", { stream: "ana" }, KEY)).body.kept_out, ["nobody"]);
  assert.equal(admits("ana", "a1"), true);
});

test("who is kept out after it was admitted and before it is there is ended once it is there, under whatever name, and nobody else", async (t) => {
  let there = [];
  const { room, ask, asked } = await openRoom(t, [], ({ request, stream: name }) => {
    if (request === "list") return { hls: "list", streams: there.map((each) => ({ stream: each, state: "preparing", tracks: [] })) };
    if (!there.includes(name)) return { hls: "error", error_code: 470, error: "nobody is live" };
    there = there.filter((each) => each !== name);
    return { hls: "kicked" };
  });
  const admits = (name, browser) => room.routes()[`POST ${ADMISSION}`].answer({ data: { stream: name, publisher: { key_sha256: browser } } }).allow;
  assert.deepEqual([admits("ana", "a1"), admits("ana2", "a1"), admits("ben", "b1")], [true, true, true]);
  assert.equal((await ask("keepout.json", { stream: "ana" }, KEY)).status, 200);
  there = ["ana", "ben", "ana2", "stranger"]; // Janus had its answer by then; nobody has asked about the stranger
  await room.look();
  assert.deepEqual(there, ["ben", "stranger"]);
  await room.look();
  await ask("letin.json", { stream: "ana" }, KEY);
  there.push("ana");
  await room.look();
  assert.deepEqual(there, ["ben", "stranger", "ana"]);
  assert.deepEqual(asked.filter(({ request }) => request === "kick").map(({ stream: name }) => name), ["ana", "ana", "ana2"]);
});

test("the browsers of a thousand names are known, however often one of them comes again", async (t) => {
  const { room, ask } = await openRoom(t, [], () => ({ hls: "error", error_code: 470, error: "nobody is live" }));
  const admits = (name, browser) => room.routes()[`POST ${ADMISSION}`].answer({ data: { stream: name, publisher: { key_sha256: browser } } }).allow;
  for (let i = 0; i < 1000; i++) admits(`student-${i}`, `b${i}`);
  for (let again = 0; again < 3; again++) admits("student-999", "b999");
  await ask("keepout.json", { stream: "student-0" }, KEY);
  assert.equal(admits("other", "b0"), false);
  for (const i of [1000, 1001]) admits(`student-${i}`, `b${i}`); // the oldest two make room
  await ask("keepout.json", { stream: "student-1" }, KEY);
  assert.equal(admits("another", "b1"), true);
});

test("who is muted stays so when it has gone and come again, until the teacher wants to hear it", async (t) => {
  const paused = { ana: false, ben: false };
  const { room, ask, asked } = await openRoom(t, [stream("ana"), stream("ben")], ({ request, stream: name, audio }) => {
    if (request === "configure") paused[name] = !audio;
    return { hls: "ok", streams: Object.keys(paused).map((each) => ({ stream: each, tracks: [{ kind: "audio", paused: paused[each] }] })) };
  });
  const mutings = () => asked.filter(({ request }) => request === "configure").map(({ stream: name, audio }) => `${name} ${audio}`);
  const { body } = await ask("mute.json", { stream: "ana" }, KEY);
  assert.deepEqual(body.streams.map(({ name, muted }) => [name, muted]), [["ana", true], ["ben", false]]);
  await room.look();
  assert.deepEqual(mutings(), ["ana false"], "nothing is asked again while it holds");
  paused.ana = false; // it has published again
  await room.look();
  assert.deepEqual(mutings(), ["ana false", "ana false"]);
  await ask("mute.json", { stream: "ana", muted: false }, KEY);
  await room.look();
  assert.deepEqual(mutings(), ["ana false", "ana false", "ana true"]);
});

test("silence is no weakness of who is muted", async (t) => {
  const silent = (samples, more) => stream("ana", { source: { samples: { silent: samples }, ...more } });
  const streams = [silent(0)];
  const { room, ask } = await openRoom(t, streams, () => ({ hls: "ok", streams: [] }));
  const health = async () => {
    for (let second = 1; second <= 10; second++) {
      streams[0] = silent(streams[0].source.samples.silent + 48000);
      await room.look();
    }
    return (await ask("room.json")).body.streams[0].health;
  };
  assert.equal(await health(), "weak");
  await ask("mute.json", { stream: "ana" }, KEY);
  assert.equal(await health(), "good");
});

test("what cannot be done is a sentence", async (t) => {
  let answer = () => ({ hls: "error", error_code: 470, error: "nobody is live as ana" });
  const { ask } = await openRoom(t, [], () => answer());
  const kick = async (body) => {
    const { status, body: { error } } = await ask("kick.json", body, KEY);
    return `${status} ${error}`;
  };
  assert.match(await kick({ stream: "ana" }), /^404 ana is not live any more\.$/);
  answer = () => ({ hls: "error", error_code: 471, error: "a fault" });
  assert.match(await kick({ stream: "ana" }), /^502 Janus refuses it: a fault\.$/);
  answer = () => { throw new Error("connection refused"); };
  assert.match(await kick({ stream: "ana" }), /^503 Janus does not answer/);
  for (const body of [{}, { stream: "a b" }, { stream: 7 }, { stream: ["ana"] }]) assert.match(await kick(body), /^400 "stream"/, JSON.stringify(body));
  for (const body of ["[", "[]", "7", "null"]) assert.match(await kick(body), /^400 The body/, body);
  assert.match(await kick({ stream: "a".repeat(5000) }), /^413 /);
  assert.equal((await ask("nothing")).status, 404);
  assert.equal((await ask("kick.json")).status, 404, "GET");
});

test("what is no address is no page, and no fault of the desk's", async (t) => {
  const { rawly } = await openRoom(t, []);
  assert.equal(await rawly("/class/room.json?pass=%&x"), 200);
  for (const path of ["//[/../class/room.json", "//x:99999/class/room.json", "/class/%6coom.json", "/constructor", "*"])
    assert.equal(await rawly(path), 404, path);
});

test("a name that nobody uses takes none of the bridge's looks, and none of Janus's handles is asked for it", async (t) => {
  const asked = [];
  const server = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(request.method === "GET" ? 404 : 200).end(JSON.stringify({ janus: "success", response: { hls: "error" } }));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  t.after(() => server.close());
  const { port } = server.address();
  const look = (name) => new ClassLooks({ options: {}, hls: "/nowhere", bridgePort: port, adminHttpPort: port })
    .routes()["GET /class/look.json"].answer({}, new URLSearchParams({ stream: name }));
  const { status, bridge, seller, away } = await look("nobody");
  assert.deepEqual([status, bridge, seller, away], [null, null, null, false]);
  assert.deepEqual(asked.sort(), ["GET /streams/nobody", "POST /admin"]);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  assert.deepEqual((({ status, bridge, away }) => [status, bridge, away])(await look("nobody")), [null, null, true]);
});

test("thirty streams that are looked at by two pages each take fewer looks than the bridge gives a class", async (t) => {
  let looks = 0, ms = 0;
  const server = http.createServer(({ url }, response) => {
    if (url.endsWith("/look")) looks++;
    response.end("{}");
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  t.after(() => (server.closeAllConnections(), server.close()));
  const { port } = server.address();
  const desk = new ClassLooks({ options: {}, hls: "/nowhere", bridgePort: port, adminHttpPort: port }, () => ms).routes()["GET /class/look.json"];
  const SECONDS = 10, PER_S = 50; // docs/protocol.md
  for (; ms < SECONDS * 1000; ms += 500)
    await Promise.all(Array.from({ length: 30 }, (none, i) => desk.answer({}, new URLSearchParams({ stream: `student-${i}` }))));
  assert.ok(looks >= SECONDS * 15, `${looks} looks: all are shown something new every two seconds`);
  assert.ok(looks < SECONDS * PER_S, `${looks} looks`);
});
