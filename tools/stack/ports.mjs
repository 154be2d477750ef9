// SPDX-License-Identifier: GPL-3.0-or-later

// TCP ports: whether one can be had, and which are free.

import net from "node:net";

/** Resolves to null where `port` can be listened on, else to the error's code (EADDRINUSE, …). */
export function portTrouble(port, host = "127.0.0.1") {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.on("error", (error) => resolve(error.code));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

/** `count` ports on loopback that were free a moment ago. */
export async function freePorts(count) {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((resolve, reject) => {
          const server = net.createServer();
          server.on("error", reject);
          server.listen(0, "127.0.0.1", () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** `port` where it can be had, else another that is free. */
export async function portOrOther(port) {
  return (await portTrouble(port)) ? (await freePorts(1))[0] : port;
}
