// SPDX-License-Identifier: GPL-3.0-or-later

// The desk of a class: what its pages ask ./demo for, JSON over HTTP on loopback; nginx passes it on (nginx/class.conf.in).
// Everybody in the class may read; what changes something takes the teacher's key.

import { createHash, timingSafeEqual } from "node:crypto";
import http from "node:http";

const BODY_MAX = 4096; // bytes of a request: what Janus asks has a title
const PATIENCE_MS = 10000; // with one that comes slowly

/** What is wrong with a request: an HTTP status, and a sentence that says what to do. */
export class DeskError extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

/** Whether two secrets are the same, in the same time wherever they differ. */
export function sameSecret(one, other) {
  const digest = (text) => createHash("sha256").update(String(text)).digest();
  return timingSafeEqual(digest(one), digest(other));
}

async function readBody(request) {
  let text = "";
  for await (const piece of request) {
    text += piece;
    if (text.length > BODY_MAX) throw new DeskError(413, `A request has ${BODY_MAX} bytes at the most.`);
  }
  if (!text) return {};
  try {
    const body = JSON.parse(text);
    if (body && typeof body === "object" && !Array.isArray(body)) return body;
  } catch {
    // told below
  }
  throw new DeskError(400, "The body of a request is a JSON object.");
}

export class Desk {
  #routes;
  #key;
  #server;

  /**
   * `routes`: { "METHOD /path": { teacher, answer } }; nginx passes on those of /class/ alone. answer(body, query) returns what is sent as JSON, or a promise of it,
   * or throws a DeskError; `body` is the request's object, `query` its URLSearchParams. `teacher`: only who has `key`
   * may ask.
   */
  constructor(routes, key) {
    this.#routes = routes;
    this.#key = key;
  }

  /** Listens on a port of loopback, and resolves to it. */
  async open(port = 0) {
    this.#server = http.createServer({ requestTimeout: PATIENCE_MS, headersTimeout: PATIENCE_MS },
      (request, response) => this.#take(request, response));
    await new Promise((resolve, reject) => this.#server.once("error", reject).listen(port, "127.0.0.1", resolve));
    return this.#server.address().port;
  }

  async close() {
    if (!this.#server) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request) {
    const [, path, query] = /^([^?]*)\??(.*)$/s.exec(request.url); // nginx passes on what it has been asked, and not all of that is a URL
    const route = this.#routes[`${request.method} ${path}`];
    if (!route) throw new DeskError(404, "The desk has no such page.");
    if (route.teacher && !sameSecret(request.headers.authorization ?? "", `Bearer ${this.#key}`))
      throw new DeskError(401, "This is for the teacher: open the teacher's link that ./demo --class has printed.");
    return route.answer(request.method === "POST" ? await readBody(request) : {}, new URLSearchParams(query));
  }

  async #take(request, response) {
    const send = (status, body) => {
      response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
      response.end(JSON.stringify(body));
    };
    try {
      send(200, (await this.#answer(request)) ?? {});
    } catch (error) {
      if (!(error instanceof DeskError)) console.error(`class desk: ${error.stack}`);
      if (!response.headersSent) send(error.status ?? 500, { error: error instanceof DeskError ? error.message
        : "The desk has failed; the terminal of ./demo says why." });
    }
  }
}
