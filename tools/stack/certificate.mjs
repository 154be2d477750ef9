// SPDX-License-Identifier: GPL-3.0-or-later

// A self-signed certificate for a few days: browsers allow cameras on secure pages only.

import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";

const DAYS = 30;

/** Makes { certificate, key } files in `folder`, for `addresses` and localhost. */
export async function makeCertificate(folder, addresses) {
  const certificate = path.join(folder, "certificate.pem");
  const key = path.join(folder, "key.pem");
  const names = ["DNS:localhost", "IP:127.0.0.1", ...addresses.map((address) => `IP:${address}`)];

  await promisify(execFile)("openssl", [
    "req", "-x509", "-nodes", "-days", String(DAYS),
    "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
    "-subj", "/CN=janus-hls demo", "-addext", `subjectAltName=${names.join(",")}`,
    "-keyout", key, "-out", certificate,
  ]);
  return { certificate, key };
}
