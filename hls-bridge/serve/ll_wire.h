/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_WIRE_H
#define LL_WIRE_H

/* The bytes of one HTTP connection: requests come in, replies go out, none of it waits.
 *
 * Thread-safety: an LlWire belongs to one thread. */

#include "serve/ll_request.h"

#define LL_WIRE_REQUEST_SIZE 4096 /* bytes; requests are of nginx and short */

typedef struct LlWire {
    int fd;          /* non-blocking; the caller's */
    bool drained;    /* there is nothing to read until epoll says so */
    bool keep_alive; /* the connection may be used after the answer */
    LlReply reply;   /* that is sent */
    /* the wire's own */
    bool without_body; /* HEAD */
    size_t sent;       /* of head and body */
    size_t head_len, read_len;
    char head[512];
    char read[LL_WIRE_REQUEST_SIZE]; /* what has come and was not taken yet */
} LlWire;

void ll_wire_init(LlWire *wire, int fd);

/* Gives back what a reply still holds. */
void ll_wire_end(LlWire *wire);

/* Takes the next request, and reads what it takes for that: 1 and `request` is filled in; 0 where
 * there is a reply at once, as it is a wrong one; -1 with errno, EAGAIN where not all has come. */
int ll_wire_take(LlWire *wire, LlRequest *request);

/* Begins to send `wire->reply`, at `date` (RFC 9110, section 6.6.1) and with this Cache-Control. */
void ll_wire_answer(LlWire *wire, const char *date, const char *lifetime);

/* Sends on. Returns 0 where all has gone, or -1 with errno, EAGAIN where it does not go now. */
int ll_wire_send(LlWire *wire);

#endif
