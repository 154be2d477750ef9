// SPDX-License-Identifier: GPL-3.0-or-later

import http from "node:http";
import { sleep, UNTIL_MS } from "./rig.mjs";

/**
 * A request exactly as it stands, which fetch() would tidy up, to the server of `url`. Resolves to
 * { status, headers, body }, a Buffer as it came.
 */
export function ask(url, target, { method = "GET", headers = {} } = {}) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const request = http.request({ host: hostname, port, path: target, method, headers }, (response) => {
      const pieces = [];
      response.on("data", (data) => pieces.push(data));
      response.on("end", () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(pieces) }));
    });
    request.on("error", reject);
    request.end();
  });
}

/**
 * What `request()` resolves to; again, if a tier has given up the one behind it (`!isReached`): it gives it 1 to 3 s, and a
 * machine may stand still for longer.
 */
export async function untilReached(request, isReached = ({ status }) => ![502, 503, 504].includes(status)) {
  for (const end = Date.now() + UNTIL_MS; ; await sleep(200)) {
    const answer = await request();
    if (isReached(answer) || Date.now() > end) return answer;
  }
}
