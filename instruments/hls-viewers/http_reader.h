/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HTTP_READER_H
#define HTTP_READER_H

/* Reads one HTTP/1.1 answer (RFC 9112) as it comes, in pieces of any size. Pure, no allocation.
 *
 * Thread-safety: an HttpReader belongs to one thread. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_LINE_SIZE 2048 /* of a line of the head; a longer one is wrong */

typedef enum HttpState {
    HTTP_STATUS_LINE,
    HTTP_FIELDS,
    HTTP_BODY,        /* `left` bytes to come */
    HTTP_BODY_TO_END, /* of the connection */
    HTTP_CHUNK_SIZE,
    HTTP_CHUNK, /* `left` bytes to come */
    HTTP_CHUNK_END,
    HTTP_TRAILERS,
    HTTP_DONE,
    HTTP_WRONG,
} HttpState;

typedef struct HttpReader {
    HttpState state;
    int status;
    bool keep_alive; /* the connection may be used again; holds when DONE */
    bool gzip;       /* the body is compressed with it (RFC 9110, section 8.4.1.3) */
    /* the reader's own */
    bool chunked;
    int64_t length; /* Content-Length, -1: none */
    int64_t left;
    size_t fields, line_len;
    char line[HTTP_LINE_SIZE];
} HttpReader;

/* Of the body, borrowed from what was read. */
typedef struct HttpBytes {
    const char *data;
    size_t len;
} HttpBytes;

/* Makes it ready for an answer to a GET that accepts gzip: any other coding is wrong. */
void http_reader_start(HttpReader *reader);

/* Takes bytes up to the end of the answer or of the next piece of body, and returns how many: 0
 * if there are none, or it is DONE or WRONG. To be called again with the rest. */
size_t http_reader_take(HttpReader *reader, const char *data, size_t len, HttpBytes *body);

/* The connection has ended: that ends some answers, and for others is wrong. */
void http_reader_end(HttpReader *reader);

/* Whether anything of the answer has come. */
bool http_reader_begun(const HttpReader *reader);

#endif
