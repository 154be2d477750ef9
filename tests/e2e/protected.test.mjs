// SPDX-License-Identifier: GPL-3.0-or-later

// Protected streams, from the description of a publisher to the page of a viewer: what an origin and the caches in front
// of it give, and to which viewers.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import test, { after, describe } from "node:test";
import { keyFolder } from "../../tools/stack/bridge.mjs";
import { built, newSecret } from "../../tools/stack/stack.mjs";
import { assertUnharmed, beginReplay, beginWatch } from "./support/audience.mjs";
import { openPage } from "./support/browser.mjs";
import { askFrom, askTier, inSeconds, knowEdge, OTHER_VIEWER, signToken, startNginxEdge, startVarnishEdge, VIEWER } from "./support/gate.mjs";
import { numberBehind } from "./support/lists.mjs";
import { measured } from "./support/measured.mjs";
import { run } from "./support/programs.mjs";
import { until } from "./support/rig.mjs";
import { shareStack } from "./support/shared.mjs";
import { hidePicture } from "./support/viewer.mjs";

const secrets = { k1: newSecret() };
const sign = (claims) => signToken(secrets, claims);
const shared = shareStack({ secrets, editGate: knowEdge, bridgeSettings: { "hls.thumbnail": 2, "ll.wait": 1 } }, { shell: true });

const begun = new Map(); // publishers and edges, by name
const once = (name, begin) => (begun.has(name) ? begun.get(name) : begun.set(name, begin()).get(name));
after(async () => {
  for (const one of await Promise.all(begun.values())) await one?.stop?.();
});

/** A file of a stream, with a token. */
const withToken = (token, target) => `/p/${token}${target}`;
const textOf = ({ body }) => String(body);

/** A publisher whose stream is for those who have a token, live. */
const protectedStream = (stack, name) => once(name, async () => {
  const child = beginReplay(stack, name, { options: ["--protected"] });
  const token = sign({ stream: name });
  for (const file of ["index.m3u8", "master.m3u8", "manifest.mpd", "thumb.jpg"])
    await until(`${name} has ${file}`, async () => (await askFrom(stack.url, withToken(token, `/live/${name}/${file}`))).status === 200);
  return child;
});

/** The origin and what is in front of it: [{ name, url }]. */
const tiersOf = async (stack) => [{ name: "origin", url: stack.url },
  { name: "nginx", ...(await once("nginx edge", () => startNginxEdge(stack))) },
  { name: "varnish", ...(await once("varnish edge", () => startVarnishEdge(stack))) }];

