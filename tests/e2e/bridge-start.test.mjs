// SPDX-License-Identifier: GPL-3.0-or-later

// hls-bridge's command line and configuration: what is wrong is told in a sentence, before anything
// starts; and its control API refuses what it must.

import assert from "node:assert/strict";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { startBridge } from "../../tools/stack/bridge.mjs";
import { Child, untilHealthy } from "../../tools/stack/child.mjs";
import { freePorts } from "../../tools/stack/ports.mjs";
import { built, SOURCE } from "../../tools/stack/stack.mjs";
import { run } from "./support/programs.mjs";
import { until } from "./support/rig.mjs";
import { SOUND_OFFER } from "./support/session.mjs";

async function inFolder(body) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "janus-hls-test-"));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const bridge = (...args) => run(built().bridge, args, { timeout: 60000 });

test("a configuration that is wrong is told with file and line", () =>
  inFolder(async (folder) => {
    const good = `hls: {\n  directory = "${folder}/hls"\n`;
    const cases = [
      ["hls: { segment = 2 }", /hls\.directory is missing/],
      [`${good}  segmet = 2\n}`, /x\.jcfg:3: hls\.segmet is not a key/],
      [`${good}  segment = "two"\n}`, /x\.jcfg:3: hls\.segment must be a number of seconds from 1 to 60/],
      [`${good}  segment = 0.5\n}`, /x\.jcfg:3: .*from 1 to 60/],
      [`${good}  playlist = 2\n}`, /x\.jcfg:3: hls\.playlist must be a whole number from 3 to 60/],
      [`${good}  playlist = \n}`, /x\.jcfg:\d+: syntax error/],
      [`${good}}\nvideo: { }`, /x\.jcfg:4: video is not a key/],
      [`${good}}\ncontrol: { address = "0.0.0.0" }`, /x\.jcfg: control\.address 0\.0\.0\.0 is not a loopback address/],
      [`${good}}\nencryption: { method = "aes128" }`, /x\.jcfg: encryption\.method "aes128" must be/],
      [`hls: { directory = "/proc/nowhere" }`, /x\.jcfg: .*\/proc\/nowhere cannot be made/],
    ];
    const file = path.join(folder, "x.jcfg");
    for (const [text, sentence] of cases) {
      await writeFile(file, text);
      const { status, stderr } = await bridge("-c", file);
      assert.equal(status, 1, text);
      assert.match(stderr, sentence);
      assert.equal(stderr.trim().split("\n").length, 1, "one sentence");
    }
    assert.match((await bridge("-c", folder)).stderr, /not a regular file/);
    assert.match((await bridge("-c", `${folder}/none`)).stderr, /none: No such file/);
  }));

/** What the command `cat > FILE <<'END'` of a page writes. */
function heredoc(page, file) {
  const [, body] = new RegExp(`cat > ${file} <<'END'\n([^]*?)    END\n`).exec(page);
  return body.replaceAll(/^ {4}/gm, "");
}

for (const name of ["workshop.md", "taller.md"])
  test(`the bridge starts as ${name} has it started`, () =>
    inFolder(async (folder) => {
      const page = (await readFile(path.join(SOURCE, "docs", name), "utf8")).replaceAll("/tmp/lab", folder);
      const [file, sdp] = ["lab.jcfg", "class.sdp"].map((each) => path.join(folder, each));
      for (const each of [file, sdp]) await writeFile(each, heredoc(page, each));
      const limited = ["--nofile=512:4096", built().bridge]; // as a shell or a container has it, if with other numbers
      const child = new Child("hls-bridge", "prlimit", [...limited, "-c", file, "--sdp", sdp, "--stream", "class"],
        { logFile: path.join(folder, "log") });
      try {
        await untilHealthy(child, async () => (await fetch("http://127.0.0.1:8191/healthz")).ok);
        const metrics = await (await fetch("http://127.0.0.1:8191/metrics")).text();
        assert.match(metrics, /^process_max_fds 4096$/m, "streams and viewers may take as many as there are");
      } finally {
        await child.stop();
      }
    }));

for (const [what, mode, sentence] of [
  ["written", 0o555, /cannot be written: Permission denied/],
  ["read", 0o300, /the list of streams in hls\.directory cannot be made: Permission denied/],
])
  test(`a folder that cannot be ${what}`, () =>
    inFolder(async (folder) => {
      // root may do everything anywhere, so it is somebody else then
      const root = process.getuid() === 0;
      const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      await chmod(folder, 0o755);
      await mkdir(`${folder}/hls`);
      if (root) await chown(`${folder}/hls`, 65534, 65534);
      await chmod(`${folder}/hls`, mode);
      const [program, ...args] = [...(root ? nobody : []), built().bridge, "-d", `${folder}/hls`];
      const { status, stderr } = await run(program, args, { timeout: 60000 });
      assert.equal(status, 1);
      assert.match(stderr, sentence);
    }));

