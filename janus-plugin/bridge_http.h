/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BRIDGE_HTTP_H
#define BRIDGE_HTTP_H

/* Requests to the bridge's control API, for bridge_client.
 *
 * Thread-safety: read-only once it is set up. */

#include <curl/curl.h>
#include <glib.h>

#define BRIDGE_REASON_SIZE 256

typedef struct BridgeHttp {
    char *bridge; /* as configured, for sentences */
    char *url;    /* what requests begin with */
    char *socket; /* path of a Unix socket through which they go; NULL: none */
    struct curl_slist *offer_headers, *headers; /* with an offer, and without; NULL: none */
} BridgeHttp;

/* `bridge` and `token` as in BridgeClientParams; both are copied. */
void bridge_http_init(BridgeHttp *http, const char *bridge, const char *token);
void bridge_http_clear(BridgeHttp *http);

/* A request that ends within three seconds, not begun. `offer` is its body, NULL: none; what comes
 * back goes to `response`, which outlives it. The caller owns it; NULL if there is no memory. */
CURL *bridge_http_request(const BridgeHttp *http, const char *method, const char *path,
                          const char *offer, GString *response);

/* The sentence of a problem+json body (RFC 9457), or what can be said without one; to `reason`,
 * BRIDGE_REASON_SIZE bytes. */
void bridge_http_problem(const GString *response, long status, char *reason);

#endif
