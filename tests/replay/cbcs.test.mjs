#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// SAMPLE-AES (cbcs): what comes out is what a clear run makes when it is decrypted, by a reader written here from the
// standard, and by others' demuxers: each part alone, each with its key alone.

import assert from "node:assert/strict";
import { createDecipheriv } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { packager } from "../e2e/support/programs.mjs";
import { CASES, namedBy, replayWithKeys } from "./support/encrypted.mjs";
import { runLoaded } from "./support/loaded.mjs";
import { LOW_LATENCY, plain } from "./support/replays.mjs";

const ROTATE = 2;

/** A key of a media playlist: its address and its vector. */
const KEY = /^#EXT-X-KEY:METHOD=SAMPLE-AES,URI="([^"]+)",IV=0x([0-9a-f]{32})$/;

const made = (t, name, options) => replayWithKeys(t, name, [LOW_LATENCY, ...options]);

const SECRET = ["--keys", "KEYS", "--rotate", ROTATE, "--cbcs"];

/** Boxes of `data`: [{ type, at, body, end }], those in containers too. */
function boxes(data, from = 0, to = data.length) {
  const found = [];
  for (let at = from; at + 8 <= to;) {
    const size = data.readUInt32BE(at), type = data.toString("latin1", at + 4, at + 8), end = Math.min(at + size, to);
    assert.ok(size >= 8, `${type} of ${size} bytes`);
    found.push({ type, at, body: at + 8, end });
    const inside = { encv: 78, enca: 28, stsd: 8 }[type] ??
      (["moov", "trak", "mdia", "minf", "stbl", "sinf", "schi", "moof", "traf", "mvex"].includes(type) ? 0 : undefined);
    if (inside !== undefined) found.push(...boxes(data, at + 8 + inside, end));
    at += size;
  }
  return found;
}

/** What an initialisation segment says: { format, kid, iv, crypt, skip }. */
function protectionOf(init) {
  const all = boxes(init), of = (type) => all.find((box) => box.type === type);
  assert.equal(init.toString("latin1", of("schm").body + 4, of("schm").body + 8), "cbcs");
  const tenc = of("tenc").body;
  assert.deepEqual([init[tenc], init[tenc + 6], init[tenc + 7], init[tenc + 24]], [1, 1, 0, 16], "tenc");
  const pssh = of("pssh").body;
  assert.equal(init.toString("hex", pssh + 4, pssh + 20), "1077efecc0b24d02ace33c1e52e2fb4b");
  assert.equal(init.toString("hex", pssh + 24, pssh + 40), init.toString("hex", tenc + 8, tenc + 24));
  return { format: init.toString("latin1", of("frma").body, of("frma").body + 4), kid: init.toString("hex", tenc + 8, tenc + 24),
    iv: init.toString("hex", tenc + 25, tenc + 41), crypt: init[tenc + 5] >> 4, skip: init[tenc + 5] & 15 };
}

/** The sizes of a fragment's samples. */
function sizesOf(data, { body: trun }, { body: tfhd }) {
  const has = data.readUInt32BE(trun), count = data.readUInt32BE(trun + 4), sizes = [];
  let at = trun + 8 + 4 + (has & 4 ? 4 : 0); // the offset of the data, and flags
  for (let i = 0; i < count; i++) {
    if (has & 0x100) at += 4;
    sizes.push(has & 0x200 ? data.readUInt32BE(at) : data.readUInt32BE(tfhd + 12));
    at += (has & 0x200 ? 4 : 0) + (has & 0x400 ? 4 : 0) + (has & 0x800 ? 4 : 0);
  }
  return sizes;
}

/** Decrypts the bytes that are protected, by the pattern or whole. */
function decryptBytes(bytes, key, iv, crypt, skip) {
  const chosen = [], step = crypt ? (crypt + skip) * 16 : 16;
  for (let at = 0; at + 16 <= bytes.length; at += step) chosen.push(bytes.subarray(at, at + 16));
  const cipher = createDecipheriv("aes-128-cbc", key, iv).setAutoPadding(false);
  const clear = Buffer.concat([cipher.update(Buffer.concat(chosen)), cipher.final()]);
  chosen.forEach((block, i) => clear.copy(block, 0, i * 16));
}

