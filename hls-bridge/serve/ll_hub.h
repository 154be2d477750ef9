/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_HUB_H
#define LL_HUB_H

/* The meeting place of streams and viewers at low latency. Each stream publishes its newest
 * playlists on a board. A request for a playlist or part that does not exist yet is held until it
 * does. Nothing polls: publishing wakes the requests that wait.
 *
 * Thread-safety: any thread may call every function except create and destroy. A board belongs to
 * its stream's thread; a ticket belongs to the thread that asks with it.
 *
 * The rule of the locks: each board has one lock, for its playlists and its waiting requests, so
 * that no stream waits for another. The hub has one lock, for the list of boards and for the
 * requests that wait for a stream to begin; a stream takes it only to join, to leave, to begin,
 * to be protected, and, if rungs are made for viewers alone, some times a second to ask what these
 * want. To hold both, take the hub's first. No board is freed while the hub's lock is held. Under
 * either lock there is no I/O and no compression, and no request is told: requests to be woken go
 * onto a chain, and are told after all locks are free. */

#include "serve/ll_edge.h"
#include "serve/ll_names.h"
#include "serve/ll_queue.h"
#include "serve/ll_text.h"
#include "stream_name.h"

typedef struct LlHub LlHub;

typedef struct LlHubParams {
    int64_t wait_us;   /* how long a request waits for a stream to begin */
    size_t part_bytes; /* limit of a rendition's parts in memory; the newest is always kept */
} LlHubParams;

#define LL_HUB_DEFAULTS ((LlHubParams){.wait_us = 25 * US_PER_S, .part_bytes = 2 << 20})

/* The newest playlist of a rendition. */
typedef struct LlNews {
    LlEdge edge;
    int64_t epoch;            /* the number in the names of its files */
    int64_t at_us;            /* when it was made */
    const char *text, *delta; /* delta NULL: it would not be shorter */
    size_t text_len, delta_len;
} LlNews;

typedef enum LlAnswer {
    LL_ANSWER_READY,
    LL_ANSWER_HELD,      /* the ticket is woken when there is something new */
    LL_ANSWER_BAD,       /* 400 */
    LL_ANSWER_NOT_FOUND, /* 404 */
    LL_ANSWER_TOO_LONG,  /* 503: it was held for three target durations */
} LlAnswer;

/* `params` NULL: LL_HUB_DEFAULTS. Returns NULL if there is no memory. */
LlHub *ll_hub_create(const LlHubParams *params);

/* All boards must have left. Accepts NULL, leaves NULL. */
void ll_hub_destroy(LlHub **hub);

/* Wakes all requests, and holds none from now on. */
void ll_hub_close(LlHub *hub);

/* Makes a stream's board; it holds a request for up to `hold_us`. Parts are about `part_us` long.
 * Returns NULL if there is no memory. */
LlBoard *ll_hub_join(LlHub *hub, const char *stream, int64_t hold_us, int64_t part_us);

/* Adds a rendition, by the name of its playlist (ll_names.h), which is copied. Returns its index:
 * 0, 1, 2... Returns -1 if there is no memory, or if there are RENDITIONS_MAX. */
int ll_board_add(LlBoard *board, const char *list);

/* Wakes all requests on the board and frees it. Accepts NULL, leaves NULL. */
void ll_board_leave(LlBoard **board);

/* Keeps a copy of a part that will be published next, for the requests that follow. Returns 0, or
 * -1 if there is no memory. */
int ll_board_keep(LlBoard *board, size_t rendition, int64_t msn, int64_t part, const void *bytes,
                  size_t len);

/* Keeps the part of the same numbers of another rendition, `of`, as one of this: they are the same
 * bytes. What is not kept any more there is not kept here. */
void ll_board_keep_same(LlBoard *board, size_t rendition, size_t of, int64_t msn, int64_t part);

/* Publishes a playlist and wakes the requests that it answers. Returns 0, or -1 if there is no
 * memory. */
