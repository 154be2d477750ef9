// SPDX-License-Identifier: GPL-3.0-or-later

// Keys of samples from a key server, a stand-in that speaks CPIX: what it is asked, what lists, manifests and initialisation
// segments then say of Widevine, PlayReady and FairPlay, and what happens while it is away.

import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { keyFolder } from "../../tools/stack/bridge.mjs";
import { beginReplay } from "./support/audience.mjs";
import { FAIRPLAY, PLAYREADY, startKeyServer, WIDEVINE } from "./support/key-server.mjs";
import { subtest, until, withStack } from "./support/rig.mjs";
import { newSecret, signatureOf } from "./support/webhooks.mjs";

const ROTATE = 10; // segments, the least
const WRONG = [
  { status: 503, body: "" },
  { status: 200, body: "<!DOCTYPE a [<!ENTITY e \"x\">]><a/>" },
];

const read = async (url) => {
  const answer = await fetch(url);
  return answer.ok ? answer.text() : "";
};

/** The lines of keys in a media playlist, those of one key together. */
const keysIn = (text) => text.match(/(#EXT-X-KEY:.*\n)+/g) ?? [];

/** The bytes of the first box of a type, which is not looked for among others. */
function boxIn(data, type) {
  const at = data.indexOf(type, 0, "latin1") - 4;
  assert.ok(at >= 0, `no ${type}`);
  return data.subarray(at, at + data.readUInt32BE(at));
}

test("keys of samples from a key server", async (t) => {
  const keyServer = await startKeyServer({ wrong: WRONG });
  t.after(() => keyServer.close());
  const secret = newSecret(), folder = await mkdtemp(path.join(os.tmpdir(), "key-server-"));
  t.after(() => rm(folder, { recursive: true }));
  const secretFile = path.join(folder, "secret"), headerFile = path.join(folder, "header");
  await writeFile(secretFile, `${secret}\n`, { mode: 0o600 });
  await writeFile(headerFile, "Authorization: Bearer shop\n", { mode: 0o600 });
  const bridgeSettings = { "encryption.method": "cbcs", "encryption.key_server": keyServer.url,
    "encryption.rotate_samples": ROTATE, "encryption.secret_file": secretFile, "encryption.header_file": headerFile,
    "hls.ts": false, "hls.segment": 1.0, "hls.playlist": 30 };
  await withStack({ bridgeSettings }, async (stack) => {
    beginReplay(stack, "demo");
    const list = () => read(new URL("video.m3u8", stack.master("demo")));
    const used = (text) => keysIn(text).map((lines) => /skd:\/\/([0-9a-f-]{36})/.exec(lines)?.[1]).filter(Boolean);

    await subtest(t, stack, "it is asked until its answer can be used, and proof goes with each request", async () => {
      await until("a key is in use", async () => used(await list()).length > 0);
      assert.ok(keyServer.asked.length > WRONG.length);
      const [first, second] = keyServer.asked;
      assert.deepEqual([second.kid, second.stream], [first.kid, "demo"], "the same key again");
      for (const { headers, body } of keyServer.asked) {
        assert.equal(headers.authorization, "Bearer shop");
        assert.equal(headers["webhook-signature"],
          signatureOf(secret, headers["webhook-id"], headers["webhook-timestamp"], body));
      }
    });

    await subtest(t, stack, "lists have the tags of each system, and no key is given out", async () => {
      const text = await list(), [kid] = used(text);
      const lines = [WIDEVINE, PLAYREADY, FAIRPLAY].map((id) => `${keyServer.tagOf(keyServer.systems[id](kid))}\n`).join("");
      assert.ok(keysIn(text).includes(lines), text);
      assert.doesNotMatch(text, /\.bin|identity/);
      const files = await readdir(path.join(keyFolder(stack.hls), "demo"));
      assert.ok(files.length > 0 && files.every((name) => /^key-ll-\d+-[0-9a-f-]{36}\.cpix$/.test(name)), files.join());
      for (const name of files) assert.equal((await fetch(new URL(name, stack.master("demo")))).status, 404);
    });

    await subtest(t, stack, "initialisation segments have its boxes and its vector", async () => {
      for (const kind of ["video", "audio"]) {
        const text = await read(new URL(`${kind}.m3u8`, stack.master("demo")));
        const [, kid, uri] = /skd:\/\/([0-9a-f-]{36})"[^\n]*\n#EXT-X-MAP:URI="([^"]+)"/.exec(text);
        const init = Buffer.from(await (await fetch(new URL(uri, stack.master("demo")))).arrayBuffer());
        assert.ok(boxIn(init, "tenc").includes(keyServer.keys.get(kid).iv), kind);
        for (const id of [WIDEVINE, PLAYREADY]) assert.ok(init.includes(keyServer.systems[id](kid).box), kind);
      }
    });

    await subtest(t, stack, "the manifest has them too", async () => {
      let text;
      await until("there is one", async () => /default_KID/.test(text = await read(stack.manifest("demo"))));
      const kid = /default_KID="([^"]+)"/.exec(text)[1];
      for (const id of [WIDEVINE, PLAYREADY])
        assert.ok(text.includes(`urn:uuid:${id}">\n        <cenc:pssh>${keyServer.systems[id](kid).box.toString("base64")}<`), text);
      assert.doesNotMatch(text, /ClearKey/);
    });

    await subtest(t, stack, "another key comes by itself, and while the server is away the one in use goes on", async () => {
      let seen;
      await until("two keys", async () => (seen = used(await list())).length > 1);
      assert.ok(seen.every((kid) => keyServer.keys.has(kid)));
      keyServer.away(true);
      await until("it is asked while it is away", () => keyServer.asked.some(({ away }) => away));
      const log = path.join(stack.options.folder, "bridge/hls-bridge.log");
      const said = /key server has not given the next key: the key in use goes on/;
      await until("the bridge says that it goes on", async () => said.test(await readFile(log, "utf8")));
      const last = used(await list()).at(-1);
      keyServer.away(false);
      await until("the next key is there", async () => used(await list()).at(-1) !== last);
      const text = await list();
      assert.doesNotMatch(text.slice(text.indexOf("skd://")), /METHOD=NONE/, "nothing went clear");
    });
  });
});
