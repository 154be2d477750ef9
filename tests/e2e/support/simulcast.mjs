// SPDX-License-Identifier: GPL-3.0-or-later

// A page that sends three layers.

import { FULL_SIZE, publish } from "./browser.mjs";

/** What the page makes of a picture of FULL_SIZE, the best first. */
export const LAYERS = [
  { rid: "high", width: 1280, height: 720 },
  { rid: "mid", width: 640, height: 360 },
  { rid: "low", width: 320, height: 180 },
];

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
