// SPDX-License-Identifier: GPL-3.0-or-later

// The tiers between a bridge and its viewers, each on a host of its own: two origins that serve the same
// folder, a regional cache and an edge, which are both nginx or both Varnish.

import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { keyFolder } from "../../../tools/stack/bridge.mjs";
import { Child, untilHealthy } from "../../../tools/stack/child.mjs";
import { edgeSite, fillTemplate, gateSite, reachableWeb, runNginx } from "../../../tools/stack/nginx.mjs";
import { SOURCE, built } from "../../../tools/stack/stack.mjs";
import { Hosts } from "./hosts.mjs";
import { runVarnish } from "./varnish.mjs";

const PORT = 80;
const ORIGINS = ["origin-1", "origin-2"];
const answers = (address) => async () => (await fetch(`http://${address}/settings.json`)).ok;

const PIECES = path.join(SOURCE, "nginx");

/** Starts nginx on `host` with `site`, a configuration for its http block. */
const startNginx = (host, name, folder, site, keys) =>
  runNginx({ name, within: host.within, pieces: PIECES, folder, site, gate: Boolean(keys), isHealthy: answers(host.address) });

/** An origin's site, which tells each request in requests.log. */
async function originSite(stack, ourAddress, folder) {
  const site = await fillTemplate(path.join(SOURCE, "nginx/site.conf.in"), {
    LISTEN: `listen ${PORT};`, HLS: stack.hls, MEDIAKEYS: keyFolder(stack.hls), WEB: await reachableWeb(built().web, folder), JANUS: `${ourAddress}:${stack.janusPort}`,
    LL: `${ourAddress}:${stack.llPort}`, CONTROL: `127.0.0.1:${stack.bridgePort}`,
    STATUS: `include "${path.join(PIECES, "status.conf")}";`, GATE: await gateSite(PIECES, folder, stack.playbackKeys), PIECES, LOGS: folder });
  return `log_format requests '$request_uri $status';\n` +
    site.replace(/access_log [^;]*;/g, `access_log ${folder}/requests.log requests;`);
}

async function startNginxTier(host, name, folder, behind, keys) {
  await mkdir(folder, { recursive: true });
  const servers = behind.map(({ address }, i) =>
    `server ${address}:${PORT} ${i ? "backup " : ""}max_fails=1 fail_timeout=2s;`).join("\n    ");
  const site = await edgeSite({ pieces: PIECES, folder, listens: `listen ${PORT};`, origins: servers, keys });
  return startNginx(host, name, folder, site, keys);
}

const startVarnishTier = (host, name, folder, behind) =>
  runVarnish({ name, within: host.within, folder, address: `${host.address}:${PORT}`,
    behind: behind.map(({ address }) => ({ address, port: PORT })), args: ["-p", "thread_pool_min=50"] });

/** Has Varnish tell what it could not fetch, and how the tier behind it is. */
async function logVarnish(name, folder) {
  const logFile = path.join(folder, GIVEN_UP.varnish.log);
  const child = new Child(`${name}'s log`, "varnishlog",
    ["-n", path.join(folder, "work"), "-g", "raw", "-i", "FetchError,Backend_health"], { logFile });
  await untilHealthy(child, () => readFile(logFile, "utf8"));
  return child;
}

const TIERS = { nginx: startNginxTier, varnish: startVarnishTier };

/** Where a tier says that it has given up the one behind it, which did not answer in time, and how. */
const GIVEN_UP = {
  nginx: { log: "nginx.log", says: /upstream timed out/g },
  varnish: { log: "given-up.log", says: /FetchError|Went sick/g },
};

export class Edges {
  #children = {};

  /** `stack` has its bridge listen on all addresses (BRIDGE_SETTINGS); `kind` of the tiers: nginx or varnish. */
  constructor(stack, kind) {
    this.stack = stack;
    this.kind = kind;
    this.folder = path.join(stack.options.folder, "edges");
    this.hosts = new Hosts(this.folder);
    this.host = {};
  }

  static BRIDGE_SETTINGS = { "ll.address": "0.0.0.0" };

  async start() {
    await mkdir(this.folder, { recursive: true });
    await this.hosts.start();
    const names = [...ORIGINS, "region", "edge"];
    const hosts = await Promise.all(names.map((name) => this.hosts.add(name)));
    names.forEach((name, i) => (this.host[name] = hosts[i]));
    // one behind the other: a tier that cannot reach the one behind it does not ask it again for some seconds
    await Promise.all(ORIGINS.map((name) => this.startOrigin(name)));
    await this.#startTier("region", ORIGINS);
    await this.#startTier("edge", ["region"]);
  }

  async #startTier(name, behind) {
    const folder = path.join(this.folder, name);
    this.#children[name] = await TIERS[this.kind](this.host[name], name, folder, behind.map((other) => this.host[other]),
      this.stack.playbackKeys);
    if (this.kind === "varnish") this.#children[`${name}'s log`] = await logVarnish(name, folder);
  }

  async startOrigin(name) {
    const folder = path.join(this.folder, name);
    await mkdir(folder, { recursive: true });
    this.#children[name] = await startNginx(this.host[name], name, folder, await originSite(this.stack, this.hosts.ourAddress, folder),
      this.stack.playbackKeys);
  }

  stopOrigin(name) {
    return this.#children[name].stop();
  }

  /** The process of a tier. */
  pid(name) {
    return this.#children[name].pid;
  }

  /**
   * How often `tiers` have given up the one behind them, which did not answer within 1 to 8 s. If that was not stopped, it
   * is the machine that stood still.
   */
  async givenUp(tiers = ["region", "edge"]) {
    const { log, says } = GIVEN_UP[this.kind];
    const texts = await Promise.all(tiers.map((name) => readFile(path.join(this.folder, name, log), "utf8")));
    return texts.reduce((sum, text) => sum + (text.match(says)?.length ?? 0), 0);
  }

  /**
   * What an origin has been asked of streams and has answered: [{ url, status }], without tokens; without their list, by
   * which Varnish looks whether it is there.
   */
  async requests(name) {
    const text = await readFile(path.join(this.folder, name, "requests.log"), "utf8").catch(() => "");
    return text.trim().split("\n").map((line) => line.split(" "))
      .map(([url, status]) => ({ url: url.replace(/^\/p\/[^/]+/, ""), status: Number(status) })).filter(({ url }) => url.startsWith("/live/") && url !== "/live/streams.json");
  }

  /** A stream's file, as viewers of the edge have it. */
  url(stream, file) {
    return `http://${this.host.edge.address}/live/${stream}/${file}`;
  }

  async stop() {
    await Promise.all(Object.values(this.#children).map((child) => child.stop()));
    await this.hosts.stop();
  }
}
