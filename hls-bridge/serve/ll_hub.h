/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_HUB_H
#define LL_HUB_H

/* Where streams tell what their low-latency playlists are, and requests for what is not there yet
 * wait until it is. Nobody polls: what a stream publishes wakes those who wait for it.
 *
 * Thread-safety: every function may be called from any thread, but for create and destroy. A board
 * belongs to its stream's thread; a ticket to the thread that asks with it.
 *
 * The rule of the locks: each board has one, for what it shows and who waits for it, so that no
 * stream waits for another. The hub has one, for which boards there are and who waits for streams
 * to begin; a stream takes it only when it joins, leaves or begins. Who needs both takes the hub's
 * first. No board goes while the hub's is held. Under either there is no I/O, nothing is compressed
 * and nobody is woken: those who are to be are put on a chain, and told when all locks are free. */

#include "serve/ll_edge.h"
#include "serve/ll_queue.h"
#include "serve/ll_text.h"
#include "stream_name.h"

typedef struct LlHub LlHub;

typedef struct LlHubParams {
    int64_t wait_us;   /* a request that waits for a stream to begin is held for so long */
    size_t part_bytes; /* of a rendition's newest parts that may be kept; one always is */
} LlHubParams;

#define LL_HUB_DEFAULTS ((LlHubParams){.wait_us = 25 * US_PER_S, .part_bytes = 2 << 20})

/* What a rendition has come to. */
typedef struct LlNews {
    LlEdge edge;
    int64_t epoch;            /* in the names of its files */
    const char *text, *delta; /* delta NULL: it would be no shorter */
    size_t text_len, delta_len;
} LlNews;

typedef enum LlAnswer {
    LL_ANSWER_READY,
    LL_ANSWER_HELD,      /* it is woken when there is something new */
    LL_ANSWER_BAD,       /* 400 */
    LL_ANSWER_NOT_FOUND, /* 404 */
    LL_ANSWER_TOO_LONG,  /* 503: it was held for three target durations */
} LlAnswer;

/* No params: LL_HUB_DEFAULTS. Returns NULL where there is no memory. */
LlHub *ll_hub_create(const LlHubParams *params);

/* All boards must have left. Accepts NULL, leaves NULL. */
void ll_hub_destroy(LlHub **hub);

/* Wakes all, and holds nobody any more. */
void ll_hub_close(LlHub *hub);

/* A stream's board; a request is held for up to `hold_us`. Returns NULL where there is no memory.
 */
LlBoard *ll_hub_join(LlHub *hub, const char *stream, int64_t hold_us);

/* Wakes all who wait for it. Accepts NULL, leaves NULL. */
void ll_board_leave(LlBoard **board);

/* Keeps a copy of a part that is about to be published, for those who will ask for it. Returns 0,
 * or -1 where there is no memory. */
int ll_board_keep(LlBoard *board, LlRendition rendition, int64_t msn, int64_t part,
                  const void *bytes, size_t len);

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

/* A request for the file of a part, by its name: one of the newest, or the next. LL_ANSWER_READY
 * gives its bytes, for the caller to hold. */
LlAnswer ll_hub_part(LlHub *hub, const char *stream, const char *name, int64_t now_us,
                     LlTicket *ticket, LlText **bytes);

/* A request that waits for a stream to begin, whether there is such a stream yet or not.
 * LL_ANSWER_READY: it can be played. `stream` must stay where it is while the ticket is held. */
LlAnswer ll_hub_wait(LlHub *hub, const char *stream, int64_t now_us, LlTicket *ticket);

/* Wakes those who have waited for too long, for whatever it was; those of a stream whose thread
 * stands still, too. Call it about once a second. */
void ll_hub_expire(LlHub *hub, int64_t now_us);

/* The request is over, held or not. Returns whether the ticket is free: if not, it is woken, and
 * its `wake` has yet to be called or was not answered by asking again. */
bool ll_hub_forget(LlHub *hub, LlTicket *ticket);

/* Requests of one stream that are held now. */
size_t ll_board_held(LlBoard *board);

/* What befell a connection, for the statistics. */
typedef enum LlNote {
    LL_NOTE_REFUSED, /* there were too many */
    LL_NOTE_SLOW,    /* it was ended: its request came too slowly, or its answer went so */
    LL_NOTES
} LlNote;

void ll_hub_note(LlHub *hub, LlNote note);

typedef struct LlHubStats {
    size_t held;              /* now, for what a stream is about to publish */
    size_t waiting;           /* now, for a stream to begin */
    size_t part_bytes;        /* of parts that are kept now */
    uint64_t held_ever;       /* requests that had to wait; one that asks again counts once */
    uint64_t expired;         /* of them, with nothing new */
    uint64_t noted[LL_NOTES]; /* of connections */
} LlHubStats;

LlHubStats ll_hub_stats(LlHub *hub);

#endif
