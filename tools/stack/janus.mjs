// SPDX-License-Identifier: GPL-3.0-or-later

// Debian's Janus, or the one whose prefix JANUS_HLS_JANUS names, with a configuration folder of its own
// that has our plugin alone, WebSockets, and the HTTP and Admin APIs if they are asked for.

import { access, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import net from "node:net";
import { Child, untilHealthy } from "./child.mjs";

/** A Janus that was installed with --prefix; none: Debian's. */
const PREFIX = process.env.JANUS_HLS_JANUS;

/** Where Janus's loadable parts are: PREFIX/lib/janus, and Debian's in /usr/lib/TRIPLET/janus. */
async function janusLibraries() {
  const folders = PREFIX ? [`${PREFIX}/lib/janus`]
    : (await readdir("/usr/lib")).map((triplet) => `/usr/lib/${triplet}/janus`);
  for (const folder of folders)
    if (await access(path.join(folder, "transports")).then(() => true, () => false)) return folder;
  throw new Error(PREFIX ? `JANUS_HLS_JANUS: there is no ${folders[0]}/transports`
    : "Janus's transports are not installed (Debian package janus)");
}

const PRIVATE = { mode: 0o600 }; // what has secrets in it

const quoted = (text) => JSON.stringify(String(text));

function answers(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.on("connect", () => (socket.destroy(), resolve(true)));
    socket.on("error", () => resolve(false));
  });
}

async function writeConfiguration(folder, options, libraries) {
  const sub = (name) => path.join(folder, name);
  const plugins = [options.plugin, ...(options.stockPlugins ?? []).map(
    (name) => path.join(libraries, "plugins", `libjanus_${name}.so`))];

  for (const name of ["plugins", "transports", "events", "loggers"]) {
    await rm(sub(name), { recursive: true, force: true }); // of an earlier run with the same --dir
    await mkdir(sub(name), { recursive: true });
  }
  for (const file of plugins) await symlink(file, path.join(sub("plugins"), path.basename(file)));
  for (const name of ["websockets", ...(options.httpPort || options.adminHttpPort ? ["http"] : [])])
    await symlink(path.join(libraries, "transports", `libjanus_${name}.so`),
                  path.join(sub("transports"), `libjanus_${name}.so`));
  for (const name of options.eventHandlers ?? [])
    await symlink(path.join(libraries, "events", `libjanus_${name}.so`),
                  path.join(sub("events"), `libjanus_${name}.so`));

  const nat = options.interfaces ? `ice_enforce_list = ${quoted(options.interfaces)}` : "";
  await writeFile(sub("janus.jcfg"), `general: {
  configs_folder = ${quoted(folder)}
  plugins_folder = ${quoted(sub("plugins"))}
  transports_folder = ${quoted(sub("transports"))}
  events_folder = ${quoted(sub("events"))}
  loggers_folder = ${quoted(sub("loggers"))}
  debug_level = 4
  debug_timestamps = true
  debug_colors = false
  admin_secret = ${quoted(options.adminSecret)}
  # a page that lost its WebSocket may take its session up again for so long
  reclaim_session_timeout = 10
  ${options.core ?? ""}
}
nat: { full_trickle = true ${nat} }
media: { slowlink_threshold = 4 ${options.media ?? ""} }
events: { broadcast = ${Boolean(options.eventHandlers)} }
`, PRIVATE);
  await writeFile(sub("janus.transport.websockets.jcfg"), `general: {
  ws = true
  ws_ip = "127.0.0.1"
  ws_port = ${options.port}
}
admin: {
  admin_ws = ${Boolean(options.adminPort)}
  admin_ws_ip = "127.0.0.1"
  admin_ws_port = ${options.adminPort || 7188}
}
`);
  await writeFile(sub("janus.transport.http.jcfg"), `general: {
  http = ${Boolean(options.httpPort)}
  ip = "127.0.0.1"
  port = ${options.httpPort || 8088}
}
admin: {
  admin_http = ${Boolean(options.adminHttpPort)}
  admin_ip = "127.0.0.1"
  admin_port = ${options.adminHttpPort || 7088}
}
# any page may make the browser ask here, and only ours may read the answer; with enforce_cors programs
# that are no page could not ask either
cors: { allow_origin = ${quoted(options.origin)} }
`);
  await writeFile(sub("janus.plugin.hls.jcfg"), options.pluginConfiguration, PRIVATE);
  for (const [name, text] of Object.entries(options.files ?? {}))
    await writeFile(sub(name), typeof text === "function" ? text(options) : text);
}

/**
 * Starts Janus and waits until it answers.
 *   folder               an empty folder for its configuration and log
 *   plugin               libjanus_hls.so
 *   pluginConfiguration  text of janus.plugin.hls.jcfg
 *   port                 of its WebSockets
 *   httpPort             of its HTTP API; none: there is none
 *   adminPort, adminHttpPort   of its Admin API, on WebSockets and HTTP; likewise
 *   adminSecret
 *   origin               of the pages that may read what its HTTP APIs answer
 *   interfaces           ice_enforce_list; none: all
 *   stockPlugins, eventHandlers, files, env, media, core   more, for tests; files: { name: text, or what makes it of these
 *                        options }; media goes into the group of that name of janus.jcfg, core into "general"
 */
export async function startJanus(options) {
  await mkdir(options.folder, { recursive: true });
  await writeConfiguration(options.folder, options, await janusLibraries());
  const events = options.eventHandlers ? ["-e"] : [];
  const child = new Child("Janus", PREFIX ? `${PREFIX}/bin/janus` : "janus", ["-F", options.folder, "-o", ...events], {
    logFile: path.join(options.folder, "janus.log"),
    env: options.env,
    deathSignal: "SIGKILL", // it logs when it hears of SIGTERM, and at the second one may wait for its own lock for ever
    onDeath: options.onDeath,
  });
  await untilHealthy(child, () => answers(options.port));
  return child;
}
