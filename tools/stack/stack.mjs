// SPDX-License-Identifier: GPL-3.0-or-later

// The whole path on one machine: Janus with our plugin, hls-bridge, nginx. ./demo runs it for people,
// the end-to-end tests run it for themselves.

import { randomBytes } from "node:crypto";
import { chmod, copyFile, mkdir, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Desk } from "../class/desk.mjs";
import { ClassLooks } from "../class/looks.mjs";
import { makeSlides } from "../make-slides.mjs";
import { freePorts, portOrOther } from "./ports.mjs";
import { startBridge } from "./bridge.mjs";
import { startJanus } from "./janus.mjs";
import { fillTemplate, startEdge, startNginx } from "./nginx.mjs";
import { closedFolder } from "./reach.mjs";

const SOCKET_MAX = 107; // bytes of a Unix socket's path
const SECRET_BYTES = 24; // more than anybody can try

const SAMPLE = "docs/examples/embed.html"; // a page that embeds the player

export const SOURCE = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** A secret that was never used before, of letters, digits, _ and -. */
export const newSecret = (bytes = SECRET_BYTES) => randomBytes(bytes).toString("base64url");

/** What was built, in `build` (default: the build folder of this checkout). */
export function built(build = process.env.JANUS_HLS_BUILD || path.join(SOURCE, "build")) {
  return {
    plugin: path.join(build, "libjanus_hls.so"),
    bridge: path.join(build, "hls-bridge", "hls-bridge"),
    doctor: path.join(build, "instruments", "hls-doctor", "hls-doctor"),
    replay: path.join(build, "instruments", "rtp-replay", "rtp-replay"),
    slowDisk: path.join(build, "tests", "shims", "slow_disk.so"),
    playbackToken: path.join(build, "instruments", "hls-playback-token", "hls-playback-token"),
    viewers: path.join(build, "instruments", "hls-viewers", "hls-viewers"),
    publishers: path.join(build, "tests", "publishers", "webrtc-publishers"),
    token: path.join(build, "janus-plugin", "janus-hls-token"),
    web: path.join(build, "web"),
  };
}

export class Stack {
  /** The parts, each restartable: { janus, bridge, nginx }. */
  parts = {};

  /** What Janus's Admin API asks for, another in each run. */
  adminSecret = newSecret();

  /** What the buttons of the class page take, another in each run. */
  classKey = newSecret();

  /**
   *   folder          where everything that runs is kept
   *   port            nginx's; 0: any
   *   listenAll       nginx listens on all addresses, not on 127.0.0.1 alone
   *   host            name or address in the URLs that people are given
   *   hosts           all names and addresses that nginx answers to; none: any
   *   tls             { certificate, key }: HTTPS on `port`
   *   open, keys      who may publish: anybody, or { stream: key }
   *   unlisted        those of keys' streams that no list names
   *   protect         names of streams that are given only to viewers with a playback token
   *   secrets         of playback tokens, { ID: secret }, the one that signs first; none: no protected stream can be watched
   *   editGate(text)  may change what nginx is told of tokens
   *   production      nginx has the site for the internet, and `plainPort` without TLS; needs tls
   *   usualPorts      the bridge's control API has its usual port if that is free
   *   admin           how Janus's Admin API can be reached on loopback: "websocket"; "http", on its usual port if
   *                   that is free, with Janus's own HTTP API; none: not at all
   *   status          nginx serves the status page for operators, to this machine
   *   sample          nginx serves docs/examples/embed.html as /embed.html
   *   class           there is /class.html with its desk, a cache in front, and buttons for who has `classKey`
   *   classRoutes     more routes of the desk
   *   classAdmission  the one of them where Janus asks who may publish; none: it does not ask
   *   lessonSeconds   how long those buttons make trouble that last; none: as lessons.mjs has it
   *   classPass       who has it may publish, none: anybody; Janus's WebSocket is at /janus?pass=PASS then
   *   control         { socket, tokenFile }: the bridge's control API is at a Unix socket, and wants the token
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

  /** The class page, with what its buttons take; that stands behind #, which no server is told. */
  get classUrl() {
    return `${this.url}/class.html#key=${this.classKey}`;
  }

  /** Where nginx writes who watches. */
  get logs() {
    return path.join(this.options.folder, "nginx");
  }

