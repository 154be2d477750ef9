#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// AES-128: what a player decrypts with the keys and numbers that the lists say is what a clear run makes, byte for byte:
// each segment and each part alone.

import assert from "node:assert/strict";
import { createDecipheriv } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { CASES, namedBy, replayWithKeys } from "./support/encrypted.mjs";
import { LOW_LATENCY } from "./support/replays.mjs";

const ROTATE = 2;

/** A key of a media playlist: its address, and at low latency its vector; undefined: what follows is clear. */
const KEY = /^#EXT-X-KEY:METHOD=(?:NONE|AES-128,URI="([^"]+)"(?:,IV=0x([0-9a-f]{32}))?)$/;

/** Decrypts `bytes` of segment `msn` as RFC 8216 says; throws if the padding is none. */
function decrypt(bytes, key, msn, padded = true) {
  const iv = Buffer.alloc(16);
  iv.writeBigUInt64BE(BigInt(msn), 8);
  const cipher = createDecipheriv("aes-128-cbc", key, iv).setAutoPadding(padded);
  return Buffer.concat([cipher.update(bytes), cipher.final()]);
}

const isList = (name) => /^(index|video|audio|iframes).*\.m3u8$/.test(name);

/** Reads each list of `media` and all that it names. Calls look({ list, file, bytes, key }) for each. */
async function read({ media, keys }, look) {
  const lists = (await readdir(media)).filter(isList);
  for (const list of lists)
    for (const file of namedBy(await readFile(path.join(media, list), "utf8"), KEY))
      await look({ list, ...file, bytes: await readFile(path.join(media, file.uri)),
        key: file.key && await readFile(path.join(keys, file.key)), of: file.key });
  return lists;
}

for (const [name, [file, options, seconds]] of Object.entries(CASES))
  for (const form of [[], [LOW_LATENCY]])
    test(`${name}${form.length ? ", low latency" : ""}: each file decrypts alone to what the clear run made`, async (t) => {
      const all = [...form, ...options, "--seconds", seconds, "--keep"];
      const clear = await replayWithKeys(t, file, all);
      const secret = await replayWithKeys(t, file, [...all, "--keys", "KEYS", "--rotate", ROTATE]);
      const seen = { SEGMENT: 0, PART: 0, MAP: 0 }, keys = new Set(), picked = [];
      const lists = await read(secret, async ({ list, uri, bytes, key, of, iv, msn, kind, length }) => {
        seen[kind]++;
        const plain = await readFile(path.join(clear.media, uri));
        if (kind === "MAP") return assert.ok(!key && bytes.equals(plain), `${list}: ${uri} is clear`);
        assert.ok(key, `${list}: ${uri} is encrypted`);
        assert.equal(iv, list.startsWith("index") ? undefined : msn.toString(16).padStart(32, "0"), `${list}: ${uri}`);
        keys.add(of);
        if (length) { // of an I-frame playlist: whole blocks of the file, from its beginning (section 6.3.6)
          const blocks = bytes.subarray(0, Math.ceil(length / 16) * 16);
          assert.ok(decrypt(blocks, key, msn, false).subarray(0, length).equals(plain.subarray(0, length)), `${list}: ${uri}`);
        }
        assert.ok(decrypt(bytes, key, msn).equals(plain), `${list}: ${uri}`);
        picked.push({ bytes, key, msn, plain });
      });
      assert.ok(lists.length >= (form.length ? 3 : 1), lists.join());
      assert.ok(seen.SEGMENT > 2 && (form.length === 0 || (seen.PART > 20 && seen.MAP > 1)), JSON.stringify(seen));
      assert.ok(keys.size > 1, `${keys.size} keys`);
      // another key, or another number, gives nothing of it
      const wrong = Buffer.from(picked[0].key);
      wrong[0] ^= 1;
      for (const { bytes, key, msn, plain } of picked.slice(0, 20)) {
        const other = decrypt(bytes, wrong, msn, false);
        for (let at = 0; at + 16 <= plain.length; at += 16)
          assert.ok(!other.subarray(at, at + 16).equals(plain.subarray(at, at + 16)), `block ${at} with another key`);
        assert.ok(!decrypt(bytes, key, msn + 1, false).subarray(0, 16).equals(plain.subarray(0, 16)));
      }
      // the lists say the same but for keys
      for (const list of lists) {
        const text = await readFile(path.join(secret.media, list), "utf8");
        assert.equal(text.replaceAll(/#EXT-X-KEY.*\n/g, ""), await readFile(path.join(clear.media, list), "utf8"), list);
      }
    });

test("a key is for its number of segments, of all lists alike, and is no file of the public folder", async (t) => {
  const secret = await replayWithKeys(t, "dtx", [LOW_LATENCY, "--seconds", 10, "--keep", "--keys", "KEYS", "--rotate", ROTATE]);
  const keyOf = {};
  await read(secret, ({ list, of, msn, kind }) => {
    if (kind === "MAP") return;
    const series = list.startsWith("index") ? "ts" : "ll";
    keyOf[`${series}-${msn}`] ??= of;
    assert.equal(of, keyOf[`${series}-${msn}`], `${list}: segment ${msn}`);
    const [, written, first] = /^key-(ts|ll)-(\d+)-/.exec(of);
    assert.equal(written, series);
    assert.ok(msn >= first && msn < Number(first) + ROTATE, `${of} is used for segment ${msn}`);
  });
  assert.ok(Object.keys(keyOf).length > 6);
  assert.deepEqual((await readdir(secret.media)).filter((name) => name.includes("key")), []);
  assert.ok(!(await readdir(secret.media)).includes("manifest.mpd"), "DASH has no AES-128");
});
