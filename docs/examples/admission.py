#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later

# A receiver of the admission webhook (docs/protocol.md) that lets in whoever wants to publish a stream of SHOPS.
#   SECRET=... PORT=8100 python3 admission.py

import base64
import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SHOPS = {"shop": {"title": "The shop"}, "workshop": {"bitrate": 800000, "access": "unlisted"}}
BODY_MAX, AGE_MAX_S = 65536, 300

secret = os.environ["SECRET"]
key = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()


def is_signed(headers, body):
    """Whether the signature is right, and not an old one that somebody has kept."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > AGE_MAX_S:
        return False
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    right = b"v1," + base64.b64encode(digest)
    return any(hmac.compare_digest(each.encode(), right) for each in headers.get("webhook-signature", "").split(" "))


def decide(question):
    stream = question["data"]["stream"]
    if stream not in SHOPS:
        return {"allow": False, "reason": f"there is no shop {stream}"}
    return {"allow": True, **SHOPS[stream]}


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(min(length, BODY_MAX))
        if length > BODY_MAX or not is_signed(self.headers, body):
            self.send_error(401)
            return
        answer = json.dumps(decide(json.loads(body))).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", 8100))), Receiver)
print(f"listening on {server.server_address[1]}", flush=True)
server.serve_forever()
