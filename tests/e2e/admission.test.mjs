// SPDX-License-Identifier: GPL-3.0-or-later

// A webhook that says who may publish, and an audit log of it: real Janus, and a receiver of a few lines.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import os from "node:os";
import path from "node:path";
import test, { describe } from "node:test";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { makeCertificate } from "../../tools/stack/certificate.mjs";
import { attach, operate } from "./support/janus-api.mjs";
import { SOUND } from "./support/offers.mjs";
import { publishRecorded } from "./support/recorded.mjs";
import { until, withStack } from "./support/rig.mjs";
import { signatureOf } from "./support/webhooks.mjs";

const SECRET = "0123456789abcdef0123456789abcdef";

const [DENIED, BUSY] = [479, 475]; // docs/protocol.md
const LONG_S = 60; // longer than a machine holds up a process

/** What a receiver of the test's answers, by stream. */
const ANSWERS = {
  shop: { allow: true, stream: "shop-today", title: "Today", bitrate: 600000 },
  attic: { allow: false, reason: "pay first" },
};

/**
 * Runs `body(stack, receiver)` with a plugin that asks `receiver`: { asked, close() }, which keeps what it was asked, each
 * with its `id`. Its certificate is its own; `trusts`: whether the plugin is told so. `settings` are more of the group
 * "admission". The audit log is `stack.audit`.
 */
async function withWebhook({ trusts, settings }, body) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-hook-"));
  const secret = path.join(folder, "secret"), audit = path.join(folder, "audit.json");
  const asked = [];
  const { certificate, key } = await makeCertificate(folder, []);
  const server = createServer({ cert: await readFile(certificate), key: await readFile(key) }, async (request, response) => {
    const { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": signature } = request.headers;
    const text = (await request.toArray()).join("");
    asked.push({ id, isSigned: signature === signatureOf(SECRET, id, time, text), ...JSON.parse(text) });
    response.end(JSON.stringify(ANSWERS[asked.at(-1).data.stream]));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections()));
  await writeFile(secret, SECRET, { mode: 0o600 });
  try {
    const groups = `admission: {
  url = "https://127.0.0.1:${server.address().port}/admission"
  secret_file = "${secret}"
  timeout = ${LONG_S}
  ${trusts ? `ca_file = "${certificate}"` : ""}
  ${settings}
}
`;
    await withStack({ janus: { groups, general: `  audit = "${audit}"\n` } }, (stack) =>
      body(Object.assign(stack, { audit }), { asked, close }));
  } finally {
    await close();
    await rm(folder, { recursive: true });
  }
}

/** Asks to publish, and resolves to what the plugin says to it. */
async function tryToPublish(stack, stream, key = "a long key") {
  const handle = await attach(stack);
  const answer = await handle.publish({ request: "publish", stream, key }, SOUND);
  handle.close();
  return answer.plugindata.data;
}

const operatorsList = (stack) => operate(stack, { request: "list" });

/** The events of the audit log, without their times. */
const recordsOf = async (stack) => (await readFile(stack.audit, "utf8")).trim().split("\n").map((line) => {
  const { time, ...record } = JSON.parse(line);
  assert.match(time, /^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  return record;
});

describe("an admission webhook", { concurrency: 2 }, () => {
  test("allows, denies and renames; and nobody is let in when it is gone", () =>
    withWebhook({ trusts: true, settings: "retries = 0" }, async (stack, receiver) => {
      const denied = await tryToPublish(stack, "attic");
      assert.deepEqual([denied.error_code, denied.error], [DENIED, "pay first"]);

      const publisher = await publishRecorded(stack, "shop", { key: "a long key", title: "Sandals", silent: true });
      await publisher.untilHeard();
      publisher.speak();
      await until("it is live as the webhook has named it", async () =>
        (await bridgeStreams(stack.bridgePort)).some(({ name, title, state }) => name === "shop-today" && title === "Today" && state === "live"));
      const { streams } = await operatorsList(stack);
      assert.deepEqual(streams.map(({ stream, bitrate_cap: cap }) => [stream, cap]), [["shop-today", 600000]]);

      assert.deepEqual(receiver.asked.map(({ type, isSigned, data }) => [type, isSigned, data.stream]),
        [["publish", true, "attic"], ["publish", true, "shop"]]);
      assert.notEqual(receiver.asked[0].id, receiver.asked[1].id);
      assert.ok(!JSON.stringify(receiver.asked).includes("a long key"));

      await receiver.close();
      assert.equal((await tryToPublish(stack, "attic")).error_code, BUSY);
      const { refused, webhook } = await operatorsList(stack);
      assert.deepEqual([refused["hook-denied"], refused["hook-unreachable"]], [1, 1]);
      assert.deepEqual([webhook.asked, webhook.allowed, webhook.denied, webhook.unreachable], [3, 1, 1, 1]);

      await publisher.leave();
      await until("all is written down", async () => (await recordsOf(stack)).some(({ event }) => event === "ended"));
      const records = await recordsOf(stack);
      assert.deepEqual(records.map(({ event, stream, cause, code, asked }) => [event, stream, cause ?? code ?? asked]), [
        ["started", undefined, undefined], ["refused", "attic", "hook-denied"], ["published", "shop-today", "shop"],
        ["refused", "attic", "hook-unreachable"], ["ended", "shop-today", "requested"]]);
      assert.ok(!JSON.stringify(records).includes("a long key"));
    }));

  test("is told nothing if its certificate is not trusted; publishers are let in without it, if the settings say so", () =>
    withWebhook({ trusts: false, settings: 'on_unreachable = "allow"' }, async (stack, receiver) => {
      const { hls, stream } = await tryToPublish(stack, "attic");
      assert.deepEqual([hls, stream], ["published", "attic"]);
      const { webhook } = await operatorsList(stack);
      assert.deepEqual([webhook.retried, webhook.unreachable, webhook.let_in_unasked], [1, 1, 1]);
      assert.deepEqual(receiver.asked, []);
    }));
});
