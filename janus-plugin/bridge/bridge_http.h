/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BRIDGE_HTTP_H
#define BRIDGE_HTTP_H

/* Requests to the bridge's control API, for bridge_client.
 *
 * Thread-safety: read-only once it is set up. */

#include <curl/curl.h>
#include <glib.h>

/* How long a request may take. An announcement waits behind others and behind the bridge's disk,
 * and one that is given up is not undone: the bridge still reads it, maybe behind the next one. So
 * it gets all the time that a bridge at work can need; one that ends or restarts closes the
 * connection. */
#define BRIDGE_HTTP_LONG_MS  30000L
#define BRIDGE_HTTP_SHORT_MS 3000L /* whether it answers at all, which takes it milliseconds */

typedef struct BridgeHttp {
    char *bridge; /* as configured, for sentences */
    char *url;    /* with which requests begin */
    char *socket; /* path of the Unix socket that takes them; NULL: none */
    struct curl_slist *offer_headers, *headers; /* with an offer, and without; NULL: none */
} BridgeHttp;

/* `bridge` and `token` as in BridgeClientParams; both are copied. */
void bridge_http_init(BridgeHttp *http, const char *bridge, const char *token);
void bridge_http_clear(BridgeHttp *http);

typedef struct BridgeHttpCall {
    const char *method, *path;
    const char *offer; /* its body; NULL: none */
    long timeout_ms;
} BridgeHttpCall;

/* A request that is not begun yet. What comes back goes to `response`, which outlives it. The
 * caller owns it; NULL if there is no memory. */
CURL *bridge_http_request(const BridgeHttp *http, const BridgeHttpCall *call, GString *response);

/* Writes the sentence of a problem+json body (RFC 9457) to `reason` (BRIDGE_REASON_SIZE bytes), or
 * what can be said without one. */
void bridge_http_problem(const GString *response, long status, char *reason);

#endif
