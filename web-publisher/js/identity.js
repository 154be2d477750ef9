// SPDX-License-Identifier: GPL-3.0-or-later

// By what a publisher is known: its name, its title and its key; and a viewer, by its token. `memory` keeps them: a storage of page-tools.js.

import { friendlyName } from "./friendly-name.js";

const KEY_BYTES = 16;
const TITLE_BYTES = 200; // of the plugin (docs/protocol.md)

/** A key of this browser's own: so that after a reload it may take its name back. */
export function ownKey(memory) {
  let key = memory.getItem("janus-hls-key");
  if (!key) {
    key = Array.from(crypto.getRandomValues(new Uint8Array(KEY_BYTES)), (b) => b.toString(16).padStart(2, "0")).join("");
    memory.setItem("janus-hls-key", key);
  }
  return key;
}

/**
 * The token of the address, behind # or ?, or the one that this tab had last; "": none. Neither the address bar nor the
 * browser's history keeps it. `tab`: what the tab keeps, by the name `kept`; `place`, `history`: the window's.
 */
export function takeToken(tab, place, history, kept = "janus-hls-token") {
  const query = new URLSearchParams(place.search), fragment = new URLSearchParams(place.hash.slice(1));
  const given = fragment.get("token") ?? query.get("token");
  if (given === null) return tab.getItem(kept) ?? "";
  query.delete("token");
  fragment.delete("token");
  const behind = [["?", query], ["#", fragment]].map(([mark, of]) => (String(of) ? mark + of : "")).join("");
  history.replaceState(null, "", place.pathname + behind);
  tab.setItem(kept, given);
  return given;
}

/** A name of this browser's own, for people who type none. */
export function ownName(memory) {
  if (!memory.getItem("janus-hls-name")) memory.setItem("janus-hls-name", friendlyName(navigator.language));
  return memory.getItem("janus-hls-name");
}

/** As much of a title as the plugin takes, in whole letters. */
export function fitTitle(text) {
  const letters = [...text.trim()];
  while (new TextEncoder().encode(letters.join("")).length > TITLE_BYTES) letters.pop();
  return letters.join("");
}
