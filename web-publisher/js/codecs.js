// SPDX-License-Identifier: GPL-3.0-or-later

// The video codecs that a publisher may choose, and what becomes of each at its viewers. It decides, and knows neither page
// nor connection.

// A page does not know whether the server has a ladder (docs/operations.md), which is H.264 for everybody.
const UNLESS = "unless the server makes H.264 of it, too";

const WHERE = {
  h264: "H.264 plays everywhere.",
  vp9: `VP9 is seen in browsers and players of low-latency HLS or DASH; VLC, TVs and classic HLS get the sound alone, ${UNLESS}.`,
  av1: `AV1 is seen in browsers and players of low-latency HLS or DASH; VLC, TVs and classic HLS get the sound alone, ${UNLESS}.`,
  h265: `H.265 is seen in players of low-latency HLS or DASH that have a decoder for it; classic HLS gets the sound alone, ${UNLESS}.`,
  vp8: "VP8 is heard and not seen, unless the server makes H.264 of it: no HLS player takes it. Choose H.264 to be seen.",
};

/** The names that the server and the page's address have for them. */
export const CODECS = Object.keys(WHERE);

/** `name` if it is one of them, else "": the server chooses. */
export const codecOf = (name) => (CODECS.includes(name?.toLowerCase()) ? name.toLowerCase() : "");

/** A sentence of who sees the picture. */
export const whoSees = (name) => WHERE[codecOf(name)] ?? "";

/** Whether a picture in it reaches nobody. */
export const isUnseen = (name) => codecOf(name) === "vp8";

/** Whether a browser sends it; `capabilities`: RTCRtpSender.getCapabilities("video"), or null if it does not say. */
export function canSend(name, capabilities) {
  if (!capabilities) return true;
  return capabilities.codecs.some(({ mimeType }) => mimeType.toLowerCase() === `video/${name}`);
}

/** The codec of the picture that an answer takes; "": it takes none. */
export function answeredCodec(sdp) {
  const section = sdp.split(/\r?\n(?=m=)/).find((text) => text.startsWith("m=video")) ?? "";
  return codecOf(/^a=rtpmap:\d+ ([^/\s]+)\//m.exec(section)?.[1]);
}

/**
 * The parameters of each layer for a codec: VP9 and AV1 may send one picture in several layers at once, of which no player
 * could leave any out, so they send one.
 */
export const layerParameters = (name) => (["vp9", "av1"].includes(name) ? { scalabilityMode: "L1T1" } : {});
