// SPDX-License-Identifier: GPL-3.0-or-later

// The life of the packages on a bare Debian 12, without a network: installed, used, upgraded under a live stream,
// removed, and purged. Each test goes on from where the one before it has come to.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { lstatSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import test, { after } from "node:test";
import WebSocket from "ws";
import { makeCertificate } from "../../tools/stack/certificate.mjs";
import { publishRecorded } from "../e2e/support/recorded.mjs";
import { until } from "../e2e/support/rig.mjs";
import { Root } from "./root.mjs";
import { ask, HOST, KEY, stack, untilBridge, withKey } from "./site.mjs";

const PACKAGES = ["hls-bridge", "hls-instruments", "janus-hls-web", "janus-plugin-hls"];
const prepared = process.env.PACKAGES;
const root = new Root(path.join(prepared, "root"));
let before; // all files, when there was none of ours

after(async () => {
  await endGuests("end").catch(() => {}); // Janus may have gone before them
  await root.end();
});

const APT = "apt-get -qq -y -o Dpkg::Use-Pty=0";
/** Installs packages there, or files of such. */
const install = (...names) => root.run("sh", "-c", `${APT} --no-install-recommends install ${names.join(" ")}`);
const versionOf = async (name) => (await root.run("dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", name)).stdout;

/** Starts Janus and waits until it takes WebSockets with our plugin. */
async function startJanus() {
  root.start("janus");
  await until("Janus listens", () => new Promise((resolve) => {
    const socket = new WebSocket("ws://127.0.0.1:8188", "janus-protocol");
    socket.on("open", () => (socket.close(), resolve(true)));
    socket.on("error", () => resolve(false));
  }));
}

async function startBridge() {
  root.start("hls-bridge");
  await untilBridge();
}

/** Lets all publishers go, by `how`: "leave", or without a word, "end". */
async function endGuests(how) {
  await Promise.all([...stack.guests].map((guest) => guest[how]()));
  stack.guests.clear();
}

const publish = (key) => publishRecorded(stack, "shop", { key });

/** Publishes under a name for which there is no key, and resolves to the code of the refusal. */
async function refusal() {
  const code = await publish(KEY).then(() => "none", (error) => error.code);
  await endGuests("end");
  return code;
}

/** Playback tokens, as docs/operations.md says under "Protected streams". Returns one for "shop". */
async function openGate() {
  const inRoot = (command) => root.run("sh", "-euc", command);
  await inRoot("hls-playback-token --new-key | install -m 600 /dev/stdin /etc/nginx/janus-hls-playback.keys");
  await inRoot("cp /usr/share/janus-hls/nginx/gate.conf /etc/nginx/janus-hls-gate.conf");
  await inRoot("sed -i 's,/[^ ]*/no-gate.conf,/etc/nginx/janus-hls-gate.conf,' /etc/nginx/sites-available/janus-hls");
  return (await inRoot("hls-playback-token --keys /etc/nginx/janus-hls-playback.keys --for 2h shop")).stdout.trim();
}

/** nginx reads its configuration, and has nothing to say against it. */
async function checkSite() {
  const { stderr } = await root.run("nginx", "-t");
  assert.match(stderr, /test is successful/);
  assert.doesNotMatch(stderr, /\[\w+\]/);
}

const segmentsOf = async (stream) => {
  const { text } = await ask(`http://${HOST}/live/${stream}/index.m3u8`);
  return text.match(/^seg-.*\.ts$/gm) ?? [];
};

