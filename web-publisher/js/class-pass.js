// SPDX-License-Identifier: GPL-3.0-or-later

// The pass of a class (./demo --class): who has it may go live there. It comes with the link or code that the teacher shows,
// and the browser keeps it.

import { timeLimit } from "./time-limit.js";

const KEPT = "janus-hls-pass";

/** Under which name a tab keeps the teacher's key. */
export const TEACHER = "janus-hls-teacher";

const ANSWER_MS = 5000;
const NOT_ADMITTED = 479; // docs/protocol.md

/** The teacher's key of the address, if it has one; the address bar, which a class can see, does not keep it. */
export function takeKey() {
  const given = new URLSearchParams(location.hash.slice(1)).get("key");
  if (given) history.replaceState(null, "", location.pathname + location.search);
  return given;
}

/** The pass of the address, or the one that came last; "": none. `memory`: storage() of page-tools.js. */
export function takePass(parameters, memory) {
  if (parameters.get("pass")) memory.setItem(KEPT, parameters.get("pass"));
  return memory.getItem(KEPT) ?? "";
}

/**
 * Why nobody can go live with `pass` on this site, as a key of strings.js; null: nothing is known against it. `site`:
 * siteSettings(). A desk that does not answer says nothing: Janus will.
 */
export async function whyNoPass(site, pass) {
  if (!site.class) return null;
  const answer = await fetch(`class/room.json?pass=${encodeURIComponent(pass)}`, { cache: "no-store", signal: timeLimit(ANSWER_MS) })
    .then((response) => response.json(), () => null).catch(() => null);
  if (answer?.pass !== false) return null;
  return pass ? "publish.old-pass" : "publish.no-pass";
}

/** Who has refused it with an error's `code`, as a key of strings.js: in a class it is the teacher; null: the error's own words say it. */
export const whyKeptOut = (site, code) => (site.class && code === NOT_ADMITTED ? "publish.kept-out" : null);
