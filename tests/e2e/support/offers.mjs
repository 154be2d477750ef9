// SPDX-License-Identifier: GPL-3.0-or-later

// Offers that Janus can read, of publishers that never connect.

/** A section of an offer: `kind` with `payloads`, and what follows of it. */
export const section = (kind, payloads, lines) =>
  [`m=${kind} 9 UDP/TLS/RTP/SAVPF ${payloads}`, "c=IN IP4 0.0.0.0", "a=mid:0", "a=sendonly", "a=rtcp-mux",
    "a=ice-ufrag:abcd", "a=ice-pwd:abcdefghijklmnopqrstuvwx",
    `a=fingerprint:sha-256 ${Array(32).fill("AB").join(":")}`, "a=setup:actpass", ...lines].join("\r\n");

export const offer = (...sections) => ({
  type: "offer",
  sdp: ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0", ...sections, ""].join("\r\n"),
});

/** Sound alone, as a browser offers it. */
export const SOUND = offer(section("audio", "111", ["a=rtpmap:111 opus/48000/2"]));
