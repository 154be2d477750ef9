// SPDX-License-Identifier: GPL-3.0-or-later

// Varnish with varnish/edge.vcl.

import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { Child, untilHealthy } from "../../../tools/stack/child.mjs";
import { fillTemplate } from "../../../tools/stack/nginx.mjs";
import { SOURCE } from "../../../tools/stack/stack.mjs";

const START_MS = 30000; // with the compiler of its configuration

/**
 * Starts it and waits until it has a page of the tier behind it.
 *   name      in messages
 *   within    a command that runs it on another host; none
 *   address   where it listens, host:port
 *   behind    the tiers behind it, [{ address, port }]: the first, and one that stands in; that may be left out
 *   args      more of varnishd
 */
export async function runVarnish({ name = "varnish", within = [], folder, address, behind, args = [], onDeath }) {
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, "edge.vcl");
  const [first, second = first] = behind;
  await writeFile(file, await fillTemplate(path.join(SOURCE, "varnish/edge.vcl.in"), {
    FIRST: first.address, FIRSTPORT: first.port, SECOND: second.address, SECONDPORT: second.port }));
  const [command, ...all] = [...within, "varnishd", "-F", "-j", "none", "-n", path.join(folder, "work"), "-a", address,
    "-f", file, "-s", "malloc,64m", "-p", "timeout_linger=0", "-p", "vsl_space=16m", ...args];
  const child = new Child(name, command, all, { logFile: path.join(folder, "varnish.log"), onDeath });
  await untilHealthy(child, async () => (await fetch(`http://${address}/settings.json`)).ok, START_MS);
  return child;
}
