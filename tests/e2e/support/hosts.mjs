// SPDX-License-Identifier: GPL-3.0-or-later

// More hosts than one: network namespaces with addresses of their own, on one Ethernet with ours. They are without a name
// and end with the process that holds them.

import { readlink } from "node:fs/promises";
import path from "node:path";
import { Child } from "../../../tools/stack/child.mjs";
import { run } from "./programs.mjs";
import { until } from "./rig.mjs";

let networks = 0; // each has a name and addresses of its own

async function ip(...args) {
  const { status, stderr } = await run("ip", args);
  if (status !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr}`);
}

export class Hosts {
  #holders = [];
  #ports = [];

  #number = networks++;
  #switch = `hosts${this.#number}`;

  /** `folder`: for logs. */
  constructor(folder) {
    this.folder = folder;
  }

  /** That of one of these hosts; 1: ours. */
  #address(host) {
    return `10.98.${this.#number}.${host}`;
  }

  get ourAddress() {
    return this.#address(1);
  }

  async start() {
    await ip("link", "add", this.#switch, "type", "bridge");
    await ip("address", "add", `${this.ourAddress}/24`, "dev", this.#switch);
    await ip("link", "set", this.#switch, "up");
  }

  /** Another host. Resolves to { address, within, unplug() }: `within` goes before a command that runs there. */
  async add(name) {
    const number = this.#holders.length + 2;
    const address = this.#address(number), port = `port${this.#number}-${number}`;
    const holder = new Child(name, "unshare", ["--net", "sleep", "infinity"],
      { logFile: path.join(this.folder, `${name}.log`) });
    this.#holders.push(holder);
    const ours = await readlink("/proc/self/ns/net");
    await until(`${name} is a host of its own`, async () =>
      (await readlink(`/proc/${holder.pid}/ns/net`)) !== ours);
    const within = ["nsenter", "--net", "--target", String(holder.pid), "--"];
    await ip("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", String(holder.pid));
    this.#ports.push(port);
    await ip("link", "set", port, "master", this.#switch, "up");
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
    await run("ip", ["link", "delete", this.#switch]);
  }
}
