/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_BOARD_H
#define LL_BOARD_H

/* The hub and its boards from inside, for ll_hub.c and ll_board.c alone; ll_hub.h has the rule of
 * the locks. */

#include <pthread.h>

#include "serve/ll_hub.h"
#include "serve/ll_parts.h"

typedef struct LlShown {
    bool there; /* something was published */
    LlEdge edge;
    int64_t epoch;
    LlText *text, *delta;
    LlParts parts;
} LlShown;

struct LlBoard {
    LlHub *hub;
    LlBoard *next, *previous; /* the hub's */
    char stream[STREAM_NAME_MAX + 1];
    int64_t hold_us;
    pthread_mutex_t lock; /* guards all that follows */
    LlShown rendition[LL_RENDITIONS];
    bool live; /* it can be played */
    LlQueue held;
    int64_t expire_us; /* no ticket has waited for too long before that; NEVER_US: there is none */
};

struct LlHub {
    LlHubParams params;
    atomic_bool closed;
    _Atomic uint64_t held_ever, expired, noted[LL_NOTES];
    pthread_mutex_t lock; /* guards what follows */
    LlBoard *boards;
    LlQueue waiting; /* for streams to begin */
};

/* A board with nothing on it. Returns NULL where there is no memory. */
LlBoard *ll_board_create(LlHub *hub, const char *stream, int64_t hold_us);
void ll_board_free(LlBoard *board);

/* The board's lock is held in all that follows. */

/* Wakes those who have waited for too long. */
void ll_board_wake_expired(LlBoard *board, int64_t now_us, LlChain *chain);

/* The requests that are in ll_hub.h; the ticket says what is asked for. */
LlAnswer ll_board_playlist(LlBoard *board, const LlDirectives *directives, int64_t now_us,
                           LlTicket *ticket, LlText **text);
LlAnswer ll_board_part(LlBoard *board, int64_t epoch, int64_t now_us, LlTicket *ticket,
                       LlText **bytes);

#endif
