// SPDX-License-Identifier: GPL-3.0-or-later

// Headless Chromium, for a page that publishes with nobody before it.

import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Child } from "./child.mjs";

/**
 * Features that are switched off: ICE candidates have real addresses, and a page that publishes does not
 * get less of a busy machine where another one covers it (a page with a camera would not either).
 */
const FEATURES_OFF = ["WebRtcHideLocalIpsWithMdns", "PMProcessPriorityPolicy"];

/** Switches that every Chromium here is started with: no phoning home, and FEATURES_OFF. */
export const CHROMIUM_SWITCHES = [
  "--no-first-run",
  "--no-default-browser-check",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--disable-background-networking",
  "--disable-component-update",
  `--disable-features=${FEATURES_OFF.join()}`,
  "--autoplay-policy=no-user-gesture-required",
  // Chromium's sandbox cannot be had by root
  ...(process.getuid() === 0 ? ["--no-sandbox"] : []),
];

/** Opens `url` without a window. The profile is made on the spot, and goes when it ends. */
export async function startChromium({ url, folder, onDeath }) {
  const profile = await mkdtemp(path.join(os.tmpdir(), "janus-hls-chromium-"));
  return new Child("Chromium", "chromium",
    ["--headless=new", ...CHROMIUM_SWITCHES, "--ignore-certificate-errors", `--user-data-dir=${profile}`, url], {
      logFile: path.join(folder, "chromium.log"),
      onDeath,
      cleanUp: () => rm(profile, { recursive: true, force: true }),
    });
}
