// SPDX-License-Identifier: GPL-3.0-or-later

// Debian's nginx, with the project's templates filled in.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import https from "node:https";
import { Child, untilHealthy } from "./child.mjs";

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

/** Whether nginx answers at `url`; a certificate of our own making is fine. */
export function answersHttp(url) {
  if (url.startsWith("http:")) return fetch(url).then((response) => response.ok);
  return new Promise((resolve) => {
    https.get(url, { rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on("error", () => resolve(false));
  });
}

/**
 * Starts nginx and waits until it answers.
 *   pieces   the project's nginx folder
 *   folder   for its configuration, logs and temporary files
 *   listen   listen directives
 *   url      at which it then answers
 *   hls, web, janusPort, bridgePort
 *   ll       where the bridge holds low-latency requests: host:port or unix:path
 *   status   whether there is the status page for operators
 */
export async function startNginx({ pieces, folder, listen, url, hls, web, janusPort, ll, bridgePort, status, onDeath }) {
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, "nginx.conf");
  const site = path.join(folder, "site.conf");
  await writeFile(site, await fillTemplate(path.join(pieces, "site.conf.in"), {
    LISTEN: listen,
    HLS: hls,
    WEB: web,
    JANUS: `127.0.0.1:${janusPort}`,
    LL: ll,
    CONTROL: `127.0.0.1:${bridgePort}`,
    STATUS: status ? `include ${pieces}/status.conf;` : "",
    PIECES: pieces,
    LOGS: folder,
  }));
  await writeFile(file, await fillTemplate(path.join(pieces, "janus-hls.conf.in"), {
    SITE: site,
    RUN: folder,
    // workers of a root's nginx become nobody, who may not see into root's folders
    USER: process.getuid() === 0 ? "user root;" : "",
  }));
  const child = new Child("nginx", "nginx",
    ["-c", file, "-e", path.join(folder, "nginx.log"), "-g", "daemon off;"], {
      logFile: path.join(folder, "nginx.log"),
      onDeath,
    });
  await untilHealthy(child, () => answersHttp(url));
  return child;
}