/** The addresses of all that there is of a stream now: lists, and what they list. Throws if one is not relative. */
async function filesOf(url, name, token) {
  const get = async (file) => {
    const answer = await askTier(url, withToken(token, `/live/${name}/${file}`));
    assert.equal(answer.status, 200, file);
    return textOf(answer);
  };
  const lists = ["index.m3u8", "ts.m3u8", "iframes.m3u8", "master.m3u8", "video.m3u8", "audio.m3u8", "manifest.mpd"];
  const files = new Set([...lists, "thumb.jpg", "wait.json"]);
  for (const list of lists) {
    const text = await get(list);
    const uris = [...text.matchAll(/^([^#<\s].*)$/gm), ...text.matchAll(/(?:URI|initialization|media|BaseURL)="([^"]+)"/g),
      ...text.matchAll(/<BaseURL>([^<]*)/g)].map(([, uri]) => uri);
    for (const uri of uris.filter((one) => !one.includes("$"))) {
      assert.match(uri, /^[A-Za-z0-9_.-]+$/, `${list} has an address that is not beside it`);
      files.add(uri);
    }
  }
  return [...files];
}

const isRefused = ({ status, headers }, what) => {
  assert.equal(status, 403, what);
  assert.equal(headers["cache-control"], "no-store", what);
  assert.equal(headers["access-control-allow-origin"], "*", what);
};

/** Nothing is given for a token of another stream, or none, however the address is spelled. */
async function keepsOut(url, name, others) {
  const file = "index.m3u8", [, kid, payload] = others.split(".");
  const sha512 = createHmac("sha512", secrets.k1).update(`v1.${kid}.${payload}`).digest().subarray(0, 32).toString("base64url");
  for (const target of [`//live/shop/${file}`, `/live//shop/${file}`, `/live/./shop/${file}`, `/live/till/../shop/${file}`, `/live/till/..%2Fshop/${file}`,
    `/live/shop%2F${file}`, `/live/shop%2f${file}`, `/%6Cive/shop/${file}`, `/live/%73hop/${file}`, `/live/shop/${file}%00`, `/LIVE/shop/${file}`,
    `/p/../live/shop/${file}`, `/p/%2E%2E/live/shop/${file}`, `/p//live/shop/${file}`, `/p/${others}//live/shop/${file}`,
    `/p/${others}/live/till/../shop/${file}`, `/p/${others}/live/till/..%2Fshop/${file}`, `/p/${others}%2F..%2F..%2Flive%2Fshop%2F${file}`,
    `/p/${others}/../../live/shop/${file}`, `/p/v1.${kid}.${payload}.${sha512}/live/shop/${file}`,
    `/p/none.${kid}.${payload}.${"A".repeat(43)}/live/shop/${file}`, `/gate/../live/shop/${file}`, `/gate/-/${others}/shop`, `/gate/-/${others}/../../../live/shop/${file}`]) {
    const { status } = await askTier(url, target);
    assert.ok([400, 403, 404].includes(status), `${name}: ${status} for ${target}`);
  }
  const long = await askFrom(url, `/p/v1.${kid}.${"A".repeat(1 << 20)}/live/shop/${file}`).catch((error) => error); // reset before it is read
  assert.ok(long.code || [400, 403, 414].includes(long.status), `${name}: ${long.code ?? long.status} for a token of 1 MB`);
}

test("keys of a protected stream are given with a token alone, and kept by no tier", shared(async ({ stack }) => {
  await protectedStream(stack, "shop");
  const key = "key-ll-7-0f8fad5b-d9cb-469f-a165-70867728950e.bin", folder = path.join(keyFolder(stack.hls), "shop");
  await mkdir(folder, { recursive: true }); // as the bridge would with encryption.method
  const token = sign({ stream: "shop" });
  for (const { name, url } of await tiersOf(stack))
    for (const bytes of ["the first sixteen", "those that follow"]) {
      await writeFile(path.join(folder, key), bytes);
      isRefused(await askTier(url, `/live/shop/${key}`), `${name}: no token`);
      isRefused(await askTier(url, withToken(sign({ stream: "till" }), `/live/shop/${key}`)), `${name}: another stream's`);
      const { status, headers, body } = await askTier(url, withToken(token, `/live/shop/${key}`));
      assert.deepEqual([status, headers["cache-control"], String(body)], [200, "no-store", bytes], name);
    }
}));

test("a protected stream is given to those who have a token for it, and to nobody else", shared(async ({ stack }) => {
  await protectedStream(stack, "shop");
  const token = sign({ stream: "shop" });
  for (const { name, url } of await tiersOf(stack)) {
    const files = await filesOf(url, "shop", token);
    assert.ok(files.filter((file) => /\.(ts|m4s|mp4)$/.test(file)).length > 10, `${name}: ${files}`);
    const list = textOf(await askTier(url, withToken(token, "/live/shop/video.m3u8")));
    const held = `video.m3u8?_HLS_msn=${numberBehind(list)}`;
    const { status } = await askFrom(url, withToken(token, `/live/shop/${held}`));
    assert.ok([200, 503].includes(status), `${name}: a held list: ${status}`); // nothing has come meanwhile
    const segment = files.find((file) => /^seg-.*\.ts$/.test(file));
    for (const [what, wrong] of Object.entries({
      expired: sign({ stream: "shop", exp: inSeconds(-1) }),
      early: sign({ stream: "shop", nbf: inSeconds(3600) }),
      "of another stream": sign({ stream: "till" }),
      "of another address": sign({ stream: "shop", ip: OTHER_VIEWER }),
      "by another secret": signToken({ k1: newSecret() }, { stream: "shop" }),
      "by an unknown secret": signToken({ k9: secrets.k1 }, { stream: "shop" }),
      cut: token.slice(0, -1), none: "", "a word": "token", long: `${token}${"A".repeat(600)}` }))
      for (const file of ["index.m3u8", segment, held, "wait.json"])
        isRefused(await askTier(url, withToken(wrong, `/live/shop/${file}`)), `${name}: ${file} with a token that is ${what}`);
    await keepsOut(url, name, sign({ stream: "till" }));
    // what has just come into the cache is for those with a token
    let given = 0;
    for (const file of [...files, held, "seg-1-999999.ts"]) {
      const { status } = await askTier(url, withToken(token, `/live/shop/${file}`));
      given += status === 200 && /\.(ts|m4s|mp4)$/.test(file);
      isRefused(await askTier(url, `/live/shop/${file}`), `${name}: ${file}`);
    }
    assert.ok(given > 5, `${name} has given ${given} pieces of media`);
    for (const target of ["/p/", "/p/x/live/shop/../shop/index.m3u8", withToken(token, "/janus"), withToken(token, "/live/streams.json"),
      withToken(token, "/status.json"), withToken(token, "/live/shop/protected"), "/live/shop/protected"])
      assert.ok([403, 404].includes((await askTier(url, target)).status), `${name}: ${target}`);
  }
  const { streams } = JSON.parse(textOf(await askTier(stack.url, "/live/streams.json")));
  assert.deepEqual(streams, [], "nor does a list name it");
}));

test("a token may be of one address, wherever its viewer asks", shared(async ({ stack }) => {
  await protectedStream(stack, "shop");
  const token = sign({ prefix: "sh", ip: VIEWER });
  for (const { name, url } of await tiersOf(stack)) {
    assert.equal((await askTier(url, withToken(token, "/live/shop/index.m3u8"))).status, 200, name);
    isRefused(await askTier(url, withToken(token, "/live/shop/index.m3u8"), { from: OTHER_VIEWER }), name);
  }
}));

test("all who have a token share what is in a cache, and no log has one", shared(async ({ stack }) => {
  await protectedStream(stack, "shop");
  const tokens = [sign({ stream: "shop", sid: "one" }), sign({ stream: "shop", sid: "two" })];
  for (const { name, url, folder = path.join(stack.options.folder, "nginx") } of await tiersOf(stack)) {
    const list = textOf(await askTier(url, withToken(tokens[0], "/live/shop/index.m3u8")));
    const target = `/live/shop/${list.trim().split("\n").at(-1)}`;
    const answers = [];
    for (const token of tokens) answers.push(await askTier(url, withToken(token, target)));
    assert.deepEqual(answers.map(({ status }) => status), [200, 200], `${name}: ${target}`);
    assert.ok(answers[0].body.equals(answers[1].body));
    if (name !== "origin") assert.equal(answers[1].headers["x-cache"], "HIT", name);
    const logs = (await readdir(folder)).filter((file) => /^viewers.*\.log$/.test(file));
    assert.ok(logs.length > 0 || name === "varnish", `${name} has no log of viewers`); // Varnish writes none
    for (const file of logs) {
      const log = await readFile(path.join(folder, file), "utf8");
      for (const token of tokens) assert.ok(!log.includes(token.split(".")[3]), `${file} of ${name}`);
    }
  }
  const refused = await readFile(path.join(stack.logs, "viewers-refused.log"), "utf8").catch(() => "");
  isRefused(await askTier(stack.url, withToken(sign({ stream: "till" }), "/live/shop/index.m3u8")), "another stream's");
  const log = await until("the log has it", async () => {
    const text = await readFile(path.join(stack.logs, "viewers-refused.log"), "utf8");
    return text.length > refused.length && text.slice(refused.length);
  });
  assert.match(log, new RegExp(`^\\d+\\.\\d+ ${VIEWER} /live/shop/index\\.m3u8 stream\n`, "m"));
}));

test("what one viewer asks wrongly is answered to nobody else", shared(async ({ stack }) => {
  const fields = Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`X-Long-${i}`, "x".repeat(5000)])); // more than the origin reads
  for (const { name, url } of (await tiersOf(stack)).slice(1)) {
    const target = `/live/nobody-${name}/index.m3u8`;
    assert.equal((await askTier(url, target, { headers: fields })).status, 400, name);
    assert.equal((await askTier(url, target)).status, 404, name);
  }
}));

