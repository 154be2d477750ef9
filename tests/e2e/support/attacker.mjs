// SPDX-License-Identifier: GPL-3.0-or-later

// A publisher that means no good: announces itself to a bridge as the plugin does, and then sends what it likes.

import assert from "node:assert/strict";
import dgram from "node:dgram";
import { sleep } from "./rig.mjs";

const BOTH = ["audio", "video"]; // kinds; others are layers
const BURST = 10; // datagrams between two pauses: more would be dropped by the kernel, and attack nobody
const PAUSE_MS = 20;

/** Opus: 20 ms of digital silence, in one channel. */
export const OPUS = Buffer.from([0xf8, 0xff, 0xfe]);

/** Writes single bits, and Exp-Golomb codes (H.264 section 9.1). */
class Bits {
  #bits = "";
  u(count, value) {
    this.#bits += value.toString(2).padStart(count, "0");
    return this;
  }
  ue(value) {
    const code = (value + 1).toString(2);
    this.#bits += "0".repeat(code.length - 1) + code;
    return this;
  }
  /** The bytes, with the stop bit and emulation prevention. */
  bytes() {
    const bits = `${this.#bits}1`;
    const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, "0");
    const raw = padded.match(/.{8}/g).map((byte) => parseInt(byte, 2));
    const out = [];
    for (const byte of raw) {
      if (byte <= 3 && out.at(-1) === 0 && out.at(-2) === 0) out.push(3);
      out.push(byte);
    }
    return Buffer.from(out);
  }
}

/** A sequence parameter set of constrained baseline, for this many macroblocks of 16x16. */
const sps = (across, down) =>
  Buffer.concat([Buffer.from([0x67, 66, 0xc0, 30]),
    new Bits().ue(0).ue(0).ue(2).ue(1).u(1, 0).ue(across - 1).ue(down - 1).u(1, 1).u(1, 1).u(1, 0).u(1, 0).bytes()]);

const PPS = Buffer.concat([Buffer.from([0x68]),
  new Bits().ue(0).ue(0).u(2, 0).ue(0).ue(0).ue(0).u(1, 0).u(2, 0).ue(0).ue(0).ue(0).u(3, 0).bytes()]);

const slice = (nal, type) => Buffer.concat([Buffer.from([nal]),
  new Bits().ue(0).ue(type).ue(0).u(4, 0).ue(0).bytes(), Buffer.alloc(40, 0x55)]);
const IDR = slice(0x65, 7);
const P = slice(0x41, 5);

export class Attacker {
  #sequence = {};
  #ssrcs = {};
  #sockets = {};
  #ports = {};

  /** Announces `stream` with these `kinds`: "audio", "video", and any other word, which is the label of a layer. */
  static async announce(port, stream, kinds) {
    const self = new Attacker();
    const sections = [];
    for (const kind of kinds) {
      const socket = dgram.createSocket("udp4");
      await new Promise((resolve) => socket.bind(0, "127.0.0.1", resolve));
      socket.on("error", () => {}); // refused, when the stream has ended
      self.#sockets[kind] = socket;
      self.#sequence[kind] = 0;
      self.#ssrcs[kind] = 7 + sections.length;
      const map = kind === "audio" ? "111\r\na=rtpmap:111 opus/48000/2" : "96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1";
      const label = BOTH.includes(kind) ? "" : `a=label:${kind}\r\n`;
      sections.push(`m=${kind === "audio" ? kind : "video"} ${socket.address().port} RTP/AVPF ${map}\r\na=rtcp-mux\r\n${label}`);
    }
    const response = await fetch(`http://127.0.0.1:${port}/streams/${stream}`,
      { method: "PUT", body: `v=0\r\nc=IN IP4 127.0.0.1\r\n${sections.join("")}` });
    const answer = await response.text();
    self.status = response.status;
    const ports = [...answer.matchAll(/^m=\w+ (\d+)/gm)].map(([, to]) => Number(to));
    if (response.ok) assert.equal(ports.length, kinds.length);
    kinds.forEach((kind, i) => (self.#ports[kind] = ports[i]));
    return self;
  }

  #send(kind, datagram) {
    return new Promise((resolve) => this.#sockets[kind].send(datagram, this.#ports[kind], "127.0.0.1", resolve));
  }

  rtp(kind, timestamp, payload, { marker = true, type = kind === "audio" ? 111 : 96, sequence = this.#sequence[kind]++,
    ssrc = this.#ssrcs[kind] } = {}) {
    const header = Buffer.alloc(12);
    header[0] = 0x80;
    header[1] = (marker ? 0x80 : 0) | type;
    header.writeUInt16BE(sequence & 0xffff, 2);
    header.writeUInt32BE(Number(BigInt.asUintN(32, BigInt(timestamp))), 4);
    header.writeUInt32BE(ssrc, 8);
    return this.#send(kind, Buffer.concat([header, payload]));
  }

  sound(timestamp) {
    return this.rtp("audio", timestamp, OPUS);
  }

  /** A key frame of this size, with its parameter sets; `options` are those of rtp(). */
  async keyFrame(timestamp, across = 20, down = 12, kind = "video", options = {}) {
    await this.rtp(kind, timestamp, sps(across, down), { ...options, marker: false });
    await this.rtp(kind, timestamp, PPS, { ...options, marker: false });
    await this.rtp(kind, timestamp, IDR, options);
  }

  picture(timestamp, kind = "video") {
    return this.rtp(kind, timestamp, P);
  }

  /** A sender report (RFC 3550 section 6.4.1) with this NTP time in seconds. */
  report(kind, ntpSeconds, timestamp) {
    const report = Buffer.alloc(28);
    report.set([0x80, 200, 0, 6]);
    report.writeUInt32BE(this.#ssrcs[kind], 4);
    report.writeUInt32BE(ntpSeconds >>> 0, 8);
    report.writeUInt32BE(Number(BigInt.asUintN(32, BigInt(timestamp))), 16);
    return this.#send(kind, report);
  }

  /** Calls `send(i)` `count` times, with pauses that let the kernel hand over what was sent. */
  async times(count, send) {
    for (let i = 0; i < count; i++) {
      await send(i);
      if (i % BURST === BURST - 1) await sleep(PAUSE_MS);
    }
  }

  close() {
    for (const socket of Object.values(this.#sockets)) socket.close();
  }
}