test("they are installed without a network, closed", async () => {
  const dependencies = readFileSync(path.join(prepared, "dependencies"), "utf8").trim().split("\n");
  assert.ok(dependencies.includes("janus") && dependencies.includes("nginx"), dependencies.join(" "));
  await install(...dependencies);
  writeFileSync(root.path("/etc/hosts"), `127.0.0.1 localhost ${HOST}\n`);
  before = root.files();
  await install("/packages/old/*.deb");
  for (const name of PACKAGES) assert.equal(await versionOf(name), "installed 0.0.9");

  const { uid, gid, mode } = statSync(root.path("/etc/janus-hls/janus.plugin.hls.jcfg"));
  const [, janus] = root.read("/etc/group").match(/^janus:[^:]*:(\d+):/m);
  assert.deepEqual([uid, gid, mode & 0o777], [0, Number(janus), 0o640], "stream keys are for Janus and root");
  assert.equal(statSync(root.path("/etc/janus-hls")).mode & 0o777, 0o750);
  assert.ok(!root.has("/etc/nginx/sites-enabled/janus-hls"), "the site wants a name and a certificate first");
  assert.match(root.read("/etc/nginx/sites-available/janus-hls"), /listen 443 ssl/);

  await startBridge();
  await startJanus();
  assert.notEqual(await refusal(), "none", "nobody may publish");
  const socket = new WebSocket("ws://127.0.0.1:8188", "janus-protocol");
  await new Promise((resolve) => socket.on("open", resolve));
  socket.send(JSON.stringify({ janus: "info", transaction: "a" }));
  const info = JSON.parse(await new Promise((resolve) => socket.on("message", resolve)));
  socket.close();
  assert.deepEqual([Object.keys(info.plugins), Object.keys(info.transports), Object.keys(info.events)],
    [["janus.plugin.hls"], ["janus.transport.websockets"], []]);
});

test("with a key, a name and a certificate people publish and watch", async () => {
  const settings = root.path("/etc/janus-hls/janus.plugin.hls.jcfg");
  writeFileSync(settings, withKey(readFileSync(settings, "utf8")));
  await root.stop("janus");
  await startJanus();

  const { certificate, key } = await makeCertificate(root.path("/tmp"), []);
  const site = root.path("/etc/nginx/sites-available/janus-hls");
  const inRoot = (file) => file.slice(root.folder.length);
  writeFileSync(site, readFileSync(site, "utf8").replace(/(ssl_certificate) .*;/, `$1 ${inRoot(certificate)};`)
    .replace(/(ssl_certificate_key) .*;/, `$1 ${inRoot(key)};`));
  await root.run("ln", "-s", "../sites-available/janus-hls", "/etc/nginx/sites-enabled/");
  await checkSite();
  const token = await openGate();
  await checkSite();
  root.spawn("nginx", [root.folder, "nginx", "-g", "daemon off;"]);
  await until("the page is there", async () => (await ask(`https://${HOST}/publish.html`).catch(() => ({}))).status === 200);
  assert.equal((await ask(`https://${HOST}/vendor/hls.mjs`)).status, 200);
  assert.equal((await ask(`http://${HOST}/publish.html`)).status, 308);

  await publish(KEY);
  await until("there are segments", async () => (await segmentsOf("shop")).length >= 3);
  const { stdout } = await root.run("hls-doctor", "--time", "6", `http://${HOST}/live/shop/master.m3u8`);
  assert.match(stdout, /nothing wrong/);
  await root.run("hls-viewers", "-n", "10", "-t", "4", `http://${HOST}/live/shop/master.m3u8`);
  const other = token.replace(/.$/, (last) => (last === "A" ? "E" : "A"));
  const given = [token, other].map(async (one) => (await ask(`https://${HOST}/p/${one}/live/shop/index.m3u8`)).status);
  assert.deepEqual(await Promise.all(given), [200, 403], "with a token, and with one that was changed");
  await until("a small picture", async () => (await ask(`http://${HOST}/live/shop/thumb.jpg`)).status === 200);
});

