// SPDX-License-Identifier: GPL-3.0-or-later

// hls-bridge, with a configuration of its own.

import { execFileSync } from "node:child_process";
import { chmod, chown, mkdir, writeFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { Child, untilHealthy } from "./child.mjs";

/** A value as libconfig has it; an object is a group. */
const literal = (value) => (typeof value === "object"
  ? `{ ${Object.entries(value).map(([key, each]) => `${key} = ${literal(each)};`).join(" ")} }` : JSON.stringify(value));

/** Where the keys of encrypted streams go. */
export const keyFolder = (hls) => `${hls}-keys`;

/** Makes it, so that nginx's workers can read what is in it, and nobody else. */
async function makeKeyFolder(folder) {
  await mkdir(folder, { recursive: true });
  if (process.getuid() === 0) await chown(folder, 0, Number(execFileSync("id", ["-g", "www-data"])));
  await chmod(folder, 0o2750);
}

/**
 * Starts the bridge and waits until it answers.
 *   program    hls-bridge
 *   folder     for its configuration and log
 *   hls        where segments go
 *   port       of its control API
 *   control    { socket, tokenFile }: the control API is at a Unix socket instead, and wants a token
 *   llPort     where low-latency requests are held; none: no low-latency HLS
 *   llSocket   the same at a Unix socket, empty: none
 *   settings   { "hls.segment": 2.0, … } over the defaults
 *   args       more arguments
 */
export async function startBridge({ program, folder, hls, port, control, llPort, llSocket = "", settings = {}, args = [], env, onDeath }) {
  const groups = {};
  const place = control ? { "control.listen": `unix:${control.socket}`, "control.token_file": control.tokenFile }
    : { "control.port": port };
  for (const [key, value] of Object.entries({ "hls.directory": hls, "encryption.directory": keyFolder(hls), ...place,
    ...(llPort ? { "ll.port": llPort, "ll.socket": llSocket } : { "ll.enabled": false }), ...settings })) {
    const [group, name] = key.split(".");
    (groups[group] ??= []).push(`  ${name} = ${literal(value)}`);
  }
  const text = Object.entries(groups)
    .map(([group, lines]) => `${group}: {\n${lines.join("\n")}\n}\n`)
    .join("");

  await mkdir(folder, { recursive: true });
  await mkdir(hls, { recursive: true });
  if (settings["encryption.method"]) await makeKeyFolder(keyFolder(hls));
  const file = path.join(folder, "hls-bridge.jcfg");
  await writeFile(file, text);
  let isUp = false; // what ends before that is told to whoever waits for it here
  const child = new Child("hls-bridge", program, ["-c", file, ...args], {
    logFile: path.join(folder, "hls-bridge.log"),
    env,
    onDeath: (dead) => isUp && onDeath?.(dead),
  });
  await untilHealthy(child, async () => (await askBridge({ port, socketPath: control?.socket }, "/healthz")).status === 200);
  isUp = true;
  return child;
}

const ANSWER_MS = 60000; // of a machine that is busy

/** Asks the control API at { port } or { socketPath }. Gives { status, text }. */
export function askBridge(where, target, { method = "GET", headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(ANSWER_MS);
    http.request({ host: "127.0.0.1", ...where, method, path: target, headers, agent: false, signal }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece) => (text += piece)).on("error", reject)
        .on("end", () => resolve({ status: response.statusCode, text }));
    }).on("error", reject).end();
  });
}

/** Its answer in JSON. A connection that was kept may be closed by the time that a busy machine asks again. */
export const bridgeJson = async (port, target) => JSON.parse((await askBridge({ port }, target)).text);

/** The status of all streams. */
export const bridgeStreams = async (port) => (await bridgeJson(port, "/streams")).streams;
