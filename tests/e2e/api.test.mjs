// SPDX-License-Identifier: GPL-3.0-or-later

// The plugin's API: what it refuses and why, keys and takeover, and what operators see.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import test, { describe } from "node:test";
import { askBridge } from "../../tools/stack/bridge.mjs";
import { SMALL_SIZE, dropPreview, messageOf, openPage, outbound, publish, untilLive } from "./support/browser.mjs";
import { faultsOfLive, OUTAGE } from "./support/health.mjs";
import { admin, attach, operate } from "./support/janus-api.mjs";
import { offer, section } from "./support/offers.mjs";
import { watchFromNowOn } from "./support/looks.mjs";
import { measured } from "./support/measured.mjs";
import { kernelDrops } from "./support/network.mjs";
import { publishRecorded } from "./support/recorded.mjs";
import { subtest, until, withStack } from "./support/rig.mjs";
import { shareStack } from "./support/shared.mjs";
import { assertDiscontinuities } from "./support/steps.mjs";

const VP8 = offer(section("video", "96", ["a=rtpmap:96 VP8/90000"]));
const PCMU = offer(section("audio", "0", ["a=rtpmap:0 PCMU/8000"]));
const MODE_0 = offer(section("video", "96", ["a=rtpmap:96 H264/90000", "a=fmtp:96 packetization-mode=0"]));

const CAP = 200000; // bit/s
const TRIES = 2; // of keys in a minute: half a minute passes until there is one more
const KEY = "the right one, and long"; // of streams that have one
const PORTS = 9; // of RTP: fewer than the offers to come, and enough for all that are made at once
const KEEP_ALIVE_MS = 20000; // Janus ends a session that says nothing for a minute

/** No other test's stream is among them: names of these that are listed. */
const named = (streams, names) => streams.map(({ name, stream }) => name ?? stream).filter((name) => names.includes(name)).sort();

const listByAdmin = (stack) => operate(stack, { request: "list" });

/** The names of `names` that the start page lists. */
const onStartPage = async (stack, names) => named((await (await fetch(`${stack.url}/live/streams.json`)).json()).streams, names);

const shared = shareStack({ keys: { attic: "the key of the attic" }, unlisted: ["attic"] }, { shell: true });