/** The samples of a file of fragments: [{ bytes, subsamples }], decrypted with `key`. Checks 'saiz' and 'saio'. */
function decrypt(file, init, key) {
  const data = Buffer.from(file), { iv, crypt, skip } = protectionOf(init), samples = [];
  const vector = Buffer.from(iv, "hex");
  const all = boxes(data);
  for (const moof of all.filter(({ type }) => type === "moof")) {
    const of = (type) => all.find((box) => box.type === type && box.at > moof.at && box.at < moof.end);
    let at = moof.at + data.readUInt32BE(of("trun").body + 8);
    let entry = of("senc").body + 8;
    if (of("saio")) assert.equal(moof.at + data.readUInt32BE(of("saio").body + 8), entry, "saio");
    assert.equal(data.readUInt32BE(of("senc").body + 4), data.readUInt32BE(of("trun").body + 4));
    for (const [i, size] of sizesOf(data, of("trun"), of("tfhd")).entries()) {
      const subsamples = [], from = entry;
      let next = at;
      if (data[of("senc").body + 3] & 2) {
        const n = data.readUInt16BE(entry);
        entry += 2;
        for (let k = 0; k < n; k++, entry += 6) subsamples.push([data.readUInt16BE(entry), data.readUInt32BE(entry + 2)]);
        assert.equal(data[of("saiz").body + 9 + i], entry - from, "saiz");
        assert.equal(subsamples.reduce((sum, [clear, locked]) => sum + clear + locked, 0), size);
        for (const [clear, locked] of subsamples) {
          decryptBytes(data.subarray(next + clear, next + clear + locked), key, vector, crypt, skip);
          next += clear + locked;
        }
      } else {
        decryptBytes(data.subarray(at, at + size), key, vector, 0, 0);
      }
      samples.push({ bytes: data.subarray(at, at + size), subsamples });
      at += size;
    }
  }
  return samples;
}

/** The samples of clear fragments. */
function samplesOf(data) {
  const all = boxes(data), samples = [];
  for (const moof of all.filter(({ type }) => type === "moof")) {
    const of = (type) => all.find((box) => box.type === type && box.at > moof.at && box.at < moof.end);
    let at = moof.at + data.readUInt32BE(of("trun").body + 8);
    for (const size of sizesOf(data, of("trun"), of("tfhd"))) samples.push(data.subarray(at, at += size));
  }
  return samples;
}

const isList = (name) => /^(video|audio|iframes).*\.m3u8$/.test(name);

for (const [name, [file, options, seconds]] of Object.entries(CASES))
  test(`${name}: each part decrypts alone to what the clear run made`, async (t) => {
    const all = [...options, "--seconds", seconds, "--keep"];
    const clear = await made(t, file, all), secret = await made(t, file, [...all, ...SECRET]);
    const seen = { SEGMENT: 0, PART: 0, MAP: 0 }, keys = new Set(), locked = { video: 0, sound: 0 };
    for (const list of (await readdir(secret.media)).filter(isList))
      for (const { uri, key: of, iv, map, kind } of namedBy(await readFile(path.join(secret.media, list), "utf8"), KEY)) {
        seen[kind]++;
        assert.ok(of, `${list}: ${uri} has a key`);
        keys.add(of);
        const [init, key, bytes] = await Promise.all([path.join(secret.media, map), path.join(secret.keys, of),
          path.join(secret.media, uri)].map((each) => readFile(each)));
        const said = protectionOf(init);
        const kid = of.match(/-([0-9a-f-]{36})\.bin$/)[1].replaceAll("-", "");
        assert.deepEqual([said.kid, said.iv], [kid, iv], `${list}: ${map} and its EXT-X-KEY`);
        assert.deepEqual([said.crypt, said.skip], said.format === "avc1" ? [1, 9] : [0, 0]);
        if (kind === "MAP") continue;
        const expected = samplesOf(await readFile(path.join(clear.media, uri)));
        const got = decrypt(bytes, init, key);
        assert.equal(got.length, expected.length, `${list}: ${uri}`);
        got.forEach((sample, i) => assert.ok(sample.bytes.equals(expected[i]), `${list}: ${uri}, sample ${i}`));
        if (said.format === "avc1") locked.video += got.flatMap(({ subsamples }) => subsamples).filter(([, n]) => n >= 16).length;
        else locked.sound += samplesOf(bytes).filter((sample, i) => !sample.equals(expected[i])).length;
        // with another key nothing of it is there
        const wrong = Buffer.from(key);
        wrong[0] ^= 1;
        const other = decrypt(bytes, init, wrong);
        expected.forEach((sample, i) => {
          if (got[i].subsamples.some(([, n]) => n >= 16) || (said.format !== "avc1" && sample.length >= 16))
            assert.ok(!other[i].bytes.equals(sample), `${list}: ${uri}, sample ${i} with another key`);
        });
      }
    assert.ok(seen.SEGMENT > 2 && seen.PART > 20 && seen.MAP > 3, JSON.stringify(seen));
    assert.ok(locked.video > 50 && locked.sound > 50, JSON.stringify(locked));
    assert.ok(keys.size > 1, `${keys.size} keys`);
  });

