// SPDX-License-Identifier: GPL-3.0-or-later

// What Janus itself says of a publisher (its Admin API, on loopback, with this run's secret), and what of that a class
// may see: no password of ICE, no fingerprint, no public address. The functions that choose are pure.

const ASK_MS = 3000;
const LINES_MAX = 400; // of an SDP: a browser's offer has about 150

/** Lines of an SDP by which somebody could join the connection or be told from others. */
const SECRET = /^a=(ice-pwd|ice-ufrag|fingerprint|crypto):?/;
const CANDIDATE = /^a=candidate:/;

const isPrivate = (address) =>
  /^(10\.|127\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|f[cde]|::1)/i.test(address) || address.endsWith(".local");

/** An address as a class may see it. */
export const shownAddress = (address) => (isPrivate(address) ? address : "…");

/** An SDP without what is nobody's business: its lines. */
export function shownSdp(text) {
  return text.split(/\r?\n/).filter(Boolean).slice(0, LINES_MAX)
    .filter((line) => !CANDIDATE.test(line))
    .map((line) => line.slice(0, 300))
    .map((line) => (SECRET.test(line) ? `${SECRET.exec(line)[0].replace(/:?$/, ":")}…` : line))
    .map((line) => line.replace(/^(o=\S+ \S+ \S+ IN IP[46]|c=IN IP[46]|a=rtcp:\d+ IN IP[46]) (\S+)/, (whole, head, address) => `${head} ${shownAddress(address)}`));
}

/** A candidate of ICE as Janus writes it: { type, protocol, address, port }; null: none that can be read. */
export function readCandidate(text) {
  const found = /^\S+ \d+ (\S+) \d+ (\S+) (\d+) typ (\S+)/.exec(text.replace(/^(a=)?candidate:/, ""));
  if (!found) return null;
  const [, protocol, address, port, type] = found;
  return { type, protocol: protocol.toLowerCase(), address: shownAddress(address), port: Number(port) };
}

const candidates = (list) => (Array.isArray(list) ? list : []).slice(0, 16).map(readCandidate).filter(Boolean);

/** Packets and bytes that came encrypted, of all media with all their sizes, and how often Janus asked for one again. */
function received(media = {}) {
  const sum = { packets: 0, bytes: 0, nacks: 0 };
  for (const { stats } of Object.values(media))
    for (const each of [stats?.in, stats?.in?.["video-simulcast-1"], stats?.in?.["video-simulcast-2"]])
      for (const key of Object.keys(sum)) sum[key] += each?.[key] ?? 0;
  return sum;
}

/** What a class is shown of handle_info. */
export function shownSeller(info) {
  const { local = "", remote = "" } = info.sdps ?? {};
  const { ice = {}, dtls = {}, media } = info.webrtc ?? {};
  return {
    offer: shownSdp(remote),
    answer: shownSdp(local),
    candidates: { seller: candidates(ice["remote-candidates"]), janus: candidates(ice["local-candidates"]) },
    pair: String(ice["selected-pair"] ?? "").replace(/([0-9a-f.:]+|[\w-]+\.local):(\d+)/gi, (whole, address, port) => `${shownAddress(address)}:${port}`),
    ice: String(ice.state ?? ""),
    dtls: String(dtls["dtls-state"] ?? ""),
    cipher: String(dtls["srtp-profile"] ?? ""),
    ...received(media),
  };
}

/** Asks the Admin API of a stack. */
export class JanusAdmin {
  #handles = new Map(); // stream -> { session, handle }

  /** `patienceMs`: with an answer. */
  constructor({ port, secret, patienceMs = ASK_MS }) {
    this.url = `http://127.0.0.1:${port}/admin`;
    this.secret = secret;
    this.patienceMs = patienceMs;
  }

  async #ask(path, body) {
    const response = await fetch(this.url + path, {
      method: "POST",
      signal: AbortSignal.timeout(this.patienceMs),
      body: JSON.stringify({ transaction: "class", admin_secret: this.secret, ...body }),
    });
    const answer = await response.json();
    if (answer.janus !== "success") throw new Error(answer.error?.reason ?? "Janus does not say");
    return answer;
  }

  async #info({ session, handle }) {
    return (await this.#ask(`/${session}/${handle}`, { janus: "handle_info" })).info;
  }

  /** The handle that publishes a stream, or null. */
  async #find(stream) {
    for (const session of (await this.#ask("", { janus: "list_sessions" })).sessions)
      for (const handle of (await this.#ask(`/${session}`, { janus: "list_handles" }).catch(() => ({ handles: [] }))).handles) {
        const info = await this.#info({ session, handle }).catch(() => null);
        if (info?.plugin_specific?.stream === stream) return { session, handle };
      }
    return null;
  }

  /** What a class is shown of a stream's publisher; null: nobody publishes it over WebRTC. */
  async seller(stream) {
    const known = this.#handles.get(stream);
    const before = known && (await this.#info(known).catch(() => null));
    if (before?.plugin_specific?.stream === stream) return shownSeller(before);
    this.#handles.delete(stream);
    const found = await this.#find(stream);
    if (!found) return null;
    if (this.#handles.size > 100) this.#handles.clear();
    this.#handles.set(stream, found);
    return shownSeller(await this.#info(found));
  }

  /** What the plugin answers to an operator's request; undefined: nothing. */
  async plugin(request) {
    return (await this.#ask("", { janus: "message_plugin", plugin: "janus.plugin.hls", request })).response;
  }

  /** What the plugin counts of a stream: `info` of its API; null: nobody publishes it. */
  async gateway(stream) {
    const response = await this.plugin({ request: "info", stream });
    return response?.hls === "info" ? response : null;
  }
}
