#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// What a publisher sends, and that it stops if it is told to, whatever the server has answered by then.

import assert from "node:assert/strict";
import test from "node:test";
import { assemblePages } from "./assembled_pages.mjs";
import { english } from "./english.mjs";

// it does what it is asked at once, and keeps what that was
const importPage = assemblePages({ janus: `
export default class Janus {
  static init = ({ callback }) => callback();
  static useDefaultDependencies = () => ({});
  static sessions = [];
  static refused = null; // what each offer fails with
  static silent = null; // "session" or "handle": what is asked for and not answered
  sent = []; // messages
  offered = []; // tracks, of the last offer
  constructor(options) {
    Janus.sessions.push(this);
    this.options = options;
    if (Janus.silent !== "session") queueMicrotask(options.success);
  }
  attach(options) {
    this.answer = options.onmessage;
    const pc = { getSenders: () => this.senders };
    this.become = (state) => {
      pc.iceConnectionState = state;
      options.iceState(state);
    };
    this.handle = {
      webrtcStuff: { pc },
      createOffer: ({ tracks, success, error }) => {
        if (Janus.refused) return void error(Janus.refused);
        this.offered = tracks.map(({ capture }) => capture);
        this.senders = [...(this.senders ?? []), ...this.offered.map((track) => ({
          track,
          getParameters: () => ({ encodings: [] }),
          setParameters: async () => {},
          async replaceTrack(next) { this.track = next; },
        }))];
        success({ type: "offer", sdp: "" });
      },
      send: ({ message }) => this.sent.push(message),
    };
    if (Janus.silent !== "handle") options.success(this.handle);
  }
  destroyed = 0;
  destroy() { this.destroyed++; }
}
` });

