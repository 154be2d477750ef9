// SPDX-License-Identifier: GPL-3.0-or-later

// ./demo as a person runs it: it plays with no further step, says what is wrong in a sentence, and
// leaves nothing behind.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import http2 from "node:http2";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import WebSocket from "ws";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { freePorts } from "../../tools/stack/ports.mjs";
import { SOURCE } from "../../tools/stack/stack.mjs";
import { attach } from "./support/janus-api.mjs";
import { SOUND } from "./support/offers.mjs";
import { numberBehind } from "./support/lists.mjs";
import { faultsOf, withoutForcedCuts } from "./support/measured.mjs";
import { doctor, run } from "./support/programs.mjs";
import { until } from "./support/rig.mjs";

const WRONG_KEY = 467; // docs/protocol.md
const WHOLE = [path.join(SOURCE, "demo")]; // which sees first that everything is built
const WATCHED_S = 5; // by hls-doctor, of a stream that begins: two segments more than there are at first

const BUILT = ["node", path.join(SOURCE, "tools", "demo.mjs")]; // what ./demo runs once everything is built

/**
 * Starts ./demo as it is for everybody, without sanitizers, or only what it runs in the end; `output()` is what it has
 * printed. It ends with the test `t`.
 */
function startDemo(t, args, [command, ...before] = BUILT) {
  const env = { ...process.env, JANUS_HLS_BUILD: "" };
  const child = spawn(command, [...before, ...args], { stdio: ["ignore", "pipe", "pipe"], env });
  t.after(() => child.kill("SIGKILL"));
  let text = "";
  child.stdout.on("data", (data) => (text += data));
  child.stderr.on("data", (data) => (text += data));
  const ended = new Promise((resolve) => child.on("close", (code) => resolve(code)));
  return { child, ended, output: () => text };
}

async function isUp(demo) {
  await until("it is up or has ended", () => demo.child.exitCode !== null || demo.output().includes("Ctrl-C"));
  assert.equal(demo.child.exitCode, null, demo.output());
}

/** Processes whose command line names `word`: [pid]. */
async function processesWith(word) {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = [];
  for (const pid of pids) {
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (line.includes(word) && Number(pid) !== process.pid) found.push(Number(pid));
  }
  return found;
}

/** Where the bridge of a demo in `folder` answers. */
const controlPort = async (folder) =>
  Number(/^control: \{[^}]*?port = (\d+)/m.exec(await readFile(path.join(folder, "bridge", "hls-bridge.jcfg"), "utf8"))[1]);

/** Waits until nothing runs any more in the folder of a demo: a browser's processes outlive it for a moment. */
const untilAllIsGone = (folder) => until("all is gone", async () => (await processesWith(folder)).length === 0);

/** What the bridge has lost of what was sent, in percent: nothing, but on a machine that had no time for it. */
function lossOf({ source }) {
  const sum = (what) => source.tracks.reduce((all, track) => all + track[what], 0);
  return ((100 * sum("lost")) / (sum("packets") + sum("lost"))).toFixed(1);
}

test("the test card plays with no further step, and Ctrl-C leaves nothing", async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-demo-"));
  const [port] = await freePorts(1);
  const demo = startDemo(t, ["--testcard", "demo", "--port", String(port), "--dir", folder], WHOLE);
  try {
    const playlist = `http://localhost:${port}/live/demo/index.m3u8`;
    const report = await doctor(playlist, WATCHED_S, { wait: 120 });
    const stream = async () => (await bridgeStreams(await controlPort(folder)))[0];
    assert.deepEqual(withoutForcedCuts(faultsOf(report), (await stream()).output.forced_cuts), []);
    await until("the status line", async () => { // the card is smaller if the machine is too busy
      const line = new RegExp(`demo +(?:1280x720|640x360) +\\d+ fps +[\\d.]+ Mbit/s +loss ${lossOf(await stream()).replace(".", "\\.")} % +\\d+ segments`);
      return line.test(demo.output());
    });
    for (const word of ["publish.html", "vlc http", "manifest.mpd", "Ctrl-C"]) assert.ok(demo.output().includes(word), demo.output());
  } finally {
    demo.child.kill("SIGINT");
  }
  assert.equal(await demo.ended, 0, demo.output());
  await untilAllIsGone(folder);
  await rm(folder, { recursive: true, force: true });
});

/** Where this network namespace listens for TCP: { loopback: [port], everywhere: [port] }. */
async function listening() {
  const LISTEN = "0A", LOOPBACK = /^(0100007F|0{24}01000000)$/;
  const found = { loopback: [], everywhere: [] };
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of (await readFile(file, "utf8").catch(() => "")).split("\n").slice(1)) {
      const [, local, , state] = line.trim().split(/\s+/);
      if (state !== LISTEN) continue;
      const [address, port] = local.split(":");
      found[LOOPBACK.test(address) ? "loopback" : "everywhere"].push(parseInt(port, 16));
    }
  }
  return found;
}

