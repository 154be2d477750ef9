// SPDX-License-Identifier: GPL-3.0-or-later

// TCP ports: whether one can be had, and which are free.

import { readFile } from "node:fs/promises";
import net from "node:net";

const listenTrouble = (port, host) => new Promise((resolve) => {
  const server = net.createServer();
  server.on("error", (error) => resolve(error.code));
  server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(null)));
});

/** Whether browsers ask nothing of `port`, nor does fetch() (https://fetch.spec.whatwg.org/#port-blocking). Nobody listens on it. */
const isBlocked = (port) => fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1000) }).then(() => false, ({ cause }) => cause?.message === "bad port");

/** Resolves to null if `port` can be listened on, else to the error's code (EADDRINUSE, …); EBLOCKED: no browser would ask it. */
export const portTrouble = async (port, host = "127.0.0.1") =>
  (await listenTrouble(port, host)) ?? ((await isBlocked(port)) ? "EBLOCKED" : null);

const FIRST = 10000, CONNECTIONS_FROM = 32768;
const given = new Set(); // by this process, which may not have listened on them yet

/** The first of the ports that Linux gives to connections: one that is free now may be such a connection's in a moment. */
const firstOfConnections = () => readFile("/proc/sys/net/ipv4/ip_local_port_range", "utf8")
  .then((text) => Number(text.split(/\s/)[0]), () => CONNECTIONS_FROM);

/** `count` ports on loopback that were free a moment ago, and that neither a connection nor we ourselves take before they are used. */
export async function freePorts(count) {
  const past = await firstOfConnections();
  const range = past > FIRST ? past - FIRST : CONNECTIONS_FROM - FIRST;
  const ports = [];
  for (let tries = 0; ports.length < count; tries++) {
    if (tries === range) throw new Error(`no ${count} ports are free on 127.0.0.1`);
    const port = FIRST + Math.floor(Math.random() * range);
    if (given.has(port)) continue;
    given.add(port);
    if (await portTrouble(port)) given.delete(port);
    else ports.push(port);
  }
  return ports;
}

/** `port` where it can be had, else another that is free. */
export async function portOrOther(port) {
  return (await portTrouble(port)) ? (await freePorts(1))[0] : port;
}
