#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// janus-hls-token: what it prints, and what it does not make; and what hls-playback-token does not.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash, createHmac, createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { built } from "../../tools/stack/stack.mjs";

const SECRET = "0123456789abcdef0123456789abcdef";

const folder = mkdtempSync(path.join(tmpdir(), "janus-hls-test-"));
test.after(() => rmSync(folder, { recursive: true }));

/** A file of this text that nobody else may read, unless `mode` lets them. */
function fileOf(name, text, mode = 0o600) {
  writeFileSync(path.join(folder, name), text);
  chmodSync(path.join(folder, name), mode);
  return path.join(folder, name);
}

function run(args, input = "") {
  const { status, stdout, stderr } = spawnSync(built().token, args, { encoding: "utf8", input });
  return { status, stdout, stderr };
}

/** The parts of a token that it prints: { header, claims, text, signature }. */
function partsOf(args) {
  const { status, stdout, stderr } = run(args);
  assert.equal(status, 0, stderr);
  const [header, claims, signature] = stdout.trim().split(".");
  const read = (part) => JSON.parse(Buffer.from(part, "base64url"));
  return { header: read(header), claims: read(claims), text: `${header}.${claims}`, signature: Buffer.from(signature, "base64url") };
}

test("a secret signs by HS256", () => {
  const { header, claims, text, signature } = partsOf(["-s", fileOf("secret", `${SECRET}\n`), "-v", "60", "-i", "k1",
    "-c", "title=Tea at five", "-c", 'rights=["publish","kick"]', "-c", "jti=t1", "sign", "shop-*"]);
  assert.deepEqual(header, { alg: "HS256", typ: "JWT", kid: "k1" });
  const { iat, exp, ...rest } = claims;
  assert.equal(exp - iat, 60);
  assert.deepEqual(rest, { stream: "shop-*", title: "Tea at five", rights: ["publish", "kick"], jti: "t1" });
  assert.deepEqual(signature, createHmac("sha256", SECRET).update(text).digest());
});

for (const [algorithm, type, options] of [["ES256", "ec", { namedCurve: "P-256" }], ["EdDSA", "ed25519", {}]])
  test(`a private key signs by ${algorithm}`, () => {
    const { privateKey } = generateKeyPairSync(type, options);
    const pem = privateKey.export({ type: "pkcs8", format: "pem" });
    const { header, claims, text, signature } = partsOf(["-k", fileOf("key", pem), "sign", "shop"]);
    assert.equal(header.alg, algorithm);
    assert.match(claims.jti, /^[\w-]{11}$/); // to revoke it by
    const key = { key: createPublicKey(privateKey), dsaEncoding: "ieee-p1363" };
    assert.ok(verify(type === "ec" ? "sha256" : null, Buffer.from(text), key, signature));
  });

test("it makes keys, and hashes of them", () => {
  const { stdout } = run(["key"]);
  const [, key, hash] = stdout.match(/^([0-9a-f]{32})\n(sha256:\S+)\n$/);
  const fits = (text, of) => {
    const [, salt, digest] = text.match(/^sha256:([0-9a-f]{32}):([0-9a-f]{64})$/);
    assert.equal(createHash("sha256").update(Buffer.from(salt, "hex")).update(of).digest("hex"), digest);
  };
  fits(hash, key);
  const own = run(["hash"], "a key of my own, long enough\n").stdout.trim();
  fits(own, "a key of my own, long enough");
});

test("what it does not make is said with a sentence", () => {
  const secret = fileOf("secret", SECRET);
  const rsa = fileOf("rsa", generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({ type: "pkcs8", format: "pem" }));
  for (const [args, input, status, sentence] of [
    [["sign", "shop"], "", 1, /either --secret-file or --key-file/],
    [["-s", secret, "-k", rsa, "sign", "shop"], "", 1, /either --secret-file or --key-file/],
    [["-s", secret, "sign", "a b"], "", 1, /name/],
    [["-s", fileOf("short", "short"), "sign", "shop"], "", 1, /32 bytes or more/],
    [["-s", fileOf("open", SECRET, 0o644), "sign", "shop"], "", 1, /others may read/],
    [["-s", path.join(folder, "nowhere"), "sign", "shop"], "", 1, /No such file/],
    [["-k", rsa, "sign", "shop"], "", 1, /neither of P-256/],
    [["-k", secret, "sign", "shop"], "", 1, /no private key/],
    [["hash"], "a short key\n", 1, /16 to 128 characters/],
    [["hash"], "", 1, /there is none/],
    [["-v", "soon", "-s", secret, "sign", "shop"], "", 2, /a number of seconds/],
    [["-c", "title", "-s", secret, "sign", "shop"], "", 2, /NAME=VALUE/],
    [["sing", "shop"], "", 2, /say sign STREAM/],
    [[], "", 2, /say sign STREAM/],
  ]) {
    const result = run(args, input);
    assert.deepEqual([result.status, result.stdout], [status, ""], `${args}: ${result.stderr}`);
    assert.match(result.stderr, sentence);
  }
});

test("hls-playback-token takes no secret that it would cut", () => {
  const sign = (line) => spawnSync(built().playbackToken, ["--keys", fileOf("playback", `${line}\n`), "shop"], { encoding: "utf8" });
  assert.equal(sign(`k1 ${"s".repeat(128)};`).status, 0);
  for (const line of [`k1 ${"s".repeat(129)};`, `k1 ${"s".repeat(31)};`, `k1 ${"s".repeat(32)}`]) {
    const { status, stdout, stderr } = sign(line);
    assert.deepEqual([status, stdout], [1, ""], line);
    assert.match(stderr, /no secret of 32 to 128 characters/);
  }
});

test("what cannot be printed is said, too", () => {
  const full = openSync("/dev/full", "w");
  const keys = fileOf("playback", `k1 ${SECRET};\n`);
  for (const [program, args] of [
    [built().token, ["key"]],
    [built().token, ["-s", fileOf("secret", SECRET), "sign", "shop"]],
    [built().playbackToken, ["--new-key"]],
    [built().playbackToken, ["--keys", keys, "shop"]],
    [built().playbackToken, ["--keys", keys, "--number", "1000", "--session", "s", "shop"]],
  ]) {
    const { status, stderr } = spawnSync(program, args, { encoding: "utf8", stdio: ["ignore", full, "pipe"] });
    assert.equal(status, 1, `${args}`);
    assert.match(stderr, /it cannot be printed/);
  }
  closeSync(full);
});