/** Asks an Admin API for its sessions: { answer, origin }, and who may read it; null: there is none. */
const askAdmin = (port, secret) => fetch(`http://127.0.0.1:${port}/admin`, { method: "POST",
  body: JSON.stringify({ janus: "list_sessions", transaction: "a", admin_secret: secret }) })
  .then(async (response) => ({ answer: await response.json(), origin: response.headers.get("access-control-allow-origin") }))
  .catch(() => null);

/** The effective users of nginx's workers, whose master's command line names `word`. */
async function usersOfWorkers(word) {
  const [master] = await processesWith(word);
  const workers = (await readFile(`/proc/${master}/task/${master}/children`, "utf8")).trim().split(" ");
  return Promise.all(workers.map(async (pid) =>
    Number(/^Uid:\s+\d+\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))[1])));
}

/** What an HTTP/1.1 server at `port` answers to a request with this head. */
const answerTo = async (port, head) => (await run("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}",
  ...head.flatMap((line) => ["-H", line]), `http://127.0.0.1:${port}/publish.html`])).stdout;

/** What becomes of a WebSocket to Janus from a page of `origin`: "open", or the status of the refusal. */
const socketOf = (port, origin) => new Promise((resolve, reject) => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/janus`, "janus-protocol", { origin });
  socket.on("open", () => (socket.close(), resolve("open")));
  socket.on("unexpected-response", (request, response) => (request.destroy(), resolve(response.statusCode)));
  socket.on("error", reject);
});

test("nothing listens but what it says, on loopback, and there is no Admin API; a part that dies is named, and the rest stopped", async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls demo-")); // a name may have blanks
  const [port] = await freePorts(1);
  const demo = startDemo(t, ["--port", String(port), "--dir", folder]);
  await isUp(demo);
  const { loopback, everywhere } = await listening();
  assert.deepEqual(everywhere, []);
  assert.ok(loopback.includes(port) && loopback.includes(8190), String(loopback));
  for (const each of loopback) assert.equal((await askAdmin(each, "janus-hls"))?.answer.janus, undefined, `port ${each}`);
  assert.doesNotMatch(demo.output(), /secret/);

  assert.equal(await answerTo(port, ["Host: localhost"]), "200");
  assert.equal(await answerTo(port, [`Host: evil.test:${port}`]), "421", "a name of somebody else's that leads here");
  for (const [origin, fate] of [["http://evil.test", 403], ["http://localhost.evil.test", 403], [`http://localhost:${port}`, "open"],
    [undefined, "open"]])
    assert.equal(await socketOf(port, origin), fate, `a page of ${origin}`);

  const workers = await usersOfWorkers(path.join(folder, "nginx", "nginx.conf"));
  assert.ok(workers.length > 0 && workers.every((uid) => uid !== 0), `nginx's workers run as ${workers}`);
  for (const file of ["janus.jcfg", "janus.plugin.hls.jcfg"])
    assert.equal((await stat(path.join(folder, "janus-1", file))).mode & 0o077, 0, file);

  const [bridge] = await processesWith(path.join(folder, "bridge"));
  process.kill(bridge, "SIGKILL");
  assert.equal(await demo.ended, 1);
  assert.match(demo.output(), /hls-bridge was ended by SIGKILL/);
  await untilAllIsGone(folder);
  await rm(folder, { recursive: true, force: true });
});

test("--admin opens Janus's HTTP APIs, and the Admin API with this run's secret; a demo that is killed takes everything with it", async (t) => {
  const secrets = [];
  for (const [signal, status] of [["SIGINT", 0], ["SIGKILL", null]]) {
    const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-demo-"));
    const [port] = await freePorts(1);
    const demo = startDemo(t, ["--admin", "--port", String(port), "--dir", folder]);
    await isUp(demo);
    const [, admin, secret] = /admin +http:\/\/127\.0\.0\.1:(\d+)\/admin, secret (\S+)/.exec(demo.output());
    secrets.push(secret);
    assert.match(secret, /^[\w-]{32}$/);
    const { answer, origin } = await askAdmin(admin, secret);
    assert.equal(answer.janus, "success");
    assert.equal(origin, `http://localhost:${port}`, "no page of another site may read it");
    assert.equal((await askAdmin(admin, "janus-hls")).answer.error.code, 403, "a secret that everybody knows");
    if (signal === "SIGKILL") { // nobody is there to kill a Janus that does not end
      const [janus] = await processesWith(path.join(folder, "janus-1"));
      process.kill(janus, "SIGSTOP");
    }
    demo.child.kill(signal);
    assert.equal(await demo.ended, status, demo.output());
    await untilAllIsGone(folder);
    await rm(folder, { recursive: true, force: true });
  }
  assert.notEqual(secrets[0], secrets[1]);
});

test("a port in use is a sentence and a failure", async (t) => {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.on("listening", resolve));
  t.after(() => server.close());
  const demo = startDemo(t, ["--port", String(server.address().port)]);
  assert.equal(await demo.ended, 1);
  assert.match(demo.output(), /Port \d+ is in use by another program: .*--port/);
});

test("a port that no browser opens is a sentence and a failure", async (t) => {
  const demo = startDemo(t, ["--port", "10080"]);
  assert.equal(await demo.ended, 1);
  assert.match(demo.output(), /Port 10080 is one that no browser opens.*--port/);
});

