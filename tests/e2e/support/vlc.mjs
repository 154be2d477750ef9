// SPDX-License-Identifier: GPL-3.0-or-later

// VLC without a window or a sound card, and its own count of what it has played.

import { chmod, mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { Child } from "../../../tools/stack/child.mjs";
import { freePorts } from "../../../tools/stack/ports.mjs";
import { UNTIL_MS } from "./rig.mjs";

// VLC refuses to be root; a process that becomes another user forgets that it is to end with us, and is told again
const NOBODY = ["--reuid=65534", "--regid=65534", "--clear-groups", "--pdeathsig", "SIGTERM", "--"];
const PROMPT = /(?<=^|\n|> )> /g; // that a command may come

export class Vlc {
  /** Starts playing `url`, until `stack` ends at the latest; `options`: more of VLC's. */
  static async play(stack, url, options = []) {
    const vlc = new Vlc();
    stack.guests.add({ end: () => vlc.child?.stop() });
    const home = await mkdtemp(path.join(os.tmpdir(), "janus-hls-vlc-"));
    await chmod(home, 0o777);
    [vlc.port] = await freePorts(1);
    const command = ["cvlc", "--no-color", "--intf", "rc", "--rc-host", `127.0.0.1:${vlc.port}`,
      "--vout", "dummy", "--aout", "dummy", "--no-video-title-show", ...options, url];
    const [program, ...args] = process.getuid() === 0 ? ["setpriv", ...NOBODY, ...command] : command;
    vlc.child = new Child("VLC", program, args, {
      logFile: path.join(home, "vlc.log"),
      env: { HOME: home, XDG_RUNTIME_DIR: home },
      cleanUp: () => rm(home, { recursive: true, force: true }),
    });
    return vlc;
  }

  /** What VLC answers: it says that it is ready before a command and behind the answer, however long that takes. */
  async #ask(command) {
    return new Promise((resolve, reject) => {
      const socket = net.connect(this.port, "127.0.0.1");
      let text = "";
      const end = (settle, value) => (socket.destroy(), settle(value));
      socket.setEncoding("utf8");
      socket.setTimeout(UNTIL_MS, () => end(reject, new Error(`VLC has not answered "${command}": ${text}`)));
      socket.on("error", (error) => end(reject, error));
      socket.on("close", () => reject(new Error(`VLC has hung up: ${text}`)));
      socket.on("connect", () => socket.write(`${command}\n`));
      socket.on("data", (data) => {
        text += data;
        if ((text.match(PROMPT)?.length ?? 0) > 1) end(resolve, text);
      });
    });
  }

  /** { pictures, lostPictures, sounds, lostSounds, corrupted, discontinuities, seconds } */
  async stats() {
    const text = await this.#ask("stats");
    const count = (name) => Number(new RegExp(`\\| ${name} *: *(\\d+)`).exec(text)?.[1] ?? NaN);
    const time = await this.#ask("get_time");
    return {
      pictures: count("frames displayed"),
      lostPictures: count("frames lost"),
      sounds: count("buffers played"),
      lostSounds: count("buffers lost"),
      corrupted: count("demux corrupted"),
      discontinuities: count("discontinuities"),
      seconds: Number(/> (\d+)/.exec(time)?.[1] ?? NaN),
    };
  }

  async stop() {
    await this.child.stop();
  }
}
