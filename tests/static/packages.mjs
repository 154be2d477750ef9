#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// debian/ is what it should be, as far as can be seen without building packages: each file of `make install` is in
// exactly one of them, each line of a list names something, versions agree, and what is needed for the build is what
// ./bootstrap installs. `./check packages` builds and runs them.

import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const read = (file) => readFileSync(path.join(ROOT, file), "utf8");
const wrong = [];

/** Lines of a file of debian/, without comments. */
const linesOf = (file) => read(`debian/${file}`).split("\n").map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));

/** All files below `folder`, as debhelper's lists name them; empty folders too. */
function filesBelow(folder, below = "") {
  return readdirSync(path.join(folder, below)).flatMap((name) => {
    const file = path.join(below, name);
    if (!lstatSync(path.join(folder, file)).isDirectory()) return [file];
    const inside = filesBelow(folder, file);
    return inside.length ? inside : [file];
  });
}

/** `make install` as debian/rules has it. */
function install() {
  const stage = mkdtempSync(path.join(os.tmpdir(), "packages-"));
  process.on("exit", () => rmSync(stage, { recursive: true }));
  const plugins = "/usr/lib/TRIPLET/janus/plugins";
  execFileSync("make", ["-s", "-C", path.join(ROOT, "build"), "install", `DESTDIR=${stage}`, "prefix=/usr", "libdir=/usr/lib",
    "libexecdir=/usr/libexec", "sysconfdir=/etc", `janus_plugins_dir=${plugins}`, "janus_configs_dir=/etc/janus",
    "systemdsystemunitdir=/lib/systemd/system"], { stdio: ["ignore", "ignore", "inherit"] });
  return filesBelow(stage);
}

const covers = (pattern, file) => {
  const glob = pattern.replace(/[.+?^$()[\]{}|\\]/g, "\\$&").replaceAll("*", "[^/]*");
  return new RegExp(`^${glob}(/|$)`).test(file);
};

const control = read("debian/control");
const packages = [...control.matchAll(/^Package: (.*)$/gm)].map(([, name]) => name);
const lists = [...packages.map((name) => `${name}.install`), "not-installed"];
const patterns = lists.flatMap((list) => linesOf(list).map((line) => ({ list, pattern: line.split(/\s+/)[0] })));
const installed = install();
for (const file of installed) {
  const places = patterns.filter(({ pattern }) => covers(pattern, file));
  if (places.length !== 1) wrong.push(`${file} is in ${places.map(({ list }) => list).join(" and ") || "no list of debian/"}`);
}
for (const { list, pattern } of patterns) {
  const ours = pattern.startsWith("debian/") && (existsSync(path.join(ROOT, pattern)) || pattern.startsWith("debian/generated/"));
  if (!ours && !installed.some((file) => covers(pattern, file))) wrong.push(`debian/${list}: there is no ${pattern}`);
}

const [, version] = read("configure.ac").match(/^AC_INIT\(\[janus-hls\], \[(.*)\]\)$/m);
const [, packaged] = read("debian/changelog").match(/^janus-hls \((.*)\) /);
if (packaged !== version) wrong.push(`debian/changelog has version ${packaged}, configure.ac ${version}`);

/** What ./bootstrap installs of the list `name`. */
const bootstrapped = (name) => read("bootstrap").match(new RegExp(`^${name}=\\(([^)]*)\\)`, "m"))[1].trim().split(/\s+/);
const needed = control.match(/^Build-Depends:((\n .*)+)/m)[1].split(",").map((line) => line.trim().split(/\s/)[0]);
const known = [...bootstrapped("BUILD_PACKAGES"), ...bootstrapped("TEST_PACKAGES"), "debhelper-compat"];
for (const name of needed.filter((name) => !known.includes(name))) wrong.push(`./bootstrap does not install ${name}, of debian/control`);
const implied = ["build-essential", "autoconf", "automake"]; // by debhelper, and everywhere
for (const name of bootstrapped("BUILD_PACKAGES").filter((name) => !needed.includes(name) && !implied.includes(name)))
  wrong.push(`debian/control lacks ${name}, which ./bootstrap installs for the build`);

if (packages.length < 4 || installed.length < 50) wrong.push(`${packages.length} packages and ${installed.length} files are not all`);
wrong.forEach((line) => console.error(line));
process.exit(wrong.length ? 1 : 0);
