// SPDX-License-Identifier: GPL-3.0-or-later

// The whole path on one machine: Janus with our plugin, hls-bridge, nginx. ./demo runs it for people,
// the end-to-end tests run it for themselves.

import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { freePorts, portOrOther } from "./ports.mjs";
import { startBridge } from "./bridge.mjs";
import { startJanus } from "./janus.mjs";
import { startNginx } from "./nginx.mjs";

const SOCKET_MAX = 107; // bytes of a Unix socket's path

export const SOURCE = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** Janus's Admin API listens on loopback alone. */
export const ADMIN_SECRET = "janus-hls";

/** What was built, in `build` (default: the build folder of this checkout). */
export function built(build = process.env.JANUS_HLS_BUILD || path.join(SOURCE, "build")) {
  return {
    plugin: path.join(build, ".libs", "libjanus_hls.so"),
    bridge: path.join(build, "hls-bridge", "hls-bridge"),
    doctor: path.join(build, "tests", "media", "hls-doctor"),
    replay: path.join(build, "tests", "media", "rtp-replay"),
    slowDisk: path.join(build, "tests", "shims", ".libs", "slow_disk.so"),
    viewers: path.join(build, "tests", "media", "hls-viewers"),
    web: path.join(build, "web"),
  };
}

export class Stack {
  /** The parts, each restartable: { janus, bridge, nginx }. */
  parts = {};

  /**
   *   folder          where everything that runs is kept
   *   port            nginx's; 0: any
   *   listenAll       nginx listens on all addresses, not on 127.0.0.1 alone
   *   host            name or address in the URLs that people are given
   *   tls             { certificate, key }: HTTPS on `port`
   *   open, keys      who may publish: anybody, or { stream: key }
   *   unlisted        those of keys' streams that no list names
   *   teach           Janus has its HTTP APIs too, and every part its usual port if that is free
   *   production      nginx has the site for the internet, and `plainPort` without TLS; needs tls
   *   status          nginx serves the status page for operators
   *   bridgeSettings, bridgeArgs, janus   for the parts
   *   say(text)       progress
   *   onDeath(child)  a part that ends by itself
   */
  constructor(options) {
    this.options = { host: "127.0.0.1", open: true, port: 0, say: () => {}, build: built(), ...options };
  }

  get hls() {
    return path.join(this.options.folder, "hls");
  }

  get url() {
    const { tls, host } = this.options;
    return `${tls ? "https" : "http"}://${host}:${this.port}`;
  }

  get viewersLog() {
    return path.join(this.options.folder, "nginx", "viewers.log");
  }

  /** The multivariant playlist of low-latency HLS. */
  master(stream) {
    return `${this.url}/live/${stream}/master.m3u8`;
  }

  /** The manifest of DASH. */
  manifest(stream) {
    return `${this.url}/live/${stream}/manifest.mpd`;
  }

  playlist(stream) {
    return `${this.url}/live/${stream}/index.m3u8`;
  }

  async start() {
    const { folder, say } = this.options;
    await mkdir(folder, { recursive: true });
    const [any, ...own] = await freePorts(6);
    this.port = this.options.port || any;
    [this.janusPort, this.adminPort, this.bridgePort, this.llPort, this.plainPort] = own;
    const socket = path.join(folder, "ll.sock");
    this.llSocket = socket.length <= SOCKET_MAX ? socket : "";
    if (this.options.teach) {
      this.bridgePort = await portOrOther(8190);
      this.janusHttpPort = await portOrOther(8088);
      this.adminHttpPort = await portOrOther(7088);
    }
    say("Starting hls-bridge …");
    await this.startBridge();
    say("Starting Janus …");
    await this.startJanus();
    say("Starting nginx …");
    await this.startNginx();
  }

  async startBridge() {
    const { folder, build, bridgeSettings, bridgeArgs, onDeath, env } = this.options;
    this.parts.bridge = await startBridge({
      program: build.bridge,
      folder: path.join(folder, "bridge"),
      hls: this.hls,
      port: this.bridgePort,
      llPort: this.llPort,
      llSocket: this.llSocket,
      settings: bridgeSettings,
      args: bridgeArgs,
      env: env?.bridge,
      onDeath,
    });
  }

  async startJanus() {
    const { folder, build, janus = {}, open, keys = {}, unlisted = [], onDeath, env } = this.options;
    const streams = Object.entries(keys)
      .map(([name, key]) => `  ${JSON.stringify(name).slice(1, -1)}: ` +
        `{ key = ${JSON.stringify(key)}; unlisted = ${unlisted.includes(name)} }\n`)
      .join("");
    this.janusRuns = (this.janusRuns ?? 0) + 1;
    this.parts.janus = await startJanus({
      folder: path.join(folder, `janus-${this.janusRuns}`),
      plugin: build.plugin,
      pluginConfiguration: janus.pluginConfiguration ??
        `general: {\n  open = ${open}\n  bridge = "http://127.0.0.1:${this.bridgePort}"\n` +
        `${janus.general ?? ""}}\nstreams: {\n${streams}}\n`,
      port: this.janusPort,
      adminPort: this.adminPort,
      httpPort: this.janusHttpPort,
      adminHttpPort: this.adminHttpPort,
      adminSecret: ADMIN_SECRET,
      env: env?.janus,
      onDeath,
      ...janus,
    });
  }

  async startNginx() {
    const { folder, build, tls, listenAll, status, production, host, onDeath } = this.options;
    const ssl = tls ? " ssl http2" : "";
    const address = listenAll ? "" : "127.0.0.1:";
    const pieces = path.join(SOURCE, "nginx");
    const guard = production ? `\n        listen 127.0.0.1:${this.plainPort};\n        server_name ${host};` +
      `\n        include ${pieces}/guard.conf;` : "";
    this.parts.nginx = await startNginx({
      pieces,
      folder: path.join(folder, "nginx"),
      listen: `listen ${address}${this.port}${ssl};` +
        (tls ? `\n        ssl_certificate ${tls.certificate};\n        ssl_certificate_key ${tls.key};` : "") + guard,
      url: `${tls ? "https" : "http"}://127.0.0.1:${this.port}/`,
      hls: this.hls,
      web: build.web,
      janusPort: this.janusPort,
      ll: this.llSocket ? `unix:${this.llSocket}` : `127.0.0.1:${this.llPort}`,
      bridgePort: this.bridgePort,
      status,
      production,
      onDeath,
    });
  }

  /** Ends all parts, the ones that others talk to last. */
  async stop() {
    for (const name of ["nginx", "janus", "bridge"]) await this.parts[name]?.stop();
  }
}
