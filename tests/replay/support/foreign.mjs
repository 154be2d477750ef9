// SPDX-License-Identifier: GPL-3.0-or-later

// Publishers that are no browsers: what the real ffmpeg encodes and puts into RTP, as a recording for rtp-replay. It sends
// by RTSP over TCP, as fast as it can and without loss. When a packet would have come follows from its RTP timestamp, and
// so do the sender reports; so a recording is the same on every machine.

import net from "node:net";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { writePcap } from "../../bench/support/pcap.mjs";
import { runLoaded } from "./loaded.mjs";

const RATE = 25; // pictures a second
const HZ = { video: 90000, audio: 48000 };
const PORT = { video: 5004, audio: 5002 };
const OPUS = 111;
const PAYLOAD_TYPES = { h264: 96, vp8: 97, vp9: 98, h265: 100 }; // as rtp-replay has them
const START_S = 1800000000; // 2027, on the sender's clock
const NTP_1970 = 2208988800;
const REPORT_EACH_S = 1;

const GROUP = 50; // pictures from one key frame to the next

/** Arguments of ffmpeg for each encoder, and more of them; the first of x265 are its own. One thread each: the same everywhere. */
export const encoders = {
  x264: (...more) => ["-c:v", "libx264", "-preset", "veryfast", "-threads", 1, "-flags", "-global_header", "-g", GROUP,
    "-keyint_min", GROUP, "-sc_threshold", 0, "-b:v", "120k", "-maxrate", "120k", "-bufsize", "240k", ...more],
  x265: (params, ...more) => ["-c:v", "libx265", "-preset", "ultrafast", "-b:v", "100k", "-x265-params",
    `keyint=${GROUP}:min-keyint=${GROUP}:scenecut=0:repeat-headers=1:pools=1:frame-threads=1:log-level=error:${params}`, ...more],
  vp9: (...more) => ["-c:v", "libvpx-vp9", "-strict", "experimental", "-deadline", "realtime", "-cpu-used", 8, "-threads", 1,
    "-g", GROUP, "-b:v", "100k", ...more],
};

const BOX = "x=0.8*iw:y=0.38*ih:w=0.16*iw:h=0.34*ih:t=fill";

/** A picture that moves, and flashes where hls-doctor looks, in the first 0.1 s of each second; and the sound that beeps. */
const PICTURE = (size, rate) => `testsrc=size=${size}:rate=${rate},drawbox=${BOX}:color=black,` +
  `drawbox=${BOX}:color=white:enable='lt(mod(t,1),0.1)'`;
const SOUND = "aevalsrc='0.5*sin(2*PI*1000*t)*lt(t,0.1)':s=48000:c=stereo:d=1,aloop=-1:48000"; // a second again and again

