// SPDX-License-Identifier: GPL-3.0-or-later

// The video codecs that a publisher may choose, and what becomes of each at its viewers. It decides, and knows neither page
// nor connection.

/** The names that the server and the page's address have for them. */
export const CODECS = ["h264", "vp9", "av1", "h265", "vp8"];

/** `name` if it is one of them, else "": the server chooses. */
export const codecOf = (name) => (CODECS.includes(name?.toLowerCase()) ? name.toLowerCase() : "");

/** The text (strings.js) of who sees the picture; none is chosen: what the server does then. */
export const whoSees = (name) => `codec.${codecOf(name) || "default"}`;

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
