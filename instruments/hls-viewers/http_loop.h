/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HTTP_LOOP_H
#define HTTP_LOOP_H

/* Thousands of connections that each fetch one thing after another from one server, kept alive and
 * watched by one epoll.
 *
 * Thread-safety: a loop and its connections belong to one thread. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_PATH_SIZE 1024

typedef struct HttpLoop HttpLoop;
typedef struct HttpConnection HttpConnection;

typedef enum HttpOutcome {
    HTTP_ANSWERED,
    HTTP_NO_CONNECTION,
    HTTP_BROKEN,    /* the connection ended before the answer did */
    HTTP_MALFORMED, /* not HTTP/1.1, or more of a body than is kept */
    HTTP_NO_ANSWER, /* in the time that there is */
} HttpOutcome;

/* Times are of CLOCK_REALTIME, in microseconds: files have theirs of it too. */
typedef struct HttpReply {
    HttpOutcome outcome;
    int status;
    const char *body; /* where it is kept; borrowed until the client's next request */
    size_t len;       /* of the body, kept or not */
    bool gzip;        /* the body is compressed */
    int64_t asked_us, done_us;
} HttpReply;

/* May ask for the next thing at once. */
typedef void HttpReplied(void *user, const HttpReply *answer);

typedef struct HttpLoopParams {
    const char *url; /* of anything on the server: http://HOST[:PORT]/... */
    int64_t timeout_us;
    bool plain; /* accept nothing that is compressed */
} HttpLoopParams;

/* Returns NULL with a sentence in `wrong`. */
HttpLoop *http_loop_create(const HttpLoopParams *params, const char **wrong);
void http_loop_destroy(HttpLoop **loop); /* its clients first; accepts NULL, leaves NULL */

/* The path that the URL named, with its query. */
const char *http_loop_path(const HttpLoop *loop);

/* Handles what comes within `wait_ms`, and gives up on what has taken too long. */
void http_loop_run(HttpLoop *loop, int wait_ms);

int64_t http_loop_connections(const HttpLoop *loop); /* made so far */

/* `answered` is called with `user` for each request. Returns NULL if there is no memory. */
HttpConnection *http_connection_create(HttpLoop *loop, HttpReplied *answered, void *user);
void http_connection_destroy(HttpConnection **client); /* accepts NULL, leaves NULL */

/* Asks for `path`; the client must not be busy. Nothing is called back from here. */
void http_connection_get(HttpConnection *client, const char *path, bool keep_body);
bool http_connection_busy(const HttpConnection *client);

#endif