/** What ffmpeg sends to an RTSP server that takes all: { sdp, packets: [{ track, rtcp, data }] }, in order. */
async function record(args) {
  const packets = [];
  let sdp = "", held = Buffer.alloc(0);
  const answer = (socket, text) => {
    const [line] = text.split("\r\n");
    const header = (name) => new RegExp(`^${name}: *(.*)$`, "im").exec(text)?.[1].trim();
    const lines = ["RTSP/1.0 200 OK", `CSeq: ${header("CSeq")}`, "Session: 1"];
    if (line.startsWith("SETUP")) lines.push(`Transport: ${header("Transport")}`);
    if (line.startsWith("OPTIONS")) lines.push("Public: ANNOUNCE, SETUP, RECORD, TEARDOWN");
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  };
  /** Takes one request or packet off the front; false: it is not whole yet. */
  const takeOne = (socket) => {
    if (held[0] === 0x24) { // "$": a packet of a channel
      const len = held.length < 4 ? Infinity : 4 + held.readUInt16BE(2);
      if (held.length < len) return false;
      packets.push({ track: held[1] < 2 ? "video" : "audio", rtcp: held[1] % 2 === 1, data: held.subarray(4, len) });
      held = held.subarray(len);
      return true;
    }
    const end = held.indexOf("\r\n\r\n");
    if (end < 0) return false;
    const text = held.toString("latin1", 0, end);
    const body = Number(/^Content-Length: *(\d+)/im.exec(text)?.[1] ?? 0);
    if (held.length < end + 4 + body) return false;
    sdp += held.toString("latin1", end + 4, end + 4 + body);
    held = held.subarray(end + 4 + body);
    answer(socket, text);
    return true;
  };
  const server = net.createServer((socket) => {
    socket.on("error", () => {}); // it goes without a word
    socket.on("data", (data) => {
      held = Buffer.concat([held, data]);
      while (held.length > 0 && takeOne(socket));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { status, stderr } = await runLoaded("ffmpeg", ["-nostdin", "-v", "error", ...args,
    "-f", "rtsp", "-rtsp_transport", "tcp", "-pkt_size", "1200", `rtsp://127.0.0.1:${server.address().port}/`]);
  server.close();
  if (status !== 0) throw new Error(`ffmpeg: ${stderr}`);
  return { sdp, packets };
}

/** Gives each packet the time at which it would have come, in seconds, and puts them into that order. */
function timed(packets) {
  // the first report of each track says what its clock was at the same moment
  const zero = {}, newest = {};
  for (const { track, rtcp, data } of packets)
    if (rtcp && data[1] === 200) zero[track] ??= { ntp: data.readUInt32BE(8) + data.readUInt32BE(12) / 2 ** 32, ts: data.readUInt32BE(16) };
  const began = zero.video.ntp;
  const media = packets.filter(({ rtcp }) => !rtcp).map(({ track, data }) => {
    const { ntp, ts } = zero[track];
    const at = ntp - began + ((data.readUInt32BE(4) - ts) | 0) / HZ[track];
    newest[track] = Math.max(newest[track] ?? -Infinity, at); // an encoder gives out what others refer to first
    return { track, data, shown: at, at: newest[track] };
  });
  const first = Math.min(...media.map(({ at }) => at));
  for (const packet of media) packet.at -= first;
  for (const packet of media) packet.shown -= first;
  return media.sort((a, b) => a.at - b.at);
}

/** The sender's reports, one a second of each track. */
function reports(media) {
  const made = [];
  for (const track of Object.keys(HZ)) {
    const { data, shown } = media.find((packet) => packet.track === track);
    for (let at = shown; at < media.at(-1).at; at += REPORT_EACH_S) {
      const report = Buffer.alloc(28);
      report.writeUInt32BE(0x80c80006, 0);
      data.copy(report, 4, 8, 12);
      report.writeUInt32BE(NTP_1970 + START_S + Math.floor(at), 8);
      report.writeUInt32BE(Math.floor((at % 1) * 2 ** 32), 12);
      report.writeUInt32BE((data.readUInt32BE(4) + Math.round((at - shown) * HZ[track])) >>> 0, 16);
      made.push({ track, data: report, at: at + 1e-6 }); // behind what has the time
    }
  }
  return made;
}

/**
 * Has ffmpeg encode `seconds` of a moving picture with `encoder`, its arguments, and writes the recording to folder/name.pcap.
 * `codec`: which that is. Returns the path.
 */
export async function foreign(folder, name, { encoder, codec = "h264", size = "320x180", rate = RATE, filter = "null", seconds = 8 }) {
  const { packets } = await record(["-t", seconds, "-f", "lavfi", "-i", `${PICTURE(size, rate)},${filter}`,
    "-t", seconds, "-f", "lavfi", "-i", SOUND, "-map", "0:v", ...encoder, "-map", "1:a", "-c:a", "libopus", "-b:a", "32k"].map(String));
  const media = timed(packets);
  for (const { track, data } of media) data[1] = (data[1] & 0x80) | (track === "video" ? PAYLOAD_TYPES[codec] : OPUS);
  const file = path.join(folder, `${name}.pcap`);
  const all = [...media, ...reports(media)].sort((a, b) => a.at - b.at);
  await writeFile(file, writePcap(all.map(({ track, data, at }) =>
    ({ us: START_S * 1000000 + Math.round(at * 1000000), port: PORT[track], payload: data }))));
  return file;
}
