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

/* Those who wait for the same board or, of no board, for streams to begin. */
typedef struct LlQueue {
    struct LlTicket *first, *last; /* newest first */
    size_t count;
} LlQueue;

/* A request. Zero-initialise. Set pause, wake and user; the hub owns the rest. `pause` is called
 * from within the request when it is held, and `wake` once after that, from any thread: then it
 * asks again. Neither may call the hub. */
typedef struct LlTicket {
    void (*pause)(void *user);
    void (*wake)(void *user);
    void *user;
    bool held, expired;
    LlQueue *queue;     /* that it is held in */
    const char *stream; /* whose beginning it waits for; the caller's, while it is held */
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

/* `wait_us`: as long is a request held that waits for a stream to begin. Returns NULL where there
 * is no memory. */
LlHub *ll_hub_create(int64_t wait_us);

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

/* Whether the stream can be played: all its playlists are there, and none has ended. Wakes those
 * who wait for that. */
void ll_board_set_live(LlBoard *board, bool live);

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

/* A request that waits for a stream to begin, whether there is such a stream yet or not.
 * LL_ANSWER_READY: it can be played. `stream` must stay where it is while the ticket is held. */
LlAnswer ll_hub_wait(LlHub *hub, const char *stream, int64_t now_us, LlTicket *ticket);

/* Wakes those who have waited for a beginning for too long. Call it about once a second. */
void ll_hub_expire(LlHub *hub, int64_t now_us);

/* The request is over, held or not. */
void ll_hub_forget(LlHub *hub, LlTicket *ticket);

/* Requests of one stream that are held now. */
size_t ll_board_held(LlBoard *board);

typedef struct LlHubStats {
    size_t held;        /* now, for what a stream is about to publish */
    size_t waiting;     /* now, for a stream to begin */
    uint64_t held_ever; /* requests that had to wait; one that asks again counts once */
    uint64_t expired;   /* of them, in vain */
} LlHubStats;

LlHubStats ll_hub_stats(LlHub *hub);

#endif
