/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_HUB_H
#define LL_HUB_H

/* Where streams tell what their low-latency playlists are, and requests for what is not there yet
 * wait until it is. Nobody polls: what a stream publishes wakes those whom it concerns.
 *
 * Thread-safety: every function may be called from any thread, but for create and destroy. A board
 * belongs to its stream's thread. */

#include "ll_edge.h"
#include "ll_text.h"
#include "stream_name.h"

typedef struct LlHub LlHub;
typedef struct LlBoard LlBoard; /* one stream's */

/* What a rendition has come to. */
typedef struct LlNews {
    LlEdge edge;
    int64_t epoch;            /* in the names of its files */
    const char *text, *delta; /* delta NULL: it would be no shorter */
    size_t text_len, delta_len;
} LlNews;

/* A request. Zero it; what is said of it beyond the first three is the hub's. `pause` is called
 * from within the request when it is held, and `wake` once after that, from any thread: then it
 * asks again. Neither may call the hub. */
typedef struct LlTicket {
    void (*pause)(void *user);
    void (*wake)(void *user);
    void *user;
    bool held, expired;
    LlBoard *board;
    LlRendition rendition;
    int64_t msn, part;
    int64_t since_us; /* 0: it was never held */
    struct LlTicket *next, *previous;
} LlTicket;

typedef enum LlAnswer {
    LL_ANSWER_READY,
    LL_ANSWER_HELD,      /* it is woken when there is something new */
    LL_ANSWER_BAD,       /* 400 */
    LL_ANSWER_NOT_FOUND, /* 404 */
    LL_ANSWER_TOO_LONG,  /* 503: it was held for three target durations */
} LlAnswer;

/* Returns NULL where there is no memory. */
LlHub *ll_hub_create(void);

/* All boards must have left. Accepts NULL, leaves NULL. */
void ll_hub_destroy(LlHub **hub);

/* Wakes all, and holds nobody any more. */
void ll_hub_close(LlHub *hub);

/* A stream's board; a request is held for up to `hold_us`. Returns NULL where there is no memory.
 */
LlBoard *ll_hub_join(LlHub *hub, const char *stream, int64_t hold_us);

/* Wakes all who wait for it. Accepts NULL, leaves NULL. */
void ll_board_leave(LlBoard **board);

/* Wakes those whose part or segment there is now. Returns 0, or -1 where there is no memory. */
int ll_board_publish(LlBoard *board, LlRendition rendition, const LlNews *news);

/* Wakes those who have waited for too long. Returns when the next one may have, NEVER_US: none. */
int64_t ll_board_expire(LlBoard *board, int64_t now_us);

/* A request for a playlist. LL_ANSWER_READY gives the text, a delta update where that was asked for
 * and will do, for the caller to hold. The ticket must stay where it is while it is held. */
LlAnswer ll_hub_playlist(LlHub *hub, const char *stream, LlRendition rendition,
                         const LlDirectives *directives, int64_t now_us, LlTicket *ticket,
                         LlText **text);

/* A request for the file of a part, by its name. LL_ANSWER_READY: the file is there. */
LlAnswer ll_hub_part(LlHub *hub, const char *stream, const char *name, int64_t now_us,
                     LlTicket *ticket);

/* The request is over, held or not. */
void ll_hub_forget(LlHub *hub, LlTicket *ticket);

/* Requests of one stream that are held now. */
size_t ll_board_held(LlBoard *board);

typedef struct LlHubStats {
    size_t held;        /* now */
    uint64_t held_ever; /* requests that had to wait; one that asks again counts once */
    uint64_t expired;   /* of them, in vain */
} LlHubStats;

LlHubStats ll_hub_stats(LlHub *hub);

#endif