test("ports that are taken, arguments that make no sense", () =>
  inFolder(async (folder) => {
    const server = net.createServer().listen(0, "127.0.0.1").unref();
    await new Promise((resolve) => server.on("listening", resolve));
    const taken = String(server.address().port);
    const [free] = await freePorts(1);
    await writeFile(`${folder}/bad.sdp`, "v=0\r\nm=video 5004 RTP/AVP 96\r\na=rtpmap:96 H263/90000\r\n");
    const cases = [
      [["-d", folder, "-p", taken], new RegExp(`127\\.0\\.0\\.1:${taken}: Address already in use`)],
      [["-d", folder, "-p", "0"], /--port takes a port/],
      [["-d", folder, "--sdp", "x"], /go together/],
      [["-d", folder, "--sdp", "x", "--stream", "a b"], /a stream name is/],
      [["-d", folder, "-p", String(free), "--sdp", `${folder}/none.sdp`, "--stream", "x"], /none\.sdp: No such file/],
      [["-d", folder, "-p", String(free), "--sdp", `${folder}/bad.sdp`, "--stream", "x"], /no H264\/90000/],
      [["--nonsense"], /--help/],
      [["stray"], /options alone/],
    ];
    for (const [args, sentence] of cases) {
      const { status, stderr } = await bridge(...args);
      assert.equal(status, 1, args.join(" "));
      assert.match(stderr, sentence);
    }
    assert.match((await bridge("--help")).stdout, /^Usage: hls-bridge/);
    assert.match((await bridge("--version")).stdout, /^hls-bridge \d/);
    server.close();
  }));

test("the control API refuses what it must, as problem+json", () =>
  inFolder(async (folder) => {
    const [port] = await freePorts(1);
    const child = await startBridge({ program: built().bridge, folder, hls: `${folder}/hls`, port, settings: { "sources.max": 1, "sources.timeout": 60 } });
    const ask = async (method, target, body) => {
      const response = await fetch(`http://127.0.0.1:${port}${target}`, { method, body });
      const text = await response.text();
      return { status: response.status, type: response.headers.get("content-type"), location: response.headers.get("location"), text };
    };
    try {
      const cases = [
        ["PUT", "/streams/x", "", 400, /v=0/],
        ["PUT", "/streams/x", "v=0\r\n", 400, /neither audio nor video/],
        ["PUT", "/streams/x", "v=0\r\n" + "a=x\r\n".repeat(20000), 400, /longer than 64 KiB/],
        ["PUT", "/streams/a%20b", SOUND_OFFER, 400, /a stream name is/],
        ["PUT", "/streams/..%2Fx", SOUND_OFFER, 400, /a stream name is/],
        ["GET", "/streams/none", undefined, 404, /no such stream/],
        ["DELETE", "/streams/none", undefined, 404, /nobody publishes/],
        ["POST", "/streams/x", "", 405, /GET, PUT and DELETE/],
        ["DELETE", "/streams", undefined, 405, /GET alone/],
        ["GET", "/nothing", undefined, 404, /there are \/streams/],
      ];
      for (const [method, target, body, status, detail] of cases) {
        const answer = await ask(method, target, body);
        assert.equal(answer.status, status, `${method} ${target}`);
        assert.equal(answer.type, "application/problem+json");
        assert.match(JSON.parse(answer.text).detail, detail);
      }
      const created = await ask("PUT", "/streams/x", SOUND_OFFER);
      assert.equal(created.status, 201);
      assert.equal(created.location, "/streams/x");
      assert.equal(created.type, "application/sdp");
      assert.match(created.text, /^v=0\r\n[\s\S]*m=audio [1-9]\d+ RTP\/AVPF 111\r\n[\s\S]*a=recvonly/);
      assert.deepEqual(JSON.parse((await ask("GET", "/streams")).text).streams.map((s) => s.name), ["x"]);
      const metrics = await ask("GET", "/metrics");
      assert.match(metrics.text, /^hls_bridge_streams 1$/m);
      assert.match(metrics.text, /^hls_bridge_stream_live\{stream="x"\} 0$/m);
      assert.equal((await ask("DELETE", "/streams/x")).status, 204);
      await until("who has sent nothing leaves nothing", async () => (await ask("GET", "/streams/x")).status === 404);
      assert.equal((await ask("GET", "/healthz")).text, "ok\n");
    } finally {
      await child.stop();
    }
    assert.equal(child.status.code, 0);
  }));
