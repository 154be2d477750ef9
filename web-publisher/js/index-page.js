// SPDX-License-Identifier: GPL-3.0-or-later

// The start page: what is live now, by the plugin's own list.

import Janus from "../vendor/janus.es.js";
import { byId, formatDuration, janusServer } from "./page-tools.js";

const PLUGIN = "janus.plugin.hls";
const LOOK_MS = 3000;

function card(stream) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  const dot = document.createElement("span");
  const title = document.createElement("strong");
  const about = document.createElement("span");
  const video = stream.tracks.find((track) => track.kind === "video");

  link.className = "card";
  link.href = `watch.html?stream=${encodeURIComponent(stream.stream)}`;
  dot.className = "dot";
  dot.ariaHidden = "true";
  title.append(dot, stream.title || stream.stream);
  about.className = "muted";
  about.textContent = [
    video?.width && `${video.width} × ${video.height}`,
    !video && "sound only",
    `on air for ${formatDuration(stream.age_seconds ?? 0)}`,
  ]
    .filter(Boolean)
    .join(" · ");
  link.append(title, about);
  item.append(link);
  return item;
}

function show(streams) {
  const live = streams.filter((stream) => stream.state === "live");
  byId("live-list").replaceChildren(...live.map(card));
  byId("live-state").textContent = live.length ? "" : "Nobody is live. Be the first.";
}

function connect() {
  let timer = null;
  let over = false;
  const again = () => {
    if (over) return; // one failure may be told more than once
    over = true;
    clearInterval(timer);
    byId("live-state").textContent = "The server cannot be reached. Trying again …";
    setTimeout(connect, LOOK_MS);
  };
  const janus = new Janus({
    server: janusServer(),
    success: () =>
      janus.attach({
        plugin: PLUGIN,
        success: (handle) => {
          const look = () =>
            handle.send({ message: { request: "list" }, success: (reply) => show(reply.streams ?? []), error: again });
          look();
          timer = setInterval(look, LOOK_MS);
        },
        error: again,
      }),
    error: again,
    destroyed: again,
  });
}

Janus.init({
  debug: ["error"],
  dependencies: Janus.useDefaultDependencies({ adapter: window.adapter }),
  callback: connect,
});
