// SPDX-License-Identifier: GPL-3.0-or-later

// A page that sends three layers.

import { FULL_SIZE, publish } from "./browser.mjs";

/** What the page makes of a picture of `size`, as "1280x720", in three layers, the best first. */
export function layersOf(size) {
  const [width, height] = size.split("x").map(Number);
  return [["high", 1], ["mid", 2], ["low", 4]].map(([rid, by]) => ({ rid, width: width / by, height: height / by }));
}

/** The same of FULL_SIZE. */
export const LAYERS = layersOf(FULL_SIZE);

/** Publishes the test card in all of LAYERS. */
export const publishLayers = (context, stack, stream) => publish(context, stack, stream, { size: FULL_SIZE, simulcast: true });

/** What the page sends of each layer: { RID: its outbound-rtp }. */
export const outboundLayers = (page) => page.evaluate(async () => {
  const found = {};
  const stats = await window.janusHls.publisher.peerConnection.getStats();
  stats.forEach((report) => {
    if (report.type === "outbound-rtp" && report.rid) found[report.rid] = { ...report };
  });
  return found;
});

/** Else Chromium sends three layers of 960x540 and more alone. */
export const SIMULCAST_SWITCHES = ["--force-fieldtrials=WebRTC-LegacySimulcastLayerLimit/Disabled/"];

/**
 * Pages of `context` take each picture for one of four times its width and height, and plan layers for that: with
 * SIMULCAST_SWITCHES Chromium sends as many of a small picture, which costs little.
 */
export const seemLarge = (context) => context.addInitScript(() => {
  const { getSettings } = MediaStreamTrack.prototype;
  MediaStreamTrack.prototype.getSettings = function () {
    const settings = getSettings.call(this);
    return this.kind === "video" ? { ...settings, width: 4 * settings.width, height: 4 * settings.height } : settings;
  };
});
