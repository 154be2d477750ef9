// SPDX-License-Identifier: GPL-3.0-or-later

// Janus's API over a WebSocket, as a program uses it; and its Admin API.

import { randomUUID } from "node:crypto";
import WebSocket from "ws";

const TIMEOUT_MS = 60000; // a busy machine takes long for anything

class Connection {
  #waiting = new Map(); // transaction -> resolve
  #listeners = [];
  events = []; // what came without being asked for

  static async open(url, protocol, token) {
    const connection = new Connection();
    connection.token = token;
    connection.socket = new WebSocket(url, protocol);
    connection.socket.on("message", (data) => connection.#onMessage(JSON.parse(data)));
    await new Promise((resolve, reject) => {
      connection.socket.on("open", resolve);
      connection.socket.on("error", reject);
    });
    return connection;
  }

  #onMessage(message) {
    if (message.janus === "ack") return; // the answer follows
    const resolve = this.#waiting.get(message.transaction);
    if (resolve) {
      this.#waiting.delete(message.transaction);
      resolve(message);
    } else {
      this.events.push(message);
      this.#listeners.forEach((listener) => listener(message));
    }
  }

  onEvent(listener) {
    this.events.forEach(listener);
    this.#listeners.push(listener);
  }

  /** Sends what is answered by an ack at most. */
  tell(message, transaction = randomUUID()) {
    this.socket.send(JSON.stringify({ transaction, ...(this.token && { token: this.token }), ...message }));
  }

  ask(message) {
    const transaction = randomUUID();
    this.tell(message, transaction);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to ${JSON.stringify(message)}`)), TIMEOUT_MS);
      this.#waiting.set(transaction, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
  }

  close() {
    this.socket.close();
  }
}

/** A handle of the HLS plugin: request(body, jsep) resolves to the plugin's data. `token`: of Janus itself. Throws what Janus refuses. */
export async function attach(stack, plugin = "janus.plugin.hls", token) {
  const connection = await Connection.open(`ws://127.0.0.1:${stack.janusPort}`, "janus-protocol", token);
  const refuse = ({ error }) => {
    connection.close();
    throw Object.assign(new Error(error.reason), { code: error.code });
  };
  const created = await connection.ask({ janus: "create" });
  if (!created.data) refuse(created);
  const session_id = created.data.id;
  const attached = await connection.ask({ janus: "attach", session_id, plugin });
  if (!attached.data) await connection.ask({ janus: "destroy", session_id }).then(() => refuse(attached));
  const handle_id = attached.data.id;
  return {
    sessionId: session_id,
    handleId: handle_id,
    events: connection.events,
    /** Calls `listener` with each event that has come and that will come. */
    onEvent: (listener) => connection.onEvent(listener),
    keepAlive: () => connection.tell({ janus: "keepalive", session_id }),
    async request(body, jsep) {
      const answer = await connection.ask({ janus: "message", session_id, handle_id, body, ...(jsep && { jsep }) });
      return answer.plugindata?.data ?? answer;
    },
    /** The same with an offer: the whole answer, with its JSEP. */
    publish: (body, jsep) => connection.ask({ janus: "message", session_id, handle_id, body, jsep }),
    close: () => connection.close(),
  };
}

/** One request of the Admin API. */
export async function admin(stack, message) {
  const connection = await Connection.open(`ws://127.0.0.1:${stack.adminPort}`, "janus-admin-protocol");
  try {
    return await connection.ask({ admin_secret: stack.adminSecret, ...message });
  } finally {
    connection.close();
  }
}

/** What the plugin answers to an operator's `request`. */
export const operate = async (stack, request) =>
  (await admin(stack, { janus: "message_plugin", plugin: "janus.plugin.hls", request })).response;