int ll_board_publish(LlBoard *board, size_t rendition, const LlNews *news);

/* There is more of a rendition than its list says. Notes how far it is, and returns true, if nobody
 * has asked for it for as long as a request may be held. Else returns false: publish it. */
bool ll_board_rest(LlBoard *board, size_t rendition, const LlEdge *edge, int64_t now_us);

/* The next rendition that has not been published for that reason and is asked for now: publish it.
 * RENDITIONS_MAX: there is none. It costs nothing to ask. */
size_t ll_board_awaited(LlBoard *board);

/* Says whether the stream can be played: all its playlists exist, and none has ended. If it can,
 * this wakes the requests that wait for it to begin. */
void ll_board_set_live(LlBoard *board, bool live);

/* Wakes the requests that have waited for too long. Returns when the next one may be due, or
 * NEVER_US. */
int64_t ll_board_expire(LlBoard *board, int64_t now_us);

/* A request for a playlist, by its name (ll_names.h). LL_ANSWER_READY gives the text, or a delta
 * update if that was asked for and is enough; the caller holds it. The ticket must not move while
 * it is held.
 *
 * A request that names no part is the first one of a player, which begins where the list ends, and
 * takes that for now. So if the next part is due soon, it gets the list with that part; if the part
 * does not come, it gets the list that is there. */
LlAnswer ll_hub_playlist(LlHub *hub, const char *stream, const char *list,
                         const LlDirectives *directives, int64_t now_us, LlTicket *ticket,
                         LlText **text);

/* A request for a part by its file name: one of the newest, or the next. LL_ANSWER_READY gives its
 * bytes; the caller holds them. */
LlAnswer ll_hub_part(LlHub *hub, const char *stream, const char *name, int64_t now_us,
                     LlTicket *ticket, LlText **bytes);

/* When a rendition's playlist, or a part of it, was last asked for here; `list` is the name of its
 * playlist. Returns false if it never was, or there is no such rendition. */
bool ll_hub_asked(LlHub *hub, const char *stream, const char *list, int64_t *at_us);

/* A request that waits for a stream to begin, whether such a stream exists yet or not.
 * LL_ANSWER_READY: it can be played. `stream` must not move while the ticket is held. */
LlAnswer ll_hub_wait(LlHub *hub, const char *stream, int64_t now_us, LlTicket *ticket);

/* Wakes all requests that have waited for too long, also those of a stream whose thread hangs or
 * sleeps. Returns when the next one may be due, or NEVER_US. */
int64_t ll_hub_expire(LlHub *hub, int64_t now_us);

/* Ends a request, held or not. Returns true if the ticket is free. If false, it is woken: its
 * `wake` is still to be called, or was called and the owner has not asked again. */
bool ll_hub_forget(LlHub *hub, LlTicket *ticket);

/* Ends the requests for a playlist or part that the stream's board holds now: whoever asks again
 * with such a ticket is told LL_ANSWER_TOO_LONG, also if there is an answer by then. */
void ll_hub_bar_held(LlHub *hub, const char *stream);

/* How many requests the board holds now. */
size_t ll_board_held(LlBoard *board);

/* What happened to a connection, for the statistics. */
typedef enum LlNote {
    LL_NOTE_REFUSED, /* it was one too many */
    LL_NOTE_SLOW,    /* it was ended: it sent its request, or took its answer, too slowly */
    LL_NOTES
} LlNote;

void ll_hub_note(LlHub *hub, LlNote note);

typedef struct LlHubStats {
    size_t held;              /* requests held now for a playlist or part */
    size_t waiting;           /* requests held now for a stream to begin */
    size_t part_bytes;        /* bytes of parts in memory now */
    uint64_t held_ever;       /* requests that had to wait; one that asks again counts once */
    uint64_t expired;         /* those that waited for nothing */
    uint64_t noted[LL_NOTES]; /* connections, by what happened */
} LlHubStats;

LlHubStats ll_hub_stats(LlHub *hub);

#endif
