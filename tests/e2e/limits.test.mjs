// SPDX-License-Identifier: GPL-3.0-or-later

// What there is no room for is refused in words, what sends too much is ended, and who is live notices
// nothing of either.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import test, { describe } from "node:test";
import { askBridge } from "../../tools/stack/bridge.mjs";
import { SMALL_SIZE, dropPreview, messageOf, openPage, outbound, publish, untilLive, withBrowser } from "./support/browser.mjs";
import { replay } from "./support/audience.mjs";
import { faultsOfLive } from "./support/health.mjs";
import { untilSegments } from "./support/lists.mjs";
import { withBridge } from "./support/lone-bridge.mjs";
import { watch } from "./support/programs.mjs";
import { publishRecorded } from "./support/recorded.mjs";
import { sleep, until, withStack } from "./support/rig.mjs";
import { SOUND_OFFER } from "./support/session.mjs";

const CAP = 100000; // bit/s of the picture
const TOO_MUCH = 510000; // bit/s of sound alone
const SENDERS_MAX = 6, SENDER_MS = 10000; // one after the other, each for so long

const get = async (port, target) => (await askBridge({ port }, target)).text;
const loadOf = async (port) => JSON.parse(await get(port, "/streams")).load;

/** Opens the publish page, which goes live by itself if it may, with a picture that would take more than the cap. */
const tryToPublish = (context, stack, stream) =>
  openPage(context, `${stack.url}/publish.html?stream=${stream}&source=testcard&size=640x360&simulcast=0&auto=1`);

/** What the page is answered asks for less than the page is made to read: it sends what it likes. */
const disobey = (context) => context.addInitScript((bitrate) => {
  const apply = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
    const own = sdp.replace(/^b=TIAS.*\r\n/m, "").replace(/;x-google-[^;\r]*/g, "");
    const sound = window.loud ? own.replace(/maxaveragebitrate=\d+/, `maxaveragebitrate=${bitrate};cbr=1`) : own;
    return apply.call(this, { type, sdp: sound });
  };
}, TOO_MUCH);

