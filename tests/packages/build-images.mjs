#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// Does what Containerfile says, without an engine for containers: each stage is a copy of a bare Debian 12, and each RUN
// a command there. Writes FOLDER/STAGE, and what each image starts to FOLDER/images.json.
// Usage: build-images.mjs BASE CONTEXT FOLDER

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const FILE = new URL("../../Containerfile", import.meta.url);
const ENV = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root", LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };
const [base, context, folder] = process.argv.slice(2);
const images = {};
let stage;

/** Runs `command` in `root`, which has its own /proc. */
function run(root, command) {
  execFileSync("unshare", ["--mount", "--pid", "--fork", "sh", "-euc", 'mount -t proc proc "$1/proc"; exec chroot "$1" /bin/sh -c "$2"',
    "sh", root, command], { env: ENV, stdio: ["ignore", "inherit", "inherit"] });
}

/** The files that `pattern` names, which has stars in its last part at the most. */
function filesOf(pattern) {
  const name = new RegExp(`^${path.basename(pattern).replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
  const parent = path.dirname(pattern);
  return readdirSync(parent).filter((file) => name.test(file)).map((file) => path.join(parent, file));
}

function copy(words) {
  const from = words[0].startsWith("--from=") ? path.join(folder, words.shift().slice("--from=".length)) : context;
  const target = path.join(folder, stage, words.pop());
  const files = words.flatMap((word) => {
    const found = filesOf(path.join(from, word));
    if (found.length === 0) throw new Error(`COPY: there is no ${word}`);
    return found;
  });
  mkdirSync(target, { recursive: true });
  execFileSync("cp", [...files, target]);
}

const DO = {
  FROM(words) {
    if (words[0] !== "debian:bookworm" || words[1] !== "AS") throw new Error(`FROM ${words.join(" ")}: this knows debian:bookworm AS NAME alone`);
    stage = words[2];
    images[stage] = { user: "root" };
    execFileSync("cp", ["-a", base, path.join(folder, stage)]);
    // as in the image of Debian
    writeFileSync(path.join(folder, stage, "usr/sbin/policy-rc.d"), "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  },
  COPY: copy,
  RUN: (words, text) => run(path.join(folder, stage), text),
  USER: ([user]) => (images[stage].user = user),
  ENTRYPOINT: (words, text) => (images[stage].entrypoint = JSON.parse(text)),
};

mkdirSync(folder, { recursive: true });
for (const line of readFileSync(FILE, "utf8").replace(/^#.*\n/gm, "").replace(/\\\n\s*/g, "").split("\n").filter(Boolean)) {
  const [, instruction, text] = line.match(/^([A-Z]+) (.*)$/);
  console.log(`== ${stage ?? ""} ${line}`);
  DO[instruction](text.split(/\s+/), text);
}
writeFileSync(path.join(folder, "images.json"), JSON.stringify(images));
