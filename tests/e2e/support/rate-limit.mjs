// SPDX-License-Identifier: GPL-3.0-or-later

// A viewer's connection that carries only so much: what a port of loopback sends, all connections together.

import { writeFile } from "node:fs/promises";
import { run } from "./programs.mjs";

const CLASS = "1:2";
const MTU = "1500"; // else a packet of loopback is 64 KB, half a second of a slow connection
// What is under way of a connection, as on a network with a way to go and routers with short queues. On loopback the
// server would send all of a part at once, and what the queue drops of its end comes 200 ms later.
const SEND_BUFFER = "4096 16384 32768";
const QUEUE_BYTES = 300000; // all connections of a viewer, so that nothing is dropped

async function tc(...args) {
  const { status, stderr } = await run("tc", args);
  if (status !== 0) throw new Error(`tc ${args.join(" ")}: ${stderr}`);
}

const rateOf = (kbit) => ["htb", "rate", `${kbit}kbit`, "burst", "3000", "cburst", "3000"];

/**
 * Limits what `port` sends to `kbit` kbit/s, in a network namespace of our own. Returns `set(kbit)`, which changes
 * it at once.
 */
export async function limitRate(port, kbit) {
  const { status, stderr } = await run("ip", ["link", "set", "lo", "mtu", MTU]);
  if (status !== 0) throw new Error(stderr);
  await writeFile("/proc/sys/net/ipv4/tcp_wmem", SEND_BUFFER);
  await tc("qdisc", "add", "dev", "lo", "root", "handle", "1:", "htb", "default", "1", "r2q", "1000");
  await tc("class", "add", "dev", "lo", "parent", "1:", "classid", "1:1", "htb", "rate", "10gbit");
  await tc("class", "add", "dev", "lo", "parent", "1:", "classid", CLASS, ...rateOf(kbit));
  await tc("qdisc", "add", "dev", "lo", "parent", CLASS, "bfifo", "limit", String(QUEUE_BYTES));
  await tc("filter", "add", "dev", "lo", "parent", "1:", "protocol", "ip", "u32", "match", "ip", "sport", String(port), "0xffff",
    "flowid", CLASS);
  return (now) => tc("class", "change", "dev", "lo", "parent", "1:", "classid", CLASS, ...rateOf(now));
}
