// SPDX-License-Identifier: GPL-3.0-or-later

// The receivers of webhooks that docs/protocol.md shows, and what the bridge sends to them.

import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { Child, untilHealthy } from "../../../tools/stack/child.mjs";
import { SOURCE } from "../../../tools/stack/stack.mjs";

export const newSecret = () => `whsec_${randomBytes(32).toString("base64")}`;

/** What a secret signs with: its text, or the bytes behind whsec_. */
const keyOf = (secret) => (secret.startsWith("whsec_") ? Buffer.from(secret.slice("whsec_".length), "base64") : secret);

/** The value of webhook-signature, by one secret. */
export const signatureOf = (secret, id, time, body) =>
  `v1,${createHmac("sha256", keyOf(secret)).update(`${id}.${time}.${body}`).digest("base64")}`;

const RECEIVERS = { node: ["js", "receiver.mjs", "node"], python: ["python", "receiver.py", "python3"] };

/**
 * Starts the receiver of docs/protocol.md in `language`, "node" or "python", in `folder`. Gives { child, heard }: heard() are
 * the events that it has taken so far, { id, type, subject, data }.
 */
export async function startReceiver(language, { folder, port, secret }) {
  const [fence, name, command] = RECEIVERS[language];
  const page = await readFile(path.join(SOURCE, "docs/protocol.md"), "utf8");
  const code = page.split(`\n\`\`\`${fence}\n`).slice(1).map((block) => block.split("\n```\n")[0]).find((block) => block.includes(name));
  assert.ok(code, `docs/protocol.md has no ${name}`);
  const file = path.join(folder, name), logFile = path.join(folder, `${name}.log`);
  await writeFile(file, code);
  const child = new Child(name, command, [file, String(port)], { logFile, env: { WEBHOOK_SECRET: secret } });
  const url = `http://127.0.0.1:${port}/`;
  await untilHealthy(child, async () => (await fetch(url, { method: "POST", body: "{}" })).status === 401); // it is not signed
  const heard = async () => (await readFile(logFile, "utf8")).split("\n").slice(0, -1)
    .map((line) => /^(\S+) (\S+) (\S+) (.*)$/.exec(line))
    .map(([, id, type, subject, data]) => ({ id, type, subject, data: JSON.parse(data) }));
  return { child, url, heard };
}
