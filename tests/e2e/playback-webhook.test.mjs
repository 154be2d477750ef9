// SPDX-License-Identifier: GPL-3.0-or-later

// The webhook that is asked about viewers of protected streams, through nginx and the bridge: it hears of each session once, it
// lets in, denies and ends, and while it is away the settings decide.

import assert from "node:assert/strict";
import { access, chmod, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import test from "node:test";
import { startNginx } from "../../tools/stack/nginx.mjs";
import { freePorts } from "../../tools/stack/ports.mjs";
import { SOURCE, newSecret as newPlaybackSecret } from "../../tools/stack/stack.mjs";
import { askFrom, askTier, EDGE, inSeconds, knowEdge, OTHER_VIEWER, signToken, startNginxEdge, startVarnishEdge, VIEWER } from "./support/gate.mjs";
import { withBridge } from "./support/lone-bridge.mjs";
import { subtest, until } from "./support/rig.mjs";
import { newSecret, signatureOf } from "./support/webhooks.mjs";

const SECRETS = { k1: newPlaybackSecret() };
const TIMEOUT_S = 30; // the most: a process that stands still for a while is no receiver that is away

/** A receiver that answers as `answers[stream]` says, { allow … }; `asked` has what it was asked. */
async function startReceiver(secret, answers) {
  const asked = [];
  const server = http.createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    const { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": signature } = request.headers;
    assert.equal(signature, signatureOf(secret, id, time, body));
    const { type, data } = JSON.parse(body);
    asked.push({ id, type, ...data });
    response.end(JSON.stringify(answers[data.stream]));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  return { url: `http://127.0.0.1:${port}/playback`, asked,
    about: (stream) => asked.filter((one) => one.stream === stream),
    close: () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())) };
}

