// SPDX-License-Identifier: GPL-3.0-or-later

// Where a publisher's viewers find it: the links of the publish page, and a QR code for phones.

import { byId, showQr } from "./page-tools.js";
import { show } from "./strings.js";

const THIS_MACHINE = /^(localhost|127\..*|\[::1\])$/; // a phone that is given one of these asks itself

/** Shows `playback`, as the publisher has it, until the links are hidden, and says when the stream can be watched. */
export async function showLinks({ hls, watch }) {
  const absolute = (path) => new URL(path, location.href).href;
  byId("watch-link").value = byId("watch-open").href = absolute(watch);
  byId("vlc-link").value = absolute(hls);
  showQr(byId("qr"), absolute(watch));
  const isOwn = THIS_MACHINE.test(new URL(watch, location.href).hostname);
  byId("qr").parentElement.hidden = isOwn;
  byId("this-machine").hidden = !isOwn;
  byId("links").hidden = false;
  show(byId("links-state"), "publish.first-seconds");
  // here, though viewers may be sent to another site: this page may not ask there
  const statusOf = (list) => fetch(`live/${byId("name").value}/${list}`, { method: "HEAD", cache: "no-store" })
    .then((response) => response.status, () => 0);
  const isKnown = (status) => status === 200 || status === 403;
  let status = 0;
  while (!byId("links").hidden) {
    if (isKnown(status = await statusOf("index.m3u8")) || isKnown(status = await statusOf("master.m3u8"))) break;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  show(byId("links-state"), status === 403 ? "publish.protected" : "publish.can-open");
}
