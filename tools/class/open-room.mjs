// SPDX-License-Identifier: GPL-3.0-or-later

// Opens the room of a class in a stack: what its desk answers, and what of Janus's settings is a class's.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { bridgeStreams } from "../stack/bridge.mjs";
import { ADMISSION, Room } from "./room.mjs";
import { JanusAdmin } from "./seller.mjs";

const ANSWER_MS = 5000;
const CAP = 800000; // bit/s of a picture: enough for 640x360 at 15 a second, and thirty of them fit one radio cell

/** general of janus.plugin.hls.jcfg. */
const classSettings = (seats) => `  publishers = ${seats}\n  bitrate = ${CAP}\n`;

/** Asks the plugin in the name of the operator. */
async function operate(stack, request) {
  const admin = new JanusAdmin({ port: stack.adminHttpPort, secret: stack.adminSecret, patienceMs: ANSWER_MS });
  const answer = await admin.plugin(request);
  if (!answer) throw new Error("Janus has not answered");
  return answer;
}

/**
 * Opens the room of a `stack` with the option `class` that has not been started. `seats`: how many may be live; `pass`: what
 * lets people publish. Resolves to the Room, which is to be closed.
 */
export async function openRoom(stack, { seats, pass }) {
  const settings = JSON.parse(await readFile(path.join(stack.options.build.web, "settings.json"), "utf8"));
  const room = new Room({ streams: () => bridgeStreams(stack.bridgePort), operate: (request) => operate(stack, request), seats, pass });
  Object.assign(stack.options, {
    classPass: pass,
    classAdmission: ADMISSION,
    classRoutes: { ...room.routes(), "GET /class/settings.json": { answer: () => ({ ...settings, class: true }) } },
    janus: { ...stack.options.janus, general: classSettings(seats) },
  });
  room.open();
  return room;
}
