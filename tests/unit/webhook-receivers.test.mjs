#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// The receivers of webhooks in docs/protocol.md take what is signed, once, and nothing else.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { freePorts } from "../../tools/stack/ports.mjs";
import { newSecret, signatureOf, startReceiver } from "../e2e/support/webhooks.mjs";

const AGE_S = 3600; // more than any receiver takes, and what a machine holds a test up

async function withReceiver(language, body) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "janus-hls-test-"));
  const [port] = await freePorts(1);
  const secret = newSecret();
  const receiver = await startReceiver(language, { folder, port, secret });
  try {
    await body({ secret, ...receiver });
  } finally {
    await receiver.child.stop();
    rmSync(folder, { recursive: true });
  }
}

for (const language of ["node", "python"])
  test(`the receiver in ${language}`, () =>
    withReceiver(language, async ({ secret, child, url, heard }) => {
      const body = JSON.stringify({ type: "org.janus-hls.stream.live", subject: "shop", data: { sequence: 7 } });
      const now = () => Math.floor(Date.now() / 1000);
      const signed = (id, time = now(), key = secret) =>
        ({ "webhook-id": id, "webhook-timestamp": String(time), "webhook-signature": signatureOf(key, id, time, body) });
      const post = async (headers, text = body) => (await fetch(url, { method: "POST", headers, body: text })).status;
      const both = signed("msg_2");
      both["webhook-signature"] = `${signed("msg_2", undefined, newSecret())["webhook-signature"]} ${both["webhook-signature"]}`;

      for (const [what, headers, text, status] of [
        ["one that is signed", signed("msg_1"), body, 204],
        ["while a secret is replaced", both, body, 204],
        ["once more", signed("msg_1"), body, 204],
        ["another body", signed("msg_3"), `${body} `, 401],
        ["another ID", { ...signed("msg_1"), "webhook-id": "msg_4" }, body, 401],
        ["another time", { ...signed("msg_5"), "webhook-timestamp": String(now() - 1) }, body, 401],
        ["an old one", signed("msg_6", now() - AGE_S), body, 401],
        ["another secret", signed("msg_7", now(), newSecret()), body, 401],
        ["no signature", { "webhook-id": "msg_8", "webhook-timestamp": String(now()) }, body, 401],
        ["an empty signature", { ...signed("msg_9"), "webhook-signature": "v1," }, body, 401],
        ["a short signature", { ...signed("msg_10"), "webhook-signature": "v1,AAAA" }, body, 401],
        ["no fields", {}, body, 401],
      ])
        assert.equal(await post(headers, text), status, what);
      await child.stop(); // with which all is there that it has said
      assert.deepEqual((await heard()).map(({ id, type, subject, data }) => [id, type, subject, data.sequence]),
        ["msg_1", "msg_2"].map((id) => [id, "org.janus-hls.stream.live", "shop", 7]));
    }));
