// SPDX-License-Identifier: GPL-3.0-or-later

// A receiver of event webhooks that is dead, then wrong, and a bridge that is killed meanwhile: each event comes at least once
// and in order, signed, and the stream goes on.

import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { askBridge, bridgeJson } from "../../tools/stack/bridge.mjs";
import { freePorts } from "../../tools/stack/ports.mjs";
import { numberBehind } from "./support/lists.mjs";
import { withBridge } from "./support/lone-bridge.mjs";
import { until } from "./support/rig.mjs";
import { newSecret, startReceiver } from "./support/webhooks.mjs";

/** An HTTP server on `port` that does `answer(response)`; counts what it was asked. end() ends it. */
async function listen(port, answer) {
  const server = http.createServer((request, response) => {
    server.asked++;
    request.resume();
    answer(response);
  });
  server.asked = 0;
  server.end = () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections()));
  await once(server.listen(port, "127.0.0.1"), "listening");
  return server;
}

/** The webhooks of the status, by their name. */
async function webhooks(bridge) {
  const { events } = await bridgeJson(bridge.port, "/streams");
  return Object.fromEntries(events.sinks.map((sink) => [sink.name.replace("webhook:", ""), sink]));
}

/** What has happened, as the file of events.janus tells it. */
const happened = async (file) => (await readFile(file, "utf8")).trim().split("\n").map((line) => JSON.parse(line).event.data);

/** What a bridge that is killed and started again has to go through. */
async function killMeanwhile(bridge, { folder, port, secret }) {
  const file = path.join(folder, "events.json");
  const list = () => readFile(path.join(bridge.hls, "shop", "index.m3u8"), "utf8");
  const state = async () => (await bridgeJson(bridge.port, "/streams/shop")).state;

  // dead: nobody listens
  const first = bridge.send("shop");
  await until("the stream is listed", async () => numberBehind(await list()) >= 2);
  await first.stop();
  await until("the stream is held", async () => (await state()) === "held");
  await until("it was tried", async () => (await webhooks(bridge)).all.failures > 0);

  // wrong
  const wrong = await listen(port, (response) => response.writeHead(500).end());
  const second = bridge.send("shop");
  await until("it was asked again", () => wrong.asked >= 2);
  await until("the stream is live again", async () => (await state()) === "live");
  const certain = await until("that is told", async () => {
    const told = await happened(file);
    return told.some(({ event }) => event === "resumed") && told;
  });
  await until("all of it is in the queues", async () => {
    const { all, silent } = await webhooks(bridge);
    return all.waiting >= certain.length && silent.waiting >= 2;
  });
  await bridge.end();
  const before = numberBehind(await list()); // which nobody writes now
  await second.stop();
  await wrong.end();

  // well
  await bridge.start();
  const receiver = await startReceiver("node", { folder, port, secret });
  try {
    const third = bridge.send("shop");
    await until("the stream goes on", async () => numberBehind(await list()) > before + 1);
    assert.doesNotMatch(await list(), /ENDLIST/);
    await third.stop();
    await until("the end is told", async () => runsOf(await happened(file))[1].some(({ event }) => event === "held"));
    await until("nothing waits", async () => (await webhooks(bridge)).all.waiting === 0);
  } finally {
    await receiver.child.stop();
  }
  return { certain, heard: await receiver.heard() };
}

/** Events of one run of the bridge, and of the next: each begins with number 1. */
function runsOf(events) {
  const second = events.findIndex(({ sequence }, i) => i > 0 && sequence === 1);
  return second < 0 ? [events, []] : [events.slice(0, second), events.slice(second)];
}

/** What was heard is what was told, in order; what is emitted in the last moment may be in one of the two alone. */
function assertBegins(heard, told) {
  assert.deepEqual(heard.map(({ sequence }) => sequence), heard.map((_, i) => i + 1));
  const both = Math.min(heard.length, told.length);
  assert.deepEqual(heard.slice(0, both), told.slice(0, both));
}

test("each event comes at least once and in order, from a bridge that is killed to a receiver that is dead, then wrong", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-test-"));
  const [port, hangs] = await freePorts(2);
  const secret = newSecret(), secretFile = path.join(folder, "secret"), queues = path.join(folder, "queues");
  await writeFile(secretFile, `${newSecret()}\n${secret}\n`); // while the older one is being replaced
  await chmod(secretFile, 0o600);
  const silent = await listen(hangs, () => {}); // it never answers, and holds nobody up
  const settings = {
    "hls.segment": 1, "hls.hold": 600, "events.janus": `file:${folder}/events.json`, "events.directory": queues,
    "events.webhook_pause": 1, "events.webhook_tries": 1000,
    "events.webhooks": {
      all: { url: `http://127.0.0.1:${port}/hook?password=hush`, secret_file: secretFile },
      silent: { url: `http://127.0.0.1:${hangs}/`, secret_file: secretFile, events: "live, resumed", streams: "sh*" },
      none: { url: `http://127.0.0.1:${hangs}/`, secret_file: secretFile, streams: "another" },
    },
  };
  await withBridge(settings, async (bridge) => {
    const { certain, heard } = await killMeanwhile(bridge, { folder, port, secret });
    const told = runsOf(await happened(path.join(folder, "events.json")));
    const taken = runsOf(heard.map(({ data }) => data));
    taken.forEach((run, i) => assertBegins(run, told[i]));
    assert.ok(taken[0].length >= certain.length, "all that was in the queue when the bridge was killed");
    const kinds = taken.map((run) => run.map(({ event }) => event).filter((event) => /^(live|held|resumed)$/.test(event)));
    assert.deepEqual(kinds, [["live", "held", "resumed"], ["resumed", "held"]]);
    assert.ok(heard.every(({ type, subject, data }) => type === `org.janus-hls.stream.${data.event}` && subject === "shop"));

    const { all, none } = await webhooks(bridge);
    assert.deepEqual([all.dead, all.dropped, none.delivered, none.waiting], [0, 0, 0, 0]);
    await until("all three wait for the receiver that does not answer", async () => (await webhooks(bridge)).silent.waiting === 3);
    assert.ok(silent.asked > 0);
    assert.equal((await stat(path.join(queues, "all.queue"))).mode & 0o777, 0o600);
    const said = [await bridge.log(), (await askBridge({ port: bridge.port }, "/streams")).text,
      (await askBridge({ port: bridge.port }, "/metrics")).text].join("\n");
    assert.doesNotMatch(said, /whsec_|hush/);
    assert.match(said, /events cannot be delivered to webhook:all: /);
    assert.match(said, /events are delivered to webhook:all again/);
  });
  await silent.end();
  await rm(folder, { recursive: true });
});
