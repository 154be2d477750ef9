// SPDX-License-Identifier: GPL-3.0-or-later

// Faults of the network between Chromium and Janus, which is UDP to the namespace's own addresses.
// The bridge's RTP and all HTTP use loopback and are spared.

import { readFile } from "node:fs/promises";
import { run } from "./programs.mjs";
import { sleep } from "./rig.mjs";

async function iptables(...args) {
  const { status, stderr } = await run("iptables", ["-w", ...args]);
  if (status !== 0) throw new Error(`iptables ${args.join(" ")}: ${stderr}`);
}

const MEDIA = ["INPUT", "-p", "udp", "-d", "10.99.0.0/24"];
const random = (share) => [...MEDIA, "-m", "statistic", "--mode", "random", "--probability", String(share), "-j", "DROP"];
const all = [...MEDIA, "-j", "DROP"];

/** How many UDP packets the kernel has dropped in this namespace, as the process that they were for did not read them in time. */
export async function kernelDrops() {
  const [names, values] = (await readFile("/proc/net/snmp", "utf8")).split("\n").filter((line) => line.startsWith("Udp:")).map((line) => line.split(" "));
  return Number(values[names.indexOf("RcvbufErrors")]);
}

/** Loses a share (0 to 1) of all packets, both ways, while `body()` runs. */
export async function withLoss(share, body) {
  await iptables("-A", ...random(share));
  try {
    return await body();
  } finally {
    await iptables("-D", ...random(share));
  }
}

/** Loses everything for `ms`. */
export async function cut(ms) {
  await iptables("-A", ...all);
  await sleep(ms);
  await iptables("-D", ...all);
}

/** Loses everything for `ms` in each `periodMs` while `body()` runs. */
export async function withBursts(ms, periodMs, body) {
  let over = false;
  const bursts = (async () => {
    while (!over) {
      await cut(ms);
      await sleep(periodMs - ms);
    }
  })();
  try {
    return await body();
  } finally {
    over = true;
    await bursts;
  }
}