/** A GET on an HTTP/2 connection. Resolves to { status, body }. */
function ask(session, name) {
  const request = session.request({ ":path": name });
  return new Promise((resolve, reject) => {
    let status, body = "";
    request.on("response", (headers) => (status = headers[":status"]));
    request.on("data", (data) => (body += data));
    request.on("end", () => resolve({ status, body }));
    request.on("error", reject);
  });
}

/** Two playlists are held on one connection, and a third request passes them. */
async function assertMultiplexed(t, origin) {
  const session = http2.connect(origin, { rejectUnauthorized: false });
  t.after(() => session.destroy());
  await new Promise((resolve, reject) => session.once("connect", resolve).once("error", reject));
  assert.equal(session.alpnProtocol, "h2");
  const lists = ["video", "audio"].map((kind) => `/live/demo/${kind}.m3u8`);
  await until("both lists are there", async () =>
    (await Promise.all(lists.map((list) => ask(session, list)))).every(({ status }) => status === 200));
  const order = await until("both lists were held", async () => {
    const wanted = (await Promise.all(lists.map((list) => ask(session, list)))).map(({ body }) => numberBehind(body));
    const order = [], late = [];
    // the open segment, which takes a while to be whole. All are asked for at once
    await Promise.all([...lists.map((list, i) => [`${list}?_HLS_msn=${wanted[i]}`, wanted[i]]), ["/publish.html"]].map(async ([name, number]) => {
      const { status, body } = await ask(session, name);
      order.push(name);
      if (number === undefined) assert.equal(status, 200, name);
      else late.push(status === 503 || (status === 200 && numberBehind(body) > number + 1));
    }));
    return !late.includes(true) && order; // what was whole when it was asked for is not held, and a browser may stand still
  });
  assert.equal(order[0], "/publish.html", "it passes those that wait");
}

/** Publishing takes the key of the link: a request without it is refused, before any media. */
async function assertKeyIsAsked(demo, address) {
  const link = new URL(/Publish +(\S+)/.exec(demo.output())[1]);
  assert.equal(link.hostname, address);
  assert.equal(link.searchParams.get("stream"), "phone", "demo is the test card's");
  assert.match(link.searchParams.get("key"), /^[\w-]{12}$/);
  assert.match(demo.output(), /Open to your network while this runs/);
  const settings = await readFile(path.join(demo.folder, "janus-1", "janus.transport.websockets.jcfg"), "utf8");
  const stack = { janusPort: Number(/ws_port = (\d+)/.exec(settings)[1]) };
  const answer = async (body) => {
    const handle = await attach(stack);
    const data = await handle.request({ request: "publish", ...body }, SOUND);
    handle.close();
    return data;
  };
  assert.equal((await answer({ stream: "phone" })).error_code, WRONG_KEY);
  assert.equal((await answer({ stream: "other" })).error_code, WRONG_KEY);
  assert.equal((await answer({ stream: "phone", key: link.searchParams.get("key") })).hls, "published");
}

test("--lan serves HTTP/2 over TLS on all addresses, and prints a QR code", async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-demo-"));
  const [port] = await freePorts(1);
  const demo = { folder, ...startDemo(t, ["--lan", "--testcard", "demo", "--port", String(port), "--dir", folder]) };
  await isUp(demo);
  const [, address] = /https:\/\/(10\.99\.0\.\d):/.exec(demo.output());
  const page = await run("curl", ["-sk", "-o", "/dev/null", "-w", "%{http_code}", `https://${address}:${port}/publish.html`]);
  assert.equal(page.stdout, "200");
  assert.match(demo.output(), /[█▀▄]{10}/);
  assert.deepEqual((await listening()).everywhere, [port], "nothing else is open to the network");
  await assertKeyIsAsked(demo, address);
  for (const [host, status] of [["localhost", "200"], [address, "403"]]) {
    const { stdout } = await run("curl", ["-sk", "-o", "/dev/null", "-w", "%{http_code}", `https://${host}:${port}/status.html`]);
    assert.equal(stdout, status, `the status page at ${host}`);
  }
  await assertMultiplexed(t, `https://${address}:${port}`);
  demo.child.kill("SIGTERM");
  assert.equal(await demo.ended, 0, demo.output());
  await rm(folder, { recursive: true, force: true });
});

test("what cannot be understood is a sentence", async (t) => {
  const demo = startDemo(t, ["--what"], WHOLE);
  assert.equal(await demo.ended, 1);
  assert.match(demo.output(), /--what.*--help/);
  for (const [args, sentence] of [[["--port", "70000"], /--port takes a port/], [["--testcard", "a b"], /a stream name is/]]) {
    const wrong = startDemo(t, args);
    assert.equal(await wrong.ended, 1, args.join(" "));
    assert.match(wrong.output(), sentence);
  }
  const help = startDemo(t, ["--help"], WHOLE);
  assert.equal(await help.ended, 0);
  assert.match(help.output(), /^Usage: \.\/demo/);
});
