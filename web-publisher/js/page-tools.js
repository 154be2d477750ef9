// SPDX-License-Identifier: GPL-3.0-or-later

// Small things that several pages do.

import qrcode from "../vendor/qrcode.mjs";
import { show } from "./strings.js";
import { timeLimit } from "./time-limit.js";

export const byId = (id) => document.getElementById(id);

/** A new element of class `className`, with `children`: elements and text. */
export function element(name, className = "", ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** The WebSocket of Janus: behind the same nginx as the page. `pass`: of a class, if there is one (class-pass.js). */
export function janusServer(pass = "") {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${location.host}/janus${pass ? `?pass=${encodeURIComponent(pass)}` : ""}`;
}

/**
 * What the operator of this site has set (settings.json): { iceServers }, and `class` if it is that of a class. Nothing if
 * there is no such file, or it cannot be read.
 */
export async function siteSettings() {
  try {
    const response = await fetch("settings.json", { cache: "no-cache", signal: timeLimit(10000) });
    return response.ok ? await response.json() : {};
  } catch {
    return {};
  }
}

/**
 * What a browser keeps for this site: "localStorage", or for this tab "sessionStorage". If people let it keep nothing,
 * this page does, as long as it is open.
 */
export function storage(name) {
  try {
    window[name].setItem("janus-hls", "");
    window[name].removeItem("janus-hls");
    return window[name];
  } catch {
    const kept = new Map();
    return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
  }
}

/** In three digits, so that it needs no more room when it is much. */
export function formatBitrate(bitsPerSecond) {
  if (bitsPerSecond === null) return "–";
  const megabits = bitsPerSecond / 1e6;
  if (megabits >= 1) return `${megabits.toFixed(megabits >= 100 ? 0 : megabits >= 10 ? 1 : 2)} Mbit/s`;
  return `${Math.round(bitsPerSecond / 1e3)} kbit/s`;
}

export function formatDuration(seconds) {
  const two = (n) => String(Math.floor(n)).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return `${hours ? `${hours}:` : ""}${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** Buttons with data-copy="ID" copy the text field ID. */
export function wireCopyButtons() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      const field = byId(button.dataset.copy);
      field.select();
      // the clipboard is for secure pages; the old way works everywhere
      await navigator.clipboard?.writeText(field.value).catch(() => document.execCommand("copy"));
      if (!navigator.clipboard) document.execCommand("copy");
      show(button, "common.copied");
      setTimeout(() => show(button, "common.copy"), 1500);
    });
  }
}

/** Puts a QR code of `text` into `element`. */
export function showQr(element, text) {
  const code = qrcode(0, "M"); // as large as the text needs
  code.addData(text);
  code.make();
  element.innerHTML = code.createSvgTag({ cellSize: 4, margin: 0, alt: text, scalable: true });
}
