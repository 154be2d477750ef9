// SPDX-License-Identifier: GPL-3.0-or-later

// What nginx serves, and what it does not.

import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import test, { describe } from "node:test";
import WebSocket from "ws";
import { startEdge, startNginx } from "../../tools/stack/nginx.mjs";
import { freePorts } from "../../tools/stack/ports.mjs";
import { ask, untilReached } from "./support/ask.mjs";
import { until, withStack } from "./support/rig.mjs";

const PLAYLIST = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n" + "#EXTINF:2.00000,\nseg-1-000000.ts\n".repeat(20);

const PIECES = path.join(import.meta.dirname, "../../nginx");

/**
 * nginx without a bridge: what it would ask that, `answer(request, response, hls)` answers. There are two streams, "open" and
 * "shut". Returns { url, folder }.
 */
async function startBefore(t, answer) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-test-nginx-")), hls = path.join(folder, "hls");
  await chmod(folder, 0o755);
  for (const stream of ["open", "shut"]) {
    await mkdir(path.join(hls, stream), { recursive: true });
    await writeFile(path.join(hls, stream, "video.m3u8"), PLAYLIST);
  }
  const bridge = http.createServer((request, response) => answer(request, response, hls)).listen(0, "127.0.0.1");
  await once(bridge, "listening");
  const [port, nobody] = await freePorts(2), url = `http://127.0.0.1:${port}`;
  const nginx = await startNginx({ pieces: PIECES, folder, address: `127.0.0.1:${port}`, url: `${url}/live/open/video.m3u8`, hls, web: PIECES,
    janusPort: nobody, ll: `127.0.0.1:${bridge.address().port}`, bridgePort: nobody });
  t.after(async () => {
    await nginx.stop();
    bridge.close();
    await rm(folder, { recursive: true });
  });
  return { url, folder };
}

