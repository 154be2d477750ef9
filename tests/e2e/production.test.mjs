// SPDX-License-Identifier: GPL-3.0-or-later

// The site for a server in the internet: TLS first, and what one address may take of it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import os from "node:os";
import path from "node:path";
import test, { after } from "node:test";
import tls from "node:tls";
import WebSocket from "ws";
import { makeCertificate } from "../../tools/stack/certificate.mjs";
import { SOURCE } from "../../tools/stack/stack.mjs";
import { publish } from "./support/browser.mjs";
import { until, withStack } from "./support/rig.mjs";
import { shareStack } from "./support/shared.mjs";

const shipped = (name) => readFileSync(path.join(SOURCE, "janus-plugin", "server", name), "utf8");

/** Janus's configuration for a server, with nothing changed but where things are. */
const janusServer = {
  "janus.jcfg": ({ folder }) => shipped("janus.jcfg.in").replaceAll("@LIBRARIES@", folder).replace("/etc/janus-hls", folder),
  "janus.transport.websockets.jcfg": ({ port }) => shipped("janus.transport.websockets.jcfg").replace("8188", port),
};

const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-certificate-"));
after(() => rm(folder, { recursive: true, force: true }));
const certificate = await makeCertificate(folder, []);

/** Runs `body(stack)` with the production site; `edit(text)` may change it. */
const withProduction = (body, { edit } = {}) => withStack({ tls: certificate, production: { edit } }, body);

/** A test on the production site as it is, which all of these share. */
const shared = shareStack({ tls: certificate, production: {} }, { shell: true, context: { ignoreHTTPSErrors: true } });

/** { status, headers } of one request, which follows no redirect. */
function ask(url, options = {}) {
  return new Promise((resolve, reject) => {
    (url.startsWith("https:") ? https : http)
      .get(url, { rejectUnauthorized: false, ...options }, (response) => {
        response.resume();
        response.on("end", () => resolve({ status: response.statusCode, headers: response.headers }));
      })
      .on("error", reject);
  });
}

/** Opens Janus's WebSocket: resolves to { socket } or { status } of the refusal. */
function call(stack, origin) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${stack.url.replace("https", "wss")}/janus`, "janus-protocol",
      { rejectUnauthorized: false, ...(origin && { origin }) });
    socket.on("open", () => resolve({ socket }));
    socket.on("unexpected-response", (request, response) => {
      response.resume();
      resolve({ status: response.statusCode });
    });
    socket.on("error", reject);
  });
}

test("pages come by TLS alone, media by both, and the WebSocket is for our own pages",
  shared(async ({ stack }) => {
    const plain = `http://127.0.0.1:${stack.plainPort}`;
    const hsts = async (where) => (await ask(where)).headers["strict-transport-security"];

    for (const page of ["/", "/publish.html?stream=a", "/settings.json", "/janus", "/nowhere"]) {
      const { status, headers } = await ask(plain + page);
      assert.deepEqual([page, status, headers.location], [page, 308, `https://127.0.0.1${page}`]);
      assert.equal(headers["strict-transport-security"], undefined, "by TLS alone: RFC 6797, section 7.2");
      assert.equal(await hsts(stack.url + page), "max-age=31536000", page);
    }
    await until("the list", async () => (await ask(`${stack.url}/live/streams.json`)).status === 200);
    for (const url of [plain, stack.url]) {
      const { status, headers } = await ask(`${url}/live/streams.json`);
      assert.deepEqual([status, headers.location, headers["strict-transport-security"]], [200, undefined, undefined]);
      assert.equal((await ask(`${url}/live/nobody/index.m3u8`)).status, 404);
    }
    assert.equal((await ask(`${plain}/.well-known/acme-challenge/none`)).status, 404);
    assert.doesNotMatch((await ask(stack.url)).headers.server, /\d/);

    for (const origin of [stack.url, "https://127.0.0.1", undefined]) {
      const { socket } = await call(stack, origin);
      assert.ok(socket, origin);
      socket.close();
    }
    for (const origin of ["https://evil.example", "https://127.0.0.1.evil.example", "http://127.0.0.1",
      "https://evil.example|127.0.0.1", "https://127.0.0.1|evil", "null"])
      assert.deepEqual(await call(stack, origin), { status: 403 }, origin);
  }));

test("one address has fifty WebSockets, and is told so", () =>
  withProduction(async (stack) => {
    const sockets = [];
    const statuses = [];
    for (let i = 0; i < 52; i++) {
      const { socket, status } = await call(stack);
      if (socket) sockets.push(socket);
      else statuses.push(status);
    }
    assert.deepEqual([sockets.length, statuses], [50, [429, 429]]);
    assert.equal((await ask(`${stack.url}/live/streams.json`)).status, 200, "who watches does not notice");
    for (const socket of sockets) socket.close();
    await until("there is room again", async () => {
      const { socket } = await call(stack);
      socket?.close();
      return socket;
    });
  }));

