#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// The examples of docs/protocol.md sign tokens that the plugin takes.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";

const SECRET = "0123456789abcdef0123456789abcdef";
const document = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");

/** The indented block behind a line that begins with `head`. */
function exampleOf(head) {
  const [, behind] = document.split(`\n${head}`);
  const [block] = behind.match(/(?:^ {4}.*\n)+/m);
  return block.replaceAll(/^ {4}/gm, "");
}

for (const [name, head, program, file] of [["Node", "In Node", "node", "sign.mjs"], ["Python", "In Python", "python3", "sign.py"]])
  test(`the example in ${name} signs a token`, () => {
    const folder = mkdtempSync(path.join(tmpdir(), "janus-hls-test-"));
    writeFileSync(path.join(folder, "tokens.secret"), `${SECRET}\n`);
    writeFileSync(path.join(folder, file), exampleOf(head));
    const token = execFileSync(program, [file], { cwd: folder, encoding: "utf8" }).trim();
    const [header, claims, signature] = token.split(".");
    const read = (part) => JSON.parse(Buffer.from(part, "base64url"));
    assert.equal(read(header).alg, "HS256");
    assert.equal(signature, createHmac("sha256", SECRET).update(`${header}.${claims}`).digest("base64url"));
    const { iat, exp, ...rest } = read(claims);
    assert.equal(exp - iat, 3600);
    assert.deepEqual(rest, { stream: "shop", jti: "7f3a", bitrate: 1500000 });
    rmSync(folder, { recursive: true });
  });
