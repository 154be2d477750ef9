// SPDX-License-Identifier: GPL-3.0-or-later

// ./demo as a person runs it: it plays with no further step, says what is wrong in a sentence, and
// leaves nothing behind.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import http2 from "node:http2";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { freePorts } from "../../tools/stack/ports.mjs";
import { SOURCE } from "../../tools/stack/stack.mjs";
import { faultsOf } from "./support/measured.mjs";
import { doctor, run } from "./support/programs.mjs";
import { until } from "./support/rig.mjs";

/** Starts ./demo as it is for everybody, without sanitizers; `output()` is what it has printed. It
 * ends with the test `t`. */
function startDemo(t, args) {
  const env = { ...process.env, JANUS_HLS_BUILD: "" };
  const child = spawn(path.join(SOURCE, "demo"), args, { stdio: ["ignore", "pipe", "pipe"], env });
  t.after(() => child.kill("SIGKILL"));
  let text = "";
  child.stdout.on("data", (data) => (text += data));
  child.stderr.on("data", (data) => (text += data));
  const ended = new Promise((resolve) => child.on("close", (code) => resolve(code)));
  return { child, ended, output: () => text };
}

async function isUp(demo) {
  await until("it is up or has ended", () => demo.child.exitCode !== null || demo.output().includes("Ctrl-C"), 60000);
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

test("the test card plays with no further step, and Ctrl-C leaves nothing", async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-demo-"));
  const [port] = await freePorts(1);
  const demo = startDemo(t, ["--testcard", "demo", "--port", String(port), "--dir", folder]);
  try {
    const playlist = `http://localhost:${port}/live/demo/index.m3u8`;
    const report = await doctor(playlist, 8, { wait: 60 });
    assert.deepEqual(faultsOf(report), []);
    await until("the status line", () => /demo +1280x720 +\d+ fps +[\d.]+ Mbit\/s +loss 0\.0 % +\d+ segments/.test(demo.output()), 15000);
    for (const word of ["publish.html", "vlc http", "manifest.mpd", "Ctrl-C"]) assert.ok(demo.output().includes(word), demo.output());
  } finally {
    demo.child.kill("SIGINT");
  }
  assert.equal(await demo.ended, 0, demo.output());
  assert.deepEqual(await processesWith(folder), []);
  await rm(folder, { recursive: true, force: true });
});

test("a port in use is a sentence and a failure", async (t) => {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.on("listening", resolve));
  t.after(() => server.close());
  const demo = startDemo(t, ["--port", String(server.address().port)]);
  assert.equal(await demo.ended, 1);
  assert.match(demo.output(), /Port \d+ is in use by another program: .*--port/);
});

test("a part that dies is named, and the rest is stopped", async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-demo-"));
  const [port] = await freePorts(1);
  const demo = startDemo(t, ["--port", String(port), "--dir", folder]);
  await isUp(demo);
  const [bridge] = await processesWith(path.join(folder, "bridge"));
  process.kill(bridge, "SIGKILL");
  assert.equal(await demo.ended, 1);
  assert.match(demo.output(), /hls-bridge was ended by SIGKILL/);
  assert.deepEqual(await processesWith(folder), []);
  await rm(folder, { recursive: true, force: true });
});

test("a demo that is killed takes everything with it", async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-demo-"));
  const [port] = await freePorts(1);
  const demo = startDemo(t, ["--port", String(port), "--dir", folder]);
  await isUp(demo);
  demo.child.kill("SIGKILL");
  await demo.ended;
  await until("all is gone", async () => (await processesWith(folder)).length === 0);
  await rm(folder, { recursive: true, force: true });
});

/** A GET on an HTTP/2 connection: `done` becomes { status, body }. */
function ask(session, name) {
  const request = session.request({ ":path": name });
  let over = false;
  const done = new Promise((resolve, reject) => {
    let status, body = "";
    request.on("response", (headers) => (status = headers[":status"]));
    request.on("data", (data) => (body += data));
    request.on("end", () => {
      over = true;
      resolve({ status, body });
    });
    request.on("error", reject);
  });
  return { done, isOver: () => over };
}

/** Two playlists are held on one connection, and a third request passes them. */
async function assertMultiplexed(t, origin) {
  const session = http2.connect(origin, { rejectUnauthorized: false });
  t.after(() => session.destroy());
  await new Promise((resolve, reject) => session.once("connect", resolve).once("error", reject));
  assert.equal(session.alpnProtocol, "h2");
  const held = [];
  for (const kind of ["video", "audio"]) {
    const list = `/live/demo/${kind}.m3u8`;
    const { body } = await until(`${list} is there`, async () => {
      const answer = await ask(session, list).done;
      return answer.status === 200 && answer;
    }, 30000);
    // the whole of the segment behind the open one: it is a segment's length away at least
    const msn = Number(/MEDIA-SEQUENCE:(\d+)/.exec(body)[1]) + body.match(/#EXTINF/g).length + 1;
    held.push({ msn, ...ask(session, `${list}?_HLS_msn=${msn}`) });
  }
  assert.equal((await ask(session, "/publish.html").done).status, 200);
  assert.deepEqual(held.map(({ isOver }) => isOver()), [false, false], "they still wait");
  for (const { msn, done } of held) {
    const { status, body } = await done;
    assert.equal(status, 200);
    assert.match(body, new RegExp(`-${msn}\\.m4s\n`));
  }
}

test("--lan serves HTTP/2 over TLS on all addresses, and prints a QR code", async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-demo-"));
  const [port] = await freePorts(1);
  const demo = startDemo(t, ["--lan", "--testcard", "demo", "--port", String(port), "--dir", folder]);
  await isUp(demo);
  const [, address] = /https:\/\/(10\.99\.0\.\d):/.exec(demo.output());
  const page = await run("curl", ["-sk", "-o", "/dev/null", "-w", "%{http_code}", `https://${address}:${port}/publish.html`]);
  assert.equal(page.stdout, "200");
  assert.match(demo.output(), /[█▀▄]{10}/);
  await assertMultiplexed(t, `https://${address}:${port}`);
  demo.child.kill("SIGTERM");
  assert.equal(await demo.ended, 0, demo.output());
  await rm(folder, { recursive: true, force: true });
});

test("what cannot be understood is a sentence", async (t) => {
  for (const [args, sentence] of [
    [["--port", "70000"], /--port takes a port/],
    [["--testcard", "a b"], /a stream name is/],
    [["--what"], /--what.*--help/],
  ]) {
    const demo = startDemo(t, args);
    assert.equal(await demo.ended, 1, args.join(" "));
    assert.match(demo.output(), sentence);
  }
  const help = startDemo(t, ["--help"]);
  assert.equal(await help.ended, 0);
  assert.match(help.output(), /^Usage: \.\/demo/);
});