test("viewers with tokens of the command's making are given everything by an edge", shared(async ({ stack }) => {
  await protectedStream(stack, "shop");
  const file = path.join(stack.options.folder, "tokens");
  const { status, stdout } = await run(built().playbackToken, ["--keys", stack.playbackKeys, "--number", "3", "--session", "crowd",
    "--for", "10m", "shop"]);
  assert.equal(status, 0);
  assert.equal(new Set(stdout.trim().split("\n")).size, 3);
  await writeFile(file, stdout);
  const { url } = (await tiersOf(stack))[1];
  const watching = beginWatch(stack, `${url}/live/shop/index.m3u8`, ["-n", 6, "--tokens", file]);
  await watching.given(1);
  assertUnharmed(await watching.end());
}));

test("what was for everybody is so no more when a publisher protects it, also without the bridge", shared(async ({ stack }) => {
  const first = beginReplay(stack, "turn");
  await until("it is for everybody", async () => (await askFrom(stack.url, "/live/turn/index.m3u8")).status === 200);
  await first.stop();
  const child = await protectedStream(stack, "turn");
  await until("it is no more", async () => (await askFrom(stack.url, "/live/turn/index.m3u8")).status === 403);
  await child.stop();
  isRefused(await askTier(stack.url, "/live/turn/index.m3u8"), "behind its publisher");
  const list = textOf(await askTier(stack.url, withToken(sign({ stream: "turn" }), "/live/turn/index.m3u8")));
  isRefused(await askTier(stack.url, `/live/turn/${/^seg-.*\.ts$/m.exec(list)[0]}`), "what was for everybody, too");
}));

