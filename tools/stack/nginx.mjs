// SPDX-License-Identifier: GPL-3.0-or-later

// Debian's nginx, with the project's templates filled in.

import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import https from "node:https";
import { keyFolder } from "./bridge.mjs";
import { Child, untilHealthy } from "./child.mjs";
import { closedFolder } from "./reach.mjs";

/** Fills in a template; its head tells the words. */
export async function fillTemplate(file, words) {
  const template = await readFile(file, "utf8");
  // comment lines speak of the words too, and stay as they are
  return template
    .split("\n")
    .map((line) => (line.trimStart().startsWith("#") ? line
      : line.replace(/@([A-Z]+)@/g, (word, name) => words[name] ?? word)))
    .join("\n");
}

/**
 * nginx on a server in the internet: site.conf.in behind production.conf.in, with TLS. `edit(text)` may
 * change what is filled in.
 */
async function productionSite(pieces, words, edit = (text) => text) {
  const filled = await Promise.all(["production.conf.in", "site.conf.in"].map((name) =>
    fillTemplate(path.join(pieces, name), { ...words, HSTS: "max-age=31536000" })));
  return edit(filled.join("\n"));
}

/** Whether nginx answers at `url`; a certificate of our own making is fine. */
function answersHttp(url) {
  if (url.startsWith("http:")) return fetch(url).then((response) => response.ok);
  return new Promise((resolve) => {
    https.get(url, { rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on("error", () => resolve(false));
  });
}

/** Who nginx's workers are where root starts it: not root. */
const WORKERS = process.getuid() === 0 ? "user www-data;" : "";
const PERL = "/usr/lib/nginx/modules/ngx_http_perl_module.so"; // Debian's libnginx-mod-http-perl

/** Listen directives: `address` as host:port or port; `tls`: { certificate, key }; `word`: one more, with a space. */
function listen(address, tls, word = "") {
  const plain = `listen ${address}${tls ? " ssl http2" : ""}${word};`;
  return tls ? `${plain}
        ssl_certificate "${tls.certificate}";
        ssl_certificate_key "${tls.key}";
        ssl_protocols TLSv1.2 TLSv1.3;` : plain;
}

/**
 * What keeps other sites' pages out of a server that answers to `hosts` alone: { before, within } its block. Under a
 * name of its own that leads here (DNS rebinding) a page finds nothing, and its WebSocket is refused.
 */
function keepOthersOut(hosts, address, tls) {
  const names = hosts.map((host) => host.replaceAll(".", "\\.")).join("|");
  return {
    before: `server {
    ${listen(address, tls, " default_server")}
    return 421;
}
map "$uri|$http_origin" $janus_hls_of_another_site {
    "~^/janus\\|https?://(${names})(:[0-9]+)?\\z" 0;
    "~^/janus\\|." 1; # programs that are no page have no Origin
    default 0;
}
`,
    within: `
    server_name ${hosts.join(" ")};
    if ($janus_hls_of_another_site) {
        return 403;
    }`,
  };
}

/** status.conf for this machine alone. */
async function localStatus(pieces, folder) {
  const text = await readFile(path.join(pieces, "status.conf"), "utf8");
  const file = path.join(folder, "status.conf");
  await writeFile(file, text.replace(/^location .*\{$/gm, "$&\n    allow 127.0.0.1;\n    deny all;"));
  return `include "${file}";`;
}

/** The pages where www-data may read them: a copy, if the checkout is in a folder of root's own. */
export async function reachableWeb(web, folder) {
  if (!WORKERS || !(await closedFolder(web))) return web;
  const copy = path.join(folder, "web");
  await cp(web, copy, { recursive: true });
  return copy;
}

/**
 * Runs nginx with `site`, the text of its http block, and waits until `isHealthy()`.
 *   name      in messages
 *   within    a command that runs it on another host; none
 *   gate      whether it looks at playback tokens
 *   pieces, folder, onDeath   as below
 */
export async function runNginx({ name = "nginx", within = [], pieces, folder, site, gate = false, isHealthy, onDeath }) {
  await mkdir(folder, { recursive: true });
  const [file, siteFile, log] = ["nginx.conf", "site.conf", "nginx.log"].map((each) => path.join(folder, each));
  await writeFile(siteFile, site);
  await writeFile(file, await fillTemplate(path.join(pieces, "janus-hls.conf.in"), { SITE: siteFile, RUN: folder, USER: WORKERS,
    MODULES: gate ? `load_module "${PERL}";` : "" }));
  const [command, ...args] = [...within, "nginx", "-c", file, "-e", log, "-g", "daemon off;"];
  const child = new Child(name, command, args, { logFile: log, onDeath });
  await untilHealthy(child, isHealthy);
  return child;
}

/** Playback tokens by the secrets in the file `keys`, or none: an include for the http block. */
export async function gateSite(pieces, folder, keys, edit = (text) => text) {
  if (!keys) return `include "${pieces}/no-gate.conf";`;
  const file = path.join(folder, "gate.conf");
  await writeFile(file, edit(await fillTemplate(path.join(pieces, "gate.conf.in"), { PIECES: pieces, KEYS: keys })));
  return `include "${file}";`;
}

/**
 * The site of a cache that listens as `listens` says and has `origins` behind it, both in nginx's words. `keys`: of playback
 * tokens, none; `editGate(text)` may change what is made of them.
 */
export async function edgeSite({ pieces, folder, listens, origins, keys, editGate }) {
  return fillTemplate(path.join(pieces, "edge.conf.in"), { LISTEN: listens, ORIGINS: origins, CACHE: path.join(folder, "cache"),
    LOGS: folder, PIECES: pieces, GATE: await gateSite(pieces, folder, keys, editGate) });
}

/**
 * Starts nginx and waits until it answers.
 *   pieces   the project's nginx folder
 *   folder   for its configuration, logs and temporary files
 *   address  where it listens, as a listen directive has it
 *   tls      { certificate, key }, or none
 *   hosts    names and addresses that it answers to, and to no page of another site; none: any
 *   more     directives of the server
 *   url      at which it then answers
 *   hls, web, janusPort, bridgePort
 *   ll       where the bridge holds low-latency requests: host:port or unix:path
 *   keys     a file with the secrets of playback tokens; none: there are no tokens. `editGate(text)` may change gate.conf
 *   status   whether there is the status page for operators, to this machine alone
 *   production   { edit }: the site for the internet; guard.conf is in `more`
 */
export async function startNginx({ pieces, folder, address, tls, hosts, more = "", url, hls, web, janusPort, ll, bridgePort, keys, editGate, status, production, onDeath }) {
  await mkdir(folder, { recursive: true });
  const { before, within } = hosts ? keepOthersOut(hosts, address, tls) : { before: "", within: "" };
  const words = {
    LISTEN: listen(address, tls) + within + more,
    HSTS: "",
    HLS: hls,
    MEDIAKEYS: keyFolder(hls),
    WEB: await reachableWeb(web, folder),
    JANUS: `127.0.0.1:${janusPort}`,
    LL: ll,
    CONTROL: `127.0.0.1:${bridgePort}`,
    GATE: await gateSite(pieces, folder, keys, editGate),
    STATUS: status ? await localStatus(pieces, folder) : "",
    PIECES: pieces,
    LOGS: folder,
  };
  const site = before + (production ? await productionSite(pieces, words, production.edit)
    : await fillTemplate(path.join(pieces, "site.conf.in"), words));
  return runNginx({ pieces, folder, site, gate: Boolean(keys), isHealthy: () => answersHttp(url), onDeath });
}

/**
 * Starts a cache in front of `origin` (host:port), as a CDN has many, and waits until it answers.
 *   pieces, folder, onDeath   as above
 *   address                   where it listens, host:port
 *   keys, editGate, more      as above
 */
export async function startEdge({ pieces, folder, address, origin, keys, editGate, more = "", onDeath }) {
  await mkdir(folder, { recursive: true });
  const site = await edgeSite({ pieces, folder, listens: `listen ${address};${more}`, origins: `server ${origin};`, keys, editGate });
  const isHealthy = () => fetch(`http://${address}/nothing`).then(({ status }) => status === 404);
  return runNginx({ name: "the cache", pieces, folder, site, gate: Boolean(keys), isHealthy, onDeath });
}
