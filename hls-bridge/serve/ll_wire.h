/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_WIRE_H
#define LL_WIRE_H

/* The bytes of one HTTP connection: reads requests and sends replies, and never blocks.
 *
 * Thread-safety: an LlWire belongs to one thread. */

#include "serve/ll_request.h"

#define LL_WIRE_REQUEST_SIZE 4096 /* bytes; requests come from nginx and are short */

typedef struct LlWire {
    int fd;          /* non-blocking; the caller owns it */
    bool drained;    /* nothing more can be read until epoll says so */
    bool keep_alive; /* the connection may be used after the answer */
    LlReply reply;   /* the reply that is being sent */
    /* the wire's own: */
    bool without_body; /* the request is HEAD */
    size_t sent;       /* bytes of head and body */
    size_t head_len, read_len;
    char head[512];
    char read[LL_WIRE_REQUEST_SIZE]; /* bytes that have come and were not taken yet */
} LlWire;

void ll_wire_init(LlWire *wire, int fd);

/* Frees what the reply still holds. */
void ll_wire_end(LlWire *wire);

/* Reads and takes the next request. Returns 1 with `request` filled in; 0 if the request is wrong,
 * so that the reply is there already; -1 with errno, EAGAIN if it has not all come. */
int ll_wire_take(LlWire *wire, LlRequest *request);

/* Begins to send `wire->reply`, with `date` (RFC 9110, section 6.6.1) and the Cache-Control in
 * `lifetime`. */
void ll_wire_answer(LlWire *wire, const char *date, const char *lifetime);

/* Continues to send. Returns 0 when all is sent, or -1 with errno, EAGAIN if the socket is full. */
int ll_wire_send(LlWire *wire);

#endif
