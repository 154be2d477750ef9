// SPDX-License-Identifier: GPL-3.0-or-later

// What is installed, as people have it: the site by its name, and publishers.

import http from "node:http";
import https from "node:https";
import { bridgeStreams } from "../../tools/stack/bridge.mjs";
import { until } from "../e2e/support/rig.mjs";

export const HOST = "live.example.com", KEY = "a key of this test's own";

/** What publishRecorded() needs to know. */
export const stack = { janusPort: 8188, bridgePort: 8190, options: { folder: process.env.PACKAGES }, guests: new Set() };

/** { status, text } of one request to the site, by its name. */
export function ask(url, client = url.startsWith("https:") ? https : http) {
  return new Promise((resolve, reject) => {
    client.get(url.replace(HOST, "127.0.0.1"), { headers: { Host: HOST }, servername: HOST, rejectUnauthorized: false }, async (response) => {
      let text = "";
      for await (const piece of response) text += piece;
      resolve({ status: response.statusCode, text });
    }).on("error", reject);
  });
}

export const untilBridge = () => until("the bridge listens", () => bridgeStreams(stack.bridgePort).then(() => true, () => false));

/** Settings of the plugin with a stream "shop" that has KEY. */
export const withKey = (settings) => settings.replace(/^streams: \{$/m, `$&\n  shop: { key = "${KEY}" }`);