/** The initialisation segment and all segments of a media playlist, as one file. */
async function whole(media, list) {
  const named = namedBy((await readFile(path.join(media, list), "utf8")).replaceAll(/#EXT-X-PART:.*\n/g, ""), KEY);
  const maps = new Set(named.map(({ map }) => map));
  assert.equal(maps.size, 1, [...maps].join());
  const file = path.join(media, `${list}.mp4`);
  const files = [named[0].map, ...named.filter(({ kind }) => kind === "SEGMENT").map(({ uri }) => uri)];
  await writeFile(file, Buffer.concat(await Promise.all(files.map((name) => readFile(path.join(media, name))))));
  return file;
}

for (const [name, list, stream] of [["pictures", "video.m3u8", "video"], ["sound", "audio.m3u8", "audio"]])
  test(`Shaka Packager encrypts ${name} of the clear run to the same bytes, and ffmpeg decrypts them`, async (t) => {
    const options = ["--seconds", 8];
    const clear = await made(t, "dtx", options), secret = await made(t, "dtx", [...options, "--keys", "KEYS", "--rotate", 0, "--cbcs"]);
    const [plainFile, secretFile] = await Promise.all([clear, secret].map(({ media }) => whole(media, list)));
    const ours = await readFile(secretFile), { kid, iv } = protectionOf(ours);
    const key = (await readFile(path.join(secret.keys, (await readdir(secret.keys)).find((each) => each.startsWith("key-ll"))))).toString("hex");
    const theirs = path.join(clear.media, "theirs.mp4");
    const { status, stderr } = await packager(`in=${plainFile},stream=${stream},output=${theirs}`, "--enable_raw_key_encryption",
      "--keys", `label=:key_id=${kid}:key=${key}`, "--iv", iv, "--protection_scheme", "cbcs", "--clear_lead", "0");
    assert.equal(status, 0, stderr);
    const [a, b] = [samplesOf(ours), samplesOf(await readFile(theirs))];
    assert.ok(a.length > 100, `${a.length} samples`);
    assert.equal(b.length, a.length);
    a.forEach((sample, i) => assert.ok(sample.equals(b[i]), `sample ${i} of ${sample.length} bytes`));

    const frames = async (file, ...before) => {
      const { stdout, stderr: said } = await runLoaded("ffmpeg", ["-nostdin", "-v", "error", ...before, "-i", file, "-map", "0", "-f", "framemd5", "-"]);
      return { said, hashes: stdout.split("\n").filter((line) => !line.startsWith("#")) };
    };
    // libavformat 5.1 reads the heads of all fragments first, and decrypts by the last one's, unless it does without an index
    const decrypted = await frames(secretFile, "-fflags", "+ignidx", "-decryption_key", key);
    assert.equal(decrypted.said, "");
    assert.deepEqual(decrypted.hashes, (await frames(plainFile)).hashes);
    const wrong = await frames(secretFile, "-fflags", "+ignidx", "-decryption_key", "00".repeat(16));
    assert.notDeepEqual(wrong.hashes, decrypted.hashes);
  });

test("DASH has a period for each key, with the key's ID", async (t) => {
  const { media, keys } = await made(t, "simulcast", ["--video-tracks", 2, "--seconds", 14, "--keep", ...SECRET]);
  const manifest = await readFile(path.join(media, "manifest.mpd"), "utf8");
  const ids = (await readdir(keys)).filter((name) => name.startsWith("key-ll")).map((name) => name.match(/-([0-9a-f-]{36})\.bin$/)[1]);
  const seen = new Set(), next = {};
  const periods = manifest.split("<Period ").slice(1);
  for (const period of periods) {
    const sets = period.split("<AdaptationSet ").slice(1);
    assert.deepEqual(sets.map((set) => /contentType="(\w+)"/.exec(set)[1]), ["video", "audio"], period);
    const kids = new Set(sets.map((set) =>
      /mp4protection:2011" value="cbcs"\s+cenc:default_KID="([^"]+)"\/>\s+<ContentProtection schemeIdUri="urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e"/.exec(set)?.[1]));
    assert.equal(kids.size, 1, period);
    const [kid] = kids;
    assert.ok(ids.includes(kid) && !seen.has(kid), kid);
    seen.add(kid);
    for (const [, id, first, init, timeline] of period.matchAll(/<Representation id="([^"]+)"[^]*?startNumber="(\d+)"\s+initialization="([^"]+)" media="[^"]+">([^]*?)<\/SegmentTimeline>/g)) {
      assert.equal(protectionOf(await readFile(path.join(media, init))).kid, kid.replaceAll("-", ""), init);
      assert.equal(Number(first), next[id] ?? Number(first), `${id}: numbers go on`);
      next[id] = Number(first) + [...timeline.matchAll(/<S[^>]*?(?: r="(\d+)")?\/>/g)].reduce((sum, [, r]) => sum + 1 + Number(r ?? 0), 0);
    }
  }
  assert.ok(periods.length >= 3, `${periods.length} periods`);
  assert.equal(Object.keys(next).length, 3, JSON.stringify(next));
  assert.equal(new Set(Object.values(next)).size, 1, JSON.stringify(next)); // all have come as far
  assert.doesNotMatch(manifest, /Laurl/);
});

test("pictures that are not H.264 are left out, and the log says so", async (t) => {
  const { media, said } = await made(t, "vp9", ["--seconds", 6, ...SECRET]);
  assert.match(said, /no output takes pictures of this codec.*encryption\.method = "cbcs"/);
  const master = await readFile(path.join(media, "master.m3u8"), "utf8");
  assert.match(master, /CODECS="mp4a\.40\.2"[^\n]*\naudio\.m3u8\n/);
  assert.doesNotMatch(master, /vp09|video/);
  assert.deepEqual((await readdir(media)).filter((name) => name.startsWith("video")), []);
});

for (const [method, options] of [["SAMPLE-AES", ["--cbcs"]], ["AES-128", []]])
  test(`${method}: hls-doctor finds no fault with the keys, and none without`, async (t) => {
    const { media, keys } = await made(t, "simulcast", ["--video-tracks", 2, "--seconds", 10, "--keys", "KEYS", "--rotate", 0, ...options]);
    const names = await readdir(keys);
    const name = names.find((each) => each.startsWith("key-ll"));
    const lines = ["# of low latency", (await readFile(path.join(keys, name))).toString("hex")];
    if (method === "SAMPLE-AES") lines[1] = `${name.match(/-([0-9a-f-]{36})\.bin$/)[1]}:${lines[1]}`; // AES-128 names no ID
    const file = path.join(media, "keys.txt");
    await writeFile(file, lines.join("\n"));
    const look = async (...options) => {
      const { stdout } = await runLoaded(plain.doctor, ["--json", "--aligned", "--time", "0", ...options, path.join(media, "master.m3u8")]);
      return JSON.parse(stdout);
    };
    const has = (found, rule) => found.some((each) => each.rule.startsWith(rule));
    const withKeys = await look("--key", file);
    assert.deepEqual(withKeys.faults, []);
    assert.ok(!has(withKeys.remarks, "encrypted"), JSON.stringify(withKeys.remarks));
    assert.ok(withKeys.marks.pairs >= 4, JSON.stringify(withKeys.marks)); // it has seen the pictures, and heard the sound
    const without = await look();
    assert.deepEqual(without.faults, []);
    assert.ok(has(without.remarks, "encrypted, and there is no key"), JSON.stringify(without.remarks));
    const wrong = await look("--key", "00".repeat(16));
    assert.ok(wrong.faults.length > 0, "a wrong key");
    assert.equal(wrong.marks.pairs, 0);
  });
