// SPDX-License-Identifier: GPL-3.0-or-later

// pcap files of UDP over IPv4 over Ethernet, as far as recordings need them.

const MAGIC = 0xa1b2c3d4; // microseconds, in the writer's byte order
const FILE_HEADER = 24, PACKET_HEADER = 16, ETHERNET = 14, IP = 20, UDP = 8;

/** The UDP payloads of a pcap file: [{ us, payload }], times in microseconds since 1970. */
export function readPcap(bytes) {
  if (bytes.readUInt32LE(0) !== MAGIC) throw new Error("this is no pcap file with microseconds of this machine");
  const packets = [];
  for (let at = FILE_HEADER; at + PACKET_HEADER <= bytes.length;) {
    const us = bytes.readUInt32LE(at) * 1000000 + bytes.readUInt32LE(at + 4);
    const length = bytes.readUInt32LE(at + 8);
    const frame = bytes.subarray(at + PACKET_HEADER, at + PACKET_HEADER + length);
    packets.push({ us, payload: frame.subarray(ETHERNET + IP + UDP) });
    at += PACKET_HEADER + length;
  }
  return packets;
}

/** A pcap file of UDP packets on loopback: [{ us, port, payload }], to this port each. */
export function writePcap(packets) {
  const file = Buffer.alloc(FILE_HEADER);
  file.writeUInt32LE(MAGIC, 0);
  file.writeUInt16LE(2, 4);
  file.writeUInt16LE(4, 6);
  file.writeUInt32LE(262144, 16);
  file.writeUInt32LE(1, 20); // Ethernet
  const pieces = [file];
  for (const { us, port, payload } of packets) {
    const frame = Buffer.alloc(PACKET_HEADER + ETHERNET + IP + UDP);
    const length = ETHERNET + IP + UDP + payload.length;
    frame.writeUInt32LE(Math.floor(us / 1000000), 0);
    frame.writeUInt32LE(us % 1000000, 4);
    frame.writeUInt32LE(length, 8);
    frame.writeUInt32LE(length, 12);
    const ip = PACKET_HEADER + ETHERNET;
    frame.writeUInt16BE(0x0800, ip - 2);
    frame.set([0x45, 0], ip);
    frame.writeUInt16BE(IP + UDP + payload.length, ip + 2);
    frame.set([64, 17], ip + 8); // TTL; UDP
    frame.set([127, 0, 0, 1, 127, 0, 0, 1], ip + 12);
    frame.writeUInt16BE(5000, ip + IP);
    frame.writeUInt16BE(port, ip + IP + 2);
    frame.writeUInt16BE(UDP + payload.length, ip + IP + 4);
    pieces.push(frame, payload);
  }
  return Buffer.concat(pieces);
}