test("secrets are changed with two that are good at once, and no request is lost", shared(async ({ stack }) => {
  await protectedStream(stack, "shop");
  const ask = (token) => askFrom(stack.url, withToken(token, "/live/shop/index.m3u8")).then(({ status }) => status);
  const next = { k2: newSecret() };
  const [old, young] = [sign({ stream: "shop" }), signToken(next, { stream: "shop" })];
  assert.deepEqual([await ask(old), await ask(young)], [200, 403]);
  await stack.changeSecrets({ ...next, ...secrets });
  await until("the new one is good", async () => (await ask(young)) === 200);
  assert.equal(await ask(old), 200);
  await stack.changeSecrets(next);
  await until("the old one is over", async () => (await ask(old)) === 403);
  assert.equal(await ask(young), 200);
  await stack.changeSecrets(secrets);
  await until("the first is back, for other tests", async () => (await ask(old)) === 200);
}));

/** Opens the watch page with a token; `renew` answers for the shop's server, or there is none. */
async function openWatch(context, stack, stream, token, renew) {
  if (renew) {
    await context.route("**/settings.json", (route) => route.fulfill({ json: { iceServers: [], renew: "/renew" } }));
    await context.route("**/renew", (route) => renew(route));
  }
  const page = await context.newPage();
  page.asked = [];
  page.on("request", (request) => page.asked.push(request.url()));
  await page.addInitScript(() => {
    window.told = [];
    addEventListener("waiting", ({ target }) => window.told.push([target.currentTime, target.readyState]), true);
  });
  await page.goto(`${stack.url}/watch.html?stream=${stream}#token=${token}`);
  await hidePicture(page);
  return page;
}
const shown = (page) => page.evaluate(() => {
  const video = document.getElementById("player");
  return { time: video.currentTime, text: document.getElementById("waiting-text").dataset.text, isWaiting: !document.getElementById("waiting").hidden,
    isEmpty: !video.src };
});

describe("as tokens end", { concurrency: 2 }, () => { // it is waited for
  test("a viewer's token is renewed in mid-show, and the picture goes on", shared(async ({ stack, context }) => {
    await protectedStream(stack, "shop");
    const end = inSeconds(24);
    const first = sign({ stream: "shop", exp: end });
    const given = [], errors = [];
    const page = await openWatch(context, stack, "shop", first, async (route) => {
      const asked = route.request().postDataJSON();
      given.push({ asked, token: sign({ stream: "shop", exp: inSeconds(3600) }) });
      await route.fulfill({ json: { token: given.at(-1).token } });
    });
    page.on("pageerror", (error) => errors.push(String(error)));
    await until("it plays", async () => (await shown(page)).time > 1);
    await until("it asks for a newer one", () => given.length > 0);
    await context.unrouteAll({ behavior: "wait" }); // or each request of the player is work for us, too
    assert.deepEqual(given[0].asked, { stream: "shop", token: first });
    const from = await shown(page);
    const { length } = page.asked;
    await page.evaluate(() => (window.told = []));
    const media = () => page.asked.slice(length).filter((url) => url.includes("/live/shop/")); // of classic HLS there are few
    await until("the first one is over, and it plays on", async () =>
      inSeconds(0) > end + 2 && (await shown(page)).time > from.time + 5 && media().length > 10);
    assert.equal((await shown(page)).isWaiting, false);
    const late = media().filter((url) => !url.includes(given[0].token));
    assert.ok(late.length <= 4, `asked with the old token: ${late}`); // those that were on their way
    assert.equal(page.asked.filter((url) => url.endsWith("/renew")).length, 1);
    assert.deepEqual(errors, []);
    const stalls = await page.evaluate(() => window.told);
    measured(() => assert.deepEqual(stalls, [], "no stall"));
    assert.equal(page.url(), `${stack.url}/watch.html?stream=shop`, "nobody shares a token by the address");
    await page.reload(); // the first token is over
    await until("it plays again", async () => (await shown(page)).time > 0);
  }));

  test("without renewal the page says that it is over, in the viewer's language; and what a page without a token is told",
    shared(async ({ stack, context }) => {
      await protectedStream(stack, "shop");
      const page = await openWatch(context, stack, "shop", sign({ stream: "shop", exp: inSeconds(12) }));
      await until("it plays, or has", async () => (await shown(page)).time > 0 || (await shown(page)).text === "watch.expired");
      await until("it is over", async () => (await shown(page)).text === "watch.expired");
      assert.deepEqual({ ...(await shown(page)), time: 0 }, { time: 0, text: "watch.expired", isWaiting: true, isEmpty: true });
      const { length } = page.asked;
      const without = await openPage(context, `${stack.url}/watch.html?stream=shop`);
      await until("it says why it shows nothing", async () => (await shown(without)).text === "watch.refused");
      assert.equal((await shown(without)).isWaiting, true);
      assert.equal(page.asked.length, length, "the page that is over asks for nothing");
    }));
});
