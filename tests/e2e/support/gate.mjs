// SPDX-License-Identifier: GPL-3.0-or-later

// Protected streams: tokens for their viewers, and the caches in front of the origin.

import http from "node:http";
import path from "node:path";
import { startEdge } from "../../../tools/stack/nginx.mjs";
import { signToken as sign } from "../../../tools/stack/playback-token.mjs";
import { freePorts } from "../../../tools/stack/ports.mjs";
import { SOURCE } from "../../../tools/stack/stack.mjs";
import { untilReached } from "./ask.mjs";
import { runVarnish } from "./varnish.mjs";

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

/** The same of a tier that reaches the one behind it. */
export const askTier = (url, target, options) => untilReached(() => askFrom(url, target, options));

/** nginx in front of the origin, with its secrets. Returns { url, folder, stop }. */
export async function startNginxEdge(stack) {
  const [port] = await freePorts(1);
  const folder = path.join(stack.options.folder, "edge");
  const child = await startEdge({ pieces: path.join(SOURCE, "nginx"), folder, address: `${EDGE}:${port}`,
    origin: `${EDGE}:${stack.port}`, keys: stack.playbackKeys, editGate: stack.editGate, onDeath: stack.options.onDeath });
  return { url: `http://${EDGE}:${port}`, folder, stop: () => child.stop() };
}

/** Varnish in front of the origin, likewise, without secrets. */
export async function startVarnishEdge(stack) {
  const [port] = await freePorts(1);
  const folder = path.join(stack.options.folder, "varnish");
  const child = await runVarnish({ folder, address: `${EDGE}:${port}`, behind: [{ address: EDGE, port: stack.port }],
    onDeath: stack.options.onDeath });
  return { url: `http://${EDGE}:${port}`, folder, stop: () => child.stop() };
}
