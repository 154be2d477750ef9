// SPDX-License-Identifier: GPL-3.0-or-later

// Playback tokens (docs/protocol.md, "Protected streams"): whether one lets its viewer in. nginx runs this, by njs, at the
// origin and at edges; Node runs it in the tests. Pure but for what nginx calls, at the end.

import crypto from "crypto";

const LONGEST = 512; // bytes of a token; one for a stream has about 130
const FORM = /^v1\.[A-Za-z0-9_-]{1,32}\.[A-Za-z0-9_-]{2,400}\.[A-Za-z0-9_-]{43}$/;
const LATE_S = 30; // what an edge of our own has let in may be this much late here
const KEPT_S = 10; // for so long an edge may go by what it was told

const MISSING = undefined;

const isWhole = (value) => typeof value === "number" && isFinite(value) && Math.floor(value) === value;
const isText = (value) => typeof value === "string";

/** In the same time, wherever they differ. */
function equal(a, b) {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i % b.length);
  return difference === 0;
}

function signature(text, secret) {
  return crypto.createHmac("sha256", secret).update(text).digest("base64url");
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

/** What a token says that the secret has signed, or null. */
function readSigned(token, secret) {
  const end = token.lastIndexOf(".");
  if (!equal(token.slice(end + 1), signature(token.slice(0, end), secret))) return null;
  try {
    return JSON.parse(String(Buffer.from(token.slice(token.lastIndexOf(".", end - 1) + 1, end), "base64url")));
  } catch (error) {
    return null;
  }
}

const isFor = (claims, stream) =>
  isText(claims.stream) ? claims.stream === stream : isText(claims.prefix) && stream.startsWith(claims.prefix);

const isFrom = (ip, address) => isText(ip) && network(ip) !== "" && network(ip) === network(address);

/**
 * Why a token does not let its viewer in, as a word; "" if it does.
 *   secret    of the key that it names; "": there is no such key
 *   stream    that is asked for
 *   address   of the viewer; "": somebody else has looked at it
 *   now       seconds since 1970
 *   lateS     how long after its end a token is still good
 *   ended     sessions that are over, each with a space before and behind
 */
function refusal(token, request) {
  if (token.length > LONGEST || !FORM.test(token)) return "form";
  if (!request.secret) return "key";
  const claims = readSigned(token, request.secret);
  if (!claims || typeof claims !== "object") return "signature";
  if (!isWhole(claims.exp) || (claims.nbf !== MISSING && !isWhole(claims.nbf))) return "claims";
  if (!isFor(claims, request.stream)) return "stream";
  if (request.now >= claims.exp + request.lateS) return "expired";
  if (claims.nbf !== MISSING && request.now < claims.nbf) return "early";
  if (claims.ip !== MISSING && request.address && !isFrom(claims.ip, request.address)) return "address";
  if (claims.sid !== MISSING && (!isText(claims.sid) || request.ended.indexOf(` ${claims.sid} `) >= 0)) return "session";
  return "";
}

/** For how many whole seconds yet a token lets its viewer in, one that does. */
function restOf(token, now) {
  const payload = token.split(".")[2];
  return Math.floor(JSON.parse(String(Buffer.from(payload, "base64url"))).exp - now);
}

// ---- what nginx calls, for js_set ----

/** "pass", or why not. An edge of our own has looked at its viewer's address, and at the time; or it asks for one. */
function verdict(r) {
  const v = r.variables;
  const isOwn = Boolean(v.janus_hls_own_edge);
  const asked = v.janus_hls_address; // by an edge that has no secrets; "-": it looks itself
  const address = asked ? (asked === "-" ? "" : asked) : isOwn ? "" : r.remoteAddress;
  return refusal(v.janus_hls_token, { secret: v.janus_hls_secret, stream: v.janus_hls_stream, address: address,
    now: Date.now() / 1000, lateS: isOwn && !asked ? LATE_S : 0, ended: v.janus_hls_ended }) || "pass";
}

/** How long an edge may go by a "pass": Cache-Control. */
function kept(r) {
  const restS = restOf(r.variables.janus_hls_token, Date.now() / 1000);
  return restS > 0 ? `max-age=${Math.min(KEPT_S, restS)}` : "no-store";
}

export default { network: network, refusal: refusal, kept: kept, verdict: verdict };