/** An HTTP server that keeps the events that it is told: { events, url, close }. */
async function hearEvents() {
  const events = [];
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (data) => (body += data));
    request.on("end", () => {
      events.push(...[JSON.parse(body)].flat());
      response.end();
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { events, url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** A publisher of shop has come and gone: that is heard, and that a thief is refused. */
async function hearsAll(stack, events) {
  const thief = await attach(stack);
  await thief.request({ request: "publish", stream: "till", key: "not that key" }, VP8);
  thief.close();
  const heard = () => events.map((event) => event.event).filter((e) => e.plugin === "janus.plugin.hls");
  await until("the end is heard", () => heard().some((e) => e.data.event === "unpublished"));
  const becomes = heard().map((e) => e.data.event).filter((event) => event !== "figures" && event !== "refused"); // which come in between
  // a bridge that stands still for some seconds is waited for
  assert.match(becomes.join(), /^published,live(,waiting,live)*(,waiting)?,unpublished$/);
  measured(() => assert.deepEqual(becomes, ["published", "live", "unpublished"]));
  await until("the refusal is heard", () => heard().some((e) => e.data.event === "refused"));
  const refused = heard().find((e) => e.data.event === "refused").data;
  assert.deepEqual([refused.stream, refused.cause, refused.error_code, refused.untold], ["till", "wrong-key", 467, 0]);
  assert.doesNotMatch(JSON.stringify(heard()), /not that key|key of the till/, "keys are told to nobody");
  assert.ok(heard().every((e) => e.data.stream === "shop" || e.data === refused));
}

async function refuses(stack) {
  const cases = [
    [{}, undefined, 460, /"request"/],
    [{ request: "dance" }, undefined, 461, /publish, configure/],
    [{ request: "publish" }, VP8, 462, /stream name/],
    [{ request: "publish", stream: "../etc" }, VP8, 462, /stream name/],
    [{ request: "publish", stream: "x".repeat(65) }, VP8, 462, /stream name/],
    [{ request: "publish", stream: 7 }, VP8, 460, /string/],
    [{ request: "publish", stream: "x", bitrate: -1 }, VP8, 460, /bit\/s/],
    [{ request: "publish", stream: "x" }, undefined, 463, /JSEP offer/],
    [{ request: "publish", stream: "x" }, VP8, 464, /H\.264/],
    [{ request: "publish", stream: "x" }, MODE_0, 464, /H\.264/],
    [{ request: "publish", stream: "x" }, PCMU, 465, /Opus/],
    [{ request: "configure", bitrate: 500000 }, undefined, 469, /publish/],
    [{ request: "unpublish" }, undefined, 469, /published/],
    [{ request: "info", stream: "nobody" }, undefined, 470, /nobody/],
  ];
  for (const [body, jsep, code, sentence] of cases) {
    const handle = await attach(stack);
    const answer = await handle.request(body, jsep);
    assert.equal(answer.error_code, code, `${JSON.stringify(body)}: ${JSON.stringify(answer)}`);
    assert.match(answer.error, sentence);
    handle.close();
  }
  const handle = await attach(stack);
  assert.deepEqual((await handle.request({ request: "list" })).streams, []);
  // Janus clears the connection of a refused offer away; then the same handle may make another
  await handle.request({ request: "publish", stream: "x" }, VP8);
  await until("another offer is heard", async () =>
    (await handle.request({ request: "publish", stream: "x" }, PCMU)).error_code === 465);
  handle.close();
}

/** Wrong keys are looked at only so often, and a long one that is right is let in all the same. */
async function countsTries(stack) {
  const codes = [];
  for (let i = 0; i < TRIES + 2; i++) {
    const handle = await attach(stack); // a connection of its own for each
    const answer = await handle.request({ request: "publish", stream: "shop", key: "a wrong one" }, VP8);
    codes.push(answer.error_code);
    if (answer.error_code === 474) assert.match(answer.error, /^too many wrong keys .*: wait \d+ seconds?, and try again$/);
    handle.close();
  }
  assert.deepEqual(codes, [...Array(TRIES).fill(467), 474, 474]);
  await publishRecorded(stack, "shop", { key: KEY });
  const { refused } = await listByAdmin(stack);
  assert.deepEqual([refused["wrong-key"], refused["too-many-tries"]], [TRIES, 2]);
}

async function takesItsKey(stack, context) {
  const open = (query) => openPage(context, `${stack.url}/publish.html?${query}&source=testcard&auto=1`);
  const isAtKey = (page) => until("the key is to be mended", async () => (await page.evaluate(() => document.activeElement.id)) === "key");
  const wrong = await open("stream=shop&key=the%20wrong%20one");
  await until("the page says that the key is wrong", async () => /^The stream name shop or its key is wrong: /.test(await messageOf(wrong)));
  await until("there is a way back", () => wrong.isVisible("#go"));
  await isAtKey(wrong);
  const said = await messageOf(wrong);
  await wrong.close();
  const unknown = await open("stream=else&key=the%20wrong%20one");
  await until("a name that there is not looks the same", async () => (await messageOf(unknown)).replace("else", "shop") === said);
  await unknown.close();
  const short = await open("stream=shop&key=right");
  await until("the page says that this is no key", async () => /at least 8 characters/.test(await messageOf(short)));
  await isAtKey(short);
  await short.close();
}

async function keepsNoPort(t, stack) {
  const bad = { type: "offer", sdp: VP8.sdp.replace(/a=ice-ufrag.*\r\n/, "") }; // Janus refuses it by itself
  const cases = [[{ request: "list" }, VP8, 2], [{ request: "info", stream: "shop" }, VP8, 2], [{ request: "configure" }, VP8, 2],
    [{ request: "publish", stream: "shop" }, VP8, 2], [{ request: "list" }, bad, 1], [{ request: "list" }, bad, 1]]; // 10 offers
  const idle = await attach(stack);
  const handles = await Promise.all(cases.map(() => attach(stack)));
  const staying = setInterval(() => [idle, ...handles].forEach((handle) => handle.keepAlive()), KEEP_ALIVE_MS);
  t.after(() => clearInterval(staying));
  await Promise.all(cases.map(async ([body, jsep, rounds], i) => {
    for (let round = 0; round < rounds; round++) {
      const answer = await handles[i].request(body, jsep);
      assert.ok(jsep === bad ? answer.janus === "error" : [463, 467].includes(answer.error_code), JSON.stringify(answer));
      await until("Janus has hung up", () => handles[i].events.filter(({ janus }) => janus === "hangup").length > round);
    }
  }));
  assert.deepEqual(idle.events, [], "who has offered nothing is told nothing");
  await publishRecorded(stack, "shop", { key: KEY });
  [idle, ...handles].forEach((handle) => handle.close());
}

describe("the plugin's API", { concurrency: 2 }, () => {
  test("the bridge answers at a Unix socket and by token, and refuses requests without one; event handlers hear what becomes " +
    "of a stream", async (t) => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-test-"));
    t.after(() => rm(folder, { recursive: true }));
    const control = { socket: path.join(folder, "control.sock"), tokenFile: path.join(folder, "token") };
    const token = randomBytes(32).toString("hex");
    await writeFile(control.tokenFile, `${token}\n`, { mode: 0o640 });
    const { events, url, close } = await hearEvents();
    t.after(close);
    const configuration = `general: { enabled = true events = "plugins" grouping = false json = "compact" backend = "${url}" }\n`;
    const janus = { eventHandlers: ["sampleevh"], files: { "janus.eventhandler.sampleevh.jcfg": configuration } };
    await withStack({ control, janus, keys: { till: "the key of the till" } }, async (stack) => {
      const publisher = await publishRecorded(stack, "shop");
      const ask = (headers) => askBridge({ socketPath: control.socket }, "/streams", { headers });
      assert.equal((await stat(control.socket)).mode & 0o777, 0o660);
      assert.equal((await ask({})).status, 401);
      assert.equal((await ask({ authorization: `Bearer ${token}`, host: "attacker.example" })).status, 403);
      assert.equal((await ask({ authorization: `Bearer ${token}`, origin: "http://attacker.example" })).status, 403);
      const streams = async () => {
        const { status, text } = await ask({ authorization: `Bearer ${token}` });
        assert.equal(status, 200);
        return JSON.parse(text).streams.map((s) => [s.name, s.state].join());
      };
      await until("media comes", async () => (await streams()).join() === "shop,live");
      await publisher.leave();
      await until("the bridge hears that it is over", async () =>
        JSON.parse((await ask({ authorization: `Bearer ${token}` })).text).load.streams === 0);
      await hearsAll(stack, events);
    });
  });

  test("what cannot be published is refused with a code and a sentence", (t) =>
    withStack({ keys: { shop: KEY }, janus: { general: `  tries = ${TRIES}\n` } }, async (stack) => {
      await refuses(stack);
      await subtest(t, stack, "wrong keys are looked at only so often, and a long one that is right is let in all the same", () => countsTries(stack));
    }));

  test("configured streams take their key alone", shared(({ context, t }) =>
    withStack({ open: false, keys: { shop: KEY }, janus: { media: `rtp_port_range = "20000-${20000 + PORTS - 1}"` } }, async (stack) => {
      await takesItsKey(stack, context);
      await subtest(t, stack, "an offer that is not answered keeps no port, and the right key is let in", () => keepsNoPort(t, stack));
    })));

  test("an unlisted stream is watched by its address only", shared(async ({ stack }) => {
    const ours = ["attic", "cellar", "market"];
    await publishRecorded(stack, "attic", { key: "the key of the attic" });
    await publishRecorded(stack, "cellar", { unlisted: true }); // by the publisher's own wish
    await publishRecorded(stack, "market");
    for (const name of ours) await until(`${name} can be watched`, async () => (await fetch(stack.playlist(name))).ok);
    await until("the market is listed", async () => (await onStartPage(stack, ours)).includes("market"));
    assert.deepEqual(await onStartPage(stack, ours), ["market"]);
    const handle = await attach(stack);
    assert.deepEqual(named((await handle.request({ request: "list" })).streams, ours), ["market"]);
    assert.equal((await handle.request({ request: "info", stream: "attic" })).unlisted, true);
    assert.deepEqual(named((await listByAdmin(stack)).streams, ours), ours);
    handle.close();
  }));

  test("a name belongs to its publisher, and to that publisher's other device", shared(async ({ stack, context }) => {
    const first = await publish(context, stack, "owned", { size: SMALL_SIZE, key: "my own key", unlisted: true });
    await until("it can be watched", async () => (await fetch(stack.playlist("owned"))).ok);
    const watching = await watchFromNowOn(stack, "owned");
    assert.deepEqual(named((await listByAdmin(stack)).streams, ["owned"]), ["owned"]);
    assert.deepEqual(await onStartPage(stack, ["owned"]), [], "unlisted, as the page was asked to publish it");

    const stranger = await openPage(context, `${stack.url}/publish.html?stream=owned&key=another%20key&source=testcard&auto=1`);
    await until("a stranger is refused", async () => /Somebody else is live as owned/.test(await messageOf(stranger)));
    await stranger.close();
    await untilLive(first);

    const second = await publishRecorded(stack, "owned", { key: "my own key" });
    await until("the first device is told", async () => /taken over/.test(await messageOf(first)));
    await first.close();
    await until("what comes after is listed", async () =>
      /#EXT-X-DISCONTINUITY\n[^]*#EXTINF/.test(await (await fetch(stack.playlist("owned"))).text()));
    await second.leave();
    const report = await watching.end();
    assert.deepEqual(await faultsOfLive(report, stack, "owned", { but: OUTAGE }), []);
    assert.ok(report.segments >= 2, `${report.segments} segments`);
    await assertDiscontinuities(stack, "owned", report.discontinuities, 1);
  }));

  test("what is live takes its own name back after a reload, is configured, and is seen and ruled by operators",
    shared(async ({ stack, context, t }) => {
      const page = await publish(context, stack, "ruled");
      await subtest(t, stack, "a reload takes its own name back", async () => {
        await until("segments", async () => (await fetch(stack.playlist("ruled"))).ok);
        await page.reload();
        await untilLive(page);
        await dropPreview(page);
      });
      await subtest(t, stack, "operators see it", () => see(stack));
      await subtest(t, stack, "configure changes it", () => configures(page));
      await subtest(t, stack, "operators end it", () => kicks(stack, page));
    }));
});

/** What Janus's Admin API tells of all handles. Sessions and handles of other tests may end meanwhile. */
async function describeHandles(stack) {
  const { sessions } = await admin(stack, { janus: "list_sessions" });
  const described = [];
  for (const session_id of sessions) {
    const { handles = [] } = await admin(stack, { janus: "list_handles", session_id });
    for (const handle_id of handles) {
      const { info } = await admin(stack, { janus: "handle_info", session_id, handle_id });
      if (info) described.push(info.plugin_specific);
    }
  }
  return described;
}

async function see(stack) {
  const handle = await attach(stack);
  assert.deepEqual(named((await handle.request({ request: "list" })).streams, ["ruled"]), ["ruled"]);
  let info, video, audio;
  await until("it sends what it may, and has told the round trip", async () => {
    info = await handle.request({ request: "info", stream: "ruled" });
    [video, audio] = ["video", "audio"].map((kind) => info.tracks.find((track) => track.kind === kind));
    return video.bitrate > 100000 && audio.bitrate > 5000 && info.round_trip_ms > 0 && info.age_seconds >= 2 && info.bridge === "listening";
  });
  assert.deepEqual([video.codec, video.width, video.height], ["H264", 640, 360]);
  assert.equal(audio.codec, "opus");
  const drops = await kernelDrops();
  assert.ok(video.lost <= drops, `${video.lost} lost, and ${drops} had no room in the kernel`);
  measured(() => assert.ok(info.round_trip_ms < 100, `the round trip is known: ${JSON.stringify(info)}`));
  let described;
  await until("it is described as live", async () =>
    (described = await describeHandles(stack)).some((d) => d.stream === "ruled" && d.state === "live"));
  assert.ok(described.some((d) => d.state === "idle"), JSON.stringify(described));
  handle.close();
}

async function kicks(stack, page) {
  const kick = (stream) => operate(stack, { request: "kick", stream });
  assert.equal((await kick("nobody")).error_code, 470);
  assert.equal((await kick("ruled")).hls, "kicked");
  await until("the publisher is told", async () => /ended by the operator/.test(await messageOf(page)));
  assert.deepEqual(named((await listByAdmin(stack)).streams, ["ruled"]), []);
}

async function configures(page) {
  const configure = (body) =>
    page.evaluate((message) => new Promise((resolve, reject) => {
      window.janusHls.publisher.configure(message).then(resolve, reject);
    }), body);
  const target = async () => (await outbound(page)).video.targetBitrate;
  await until("the encoder may use more than the cap", async () => (await target()) > 1.5 * CAP);
  assert.equal((await configure({ bitrate: CAP })).bitrate, CAP);
  await until("it may use no more", async () => (await target()) <= CAP);

  const keyframes = (await outbound(page)).video.keyFramesEncoded;
  await configure({ keyframe: true });
  await until("a key frame more", async () => (await outbound(page)).video.keyFramesEncoded > keyframes);
  assert.equal((await configure({ audio: false })).audio, false);
  const [first, second] = await Promise.all([configure({ bitrate: 900000 }), configure({ audio: true })]);
  assert.deepEqual([first.bitrate, second.audio], [900000, true], "each of two callers at once has its own answer");
  await assert.rejects(configure({ bitrate: 1 }), /bit\/s/);
}