/** What is answered to a request that says it has a body, which never comes: the status, as text. */
async function statusWithoutBody(port, target) {
  const socket = net.connect(port, "127.0.0.1");
  socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n`);
  const [data] = await once(socket, "data");
  socket.destroy();
  return String(data).split(" ")[1];
}

describe("what nginx serves", { concurrency: 3 }, () => {
  test("playlists, segments and pages, each with its lifetime; 404 for all else", () =>
    withStack({ bridgeSettings: { "ll.wait": 1 } }, async (stack) => {
      const folder = path.join(stack.hls, "shop");
      await mkdir(folder, { recursive: true });
      await writeFile(path.join(folder, "index.m3u8"), PLAYLIST);
      await writeFile(path.join(folder, "video.m3u8"), PLAYLIST); // of which the bridge knows nothing
      await writeFile(path.join(folder, "seg-1-000000.ts"), Buffer.alloc(188));
      await writeFile(path.join(folder, "manifest.mpd"), `<?xml version="1.0"?>\n<MPD/>\n${" ".repeat(600)}`);
      await writeFile(path.join(folder, ".new"), "half a segment");
      await writeFile(path.join(folder, "notes.txt"), "nobody's business");

      const playlist = await ask(stack.url, "/live/shop/index.m3u8", { headers: { "Accept-Encoding": "gzip" } });
      assert.equal(playlist.status, 200);
      assert.equal(playlist.headers["content-type"], "application/vnd.apple.mpegurl");
      assert.equal(playlist.headers["cache-control"], "public, max-age=1");
      assert.equal(playlist.headers["content-encoding"], "gzip");
      assert.equal(playlist.headers["access-control-allow-origin"], "*");
      assert.equal(playlist.headers.etag, undefined);
      assert.equal(playlist.headers["set-cookie"], undefined);

      const video = await ask(stack.url, "/live/shop/video.m3u8");
      assert.deepEqual([video.status, String(video.body)], [200, PLAYLIST]);
      assert.equal(video.headers["cache-control"], "public, max-age=1");
      assert.equal(video.headers["access-control-allow-origin"], "*");
      assert.equal(video.headers.etag, undefined);
      const nobody = await ask(stack.url, "/live/nobody/video.m3u8");
      assert.deepEqual([nobody.status, nobody.headers["cache-control"]], [404, "no-store"]);

      const segment = await ask(stack.url, "/live/shop/seg-1-000000.ts", { headers: { Range: "bytes=0-9" } });
      assert.equal(segment.status, 206);
      assert.equal(segment.headers["content-type"], "video/mp2t");
      assert.match(segment.headers["cache-control"], /immutable/);
      assert.equal(segment.headers["access-control-allow-origin"], "*");

      const before = Date.now();
      const manifest = await ask(stack.url, "/live/shop/manifest.mpd", { method: "HEAD", headers: { "Accept-Encoding": "gzip" } });
      assert.equal(manifest.status, 200);
      assert.equal(manifest.headers["content-type"], "application/dash+xml");
      assert.equal(manifest.headers["cache-control"], "public, max-age=1");
      assert.equal(manifest.headers["content-encoding"], "gzip");
      assert.match(manifest.headers["access-control-expose-headers"], /\bDate\b/, "players set their clocks by it");
      const date = Date.parse(manifest.headers.date); // of whole seconds
      assert.ok(date > before - 1000 && date <= Date.now(), `${manifest.headers.date}, asked at ${new Date(before).toISOString()}`);

      const missing = await ask(stack.url, "/live/nobody/index.m3u8");
      assert.equal(missing.status, 404);
      assert.equal(missing.headers["cache-control"], "no-store", "it may be there in a moment");
      assert.equal(missing.headers["access-control-allow-origin"], "*");

      const early = await ask(stack.url, "/live/nobody/wait.json?x=1");
      assert.equal(early.status, 204, "held for ll.wait, and not begun");
      assert.equal(early.headers["cache-control"], "no-store");
      assert.equal(early.headers["access-control-allow-origin"], "*");

      for (const page of ["/", "/publish.html", "/watch.html?stream=x", "/js/publish-page.js", "/vendor/hls.mjs", "/css/style.css", "/img/logo.svg",
        "/strings/es.json"])
        assert.equal((await ask(stack.url, page)).status, 200, page);

      const nowhere = await ask(stack.url, "/nowhere");
      assert.equal(nowhere.status, 404);
      assert.equal(nowhere.headers["cache-control"], "no-store");
      assert.match(String(nowhere.body), /There is no such page/);

      const preflight = await ask(stack.url, "/live/shop/index.m3u8", { method: "OPTIONS" });
      assert.equal(preflight.status, 204);
      assert.equal(preflight.headers["access-control-allow-headers"], "Range");
      for (const method of ["POST", "PUT", "DELETE"])
        assert.equal((await ask(stack.url, "/live/shop/index.m3u8", { method })).status, 405, method);

      for (const target of ["/live/", "/live/shop", "/live/shop/", "/live/shop/.new", "/live/shop/notes.txt",
        "/live/.hidden/index.m3u8", "/live/shop/../shop/notes.txt", "/live/shop/%2e%2e/shop/notes.txt", "/live/shop/index.m3u8/",
        "/live/shop/index.m3u8%0a", "/live/shop/seg-1-000000.ts%0a", "/live/shop/manifest.mpd%0a", "/js/page-tools.js%0a",
        "/js/", "/vendor/", "/js/../nginx.conf", "/nginx.conf", "/.git/config", "/stamp",
        "/status.html", "/status.json", "/class.html", "/class/look.json?stream=shop", "/class/edge/live/shop/index.m3u8", "/live/streams.json/", "/live/shop/streams.json", "/live/wait.json", "/live/shop/x/wait.json", "/live/shop/wait.json%0a", "/live/thumb.jpg",
        "/streams", "/streams/shop", "/metrics", "/healthz", "/janus/info", "/admin"])
        assert.equal((await ask(stack.url, target)).status, 404, target);
      for (const target of ["/../../../../etc/passwd", "/js/../../nginx/nginx.conf"])
        assert.equal((await ask(stack.url, target)).status, 400, target);
    }));

  test("no page of another site may hold one of ours in a frame, but for the player", () =>
    withStack({ status: true }, async (stack) => {
      for (const page of ["/", "/publish.html", "/watch.html", "/status.html"]) {
        const { headers, status } = await ask(stack.url, page);
        assert.equal(status, 200, page);
        const framed = /frame-ancestors ([^;]*)/.exec(headers["content-security-policy"])?.[1];
        assert.equal(framed, page === "/watch.html" ? undefined : "'self'", `${page}: who may frame it`);
        assert.equal(headers["referrer-policy"], "no-referrer", page);
        assert.equal(headers["x-content-type-options"], "nosniff", page);
        assert.equal(headers["cache-control"], "no-cache", page);
        assert.equal(/camera=\(self\)/.test(headers["permissions-policy"]), page === "/publish.html", `${page}: a camera`);
      }
    }));

  test("the WebSocket goes through to Janus", () =>
    withStack({}, async (stack) => {
      const socket = new WebSocket(`ws://127.0.0.1:${stack.port}/janus`, "janus-protocol");
      const answer = await new Promise((resolve, reject) => {
        socket.on("open", () => socket.send(JSON.stringify({ janus: "info", transaction: "1" })));
        socket.on("message", (data) => resolve(JSON.parse(data)));
        socket.on("error", reject);
        socket.on("close", () => reject(new Error("it was closed")));
      });
      socket.close();
      assert.equal(answer.janus, "server_info");
      assert.deepEqual(Object.keys(answer.plugins), ["janus.plugin.hls"]);
    }));

  test("a first list that was held as its stream was protected is not given from the file either", async (t) => {
    let from, marked, mark;
    // it ends what it holds, as the bridge does, once one stream has its mark
    const { url } = await startBefore(t, async (request, response, hls) => {
      if (request.url.includes("shut")) {
        mark = path.join(hls, "shut", "protected");
        await writeFile(mark, "");
        marked = performance.now();
      }
      response.writeHead(503).end("nothing new has come\n");
    });
    const askInTime = async () => { // nginx waits for 2 s, and we may stand still for longer
      if (mark) await rm(mark, { force: true });
      from = performance.now();
      return ask(url, "/live/shut/video.m3u8");
    };
    const { status, headers } = await untilReached(askInTime, () => marked - from < 2000);
    assert.deepEqual([status, headers["cache-control"], headers["access-control-allow-origin"]], [403, "no-store", "*"]);
  });

  test("a line of the viewers' log has an end, whatever a client says", async (t) => {
    const { url, folder } = await startBefore(t, (request, response) => response.writeHead(503).end());
    const [port] = await freePorts(1), edgeFolder = path.join(folder, "edge");
    const edge = await startEdge({ pieces: PIECES, folder: edgeFolder, address: `127.0.0.1:${port}`, origin: new URL(url).host });
    try {
      for (const [server, logs] of [[url, folder], [`http://127.0.0.1:${port}`, edgeFolder]]) {
        const agent = "Mozilla/5.0 (a player)", name = "n".repeat(3000);
        for (const [target, more] of [["/live/open/index.m3u8", ""], ["/live/open/index.m3u8", "x".repeat(3000)], [`/live/${name}/index.m3u8`, ""]])
          assert.equal((await untilReached(() => ask(server, target, { headers: { "User-Agent": agent + more } }))).status, 404, target.slice(0, 30));
        const lines = await until("the log has them", async () => {
          const text = await readFile(path.join(logs, "viewers.log"), "utf8");
          const ours = text.trim().split("\n").filter((line) => line.includes("Mozilla"));
          return ours.filter((line) => line.includes(" 404 ")).length >= 3 && ours;
        });
        assert.ok(lines.some((line) => line.endsWith(` /live/open/index.m3u8 404 "${agent}"`)), lines[0]);
        assert.deepEqual(lines.filter((line) => line.length > 500 || !/ (404|504) "Mozilla.*"$/.test(line)), []);
      }
    } finally {
      await edge.stop(); // before its folder is removed
    }
  });

  test("no viewer of an edge puts another site of the server behind into its cache", async (t) => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-test-edge-"));
    await chmod(folder, 0o755);
    t.after(() => rm(folder, { recursive: true }));
    const asked = [];
    const origin = http.createServer(({ headers: { host } }, response) => {
      asked.push(host);
      response.writeHead(200, { "Cache-Control": "public, max-age=3600" }).end(host === "live.example.com" ? PLAYLIST : "another site");
    }).listen(0, "127.0.0.1");
    await once(origin, "listening");
    t.after(() => origin.close());
    const [port] = await freePorts(1);
    const edge = await startEdge({ pieces: PIECES, folder, address: `127.0.0.1:${port}`, more: " server_name live.example.com cdn.example.com;",
      origin: `127.0.0.1:${origin.address().port}` });
    try {
      let tries = 0;
      const askAs = (host) => untilReached(() => {
        tries++;
        return ask(`http://127.0.0.1:${port}`, "/live/open/index.m3u8", { headers: { Host: host } });
      });
      const hosts = ["shop.example.com", "live.example.com", "cdn.example.com"];
      for (const host of hosts) assert.equal(String((await askAs(host)).body), PLAYLIST, host);
      assert.deepEqual([...new Set(asked)], ["live.example.com"]);
      assert.ok(asked.length <= 1 + tries - hosts.length, `asked ${asked.length} times, by ${tries} requests: all share one answer`);
    } finally {
      await edge.stop(); // before its folder is removed
    }
  });

  test("nobody is let in now for an answer of later: the bridge is asked before a request's body has come", async (t) => {
    const { url, folder } = await startBefore(t, (request, response) => response.writeHead(503).end("nothing new has come\n"));
    const [port] = await freePorts(1);
    const edge = await startEdge({ pieces: PIECES, folder: path.join(folder, "edge"), address: `127.0.0.1:${port}`, origin: new URL(url).host });
    try {
      for (const target of ["video.m3u8?_HLS_msn=7", "video-1-7.0.m4s", "wait.json"])
        for (const [tier, tierPort] of [["site", new URL(url).port], ["edge", port]])
          assert.equal(await untilReached(() => statusWithoutBody(tierPort, `/live/open/${target}`), (status) => status !== "504"), "503", `${tier}: ${target}`);
      assert.equal(await statusWithoutBody(new URL(url).port, "/live/open/video.m3u8"), "200", "a first list, from its file");
    } finally {
      await edge.stop(); // before its folder is removed
    }
  });
});
