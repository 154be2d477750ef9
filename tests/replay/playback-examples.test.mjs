#!/usr/bin/env -S node --test-reporter=tap
// SPDX-License-Identifier: GPL-3.0-or-later

// The examples of docs/protocol.md sign the playback tokens that hls-playback-token signs, and nginx's gate takes them all.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { built } from "../../tools/stack/stack.mjs";

const KID = "k5f0a91c2", SECRET = "0123456789abcdef0123456789abcdef";
const fileOf = (name) => fileURLToPath(new URL(name, import.meta.url));
const document = readFileSync(fileOf("../../docs/protocol.md"), "utf8").split("\n### Playback tokens\n")[1];
const exampleOf = (language) => new RegExp(`\n\`\`\`${language}\n([^]*?)\`\`\``).exec(document)[1];
const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[2], "base64url"));

/** What the gate says of a token for the stream shop, by the secret. */
function judged(token) {
  const [, signed, payload, mac] = /^(v1\.[^.]*\.([^.]*))\.([^.]*)$/.exec(token);
  const request = { call: "verdict", now: Math.floor(Date.now() / 1000), address: "192.0.2.7", janus_hls_watched: token, janus_hls_secret: SECRET,
    janus_hls_signed: signed, janus_hls_payload: payload, janus_hls_mac: mac, janus_hls_stream: "shop", janus_hls_ended: " ", janus_hls_own_edge: "" };
  return execFileSync("perl", [fileOf("../unit/gate.pl"), fileOf("../../nginx/gate.pm")], { input: `${JSON.stringify(request)}\n`, encoding: "utf8" }).trim();
}

/** The token that the command makes for the rights of another one. */
function commandsOwn(folder, token) {
  const { stream, exp, sid } = claimsOf(token);
  const keys = path.join(folder, "keys");
  writeFileSync(keys, `${KID} ${SECRET};\n`);
  const own = execFileSync(built().playbackToken, ["--keys", keys, "--for", "2h", ...(sid ? ["--session", sid] : []), stream], { encoding: "utf8" }).trim();
  const theirs = claimsOf(own);
  assert.ok(theirs.exp >= exp && theirs.exp < exp + 600, `both are good for two hours: ${exp}, ${theirs.exp}`);
  assert.deepEqual({ ...theirs, exp }, { stream, exp, ...(sid ? { sid } : {}) });
  return own;
}

const rows = [
  { language: "js", program: "node", file: "sign.mjs", print: "console.log(token)",
    again: (claims) => `console.log(playbackToken("${KID}", process.env.PLAYBACK_SECRET, ${JSON.stringify(claims)}))`, },
  { language: "python", program: "python3", file: "sign.py", print: "print(token)",
    again: (claims) => `print(playback_token("${KID}", os.environ["PLAYBACK_SECRET"], json.loads('${JSON.stringify(claims)}')))` },
];
for (const { language, program, file, print, again } of rows)
  test(`the example in ${language} signs a token as the command does`, () => {
    const folder = mkdtempSync(path.join(tmpdir(), "janus-hls-test-"));
    const env = { ...process.env, PLAYBACK_SECRET: SECRET };
    const run = (more) => {
      writeFileSync(path.join(folder, file), `${exampleOf(language)}\n${more}\n`);
      return execFileSync(program, [file], { cwd: folder, env, encoding: "utf8" }).trim().split("\n").at(-1);
    };
    const token = run(print);
    const own = commandsOwn(folder, token);
    assert.equal(own.split(".")[1], token.split(".")[1]);
    assert.deepEqual([judged(token), judged(own)], ["pass", "pass"]);
    const same = run(again(claimsOf(own)));
    if (language === "js") assert.equal(same, own, "the same claims make the same token");
    assert.deepEqual(claimsOf(same), claimsOf(own));
    assert.equal(judged(same), "pass");
    assert.equal(judged(same.replace(`.${KID}.`, ".k1.")), "signature");
    rmSync(folder, { recursive: true });
  });
