/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

/* The head of an HTTP/1.1 request (RFC 9112), as a cache or a proxy sends it.
 *
 * Pure, no allocation. Thread-safety: none needed, there is no state. */

#include <stdbool.h>
#include <stddef.h>

typedef enum HttpRequestState {
    HTTP_REQUEST_PART,  /* more has to come */
    HTTP_REQUEST_WHOLE, /* the head is there */
    HTTP_REQUEST_WRONG, /* 400 */
} HttpRequestState;

typedef struct HttpRequest {
    size_t len; /* of the head, with the empty line at its end */
    bool is_get, is_head;
    bool keep_alive; /* the connection may be used again */
    bool has_body;
    bool accepts_gzip;        /* and rather than what is not compressed: RFC 9110, section 12.5.3 */
    const char *path, *query; /* as sent, borrowed; no query: an empty one */
    size_t path_len, query_len;
} HttpRequest;

/* Reads what of a request has come. */
HttpRequestState http_request_read(const char *data, size_t len, HttpRequest *out);

/* Writes the path into `out`, with %XX as what it stands for. Returns false where it does not fit,
 * is no such thing, or has a NUL in it. */
bool http_request_path(const HttpRequest *request, char *out, size_t size);

/* Writes the value of the query's argument `name` likewise; of several the first. Returns NULL
 * where there is none, and an empty text where it can be no value, otherwise `out`. */
const char *http_request_argument(const HttpRequest *request, const char *name, char *out,
                                  size_t size);

#endif
