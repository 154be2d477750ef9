#!/usr/bin/env node
// SPDX-License-Identifier: GPL-3.0-or-later

// A receiver of the admission webhook (docs/protocol.md) that lets in whoever wants to publish a stream of SHOPS.
//   SECRET=... PORT=8100 node admission.mjs

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const SHOPS = { shop: { title: "The shop" }, workshop: { bitrate: 800000, access: "unlisted" } };
const BODY_MAX = 65536, AGE_MAX_S = 300;

const secret = process.env.SECRET;
const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);

/** Whether the signature is right, and not an old one that somebody has kept. */
function isSigned(headers, body) {
  const { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": signatures = "" } = headers;
  if (!(Math.abs(Date.now() / 1000 - Number(time)) < AGE_MAX_S)) return false;
  const right = Buffer.from(`v1,${createHmac("sha256", key).update(`${id}.${time}.`).update(body).digest("base64")}`);
  return signatures.split(" ").map((each) => Buffer.from(each))
    .some((each) => each.length === right.length && timingSafeEqual(each, right));
}

function decide({ data: { stream } }) {
  if (!Object.hasOwn(SHOPS, stream)) return { allow: false, reason: `there is no shop ${stream}` };
  return { allow: true, ...SHOPS[stream] };
}

createServer(async (request, response) => {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > BODY_MAX) return request.destroy();
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  if (!isSigned(request.headers, body)) return response.writeHead(401).end();
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(decide(JSON.parse(body))));
}).listen(Number(process.env.PORT ?? 8100), "127.0.0.1", function listening() {
  console.log(`listening on ${this.address().port}`);
});
