/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_BOARD_H
#define LL_BOARD_H

/* The inside of the hub and its boards, for ll_hub.c and ll_board.c only.
 *
 * Thread-safety: whoever holds the lock that guards a member; the rule of the locks is in ll_hub.h.
 */

#include <pthread.h>

#include "serve/ll_hub.h"
#include "serve/ll_parts.h"

typedef struct LlShown {
    char list[LL_LIST_NAME_SIZE];
    bool there;       /* it has a playlist */
    int64_t asked_us; /* the last request for it; INT64_MIN: there was none */
    LlEdge edge;
    int64_t at_us; /* when it was published */
    bool rests;    /* the text is older than the edge */
    bool awaited;  /* and somebody waits for a newer one */
    int64_t epoch;
    LlText *text, *delta;
    LlParts parts;
} LlShown;

struct LlBoard {
    LlHub *hub;
    LlBoard *next, *previous; /* in the hub's list */
    char stream[STREAM_NAME_MAX + 1];
    int64_t hold_us, part_us;
    atomic_bool awaited;  /* one of its lists is; set and cleared with the lock held */
    pthread_mutex_t lock; /* guards all members below */
    size_t renditions;
    LlShown *rendition; /* in the order in which they were added */
    bool live;          /* the stream can be played */
    LlQueue held;
    int64_t expire_us; /* no ticket expires before this time; NEVER_US: there is no ticket */
};

struct LlHub {
    LlHubParams params;
    atomic_bool closed;
    _Atomic uint64_t held_ever, expired, noted[LL_NOTES];
    pthread_mutex_t lock; /* guards the members below */
    LlBoard *boards;
    LlQueue waiting; /* requests for streams that have not begun */
};

/* Returns an empty board, or NULL if there is no memory. */
LlBoard *ll_board_create(LlHub *hub, const char *stream, int64_t hold_us, int64_t part_us);
void ll_board_free(LlBoard *board);

/* Call all functions below with the board's lock held. */

/* Wakes the requests that have waited for too long. */
void ll_board_wake_expired(LlBoard *board, int64_t now_us, LlChain *chain);

/* The index of the rendition of that name, or board->renditions. */
size_t ll_board_find(const LlBoard *board, const char *list);

/* The requests of ll_hub.h; the ticket says which playlist or part is wanted. */
LlAnswer ll_board_playlist(LlBoard *board, const LlDirectives *directives, int64_t now_us,
                           LlTicket *ticket, LlText **text);
LlAnswer ll_board_part(LlBoard *board, int64_t epoch, int64_t now_us, LlTicket *ticket,
                       LlText **bytes);

#endif