  /** The multivariant playlist of low-latency HLS. */
  master(stream) {
    return `${this.url}/live/${stream}/master.m3u8`;
  }

  /** The same with a token: any of these addresses may have one. */
  withToken(url, token) {
    return url.replace("/live/", `/p/${token}/live/`);
  }

  /** The manifest of DASH. */
  manifest(stream) {
    return `${this.url}/live/${stream}/manifest.mpd`;
  }

  /** The multivariant playlist of classic HLS. */
  sizes(stream) {
    return `${this.url}/live/${stream}/ts.m3u8`;
  }

  playlist(stream) {
    return `${this.url}/live/${stream}/index.m3u8`;
  }

  /** The folder, so that nginx's workers reach what they serve, and see no secret. */
  async #prepareFolder() {
    const { folder } = this.options;
    await mkdir(folder, { recursive: true });
    if (process.getuid() !== 0) return;
    process.umask(0o022); // what the parts write is for nginx, whose workers are not root
    const { mode } = await stat(folder);
    await chmod(folder, (mode & 0o777) | 0o111);
    const closed = await closedFolder(folder);
    if (closed)
      throw new Error(`nginx's workers do not run as root, and may not enter ${closed}: choose a folder for ` +
        "--dir that everybody may enter, one below /tmp for example");
  }

  async start() {
    const { folder, say } = this.options;
    await this.#prepareFolder();
    const [any, ...own] = await freePorts(9);
    this.port = this.options.port || any;
    [this.janusPort, this.adminPort, this.bridgePort, this.llPort, this.plainPort, this.edgePort, this.deskPort, this.adminHttpPort] = own;
    if (!this.options.class) this.adminHttpPort = 0;
    const socket = path.join(folder, "ll.sock");
    this.llSocket = socket.length <= SOCKET_MAX ? socket : "";
    if (this.options.usualPorts) this.bridgePort = await portOrOther(8190);
    if (this.options.admin === "http") {
      this.janusHttpPort = await portOrOther(8088);
      this.adminHttpPort = await portOrOther(7088);
    }
    say("Starting hls-bridge …");
    await this.startBridge();
    say("Starting Janus …");
    await this.startJanus();
    say("Starting nginx …");
    await this.startNginx();
    if (this.options.class) await this.#startClass();
  }

  async #startClass() {
    const { folder, onDeath } = this.options;
    this.parts.edge = await startEdge({
      pieces: path.join(SOURCE, "nginx"),
      folder: path.join(folder, "edge"),
      address: `127.0.0.1:${this.edgePort}`,
      origin: `127.0.0.1:${this.plainPort}`,
      onDeath,
    });
    this.looks = new ClassLooks(this);
    this.desk = new Desk({ ...this.looks.routes(), ...this.options.classRoutes }, this.classKey);
    await this.desk.open(this.deskPort);
  }

  async startBridge() {
    const { folder, build, bridgeSettings, bridgeArgs, onDeath, env } = this.options;
    this.parts.bridge = await startBridge({
      program: build.bridge,
      folder: path.join(folder, "bridge"),
      hls: this.hls,
      port: this.bridgePort,
      control: this.options.control,
      llPort: this.llPort,
      llSocket: this.llSocket,
      settings: this.options.class ? { ...bridgeSettings, "control.class": true } : bridgeSettings,
      args: bridgeArgs,
      env: env?.bridge,
      onDeath,
    });
  }

  /** What Janus's plugin is told of the desk that says who may publish. Both are on this machine, so the signature tells nobody anything. */
  async #admission() {
    const { folder, classAdmission } = this.options;
    if (!classAdmission) return "";
    const secret = path.join(folder, "admission.secret");
    await writeFile(secret, newSecret(), { mode: 0o600 });
    return `admission: {\n  url = "http://127.0.0.1:${this.deskPort}${classAdmission}"\n  secret_file = ${JSON.stringify(secret)}\n}\n`;
  }

  async startJanus() {
    const { folder, build, control, janus = {}, open, keys = {}, unlisted = [], protect = [], admin, onDeath, env } = this.options;
    const bridge = control ? `bridge = "unix:${control.socket}"\n  bridge_token_file = "${control.tokenFile}"`
      : `bridge = "http://127.0.0.1:${this.bridgePort}"`;
    const accessOf = (name) => (protect.includes(name) ? "protected" : unlisted.includes(name) ? "unlisted" : "public");
    const streams = [...new Set([...Object.keys(keys), ...protect])]
      .map((name) => `  ${name}: { ${name in keys ? `key = ${JSON.stringify(keys[name])}; ` : ""}access = "${accessOf(name)}" }\n`)
      .join("");
    this.janusRuns = (this.janusRuns ?? 0) + 1;
    this.parts.janus = await startJanus({
      folder: path.join(folder, `janus-${this.janusRuns}`),
      plugin: build.plugin,
      pluginConfiguration: janus.pluginConfiguration ??
        `general: {\n  open = ${open}\n  ${bridge}\n` +
        `${janus.general ?? ""}}\nstreams: {\n${streams}}\n${await this.#admission()}${janus.groups ?? ""}`,
      port: this.janusPort,
      adminPort: admin === "websocket" ? this.adminPort : 0,
      httpPort: this.janusHttpPort,
      adminHttpPort: this.adminHttpPort,
      adminSecret: this.adminSecret,
      origin: this.url,
      env: env?.janus,
      onDeath,
      ...janus,
    });
  }

  /** What nginx has of the class; the cache asks it without TLS. */
  async #classSite() {
    const file = path.join(this.options.folder, "class.conf");
    const slides = path.join(this.options.folder, "slides");
    makeSlides(slides);
    await writeFile(file, await fillTemplate(path.join(SOURCE, "nginx", "class.conf.in"), {
      DESK: `127.0.0.1:${this.deskPort}`, EDGE: `127.0.0.1:${this.edgePort}`, PASS: this.options.classPass ?? "", SLIDES: slides,
      PIECES: path.join(SOURCE, "nginx") }),
      { mode: 0o600 });
    return `\n        listen 127.0.0.1:${this.plainPort};\n        include "${file}";`;
  }

  /** The file of the secrets of playback tokens, of which nginx hears when it starts; null: there are none. */
  get playbackKeys() {
    return this.options.secrets ? path.join(this.options.folder, "playback.keys") : null;
  }

  async #writePlaybackKeys() {
    const lines = Object.entries(this.options.secrets ?? {}).map(([id, secret]) => `${id} ${secret};\n`);
    if (this.playbackKeys) await writeFile(this.playbackKeys, lines.join(""), { mode: 0o600 });
  }

  /** Has nginx take other secrets, while it serves. */
  async changeSecrets(secrets) {
    this.options.secrets = secrets;
    await this.#writePlaybackKeys();
    process.kill(this.parts.nginx.pid, "SIGHUP");
  }

  async startNginx() {
    await this.#writePlaybackKeys();
    const { folder, build, tls, hosts, listenAll, status, production, sample, host, onDeath } = this.options;
    const pieces = path.join(SOURCE, "nginx");
    if (sample) await copyFile(path.join(SOURCE, SAMPLE), path.join(folder, "embed.html"));
    const samplePage = sample ? `\n        location = /embed.html { alias "${folder}/embed.html"; }` : "";
    const classSite = this.options.class ? await this.#classSite() : "";
    const guard = production ? `\n        listen 127.0.0.1:${this.plainPort};\n        server_name ${host};` +
      `\n        include "${pieces}/guard.conf";` : "";
    this.parts.nginx = await startNginx({
      pieces,
      folder: path.join(folder, "nginx"),
      address: `${listenAll ? "" : "127.0.0.1:"}${this.port}`,
      tls,
      hosts,
      more: guard + samplePage + classSite,
      url: `${tls ? "https" : "http"}://127.0.0.1:${this.port}/`,
      hls: this.hls,
      web: build.web,
      janusPort: this.janusPort,
      ll: this.llSocket ? `unix:${this.llSocket}` : `127.0.0.1:${this.llPort}`,
      bridgePort: this.bridgePort,
      keys: this.playbackKeys,
      editGate: this.options.editGate,
      status,
      production,
      onDeath,
    });
  }

  /** Ends all parts, the ones that others talk to last. */
  async stop() {
    await this.looks?.close();
    await this.desk?.close();
    for (const name of ["edge", "nginx", "janus", "bridge"]) await this.parts[name]?.stop();
  }
}
