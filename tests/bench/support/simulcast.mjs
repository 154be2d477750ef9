// SPDX-License-Identifier: GPL-3.0-or-later

// Records real simulcast, or one size in a codec of its own: a page sends its picture to Janus's VideoRoom, and Janus
// writes down what it decrypts, RTP and sender reports (its rtp_forward has no sender reports). What comes out is as if
// each layer had been sent to the bridge: Opus as payload type 111, video as PAYLOAD_TYPES says, each track with RTCP on
// a port of its own.

import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { openPage } from "../../e2e/support/browser.mjs";
import { admin } from "../../e2e/support/janus-api.mjs";
import { sleep, until } from "../../e2e/support/rig.mjs";
import { readPcap, writePcap } from "./pcap.mjs";

const ROOM = 1234;
const KEY_FRAMES_S = 2; // between two that the room asks for
const SETTLE_MS = 6000; // until the estimate lets all three layers through
const PORTS = { audio: 5002, video: [5004, 5006, 5008] }; // best layer first
const OPUS = 111;
const LAYERS = 3;

/** Payload types behind the plugin. */
export const PAYLOAD_TYPES = { h264: 96, vp8: 97, vp9: 98, av1: 99, h265: 100 };
const RTCP = { first: 192, last: 223, senderReport: 200 };

/** What Janus and Chromium need for it. */
export const SIMULCAST_JANUS = {
  stockPlugins: ["videoroom"],
  files: { "janus.plugin.videoroom.jcfg": `room-${ROOM}: { publishers = 2 videocodec = "h264,vp8,vp9,av1,h265" audiocodec = "opus" ` +
    `bitrate = 0 fir_freq = ${KEY_FRAMES_S} lock_record = false }\n` },
};

/** In the page: joins the room, and sends the test card in as many sizes as there are bitrates. Resolves to the session's id. */
async function joinRoom({ room, width, height, bitrates, codec }) {
  const { default: Janus } = await import("/vendor/janus.es.js");
  const { startTestCard } = await import("/js/test-card.js");
  const card = await startTestCard({ name: "recording", width, height });
  const janus = await new Promise((resolve, reject) => {
    const j = new Janus({ server: `ws://${location.host}/janus`, success: () => resolve(j), error: reject });
  });
  const simulcast = bitrates.length > 1;
  const sendEncodings = !simulcast ? [{ maxBitrate: bitrates[0] }] : bitrates.map((maxBitrate, i) => ({ rid: "hml"[i], active: true, maxBitrate, scaleResolutionDownBy: 2 ** i }));
  const handle = await new Promise((resolve, reject) => {
    let plugin;
    janus.attach({
      plugin: "janus.plugin.videoroom",
      success: (attached) => {
        plugin = attached;
        plugin.send({ message: { request: "join", room, ptype: "publisher", display: "x" } });
      },
      error: reject,
      webrtcState: (up) => up && resolve(plugin),
      onmessage: (message, jsep) => {
        if (jsep) plugin.handleRemoteJsep({ jsep });
        if (message.videoroom !== "joined") return;
        const [audio, video] = [card.stream.getAudioTracks()[0], card.stream.getVideoTracks()[0]];
        plugin.createOffer({
          tracks: [{ type: "audio", capture: audio, recv: false },
            { type: "video", capture: video, recv: false, simulcast, sendEncodings }],
          success: (offer) => plugin.send({ message: { request: "publish", videocodec: codec }, jsep: offer }),
          error: reject,
        });
      },
    });
  });
  window.connection = handle.webrtcStuff.pc;
  return janus.getSessionId();
}

/** What the page sends now: [{ kind, rid, ssrc, width, height }]. */
const layers = (page) => page.evaluate(async () => {
  const found = [];
  (await window.connection.getStats()).forEach(({ type, kind, rid, ssrc, frameWidth: width, frameHeight: height, framesPerSecond: rate }) =>
    type === "outbound-rtp" && found.push({ kind, rid, ssrc, width, height, rate: rate ?? 0 }));
  return found;
});

/** The pcap file that the bridge would have been sent, of one that Janus wrote of this publisher. */
function asForwarded(recorded, tracks, codec) {
  const portOf = new Map([[tracks.find(({ kind }) => kind === "audio").ssrc, PORTS.audio]]);
  tracks.filter(({ kind }) => kind === "video").sort((a, b) => b.width - a.width)
    .forEach(({ ssrc }, i) => portOf.set(ssrc, PORTS.video[i]));
  return writePcap(readPcap(recorded).flatMap(({ us, payload }) => {
    const isRtcp = payload[1] >= RTCP.first && payload[1] <= RTCP.last;
    if (isRtcp && payload[1] !== RTCP.senderReport) return [];
    const port = portOf.get(payload.readUInt32BE(isRtcp ? 4 : 8));
    if (!port) return []; // padding and copies by RTX, and what Janus sends
    if (!isRtcp) payload[1] = (payload[1] & 0x80) | (port === PORTS.audio ? OPUS : PAYLOAD_TYPES[codec]);
    return [{ us, port, payload }];
  }));
}

/** Records `layers` sizes in `codec` to the pcap file `file`: the largest has this size, the others half and a quarter of it. */
export async function recordRoom(context, stack, { file, seconds, width, height, bitrate, codec = "h264", layers: count = LAYERS }) {
  const page = await openPage(context, `${stack.url}/publish.html?stream=room`);
  const session_id = await page.evaluate(joinRoom,
    { room: ROOM, width, height, bitrates: [bitrate, bitrate / 2, bitrate / 4].slice(0, count), codec });
  await until("all layers run", async () => {
    const video = (await layers(page)).filter(({ kind, rate }) => kind === "video" && rate > 20);
    return video.length === count;
  }, 40000);
  await sleep(SETTLE_MS);
  const { handles: [handle_id] } = await admin(stack, { janus: "list_handles", session_id });
  const raw = { folder: path.dirname(file), filename: `${path.basename(file)}.raw` };
  const began = await admin(stack, { janus: "start_pcap", session_id, handle_id, ...raw });
  if (began.janus !== "success") throw new Error(JSON.stringify(began));
  await sleep(seconds * 1000);
  await admin(stack, { janus: "stop_pcap", session_id, handle_id });
  await writeFile(file, asForwarded(await readFile(`${file}.raw`), await layers(page), codec));
  await page.close();
}
