// SPDX-License-Identifier: GPL-3.0-or-later

// The table of the sizes that a publisher sends, and which of them is paused and why.

import { element, formatBitrate } from "./page-tools.js";
import { t } from "./strings.js";

const WHY = { bandwidth: "layer.slow-network", cpu: "layer.slow-machine" };

// what a size is called that has not been sent yet
const NAMES = { high: "layer.high", mid: "layer.mid", low: "layer.low" };

/** What becomes of a layer of PublishFigures, for people. */
function stateOf({ paused, why }) {
  const state = t(paused ? "layer.paused" : "layer.sending");
  return WHY[why] ? t("layer.because", { state, why: t(WHY[why]) }) : state;
}

const sizes = new Map(); // of each rid, as it was last sent: a layer that is paused has none

function rowOf(layer) {
  const { rid, width, height, frameRate, bitrate, paused } = layer;
  if (width && !paused) sizes.set(rid, `${width} × ${height}`);
  const cells = [
    sizes.get(rid) ?? (NAMES[rid] ? t(NAMES[rid]) : rid),
    paused || frameRate === null ? "–" : `${Math.round(frameRate)}/s`,
    paused ? "–" : formatBitrate(bitrate),
  ].map((text) => element("td", "", text));
  const row = element("tr", paused ? "paused" : layer.why ? "limited" : "", ...cells, element("td", "state", element("span", "", stateOf(layer))));
  row.dataset.rid = rid;
  return row;
}

/** Shows `layers` (see PublishFigures) in `table`, which is hidden if there are none. */
export function showLayers(table, layers) {
  table.hidden = !layers.length;
  table.tBodies[0].replaceChildren(...layers.map(rowOf));
}
