// SPDX-License-Identifier: GPL-3.0-or-later

// A connection that carries only so much: a viewer's, by the port of loopback that sends to it, all connections together;
// or a publisher's, of which the media come by UDP from one address of the namespace's own to another, which is loopback too.

import { writeFile } from "node:fs/promises";
import { run } from "./programs.mjs";

const CLASS = "1:2";
const MTU = "1500"; // else a packet of loopback is 64 KB, half a second of a slow connection; and so would be several sent as one
// What is under way of a connection, as on a network with a way to go and routers with short queues. On loopback the
// server would send all of a part at once, and what the queue drops of its end comes 200 ms later.
const SEND_BUFFER = "4096 16384 32768";
const QUEUE_BYTES = 300000; // all connections of a viewer, so that nothing is dropped
const UPLINK_QUEUE_MS = 250; // of a publisher: what a router has in hand before it drops

async function tc(...args) {
  const { status, stderr } = await run("tc", args);
  if (status !== 0) throw new Error(`tc ${args.join(" ")}: ${stderr}`);
}

const rateOf = (kbit) => ["htb", "rate", `${kbit}kbit`, "burst", "3000", "cburst", "3000"];

/** Limits what `match` (of tc's u32) selects to `kbit` kbit/s; returns `set(kbit)`, which changes it at once. */
async function limit(match, kbit, queueBytes) {
  const { status, stderr } = await run("ip", ["link", "set", "lo", "mtu", MTU, "gso_max_segs", "1"]);
  if (status !== 0) throw new Error(stderr);
  await tc("qdisc", "add", "dev", "lo", "root", "handle", "1:", "htb", "default", "1", "r2q", "1000");
  await tc("class", "add", "dev", "lo", "parent", "1:", "classid", "1:1", "htb", "rate", "10gbit");
  await tc("class", "add", "dev", "lo", "parent", "1:", "classid", CLASS, ...rateOf(kbit));
  await tc("qdisc", "add", "dev", "lo", "parent", CLASS, "bfifo", "limit", String(queueBytes));
  await tc("filter", "add", "dev", "lo", "parent", "1:", "protocol", "ip", "u32", ...match, "flowid", CLASS);
  return (now) => tc("class", "change", "dev", "lo", "parent", "1:", "classid", CLASS, ...rateOf(now));
}

/** Limits what `port` sends, in a network namespace of our own, to `kbit` kbit/s. Returns `set(kbit)`. */
export async function limitRate(port, kbit) {
  await writeFile("/proc/sys/net/ipv4/tcp_wmem", SEND_BUFFER);
  return limit(["match", "ip", "sport", String(port), "0xffff"], kbit, QUEUE_BYTES);
}

/** Limits what goes by UDP between the namespace's own addresses, both ways together, likewise; `least`: the least that is set later. */
export const limitUplink = (kbit, least) =>
  limit(["match", "ip", "protocol", "17", "0xff", "match", "ip", "dst", "10.99.0.0/24"], kbit, (least * 1000 / 8) * (UPLINK_QUEUE_MS / 1000));
