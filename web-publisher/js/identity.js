// SPDX-License-Identifier: GPL-3.0-or-later

// By what a publisher is known: its name, its title and its key. `memory` keeps them: a storage of page-tools.js.

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
