// SPDX-License-Identifier: GPL-3.0-or-later

// A stand-in of a key server: it answers CPIX with keys, boxes and tags as a real one does, and knows what it has given.

import { randomBytes } from "node:crypto";
import http from "node:http";

export const WIDEVINE = "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed", PLAYREADY = "9a04f079-9840-4286-ab92-e65be0885f95",
  FAIRPLAY = "94ce86fb-07ff-4f43-adb8-93d2fa968ca2";

/** A box 'pssh' of version 0 with `data`. */
function pssh(system, data) {
  const box = Buffer.concat([Buffer.alloc(12), Buffer.from(system.replaceAll("-", ""), "hex"), Buffer.alloc(4), data]);
  box.writeUInt32BE(box.length, 0);
  box.write("pssh", 4, "latin1");
  box.writeUInt32BE(data.length, 28);
  return box;
}

/** What each system has of a key: { box, uri, format }. */
const SYSTEMS = {
  [WIDEVINE]: (kid) => {
    const box = pssh(WIDEVINE, Buffer.concat([Buffer.from([0x12, 16]), Buffer.from(kid.replaceAll("-", ""), "hex")]));
    return { box, uri: `data:text/plain;base64,${box.toString("base64")}`, format: `urn:uuid:${WIDEVINE}` };
  },
  [PLAYREADY]: (kid) => {
    const data = Buffer.from(`<WRMHEADER><KID>${kid}</KID></WRMHEADER>`, "utf16le");
    return { box: pssh(PLAYREADY, data), uri: `data:text/plain;charset=UTF-16;base64,${data.toString("base64")}`,
      format: "com.microsoft.playready" };
  },
  [FAIRPLAY]: (kid) => ({ uri: `skd://${kid}`, format: "com.apple.streamingkeydelivery" }),
};

const tagOf = ({ uri, format }) => `#EXT-X-KEY:METHOD=SAMPLE-AES,URI="${uri}",KEYFORMAT="${format}",KEYFORMATVERSIONS="1"`;
const base64 = (data) => Buffer.from(data).toString("base64");

/** The document for a key that was asked for. */
function answer(kid, systems, { key, iv }) {
  const each = systems.map((id) => {
    const { box, ...tag } = SYSTEMS[id](kid);
    return `<cpix:DRMSystem kid="${kid}" systemId="${id}">${box ? `<cpix:PSSH>${base64(box)}</cpix:PSSH>` : ""}
      <cpix:HLSSignalingData playlist="media">${base64(tagOf(tag))}</cpix:HLSSignalingData>
      <cpix:HLSSignalingData playlist="master">${base64("#EXT-X-SESSION-KEY:METHOD=NONE")}</cpix:HLSSignalingData></cpix:DRMSystem>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<cpix:CPIX version="2.3" xmlns:cpix="urn:dashif:org:cpix" xmlns:pskc="urn:ietf:params:xml:ns:keyprov:pskc">
  <cpix:ContentKeyList><cpix:ContentKey kid="${kid}" explicitIV="${base64(iv)}" commonEncryptionScheme="cbcs">
    <cpix:Data><pskc:Secret><pskc:PlainValue>${base64(key)}</pskc:PlainValue></pskc:Secret></cpix:Data>
  </cpix:ContentKey></cpix:ContentKeyList>
  <cpix:DRMSystemList>${each.join("\n")}</cpix:DRMSystemList>
</cpix:CPIX>`;
}

/**
 * Starts one on a port of its own. `wrong` are answers that come first, { status, body } each. Gives { url, asked, keys, away,
 * close }: `asked` are its requests, { headers, body, stream, kid, period }; `keys` what it has given, { kid, key, iv }; while
 * away(true) holds it answers 503.
 */
export async function startKeyServer({ wrong = [] } = {}) {
  const asked = [], keys = new Map(), left = [...wrong];
  let away = false;
  const server = http.createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    const [, stream] = /contentId="([^"]*)"/.exec(body), [, kid] = /<cpix:ContentKey kid="([^"]*)"/.exec(body);
    asked.push({ headers: request.headers, body, stream, kid, period: Number(/index="(\d+)"/.exec(body)[1]), away });
    const refusal = away ? { status: 503, body: "" } : left.shift();
    if (refusal) return response.writeHead(refusal.status).end(refusal.body);
    if (!keys.has(kid)) keys.set(kid, { kid, key: randomBytes(16), iv: randomBytes(16) });
    const systems = [...body.matchAll(/systemId="([^"]*)"/g)].map(([, id]) => id);
    response.writeHead(200, { "Content-Type": "application/xml" }).end(answer(kid, systems, keys.get(kid)));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}/cpix`, asked, keys, tagOf, systems: SYSTEMS,
    away: (on) => (away = on), close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }) };
}
