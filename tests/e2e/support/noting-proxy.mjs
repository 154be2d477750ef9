// SPDX-License-Identifier: GPL-3.0-or-later

// A server in front of the real one that changes nothing, and notes what was fetched, and what could not be, and when.

import http from "node:http";

/** Each path that has been given once; the query of a playlist is of one request alone. */
const pathOf = (url) => url.split("?")[0];

/**
 * Serves what `origin` serves. Returns { url, close, given, failures }: the paths that were given, and of each request that
 * had another answer than 200 or 206, or none, { url, status (0: none), from, to }, in ms since 1970. Whoever goes before
 * the answer has not been refused.
 */
export async function startNotingProxy(origin) {
  const failures = [], given = new Set();
  const agent = new http.Agent({ keepAlive: true });

  function pass(request, response) {
    const from = Date.now();
    const note = (status) => failures.push({ url: pathOf(request.url), status, from, to: Date.now() });
    const inner = http.request(new URL(request.url, origin), { agent, headers: request.headers }, (answer) => {
      if (answer.statusCode !== 200 && answer.statusCode !== 206) note(answer.statusCode);
      else given.add(pathOf(request.url));
      response.writeHead(answer.statusCode, answer.headers);
      answer.on("error", () => (note(0), response.destroy()));
      answer.pipe(response);
    });
    inner.on("error", () => {
      if (response.destroyed) return; // it was the viewer who went
      note(0);
      response.destroy();
    });
    response.on("close", () => response.writableFinished || inner.destroy());
    inner.end();
  }

  const server = http.createServer(pass);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    given,
    failures,
    close: () => new Promise((resolve) => (agent.destroy(), server.closeAllConnections(), server.close(resolve))),
  };
}
