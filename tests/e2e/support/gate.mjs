// SPDX-License-Identifier: GPL-3.0-or-later

// Protected streams: tokens for their viewers, and the caches in front of the origin.

import { randomBytes } from "node:crypto";
import http from "node:http";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { Child, untilHealthy } from "../../../tools/stack/child.mjs";
import { fillTemplate, startEdge } from "../../../tools/stack/nginx.mjs";
import { signToken as sign } from "../../../tools/stack/playback-token.mjs";
import { freePorts } from "../../../tools/stack/ports.mjs";
import { SOURCE } from "../../../tools/stack/stack.mjs";

export const newSecret = () => randomBytes(32).toString("base64url");

/** Seconds from now, as tokens have them. */
export const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;

/** A token by the first of the secrets, { ID: secret }; for an hour, unless the claims say another end. */
export const signToken = (secrets, claims) => sign(secrets, { exp: inSeconds(3600), ...claims });

/** Where the edges are, as the origin sees them, and two viewers. */
export const EDGE = "127.0.0.1", VIEWER = "127.0.0.7", OTHER_VIEWER = "127.0.0.8";

/** Has nginx take EDGE for an edge of our own. */
export const knowEdge = (text) => text.replace(/map \$remote_addr \$janus_hls_own_edge \{\n/, `$&    ${EDGE} 1;\n`);

/** A request exactly as it stands, from `from`. Resolves to { status, headers, body }. */
export function askFrom(url, target, { from = VIEWER, method = "GET", headers = {} } = {}) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    http.request({ host: hostname, port, path: target, method, headers, localAddress: from, agent: false }, async (response) => {
      const pieces = [];
      for await (const piece of response) pieces.push(piece);
      resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(pieces) });
    }).on("error", reject).end();
  });
}

/** nginx in front of the origin, with its secrets. Returns { url, folder, stop }. */
export async function startNginxEdge(stack) {
  const [port] = await freePorts(1);
  const folder = path.join(stack.options.folder, "edge");
  const child = await startEdge({ pieces: path.join(SOURCE, "nginx"), folder, address: `${EDGE}:${port}`,
    origin: `${EDGE}:${stack.port}`, keys: stack.playbackKeys, onDeath: stack.options.onDeath });
  return { url: `http://${EDGE}:${port}`, folder, stop: () => child.stop() };
}

/** Varnish in front of the origin, likewise, without secrets. */
export async function startVarnishEdge(stack) {
  const [port] = await freePorts(1);
  const folder = path.join(stack.options.folder, "varnish");
  const file = path.join(folder, "edge.vcl"), url = `http://${EDGE}:${port}`;
  await mkdir(folder, { recursive: true });
  await writeFile(file, await fillTemplate(path.join(SOURCE, "varnish/edge.vcl.in"), {
    FIRST: EDGE, FIRSTPORT: stack.port, SECOND: EDGE, SECONDPORT: stack.port }));
  const child = new Child("varnish", "varnishd", ["-F", "-j", "none", "-n", path.join(folder, "work"), "-a", `${EDGE}:${port}`,
    "-f", file, "-s", "malloc,64m", "-p", "timeout_linger=0", "-p", "vsl_space=16m"],
  { logFile: path.join(folder, "varnish.log"), onDeath: stack.options.onDeath });
  await untilHealthy(child, async () => (await fetch(`${url}/settings.json`)).ok, 30000);
  return { url, folder, stop: () => child.stop() };
}
