/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

/* Makes several requests at a time, as a player does: connections are kept alive, and an answer
 * that is held delays no other. file: URLs work too.
 *
 * Thread-safety: one thread. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct HttpClient HttpClient;

#define HTTP_HEADER_SIZE 128
#define HTTP_URL_SIZE    2048
#define HTTP_TIMEOUT_US  10000000ll /* for an answer that is not held */

/* An answer. To keep `data`, take it, leave NULL in its place, and free() it later. */
typedef struct HttpAnswer {
    long status; /* 0: no answer; of file:, 200 and 404 */
    uint8_t *data;
    size_t len;
    char type[HTTP_HEADER_SIZE], encoding[HTTP_HEADER_SIZE], cache_control[HTTP_HEADER_SIZE];
    int64_t asked_us, first_byte_us, done_us; /* monotonic */
    bool http2;                               /* or newer */
} HttpAnswer;

/* Called from http_client_run(), once for each request. It may make others. */
typedef void HttpDone(void *user, HttpAnswer *answer);

/* Returns NULL if there is no memory. */
HttpClient *http_client_create(void);
/* Ends open requests without an answer; their callbacks may make no new ones. Accepts NULL, leaves
 * NULL. */
void http_client_destroy(HttpClient **client);

/* The URL of `where`: a URL, or the path of a file, which need not be there. `url` has
 * HTTP_URL_SIZE bytes. Returns 0, or -1 if it does not fit. */
int http_client_url(const char *where, char *url);

/* Asks for `url`. Returns 0, or -1 if there is no memory: then `done` is not called. */
int http_client_get(HttpClient *client, const char *url, int64_t timeout_us, HttpDone *done,
                    void *user);

/* The same, of `len` bytes (at least 1) from `offset` on: an answer over HTTP has status 206. Of a
 * file, bytes beyond its end are missing. */
int http_client_get_range(HttpClient *client, const char *url, int64_t offset, int64_t len,
                          int64_t timeout_us, HttpDone *done, void *user);

/* Waits up to `wait_ms` for answers, and calls `done` for each. */
void http_client_run(HttpClient *client, int wait_ms);

/* Whether answers are still to come. */
bool http_client_is_busy(const HttpClient *client);

/* Resolves `uri` against the URL of a playlist, into HTTP_URL_SIZE bytes. */
void resolve_uri(const char *base, const char *uri, char *out);

#endif