/** Announces a stream. Resolves to the status and what is wrong. */
async function announce(port, stream) {
  const response = await fetch(`http://127.0.0.1:${port}/streams/${stream}`, { method: "PUT", body: SOUND_OFFER });
  return [response.status, (await response.text()).replace(/^\{[\s\S]*"detail": "(.*)"[\s\S]*$/, "$1")];
}

const remove = (port, stream) => fetch(`http://127.0.0.1:${port}/streams/${stream}`, { method: "DELETE" });

// 140 kbit/s come of each, or four times as much; who is held up and catches up sends up to twice as much for some seconds

const PATIENT = { "sources.timeout": 120 }; // nobody is dropped because a test takes its time

/** A reload: whoever takes a live stream over has it, as the one before had. */
async function takesOver({ port, send }) {
  const sender = send("shop");
  const state = async () => JSON.parse(await get(port, "/streams/shop")).state;
  await until("it is live", async () => (await state()) === "live");
  assert.equal((await announce(port, "shop"))[0], 200);
  await until("the next one is awaited", async () => (await state()) === "held");
  assert.equal((await loadOf(port)).streams, 1);
  assert.equal((await remove(port, "shop")).status, 204);
  await sender.stop();
}

const bandwidth = () =>
  withBridge({ "sources.bitrate": 400000, "sources.bandwidth": 1, ...PATIENT }, async ({ port, send }) => {
    await takesOver({ port, send });
    await until("nobody is there", async () => (await loadOf(port)).streams === 0);
    for (const stream of ["first", "second"]) assert.equal((await announce(port, stream))[0], 201);
    const [status, why] = await announce(port, "third");
    assert.deepEqual([status, why], [409, "the live streams leave no room for another (sources.bandwidth)"]);
    const { refused } = await loadOf(port);
    assert.deepEqual(refused, { max: 0, bandwidth: 1, crowded: 0 });
    send("first");
    send("second");
    await until("what they send is known", async () => (await loadOf(port)).bitrate < 400000);
    assert.equal((await announce(port, "third"))[0], 201);
    await until("there is no room for a fourth beside what they send", async () => { // unless they are held up
      const [code] = await announce(port, "fourth");
      if (code === 201) await remove(port, "fourth");
      return code === 409;
    });
    assert.equal((await announce(port, "first"))[0], 200, "another device of a live stream takes no more");
    const metrics = await get(port, "/metrics");
    assert.match(metrics, /^hls_bridge_refused_publishers_total\{limit="bandwidth"\} 2$/m);
    assert.match(metrics, /^hls_bridge_max_load_bytes_per_second 125000$/m);
  });

const excess = () =>
  withBridge({ "sources.bitrate": 200000 }, async ({ port, send }) => {
    send("modest");
    send("greedy", "--duplicate", "100", "--video-tracks", "3");
    const status = async (stream) => JSON.parse(await get(port, `/streams/${stream}`));
    await until("modest is live", async () => (await status("modest")).state === "live");
    await until("it is ended", async () => (await status("greedy")).excessive === 1);
    await until("it is held", async () => (await status("greedy")).state === "held");
    const [code, why] = await announce(port, "greedy");
    assert.deepEqual([code, why], [403, "the stream has sent far more than one may (sources.bitrate)"]);
    assert.match(await get(port, "/metrics"), /^hls_bridge_excessive_publishers_total\{stream="greedy"\} 1$/m);
    const modest = await status("modest");
    assert.deepEqual([modest.state, modest.excessive, modest.output.discontinuities], ["live", 0, 0]);
  });

/** Who is let in and never sends takes no place for long. */
const silence = (settings, options) =>
  withBridge({ "sources.timeout": 1, "sources.max": 1, ...settings }, async ({ port, hls, send }) => {
    const names = ["one", "another"]; // both at once: the place of the first is free again after a second
    let dropped = 0, answers;
    await until("one of two finds no room", async () => {
      await until("nobody is there", async () => (await loadOf(port)).streams === 0);
      answers = (await Promise.all(names.map((name) => announce(port, name)))).map(([code]) => code);
      dropped += answers.filter((code) => code === 201).length;
      return answers.includes(409);
    });
    assert.deepEqual(answers.toSorted(), [201, 409]);
    const ghost = names[answers.indexOf(201)];
    await until("it is gone", async () => (await fetch(`http://127.0.0.1:${port}/streams/${ghost}`)).status === 404);
    const { streams, silent } = await loadOf(port);
    assert.deepEqual([streams, silent], [0, dropped]);
    assert.match(await get(port, "/metrics"), new RegExp(`^hls_bridge_silent_publishers_total ${dropped}$`, "m"));
    await until("it is said why", async () =>
      (await readFile(path.join(hls, "../hls-bridge.log"), "utf8")).includes(`${ghost}: ended, since nothing has ever come`));
    await assert.rejects(stat(path.join(hls, ghost)), { code: "ENOENT" });
    assert.equal((await announce(port, ghost))[0], 201, "it may come again");
    await until("it is gone again", async () => (await loadOf(port)).silent === dropped + 1);

    // a stream that was watched is held and kept as ever, whoever was expected last
    const shop = async () => JSON.parse(await get(port, "/streams/shop"));
    let seen = false;
    for (let tries = 0; !seen && tries < SENDERS_MAX; tries++) { // one that is held up for a second is dropped
      const sender = send("shop");
      seen = await until("something can be watched", async () => {
        const { output, low_latency: ll } = await shop();
        return (ll?.audio ?? output).segments > 0;
      }, SENDER_MS).then(() => true, () => false);
      await sender.stop();
    }
    assert.ok(seen, "something can be watched");
    await until("it is held", async () => (await shop()).state === "held");
    const { silent: before } = await loadOf(port);
    assert.equal((await announce(port, "shop"))[0], 201);
    await until("nothing came", async () => (await loadOf(port)).silent === before + 1);
    await sleep(2000); // longer than what is gone stays in the list
    assert.equal((await shop()).state, "held");
  }, options);

/** There is no room, of the bridge and then of the plugin. Returns the page that is live in the end, beside shop. */
async function oneTooMany(stack, context) {
  const shop = await publishRecorded(stack, "shop");
  const other = await replay(stack, "other");
  const watching = watch(stack.playlist("shop"));

  const page = await tryToPublish(context, stack, "market");
  await until("the page says what the bridge says", async () =>
    /was refused: .* as many live streams as this bridge takes/.test(await messageOf(page)));
  assert.ok(await page.isVisible("#go"));
  await other.stop();
  await until("there is room", async () => (await loadOf(stack.bridgePort)).streams === 1);
  await page.click("#go");
  await untilLive(page);
  await dropPreview(page);

  const third = await tryToPublish(context, stack, "stall");
  await until("the page says what the plugin says", async () =>
    /server is full: 2 publishers are live/.test(await messageOf(third)));
  await third.close();
  assert.deepEqual(await faultsOfLive(await watching.end(), stack, "shop"), []);

  const metrics = await get(stack.bridgePort, "/metrics");
  execFileSync("promtool", ["check", "metrics"], { input: metrics });
  for (const line of ['refused_publishers_total{limit="max"} 1', "taken_streams 2", "max_streams 2"])
    assert.ok(metrics.includes(`\nhls_bridge_${line}\n`), line);
  await shop.leave();
  await until("there is room again", async () => (await loadOf(stack.bridgePort)).streams === 1);
  return page;
}

/** The `page`, which does not obey, comes down to the cap; one that does not even then is ended, and disturbs it not. */
async function tooMuch(stack, context, page) {
  await until("it can be watched", async () => (await fetch(stack.playlist("market"))).ok);
  const watching = watch(stack.playlist("market"));
  await until("it sends no more than the cap, by and by", async () => {
    const before = (await outbound(page)).video;
    await sleep(2000);
    const now = (await outbound(page)).video; // on a busy machine more than 2 s later
    return (now.bytesSent - before.bytesSent) * 8 / ((now.timestamp - before.timestamp) / 1000) < 1.4 * CAP;
  });

  await context.addInitScript(() => (window.loud = true));
  const loud = await publish(context, stack, "loud", { size: SMALL_SIZE });
  await until("it is ended", async () => /far more than this server takes/.test(await messageOf(loud)));
  assert.ok(await loud.isVisible("#go"), "it does not come back by itself");
  await untilLive(page); // as it was, or again after a standstill
  assert.deepEqual(await faultsOfLive(await watching.end(), stack, "market"), []);
  await loud.close();
  await until("there is room again", async () => (await loadOf(stack.bridgePort)).streams === 1);
}

/** A bridge has less room after a restart: who was live waits for it. */
async function lessRoom(stack, page) {
  const shop = await publishRecorded(stack, "shop");
  await stack.parts.bridge.stop();
  stack.options.bridgeSettings["sources.max"] = 1;
  await stack.startBridge();
  const stands = async () => [shop.status, await page.textContent("#badge")].join();
  const first = await until("one of them has to wait", async () =>
    ({ "live,NEARLY": "shop", "waiting,LIVE": "market" })[await stands()]);
  await (first === "shop" ? shop.leave() : page.click("#stop"));
  await (first === "shop" ? untilLive(page) : until("the other is live", () => shop.status === "live"));
}

describe("what there is no room for", { concurrency: 3 }, () => {
  test("one too many is told so, by the plugin or by the bridge, and may try again; one that sends too much is asked for less, " +
    "and ended if it goes on", () =>
    withStack({ bridgeSettings: { "sources.max": 2 }, janus: { general: `  publishers = 2\n  bitrate = ${CAP}\n` } }, (stack) =>
      withBrowser({ shell: true }, async (context) => {
        await disobey(context);
        const page = await oneTooMany(stack, context);
        await tooMuch(stack, context, page);
        await lessRoom(stack, page);
      })));

  test("strangers: a new one must have room beside what the others really send, and one that sends far more " +
    "than it may is ended and kept out; one that takes a stream over counts as the one before it", () => Promise.all([bandwidth(), excess()]));

  test("a publisher is let in even if no stream may be held or kept", () =>
    withBridge({ "hls.hold": 0, "hls.keep": 0 }, async ({ port }) => {
      for (const stream of Array.from({ length: 20 }, (none, i) => `shop-${i}`))
        assert.deepEqual((await announce(port, stream))[0], 201);
    }));

  test("a publisher that never sends is dropped, and leaves nothing new", () =>
    Promise.all([silence({}), silence({ "hls.ts": false }, { lowLatency: true })]));

  test("a connected publisher that sends nothing is dropped by the bridge, and live with its first packet", () =>
    withStack({ bridgeSettings: { "sources.timeout": 1 } }, async (stack) => {
      const publisher = await publishRecorded(stack, "shop", { silent: true });
      await until("it is dropped", async () => (await loadOf(stack.bridgePort)).silent > 0);
      publisher.speak();
      await until("it is live", async () => {
        const { streams } = JSON.parse(await get(stack.bridgePort, "/streams"));
        return streams[0]?.state === "live" && streams[0].output.segments > 0;
      });
      await until("it can be watched", async () => (await fetch(stack.playlist("shop"))).ok);
      const watching = watch(stack.playlist("shop"));
      await untilSegments(stack, "shop", 2);
      const report = await watching.end();
      assert.deepEqual(await faultsOfLive(report, stack, "shop"), []);
      assert.ok(report.segments >= 2, `${report.segments} segments`);
    }));
});
