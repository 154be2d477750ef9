// SPDX-License-Identifier: GPL-3.0-or-later

// The images of Containerfile, with what compose.yaml gives them and takes from them: a root that cannot be written, its
// volumes, its capabilities, one network for all. What an engine does beyond that is not tested here.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, closeSync, copyFileSync, existsSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import test, { after } from "node:test";
import { fileURLToPath } from "node:url";
import { makeCertificate } from "../../tools/stack/certificate.mjs";
import { publishRecorded } from "../e2e/support/recorded.mjs";
import { until } from "../e2e/support/rig.mjs";
import { ask, HOST, KEY, stack, untilBridge, withKey } from "./site.mjs";

const SOURCE = fileURLToPath(new URL("../..", import.meta.url));
const folder = path.join(process.env.PACKAGES, "images"), volumes = path.join(process.env.PACKAGES, "volumes");
const images = JSON.parse(readFileSync(path.join(folder, "images.json"), "utf8"));
const children = [];
const mount = (...args) => execFileSync("mount", args);

/** The services of compose.yaml: { name: { target, tmpfs, caps, volumes } }, as far as this test has a use for them. */
function services() {
  const text = readFileSync(path.join(SOURCE, "compose.yaml"), "utf8");
  const blocks = text.match(/^services:\n([^]*?)^volumes:/m)[1].split(/^ {2}(?=\w)/m).filter((block) => block.trim());
  const list = (block, name) => block.match(new RegExp(`^ +${name}: \\[(.*)\\]`, "m"))?.[1].split(/,\s*/) ?? [];
  return Object.fromEntries(blocks.map((block) => [block.match(/^\w+/)[0], {
    target: block.match(/target: (\w+)/)[1],
    isReadOnly: /^ +read_only: true$/m.test(block),
    tmpfs: list(block, "tmpfs"),
    caps: list(block, "cap_add"),
    volumes: [...block.matchAll(/^ +- ([^\s:]+):([^\s:]+)(:ro)?$/gm)].map(([, from, to, mode]) => ({ from, to, mode })),
  }]));
}

/** Starts a service in its image. */
function start(name, { target, isReadOnly, tmpfs, caps, volumes: mounts }) {
  const root = path.join(folder, target), { user, entrypoint } = images[target];
  assert.ok(isReadOnly, name);
  mount("--bind", root, root);
  for (const { from, to } of mounts) {
    const place = path.join(volumes, from), inside = path.join(root, to);
    assert.ok(from === "streams" || existsSync(place), `${from} is there`);
    if (from === "streams" && !existsSync(place)) { // an engine makes a new volume as the image has the folder
      mkdirSync(place);
      execFileSync("chown", ["--reference", inside, place]);
    }
    if (!existsSync(inside)) mkdirSync(inside, { recursive: true });
    mount("--bind", place, inside);
  }
  for (const place of tmpfs) mount("-t", "tmpfs", "tmpfs", path.join(root, place));
  mount("-o", "remount,bind,ro", root);
  mount("-t", "proc", "proc", path.join(root, "proc"));

  const log = openSync(path.join(process.env.PACKAGES, `${name}.log`), "a");
  const privileges = ["--no-new-privs", `--bounding-set=${["-all", ...caps.map((cap) => `+${cap.toLowerCase()}`)].join(",")}`,
    ...(user === "root" ? [] : [`--reuid=${user}`, `--regid=${user}`, "--clear-groups", "--inh-caps=-all"])];
  const child = spawn("chroot", [root, "setpriv", ...privileges, ...entrypoint],
    { env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" }, stdio: ["ignore", log, log] });
  closeSync(log);
  children.push({ name, child, ended: new Promise((resolve) => child.on("close", resolve)) });
}

after(async () => {
  await Promise.all([...stack.guests].map((guest) => guest.end().catch(() => {})));
  for (const { child, ended } of children) {
    child.kill("SIGTERM");
    await ended;
  }
});

/** The text of a page of the site, or nothing. */
const page = (where) => ask(`https://${HOST}${where}`).then(({ status, text }) => (status === 200 ? text : ""), () => "");

test("the images run with what compose.yaml gives them, and people publish and watch", async () => {
  // the settings, as docs/operations.md says
  mkdirSync(path.join(volumes, "settings"), { recursive: true, mode: 0o700 });
  const certificates = path.join(volumes, "etc/letsencrypt/live", HOST);
  mkdirSync(certificates, { recursive: true });
  const { certificate, key } = await makeCertificate(certificates, []);
  copyFileSync(certificate, path.join(certificates, "fullchain.pem"));
  copyFileSync(key, path.join(certificates, "privkey.pem"));
  const site = readFileSync(path.join(SOURCE, "build/nginx/production.conf"), "utf8");
  writeFileSync(path.join(volumes, "settings/site.conf"), site.replaceAll("/usr/local/share", "/usr/share"));
  const settings = readFileSync(path.join(SOURCE, "debian/janus.plugin.hls.jcfg"), "utf8");
  writeFileSync(path.join(volumes, "settings/janus.plugin.hls.jcfg"), withKey(settings));
  chmodSync(path.join(volumes, "settings/janus.plugin.hls.jcfg"), 0o644);

  const all = Object.entries(services());
  assert.deepEqual(all.map(([name]) => name), ["bridge", "janus", "web"]);
  for (const [name, service] of all) start(name, service);
  assert.notEqual(statSync(path.join(volumes, "streams")).uid, 0);
  await untilBridge();
  await until("the page is there", () => page("/publish.html"));
  await publishRecorded(stack, "shop", { key: KEY });
  await until("there are segments", async () => (await page("/live/shop/index.m3u8")).match(/^seg-.*\.ts$/gm)?.length >= 2);
  await until("there are parts", async () => /EXT-X-PART:/.test(await page("/live/shop/video.m3u8")));
  await until("a small picture", () => page("/live/shop/thumb.jpg"));
  for (const guest of stack.guests) await guest.leave();
  stack.guests.clear();
  for (const { name, child } of children) assert.equal(child.exitCode, null, `${name} runs`);
});
