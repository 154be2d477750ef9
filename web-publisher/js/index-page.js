// SPDX-License-Identifier: GPL-3.0-or-later

// The start page: what is live now, with a picture of each.

import { fetchLiveStreams, thumbnailUrl } from "./live-list.js";
import { byId, element, formatDuration } from "./page-tools.js";
import { onLanguage, ready, show as say, t } from "./strings.js";

const LOOK_MS = 3000;

const cards = new Map(); // name -> { item, update(stream) }

/** A card whose picture stays while a new one is loaded. */
function makeCard(name) {
  const picture = element("img", "");
  const blank = say(element("span", "blank"), "common.sound-only");
  const title = element("strong", "");
  const about = element("span", "muted");
  const link = element("a", "card", element("span", "thumb", blank, picture, say(element("span", "badge live"), "common.live")),
    element("span", "about", title, about));
  let shown;

  picture.alt = "";
  picture.hidden = true;
  picture.addEventListener("load", () => (picture.hidden = false));
  link.href = `watch.html?stream=${encodeURIComponent(name)}`;
  return {
    item: element("li", "", link),
    update(stream) {
      const url = stream.thumbnail && thumbnailUrl(stream);
      if (url && url !== shown) picture.src = shown = url;
      if (!url) picture.hidden = true;
      blank.hidden = Boolean(stream.width);
      title.textContent = stream.title || stream.name;
      about.textContent = [
        stream.width && `${stream.width} × ${stream.height}`,
        !stream.width && t("common.sound-only"),
        t("common.on-air", { time: formatDuration(Math.max(0, Date.now() / 1000 - stream.live_since)) }),
      ]
        .filter(Boolean)
        .join(" · ");
    },
  };
}

function show(streams) {
  const names = new Set(streams.map(({ name }) => name));
  for (const [name, { item }] of cards) {
    if (names.has(name)) continue;
    item.remove();
    cards.delete(name);
  }
  for (const stream of streams) {
    if (!cards.has(stream.name)) {
      const card = makeCard(stream.name);
      cards.set(stream.name, card);
      byId("live-list").append(card.item);
    }
    cards.get(stream.name).update(stream);
  }
  say(byId("live-state"), streams.length ? null : "start.nobody");
}

let streams = []; // as they were seen last

async function look() {
  try {
    show((streams = await fetchLiveStreams()));
  } catch {
    show((streams = []));
    say(byId("live-state"), "start.unreachable");
  }
  setTimeout(look, LOOK_MS);
}

onLanguage(() => streams.forEach((stream) => cards.get(stream.name)?.update(stream)));
await ready;
look();
