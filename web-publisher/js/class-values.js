// SPDX-License-Identifier: GPL-3.0-or-later

// What the stations of the class page say, of what the class desk has gathered. Pure: words come from `say(key, values)`.

import { lifetime } from "./class-playlist.js";

const number = (value) => (value === undefined || value === null ? "–" : String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f"));
const seconds = (value) => `${value.toFixed(1)} s`;
const kilobytes = (bytes) => (bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.round(bytes / 1e3)} kB`);

/** The codecs that an SDP's answer settles: "H264 + opus". */
export function codecsOf(answer = []) {
  const taken = answer.map((line) => /^a=rtpmap:\d+ ([A-Za-z0-9]+)\//.exec(line)?.[1]).filter((name) => name && !/^(rtx|red|ulpfec)$/i.test(name));
  return [...new Set(taken)].join(" + ");
}

/** What Janus says of the way that ICE has found: the seller's end. */
export function pathOf({ candidates = {}, pair = "" }) {
  const seller = candidates.seller?.find(({ address, port }) => pair.includes(`${address}:${port}`)) ?? candidates.seller?.[0];
  return seller ? `${seller.type} ${seller.protocol} :${seller.port}` : "";
}

function ofSeller({ seller, gateway }, say) {
  const bitrate = gateway?.tracks.reduce((sum, track) => sum + track.bitrate, 0);
  const lost = gateway?.tracks.reduce((sum, track) => sum + track.lost, 0);
  return {
    codecs: seller ? codecsOf(seller.answer) : say("class.direct"),
    candidate: seller ? pathOf(seller) || "–" : "–",
    dtls: seller?.dtls || "–",
    encrypted: seller ? number(seller.packets) : "–",
    rate: bitrate === undefined ? "–" : `${(bitrate / 1e6).toFixed(2)} Mbit/s`,
    lost: number(lost),
  };
}

function ofTrack(track, letter) {
  const { packet } = track ?? {};
  return {
    [`${letter}port`]: track ? `UDP :${track.port}` : "–",
    [`${letter}seq`]: packet ? String(packet.sequence) : "–",
    [`${letter}ts`]: packet ? String(packet.timestamp) : "–",
    [`${letter}pt`]: packet ? `${packet.payload_type}${packet.marker ? " M" : ""} · ${packet.bytes} B` : "–",
  };
}

/** The video track that has spoken last: of several sizes, one that is sent. */
const videoOf = (tracks = []) => tracks.filter(({ kind }) => kind === "video").sort((a, b) => b.packets - a.packets)[0];
const soundOf = (tracks = []) => tracks.find(({ kind }) => kind === "audio");

function ofBridge({ bridge }, lastCut, say) {
  if (!bridge) return {};
  const { asked } = videoOf(bridge.tracks) ?? {};
  return {
    growing: `${seconds(bridge.segment.seconds)} / ${bridge.segment.target} s`,
    opus: number(soundOf(bridge.tracks)?.packets),
    aac: number(bridge.segment.sounds),
    pli: asked ? say("class.ago", { s: asked.age.toFixed(1) }) : "–",
    why: asked ? say(`class.why.${asked.for}`) : "–",
    cut: lastCut ? say(`class.cut.${lastCut}`) : "–",
    newest: bridge.newest.made ? `${bridge.newest.seconds.toFixed(2)} s · ${kilobytes(bridge.newest.bytes)}` : "–",
  };
}

const shortName = (name) => name?.replace(/^seg-(.*-)?\d+-(\d+)\.ts$/, "…$2.ts") ?? "–";

function ofCache(fields) {
  if (!fields) return "–";
  const { seconds: age, immutable } = lifetime(fields.cacheControl);
  return `${fields.cache ?? "–"} · ${immutable ? "∞" : `${age} s`}`;
}

function ofFiles({ folder }, { change, listFields, segmentFields }, viewers) {
  return {
    added: shortName(change.added.at(-1)),
    removed: shortName(change.removed.at(-1)),
    "list-cache": ofCache(listFields),
    "segment-cache": ofCache(segmentFields),
    folder: folder ? `${folder.count} · ${kilobytes(folder.bytes)}` : "–",
    ...(viewers === undefined ? {} : { viewers: number(viewers) }),
  };
}

/** All lines of all stations: { station: { key: text } }. `look` is the desk's, `list` what the page saw of the playlist. */
export function valuesOf(look, list, { lastCut, players }, say) {
  return {
    seller: ofSeller(look, say),
    janus: { ...ofTrack(videoOf(look.bridge?.tracks), "v"), ...ofTrack(soundOf(look.bridge?.tracks), "a") },
    bridge: ofBridge(look, lastCut, say),
    files: ofFiles(look, list),
    viewer: players,
  };
}

/** Why the newest segment ended, by the counters of two looks: "idr", "forced", or what it was. */
export function cutBetween(before, now, last) {
  if (!before || !now) return last;
  if (now.forced > before.forced) return "forced";
  return now.at_idr > before.at_idr ? "idr" : last;
}

const USUAL_CONTROL = 8190; // the port of the bridge's control API, unless another program had it

const fetching = (site) => (site.startsWith("https:") ? "curl -sik" : "curl -si"); // nobody vouches for a class's certificate

const COMMANDS = {
  seller: ({ look }) => {
    const [, port] = /:(\d+)( |$)/.exec(look?.seller?.pair ?? "") ?? []; // Janus's end comes first
    return `${port ? `sudo tcpdump -i any -nn -X -c 1 udp dst port ${port} and greater 500\n` : ""}# chrome://webrtc-internals`;
  },
  janus: ({ look }) => {
    const port = videoOf(look?.bridge?.tracks)?.port ?? soundOf(look?.bridge?.tracks)?.port;
    return `sudo tcpdump -i lo -nn -T rtp -c 4 udp ${port ? `dst port ${port}` : "and dst host 127.0.0.1"}`;
  },
  bridge: ({ stream, look }) => `curl -s http://127.0.0.1:${look?.control ?? USUAL_CONTROL}/streams/${stream}/look`,
  files: ({ site, stream }) => `${fetching(site)} ${site}/live/${stream}/index.m3u8`,
  viewer: ({ site, stream }) => `vlc ${site}/live/${stream}/index.m3u8`,
};

/** The commands that show on a terminal of the server what a station's box shows now, in lines. `look`: the desk's, or null. */
export const commandsFor = (station, { site, stream, look }) => COMMANDS[station]({ site, stream, look });

const FRESH_MS = 8000; // the desk is asked once a second, and given five seconds

/**
 * What the page says of the whole, [mood, key]. `look`: the desk's newest of `stream`, null: there is none yet; `answeredMs`: so
 * long ago the server last answered.
 */
export function stateOf({ stream, look, answeredMs }) {
  if (answeredMs > FRESH_MS) return ["bad", "start.unreachable"];
  if (!stream || !look) return ["busy", "class.state.none"];
  if (look.away) return ["bad", "class.state.away"];
  if (!look.status || look.status.state === "ended") return ["busy", "class.state.over"];
  return look.status.state === "live" ? ["good", "class.state.live"] : ["busy", "class.state.held"];
}
