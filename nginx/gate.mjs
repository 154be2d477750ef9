// SPDX-License-Identifier: GPL-3.0-or-later

// Playback tokens (docs/protocol.md, "Protected streams"): whether one lets its viewer in. nginx runs this, by njs, at the
// origin and at edges; Node runs it in the tests. tokens.conf takes a token apart, and gate.conf has the secrets.
//
// njs runs the whole file once more for each request: what stands outside of functions costs time, and so does each variable of
// nginx that is read.

import crypto from "crypto";

const LATE_S = 30; // what an edge of our own has let in may be this much late here
const KEPT_S = 10; // for so long an edge may go by what it was told

/** Whether two signatures are the same, in the same time wherever they differ. */
function equal(a, b) {
  let difference = a.length ^ b.length;
  for (let i = 0; i < 32; i += 4) difference |= a.readInt32LE(i) ^ b.readInt32LE(i);
  return difference === 0;
}

/** What a viewer keeps as it goes on: an IPv4 address, or the /64 network of an IPv6 one, as four groups. "": it is neither. */
function network(address) {
  const mapped = /^(?:::ffff:)?(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})$/i.exec(address);
  if (mapped) return mapped[1];
  if (!/^[0-9a-f:]{2,39}$/i.test(address)) return "";
  const halves = address.toLowerCase().split("::");
  const head = halves[0] ? halves[0].split(":") : [];
  const tail = halves.length > 1 && halves[1] ? halves[1].split(":") : [];
  const missing = 8 - head.length - tail.length;
  if (halves.length > 2 || (halves.length === 1 ? missing !== 0 : missing < 1)) return "";
  const groups = head.concat("0".repeat(halves.length === 1 ? 0 : missing).split(""), tail);
  const wrong = groups.filter((group) => !/^[0-9a-f]{1,4}$/.test(group));
  return wrong.length ? "" : groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, "")).join(":");
}

/** What a token says that its secret has signed, or why it is none, as a word. */
function read(v) {
  const secret = v.janus_hls_secret; // of the key that it names
  if (!secret) return "key";
  const signature = crypto.createHmac("sha256", secret).update(v.janus_hls_signed).digest();
  if (!equal(signature, Buffer.from(v.janus_hls_mac, "base64url"))) return "signature";
  try {
    const claims = JSON.parse(String(Buffer.from(v.janus_hls_payload, "base64url")));
    return typeof claims === "object" && claims ? claims : "claims";
  } catch (error) {
    return "claims";
  }
}

/** Whether the address is another than the token's. An edge of our own has looked at its viewer's, or asks for one. */
function isElsewhere(ip, v, remoteAddress) {
  const address = v.janus_hls_address || (v.janus_hls_own_edge ? "-" : remoteAddress); // "-": it was looked at
  return address !== "-" && (typeof ip !== "string" || !network(ip) || network(ip) !== network(address));
}

/**
 * "pass", or why not, as a word. `v`: the variables of nginx, by their names; `remoteAddress`: who asks; `now`: seconds since
 * 1970.
 */
function judge(v, remoteAddress, now) {
  const claims = read(v);
  if (typeof claims === "string") return claims;
  if (typeof claims.exp !== "number" || claims.exp % 1 !== 0) return "claims";
  const stream = v.janus_hls_stream;
  if (typeof claims.stream === "string" ? claims.stream !== stream
    : typeof claims.prefix !== "string" || !stream.startsWith(claims.prefix)) return "stream";
  if (now >= claims.exp && (v.janus_hls_address || !v.janus_hls_own_edge || now >= claims.exp + LATE_S)) return "expired";
  if (claims.nbf !== undefined && !(typeof claims.nbf === "number" && claims.nbf % 1 === 0)) return "claims";
  if (claims.nbf !== undefined && now < claims.nbf) return "early";
  if (claims.ip !== undefined && isElsewhere(claims.ip, v, remoteAddress)) return "address";
  if (claims.sid !== undefined && (typeof claims.sid !== "string" || v.janus_hls_ended.indexOf(` ${claims.sid} `) >= 0)) return "session";
  return "pass";
}

// ---- what nginx calls, for js_set ----

function verdict(r) {
  return judge(r.variables, r.remoteAddress, Date.now() / 1000);
}

/** How long an edge may go by a "pass": Cache-Control. */
function kept(r) {
  const restS = Math.floor(read(r.variables).exp - Date.now() / 1000);
  return restS > 0 ? `max-age=${Math.min(KEPT_S, restS)}` : "no-store";
}

export default { judge: judge, kept: kept, network: network, verdict: verdict };
