// SPDX-License-Identifier: GPL-3.0-or-later

// VLC without a window or a sound card, and its own count of what it has played.

import { chmod, mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { Child, sleep } from "../../../tools/stack/child.mjs";
import { freePorts } from "../../../tools/stack/ports.mjs";

const NOBODY = ["--reuid=65534", "--regid=65534", "--clear-groups"]; // VLC refuses to be root

export class Vlc {
  /** Starts playing `url`. */
  static async play(url) {
    const vlc = new Vlc();
    const home = await mkdtemp(path.join(os.tmpdir(), "janus-hls-vlc-"));
    await chmod(home, 0o777);
    [vlc.port] = await freePorts(1);
    const command = ["cvlc", "--no-color", "--intf", "rc", "--rc-host", `127.0.0.1:${vlc.port}`,
      "--vout", "dummy", "--aout", "dummy", "--no-video-title-show", url];
    const [program, ...args] = process.getuid() === 0 ? ["setpriv", ...NOBODY, ...command] : command;
    vlc.child = new Child("VLC", program, args, {
      logFile: path.join(home, "vlc.log"),
      env: { HOME: home, XDG_RUNTIME_DIR: home },
      cleanUp: () => rm(home, { recursive: true, force: true }),
    });
    return vlc;
  }

  async #ask(command) {
    return new Promise((resolve, reject) => {
      const socket = net.connect(this.port, "127.0.0.1");
      let text = "";
      socket.setEncoding("utf8");
      socket.on("data", (data) => (text += data));
      socket.on("error", reject);
      socket.on("connect", async () => {
        socket.write(`${command}\n`);
        await sleep(400);
        socket.destroy();
        resolve(text);
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
