// SPDX-License-Identifier: GPL-3.0-or-later

// More hosts than one: network namespaces with addresses of their own, on one Ethernet with ours
// (10.98.0.1). They are without a name and end with the process that holds them.

import { readlink } from "node:fs/promises";
import path from "node:path";
import { Child } from "../../../tools/stack/child.mjs";
import { run } from "./programs.mjs";
import { until } from "./rig.mjs";

const SWITCH = "hosts";
export const OUR_ADDRESS = "10.98.0.1";

async function ip(...args) {
  const { status, stderr } = await run("ip", args);
  if (status !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr}`);
}

export class Hosts {
  #holders = [];
  #ports = [];

  /** `folder`: for logs. */
  constructor(folder) {
    this.folder = folder;
  }

  async start() {
    await ip("link", "add", SWITCH, "type", "bridge");
    await ip("address", "add", `${OUR_ADDRESS}/24`, "dev", SWITCH);
    await ip("link", "set", SWITCH, "up");
  }

  /** Another host. Resolves to { address, within, unplug() }: `within` goes before a command that runs there. */
  async add(name) {
    const number = this.#holders.length + 2;
    const address = `10.98.0.${number}`, port = `port${number}`;
    const holder = new Child(name, "unshare", ["--net", "sleep", "infinity"],
      { logFile: path.join(this.folder, `${name}.log`) });
    this.#holders.push(holder);
    const ours = await readlink("/proc/self/ns/net");
    await until(`${name} is a host of its own`, async () =>
      (await readlink(`/proc/${holder.pid}/ns/net`)) !== ours);
    const within = ["nsenter", "--net", "--target", String(holder.pid), "--"];
    await ip("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", String(holder.pid));
    this.#ports.push(port);
    await ip("link", "set", port, "master", SWITCH, "up");
    for (const args of [["address", "add", `${address}/24`, "dev", "eth0"], ["link", "set", "eth0", "up"],
      ["link", "set", "lo", "up"]]) {
      const { status, stderr } = await run(within[0], [...within.slice(1), "ip", ...args]);
      if (status !== 0) throw new Error(`ip ${args.join(" ")} in ${name}: ${stderr}`);
    }
    return { address, within, unplug: () => ip("link", "set", port, "down") };
  }

  async stop() {
    // the kernel takes its time to clear a namespace away, and a name that is in use cannot be given again
    for (const port of this.#ports) await run("ip", ["link", "delete", port]);
    for (const holder of this.#holders) await holder.stop();
    await run("ip", ["link", "delete", SWITCH]);
  }
}
