// SPDX-License-Identifier: GPL-3.0-or-later

// A page that sends its picture in several sizes (simulcast).

import assert from "node:assert/strict";
import test from "node:test";
import { openPage, untilLive } from "./support/browser.mjs";
import { until } from "./support/rig.mjs";
import { shareStack } from "./support/shared.mjs";

const CAP = 2500000; // bit/s, the default of the plugin

const shared = shareStack();

/** The server is one that knows no layers: of an offer it reads what such a one does. */
async function hideLayers(context) {
  const seen = { offered: false };
  await context.routeWebSocket(/\/janus$/, (page) => {
    const server = page.connectToServer();
    page.onMessage((text) => {
      const message = JSON.parse(text);
      if (message.jsep) {
        seen.offered ||= /\r\na=simulcast:send high;mid;low\r\n/.test(message.jsep.sdp);
        message.jsep.sdp = message.jsep.sdp.replace(/a=(simulcast|rid):.*\r\n/g, "");
      }
      server.send(JSON.stringify(message));
    });
  });
  return seen;
}

/** What the page sends of its picture, as it is set: [{ rid, maxBitrate }]. */
const encodings = (page) => page.evaluate(() => window.janusHls.publisher.peerConnection.getSenders()
  .find(({ track }) => track.kind === "video").getParameters().encodings
  .map(({ rid, maxBitrate }) => ({ rid, maxBitrate })));

test("a server that knows no layers gets one, which has the whole cap", shared(async ({ stack, context }) => {
  const seen = await hideLayers(context);
  const page = await openPage(context, `${stack.url}/publish.html?stream=alone&source=testcard&auto=1&simulcast=1`);
  await untilLive(page);
  assert.ok(seen.offered);
  await until("it has the whole cap", async () => (await encodings(page))[0].maxBitrate === CAP);
  assert.deepEqual(await encodings(page), [{ rid: "high", maxBitrate: CAP }]);
  await until("viewers can open it", async () => /can open it now/.test(await page.textContent("#links-state")));
  assert.deepEqual(page.errors, []);
}));
