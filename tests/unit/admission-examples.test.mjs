#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// The receivers of the admission webhook in docs/examples: they run, and answer nobody without the secret.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import readline from "node:readline";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { signatureOf } from "../e2e/support/webhooks.mjs";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID = "msg_1";

const sign = (secret, time, body) => signatureOf(secret, ID, time, body);
const now = () => Math.floor(Date.now() / 1000);
const question = (stream) => JSON.stringify({ type: "publish", data: { stream } });

/** Asks what `headers` says, signed rightly unless it says otherwise. */
async function ask(port, body, headers = {}) {
  const time = headers["webhook-timestamp"] ?? now();
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method: "POST", body,
    headers: { "webhook-id": ID, "webhook-timestamp": time, "webhook-signature": sign(SECRET, time, body), ...headers },
  });
  return { status: response.status, answer: response.status === 200 ? await response.json() : null };
}

for (const [program, file] of [[process.execPath, "admission.mjs"], ["python3", "admission.py"]])
  test(`${file} answers whoever has the secret, and nobody else`, async (t) => {
    const child = spawn(program, [fileURLToPath(new URL(`../../docs/examples/${file}`, import.meta.url))],
      { env: { ...process.env, SECRET, PORT: "0" }, stdio: ["ignore", "pipe", "ignore"] });
    t.after(() => child.kill());
    const [line] = await once(readline.createInterface({ input: child.stdout }), "line");
    const port = Number(/\d+$/.exec(line)[0]);

    assert.deepEqual(await ask(port, question("shop")), { status: 200, answer: { allow: true, title: "The shop" } });
    assert.deepEqual(await ask(port, question("attic")), { status: 200, answer: { allow: false, reason: "there is no shop attic" } });
    assert.deepEqual((await ask(port, question("toString"))).answer.allow, false);

    const body = question("shop");
    const right = sign(SECRET, now(), body);
    const other = sign("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", now(), body);
    const time = now();
    assert.equal((await ask(port, body, { "webhook-timestamp": time, "webhook-signature": `${other} ${sign(SECRET, time, body)}` })).status, 200,
      "one of two secrets is enough");
    assert.equal((await ask(port, body, { "webhook-signature": other })).status, 401);
    assert.equal((await ask(port, body, { "webhook-signature": "" })).status, 401);
    assert.equal((await ask(port, question("workshop"), { "webhook-signature": right })).status, 401, "of another body");
    assert.equal((await ask(port, body, { "webhook-timestamp": now() - 3600 })).status, 401, "an old one");
    assert.equal((await ask(port, body, { "webhook-timestamp": "x" })).status, 401);
  });