globalThis.window = globalThis; // of a browser
globalThis.MediaStream = class {
  #tracks;
  constructor(tracks) { this.#tracks = tracks; }
  getTracks() { return this.#tracks; }
};
globalThis.CustomEvent ??= class extends Event { // Node 18 has none
  constructor(type, { detail }) {
    super(type);
    this.detail = detail;
  }
};

const { default: Janus } = await importPage("vendor/janus.es.js");
const { JanusPublisher } = await importPage("js/janus-publisher.js");

const settle = async () => { for (let i = 0; i < 20; i++) await new Promise(setImmediate); };
const track = (kind, label) => ({ kind, label });
const [CAMERA, OTHER_CAMERA, VOICE] = [track("video", "one"), track("video", "two"), track("audio", "voice")];

/** A publisher of `tracks`; `states` has what it says, and `told` what people read. */
async function begin(t, tracks, iceServers = [], options = {}) {
  const publisher = new JanusPublisher("ws://x/janus", iceServers);
  const states = [], told = [];
  publisher.addEventListener("state", ({ detail }) => (states.push(detail.state), told.push(detail)));
  t.after(() => publisher.stop());
  const before = Janus.sessions.length;
  publisher.publish(new MediaStream(tracks), { name: "shop", ...options });
  await settle();
  return { publisher, states, told, sessions: () => Janus.sessions.slice(before) };
}

const sentBy = ({ senders }) => senders.map((sender) => sender.track.label);

test("another camera is sent at once, and if all is set up again", async (t) => {
  const { publisher, sessions } = await begin(t, [CAMERA, VOICE]);
  await publisher.replaceTrack(OTHER_CAMERA);
  assert.deepEqual(sentBy(sessions()[0]), ["two", "voice"]);
  sessions()[0].options.destroyed(); // the server has begun again
  await settle();
  assert.deepEqual(sentBy(sessions()[1]).sort(), ["two", "voice"]);
});

test("a token is sent in place of a key", async (t) => {
  for (const [options, sent] of [[{ key: "a long key", token: "a.b.c" }, { token: "a.b.c" }], [{ key: "a long key" }, { key: "a long key" }], [{}, {}]]) {
    const { sessions } = await begin(t, [CAMERA], [], options);
    assert.deepEqual(sessions()[0].sent, [{ request: "publish", stream: "shop", ...sent }]);
  }
});

test("a token that is not good, has run out or was revoked is not tried again", async (t) => {
  for (const [message, end] of [
    [{ hls: "error", error_code: 477, error: "ask for a new one" }, { code: 477 }],
    [{ hls: "unpublished", code: "expired", reason: "its time to publish is over" }, { ended: "expired" }],
    [{ hls: "unpublished", code: "revoked", reason: "its token was revoked" }, { ended: "revoked" }]]) {
    const { told, sessions } = await begin(t, [CAMERA], [], { token: "a.b.c" });
    sessions()[0].answer(message);
    await settle();
    const { state, code, ended } = told.at(-1);
    assert.deepEqual([state, code, ended], ["failed", end.code, end.ended]);
    assert.equal(sessions().length, 1);
  }
});

test("a microphone that comes later is sent, too", async (t) => {
  const { publisher, sessions } = await begin(t, [CAMERA]);
  await publisher.replaceTrack(VOICE);
  assert.deepEqual(sentBy(sessions()[0]), ["one", "voice"]);
  assert.deepEqual(sessions()[0].sent.map(({ request }) => request), ["publish", "publish"]);
});

test("who stops before it is known how to reach the server does not go live later", async (t) => {
  let know;
  const { publisher, states, sessions } = await begin(t, [CAMERA], new Promise((resolve) => (know = resolve)));
  publisher.stop();
  know([]);
  await settle();
  assert.deepEqual(states, ["stopped"]);
  assert.equal(sessions().length, 0);
});

test("a server that has answered no report is sent no other, and then one of now", async (t) => {
  const { publisher, sessions } = await begin(t, [CAMERA]);
  const [session] = sessions();
  session.answer({ hls: "published", playback: {} });
  for (let ms = 1; ms <= 100; ms++) publisher.report(ms);
  session.answer({ hls: "reported" });
  publisher.report(101);
  const reports = session.sent.filter(({ request }) => request === "report");
  assert.deepEqual(reports.map((report) => report.round_trip_ms), [1, 101]);
});

for (const what of ["session", "handle"])
  test(`a server that is lost before it has given a ${what} is asked again`, async (t) => {
    const timers = [];
    t.mock.method(globalThis, "setTimeout", (act) => timers.push(act));
    t.after(() => (Janus.silent = null));
    Janus.silent = what;
    const { states, sessions } = await begin(t, [CAMERA]);
    assert.deepEqual([states, timers.length], [["connecting"], 1]);
    timers.pop()();
    await settle();
    assert.deepEqual(states, ["connecting", "reconnecting"]);
    Janus.silent = null;
    timers.pop()();
    await settle();
    assert.deepEqual(sessions().map(({ sent }) => sent.length), [0, 1]);
  });

test("a session that comes when it is not wanted any more is ended", async (t) => {
  t.after(() => (Janus.silent = null));
  Janus.silent = "session";
  const { publisher, sessions } = await begin(t, [CAMERA]);
  const [session] = sessions();
  publisher.stop();
  const before = session.destroyed;
  session.options.success();
  assert.equal(session.destroyed, before + 1);
});

test("an error that says nothing is one that passes, too", async (t) => {
  t.after(() => (Janus.refused = null));
  Janus.refused = new Error("");
  const { states } = await begin(t, [CAMERA]);
  assert.deepEqual(states, ["connecting", "reconnecting"]);
});

for (const status of ["live", "waiting"])
  test(`a network that comes back by itself is told of: ${status} again`, async (t) => {
    const { states, sessions } = await begin(t, [CAMERA]);
    const [session] = sessions();
    session.become("checking");
    session.become("connected");
    session.answer({ hls: "status", status });
    session.become("disconnected");
    session.become("connected");
    session.become("completed");
    assert.deepEqual(states, ["connecting", status, "reconnecting", status]);
  });

const ERROR = { hls: "error", error: "somebody else is live as shop: choose another name", error_code: 468 };

for (const [what, message, says, more] of [
  ["an error that no second try mends", ERROR, "Somebody else is live as shop: choose another name.", { state: "failed", key: "error.468", code: 468 }],
  ["one that passes", { ...ERROR, error: "this server is busy", error_code: 475 }, "This server is busy. Trying again …", { state: "reconnecting" }],
  ["one of a newer server", { ...ERROR, error: "it is too late", error_code: 999 }, "It is too late. Trying again …", { state: "reconnecting" }],
  ["an operator who ends it", { hls: "unpublished", code: "kicked", reason: "ended by the operator" },
    "The stream was ended: ended by the operator.", { state: "failed", ended: "kicked" }],
  ["a bridge that refuses it", { hls: "unpublished", code: "refused", reason: "there is no room" }, "The stream was refused: there is no room.",
    { state: "failed", ended: "refused" }],
])
  test(`people are told of ${what}`, async (t) => {
    const { told, sessions } = await begin(t, [CAMERA]);
    sessions()[0].answer(message);
    const last = told.at(-1);
    assert.equal(english(last), says);
    for (const [key, value] of Object.entries(more)) assert.equal(last[key], value, key);
  });

test("a server that stops answering while it is live is not one that gets ready", async (t) => {
  const { told, sessions } = await begin(t, [CAMERA]);
  for (const status of ["waiting", "live", "waiting"]) sessions()[0].answer({ hls: "status", status });
  assert.deepEqual(told.map(({ key }) => key),
    ["publisher.connecting", "publisher.waiting", "publisher.live", "publisher.waiting-again"]);
});
