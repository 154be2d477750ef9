// SPDX-License-Identifier: GPL-3.0-or-later

// Playback tokens (docs/protocol.md), as a shop's server makes them.

import { createHmac } from "node:crypto";

/** A token with any `text` for its payload. */
export function signText(id, secret, text) {
  const body = `v1.${id}.${Buffer.from(text).toString("base64url")}`;
  return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
}

/** A token by the first of the secrets, { ID: secret }, that says `claims`. */
export function signToken(secrets, claims) {
  const [[id, secret]] = Object.entries(secrets);
  return signText(id, secret, JSON.stringify(claims));
}
