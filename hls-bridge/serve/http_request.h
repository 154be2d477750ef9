/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

/* Parses the head of an HTTP/1.1 request (RFC 9112), as a cache or a proxy sends it.
 *
 * Pure, no allocation. Thread-safety: none needed, there is no state. */

#include <stdbool.h>
#include <stddef.h>

typedef enum HttpRequestState {
    HTTP_REQUEST_PART,  /* the head is not complete yet */
    HTTP_REQUEST_WHOLE, /* the head is complete */
    HTTP_REQUEST_WRONG, /* answer 400 */
} HttpRequestState;

typedef struct HttpRequest {
    size_t len; /* bytes of the head, with the empty line at its end */
    bool is_get, is_head;
    bool keep_alive; /* the connection may be used again */
    bool has_body;
    bool accepts_gzip; /* and likes it at least as much as no compression: RFC 9110, section 12.5.3
                        */
    const char *path, *query; /* as sent, borrowed; without a query, an empty one */
    size_t path_len, query_len;
} HttpRequest;

/* Parses the bytes that have come so far. */
HttpRequestState http_request_read(const char *data, size_t len, HttpRequest *out);

/* Writes the path to `out` with its %XX decoded. Returns false if it does not fit, is not a valid
 * path, or contains a NUL. */
bool http_request_path(const HttpRequest *request, char *out, size_t size);

/* Writes the decoded value of the query's argument `name` to `out`; of several, the first. Returns
 * `out`, or NULL if there is no such argument, or "" if its value is not valid. */
const char *http_request_argument(const HttpRequest *request, const char *name, char *out,
                                  size_t size);

#endif