/** What an edge asks the origin by plain HTTP: what it finds it alive by, a page, and the WebSocket. Resolves to the statuses. */
async function statusesForEdge(stack) {
  const [, looksAt] = readFileSync(path.join(SOURCE, "varnish/edge.vcl.in"), "utf8").match(/probe alive \{\s+\.url = "(.*)";/);
  const plain = `http://127.0.0.1:${stack.plainPort}`;
  await until("the list", async () => (await ask(`${plain}/live/streams.json`)).status === 200);
  return Promise.all([looksAt, "/watch.html", "/janus"].map(async (url) => (await ask(plain + url)).status));
}

test("an edge finds by plain HTTP that the origin is there",
  shared(async ({ stack }) => assert.deepEqual(await statusesForEdge(stack), [200, 308, 308])));

test("an edge has its pages by plain HTTP where it is named", () =>
  withProduction(async (stack) => assert.deepEqual((await statusesForEdge(stack)).slice(0, 2), [200, 200]), {
    edit: (text) => text.replace("map $remote_addr $janus_hls_who {", '$&\n    127.0.0.1 "";'),
  }));

test("three hundred viewers at low latency may come from one address", () => {
  const nginx = (name) => readFileSync(path.join(SOURCE, "nginx", name), "utf8");
  const [, asks] = nginx("production.conf.in").match(/zone=janus_hls_asks:\S+ rate=(\d+)r\/s/);
  const [, atOnce] = nginx("guard.conf").match(/limit_conn janus_hls_viewers (\d+);/);
  const parts = 5; // a second, of each of two renditions; for each the part and the playlist that names it
  assert.ok(asks >= 300 * parts * 2 * 2, `${asks} requests a second`);
  assert.ok(atOnce >= 300 * 5, `${atOnce} requests at once`);
});

/** One client that says nothing more but a byte now and then, which would keep it for ever if only pauses counted. */
async function isDropped(stack) {
  const socket = tls.connect({ port: stack.port, host: "127.0.0.1", rejectUnauthorized: false });
  socket.on("error", () => {}); // a reset will do
  const closed = new Promise((resolve) => socket.on("close", resolve));
  socket.write("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ");
  const drip = setInterval(() => socket.write("a"), 500);
  const began = Date.now();
  await closed;
  clearInterval(drip);
  assert.ok(Date.now() - began < 40000, "long before nginx's own sixty seconds");
}

test("what one address asks is limited, media and pages together, and a client that says nothing more is dropped", async () => {
  const guard = readFileSync(path.join(SOURCE, "nginx/guard.conf"), "utf8");
  assert.match(guard, /client_header_timeout 10s;/);
  await withProduction(async (stack) => {
    const statuses = await Promise.all(Array.from({ length: 8 }, () => ask(`${stack.url}/live/nobody/index.m3u8`)
      .then(({ status, headers }) => (assert.equal(headers["cache-control"], "no-store"), status))));
    assert.ok(statuses.filter((status) => status === 404).length >= 1);
    assert.ok(statuses.filter((status) => status === 429).length >= 4, `${statuses}`);
    await isDropped(stack);
  }, {
    // so that it does not take four thousand requests a second to see it, nor ten seconds
    edit: (text) => text.replace("rate=8000r/s", "rate=1r/m").replace(/include ".*\/guard\.conf";/, () =>
      guard.replace("burst=16000", "burst=3").replace("client_header_timeout 10s", "client_header_timeout 2s")),
  });
});

test("Janus has our plugin and WebSockets, and nothing else that strangers could ask", () =>
  withStack({ janus: { files: janusServer } }, async (stack) => {
    const socket = new WebSocket(`ws://127.0.0.1:${stack.janusPort}`, "janus-protocol");
    await new Promise((resolve) => socket.on("open", resolve));
    socket.send(JSON.stringify({ janus: "info", transaction: "a" }));
    const info = JSON.parse(await new Promise((resolve) => socket.on("message", resolve)));
    socket.close();
    assert.deepEqual([Object.keys(info.plugins), Object.keys(info.transports), Object.keys(info.events), Object.keys(info.loggers)],
      [["janus.plugin.hls"], ["janus.transport.websockets"], [], []]);
  }));

test("a publisher and a viewer at low latency find nothing in their way",
  shared(async ({ stack, context }) => {
    await publish(context, stack, "shop");
    const viewer = await context.newPage();
    const refused = [];
    viewer.on("response", (response) => response.status() === 429 && refused.push(response.url()));
    await viewer.goto(`${stack.url}/watch.html?stream=shop`);
    await until("the picture moves", () => viewer.evaluate(() => document.querySelector("video").currentTime > 3));
    assert.deepEqual(refused, []);
  }));
