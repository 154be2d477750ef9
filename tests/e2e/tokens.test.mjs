// SPDX-License-Identifier: GPL-3.0-or-later

// Publish tokens through the real Janus, which wants signed tokens of its own besides.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { built } from "../../tools/stack/stack.mjs";
import { attach, operate } from "./support/janus-api.mjs";
import { SOUND } from "./support/offers.mjs";
import { publishRecorded } from "./support/recorded.mjs";
import { withStack } from "./support/rig.mjs";

const PLUGIN = "janus.plugin.hls";
const JANUS_SECRET = "the secret of Janus itself";
const WRONG_TOKEN = 477;

/** A token as Janus checks them (auth.c): who may talk to it, and attach to which plugins. */
function janusTokenOf(seconds, ...plugins) {
  const text = [Math.floor(Date.now() / 1000) + seconds, "janus", ...plugins].join();
  return `${text}:${createHmac("sha1", JANUS_SECRET).update(text).digest("base64")}`;
}

test("who has a token publishes, until it is revoked; Janus's own tokens count besides", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-test-"));
  const file = (name) => path.join(folder, name);
  execFileSync("openssl", ["genpkey", "-algorithm", "ed25519", "-out", file("key")]);
  execFileSync("openssl", ["pkey", "-in", file("key"), "-pubout", "-out", file("pem")]);
  await writeFile(file("revoked"), "");
  const sign = (stream, ...options) =>
    execFileSync(built().token, ["--key-file", file("key"), ...options, "sign", stream], { encoding: "utf8" }).trim();
  const janus = {
    core: `token_auth = true\n  token_auth_secret = "${JANUS_SECRET}"`,
    groups: `tokens: { public_key_file = "${file("pem")}"; revoked_file = "${file("revoked")}" }\n`,
  };
  await withStack({ janus, open: false, admin: "websocket" }, async (stack) => {
    const janusToken = janusTokenOf(600, PLUGIN);
    await assert.rejects(attach(stack), { code: 403 });
    await assert.rejects(attach(stack, PLUGIN, janusTokenOf(-60, PLUGIN)), { code: 403 });
    await assert.rejects(attach(stack, PLUGIN, janusTokenOf(600, "janus.plugin.echotest")), { code: 405 });

    const token = sign("sh*", "--claim", "title=Tea", "--claim", "jti=t1");
    const tryWith = async (shown) => {
      const stranger = await attach(stack, PLUGIN, janusToken);
      const { error_code: code } = await stranger.request({ request: "publish", stream: "shop", token: shown }, SOUND);
      stranger.close();
      return code;
    };
    for (const wrong of [sign("till"), `${token.split(".").slice(0, 2).join(".")}.AAAA`, "x".repeat(1 << 16)])
      assert.equal(await tryWith(wrong), WRONG_TOKEN);
    const publisher = await publishRecorded(stack, "shop", { janusToken, token });
    const { streams, refused } = await operate(stack, { request: "list" });
    assert.deepEqual(streams.map(({ stream, title }) => [stream, title]), [["shop", "Tea"]]);
    assert.deepEqual([refused["token-stream"], refused["token-signature"], refused["token-malformed"]], [1, 1, 1]);

    assert.deepEqual(await operate(stack, { request: "revoke", jti: "t1" }), { hls: "revoked", kept: true });
    await publisher.hears({ hls: "unpublished", code: "revoked" });
    assert.equal(await tryWith(token), WRONG_TOKEN);
    assert.equal(await readFile(file("revoked"), "utf8"), "id t1\n");
    const log = await readFile(path.join(stack.options.folder, "janus-1", "janus.log"), "utf8");
    assert.match(log, /shop: refused, token-revoked/);
    assert.ok(!log.includes(token.split(".")[2]), "the token is in the log");
  });
  await rm(folder, { recursive: true });
});