test("the bridge is upgraded under a live stream: viewers see a restart", async () => {
  root.spawn("doctor", [root.folder, "hls-doctor", "--time", "600", `http://${HOST}/live/shop/index.m3u8`]);
  const [first] = await segmentsOf("shop");
  await until("the doctor has seen some", () => /\.ts .*sounds/.test(root.read("/tmp/doctor.log")));
  assert.ok(root.read("/etc/hls-bridge.jcfg").endsWith("\n\n"), "the old one's");
  await install("/packages/new/hls-bridge_*.deb");
  assert.doesNotMatch(await versionOf("hls-bridge"), /0\.0\.9/);
  assert.ok(!root.read("/etc/hls-bridge.jcfg").endsWith("\n\n"), "a configuration that nobody has changed is the new one's");
  const number = (name) => Number(name.match(/-(\d+)\.ts$/)[1]);
  const last = number((await segmentsOf("shop")).at(-1));
  await root.stop("hls-bridge"); // what systemd does when dpkg has unpacked it
  await startBridge();
  await until("the stream goes on", async () => number((await segmentsOf("shop")).at(-1)) >= last + 4);
  assert.ok(number(first) <= last);
  await root.stop("doctor", "SIGINT");
  const said = root.read("/tmp/doctor.log");
  assert.match(said, /; 1 discontinuities/);
  const faults = said.match(/^ *FAULT.*$/gm) ?? [];
  assert.deepEqual(faults.filter((fault) => !/no new segment for/.test(fault)), [], said); // a busy machine is late
});

test("the others are upgraded, and what was set stays", async () => {
  await endGuests("leave");
  await install("/packages/new/*.deb");
  for (const name of PACKAGES) assert.match(await versionOf(name), /^installed (?!0\.0\.9)/);
  assert.match(root.read("/etc/janus-hls/janus.plugin.hls.jcfg"), /a key of this test's own/);
  assert.equal(statSync(root.path("/etc/janus-hls/janus.plugin.hls.jcfg")).mode & 0o777, 0o640);
  assert.ok(lstatSync(root.path("/etc/nginx/sites-enabled/janus-hls")).isSymbolicLink());
  assert.ok(!root.read("/usr/share/janus-hls/web/settings.json").endsWith("\n\n"));
  await checkSite();
  await root.stop("janus");
  await startJanus();
  await publish(KEY);
  await endGuests("leave");
});

test("when they are removed nothing runs into what is gone, and settings stay", async () => {
  await root.stop("hls-bridge");
  await root.stop("janus");
  await root.run(...APT.split(" "), "remove", ...PACKAGES);
  await checkSite();
  for (const file of ["/etc/hls-bridge.jcfg", "/etc/janus-hls/janus.plugin.hls.jcfg", "/etc/nginx/sites-available/janus-hls", "/var/lib/hls-bridge"])
    assert.ok(root.has(file), file);
});

test("when they are purged nothing is left but two users without a password, and a folder that is mounted", async () => {
  await root.stop("nginx");
  const mounted = root.path("/var/lib/hls-bridge-events"); // for the streams docs/operations.md advises it
  execFileSync("mount", ["-t", "tmpfs", "tmpfs", mounted]);
  writeFileSync(path.join(mounted, "shop.queue"), "");
  await root.run("rm", "/etc/nginx/janus-hls-gate.conf", "/etc/nginx/janus-hls-playback.keys"); // whoever made them
  await root.run(...APT.split(" "), "purge", ...PACKAGES);
  assert.deepEqual(readdirSync(mounted), []);
  execFileSync("umount", [mounted]);
  rmSync(mounted, { recursive: true });
  assert.ok(before.has("/usr/bin/janus"), "it has seen something");
  const left = [...root.files()].filter((file) => !before.has(file) && !/^\/var\/(lib\/nginx|backups|lib\/dpkg|lib\/systemd\/deb-systemd)/.test(file));
  assert.deepEqual(left, []);
  for (const user of ["hls-bridge", "janus"]) assert.match(root.read("/etc/shadow"), new RegExp(`^${user}:!`, "m"));
  for (const line of root.read("/etc/passwd").split("\n").filter((text) => /^(hls-bridge|janus):/.test(text))) assert.match(line, /nologin$/);
});