test("a webhook says who may watch protected streams", async (t) => {
  const secret = newSecret(), answers = {};
  const receiver = await startReceiver(secret, answers);
  const [sessions, port] = await freePorts(2);
  const secretFile = path.join(process.env.TMPDIR ?? "/tmp", `playback-${process.pid}.secret`);
  await writeFile(secretFile, `${secret}\n`, { mode: 0o600 });
  t.after(() => rm(secretFile));
  const settings = { "playback.url": receiver.url, "playback.secret_file": secretFile, "playback.port": sessions,
    "playback.timeout": TIMEOUT_S, "hls.segment": 1.0, "hls.hold": 600 };

  await withBridge(settings, async (bridge) => {
    const { port: bridgePort, llPort, hls, send } = bridge;
    const folder = path.dirname(hls), keys = path.join(folder, "playback.keys");
    await chmod(folder, 0o755); // nginx's workers are not root
    await writeFile(keys, `k1 ${SECRETS.k1};\n`);
    const askSessions = (text) => knowEdge(text).replace(/(map "" \$janus_hls_asks \{\n +default) "";/, '$1 "1";')
      .replace("127.0.0.1:8192", `127.0.0.1:${sessions}`);
    const nginx = await startNginx({ pieces: path.join(SOURCE, "nginx"), folder: path.join(folder, "nginx"), address: `${EDGE}:${port}`,
      url: `http://${EDGE}:${port}`, hls, web: path.join(SOURCE, "web-publisher"), janusPort: 1, bridgePort, ll: `127.0.0.1:${llPort}`, keys,
      editGate: askSessions });
    t.after(() => nginx.stop());
    const stack = { port, playbackKeys: keys, options: { folder }, editGate: askSessions };
    const origin = `http://${EDGE}:${port}`;
    const token = (stream, claims) => signToken(SECRETS, { stream, sid: "order-7", user: 41, ...claims });
    const get = (url, stream, { ask = askFrom, from, claims, file = "index.m3u8" } = {}) =>
      ask(url, `/p/${token(stream, claims)}/live/${stream}/${file}`, { from });
    const edges = [];
    const streams = ["shop", "closed", "timed", "late"];
    for (const stream of streams) send(stream, "--protected");
    for (const stream of streams)
      await until(`${stream} is listed`, () => access(path.join(hls, stream, "index.m3u8")).then(() => true));

    await subtest(t, bridge, "a session is asked about once, whatever it fetches, and another address is another session", async () => {
      answers.shop = { allow: true };
      const [segment] = await until("a segment is listed", async () => /^seg-.*\.ts$/m.exec((await get(origin, "shop")).body));
      assert.equal((await get(origin, "shop", { file: segment })).status, 200);
      assert.equal((await get(origin, "shop", { file: "video.m3u8" })).status, 200);
      assert.equal((await get(origin, "shop", { claims: { exp: inSeconds(7200) } })).status, 200); // its token was renewed
      const [first, ...more] = receiver.about("shop");
      assert.deepEqual(more, []);
      assert.match(first.id, /^msg_/);
      assert.deepEqual([first.type, first.address, first.token.sid, first.token.user], ["playback", VIEWER, "order-7", 41]);
      assert.equal((await get(origin, "shop", { from: OTHER_VIEWER })).status, 200);
      assert.deepEqual(receiver.about("shop").slice(1).map(({ address }) => address), [OTHER_VIEWER]);
    });

    await subtest(t, bridge, "nobody is asked about streams that there never were, whatever a token for many is good for", async () => {
      const before = receiver.asked.length;
      for (const name of ["sh", "shop-2", "shop_3"])
        assert.equal((await get(origin, name, { claims: { stream: undefined, prefix: "sh" } })).status, 404, name);
      assert.equal(receiver.asked.length, before);
      answers.shop = { allow: true };
      assert.equal((await get(origin, "shop", { claims: { stream: undefined, prefix: "sh", sid: "of many" } })).status, 200);
      assert.equal(receiver.asked.length, before + 1, "but about one that there is");
    });

    await subtest(t, bridge, "who is denied is told why", async () => {
      answers.closed = { allow: false, reason: "¡tu cuenta no tiene más horas!" };
      const { status, headers, body } = await get(origin, "closed");
      assert.equal(status, 403);
      assert.equal(String(body), "¡tu cuenta no tiene más horas!\n");
      assert.equal(headers["cache-control"], "no-store");
      assert.equal(headers["access-control-allow-origin"], "*");
      assert.match(headers["content-type"], /^text\/plain; charset=utf-8/);
      assert.equal((await get(origin, "closed", { file: "video.m3u8?_HLS_msn=5" })).status, 403);
      const metrics = await (await fetch(`http://127.0.0.1:${bridgePort}/metrics`)).text();
      assert.match(metrics, /^hls_bridge_playback_answers_total\{verdict="denied"\} [1-9]/m);
    });

    await subtest(t, bridge, "a session ends in mid-show, and is asked about again", async () => {
      await until("it is let in", async () => {
        answers.timed = { allow: true, end: inSeconds(3) };
        return (await get(origin, "timed")).status === 200;
      });
      answers.timed = { allow: false, reason: "over" };
      const refused = await until("it is over", async () => {
        const answer = await get(origin, "timed");
        return answer.status === 403 && answer;
      });
      assert.equal(String(refused.body), "over\n");
      assert.ok(receiver.about("timed").length >= 2);
    });

    await subtest(t, bridge, "edges ask too, and what lies in their caches is given to nobody else", async () => {
      for (const start of [startNginxEdge, startVarnishEdge]) {
        const edge = await start(stack);
        t.after(() => edge.stop());
        edges.push(edge.url);
        const before = receiver.about("shop").length;
        answers.shop = { allow: true };
        const sid = start.name;
        await until("it is let in", async () => (await get(edge.url, "shop", { claims: { sid } })).status === 200);
        assert.equal((await get(edge.url, "shop", { ask: askTier, claims: { sid } })).status, 200);
        answers.shop = { allow: false, reason: "you may not" };
        const { status, body } = await get(edge.url, "shop", { ask: askTier, claims: { sid: `${sid}-2` } });
        assert.equal(status, 403, sid);
        if (start === startNginxEdge) assert.equal(String(body), "you may not\n");
        assert.deepEqual(receiver.about("shop").slice(before).map(({ address, token: { sid: of } }) => [address, of]),
          [[VIEWER, sid], [VIEWER, `${sid}-2`]]);
      }
    });

    await subtest(t, bridge, "a receiver that is away: playback.on_unreachable; who was let in goes on", async () => {
      answers.shop = { allow: true };
      await receiver.close();
      for (const url of [origin, ...edges]) {
        const { status, headers, body } = await get(url, "late");
        assert.equal(status, 503, url);
        assert.equal(headers["retry-after"], "2");
        assert.equal(headers["access-control-allow-origin"], "*");
        assert.match(String(body), /cannot find out now/);
      }
      assert.equal((await get(origin, "shop")).status, 200);
    });
  }, { lowLatency: true });
});
