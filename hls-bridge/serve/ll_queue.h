/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_QUEUE_H
#define LL_QUEUE_H

/* Requests that wait, and how they are woken: they are taken out of their queue under its lock, and
 * told when no lock is held any more.
 *
 *   IDLE -> HELD     by the thread that owns the request, when the hub holds it
 *   HELD -> WOKEN    by any thread, under the queue's lock; `wake` is called after that, once
 *   HELD -> IDLE     by the owner, under the queue's lock, when it forgets the request
 *   WOKEN -> IDLE    by the owner, when it asks again
 *
 * Thread-safety: a queue and the links of the tickets in it are guarded by the lock of whatever the
 * queue belongs to. A chain is its maker's own. A ticket's state may be read at any time. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/ll_edge.h"

typedef struct LlBoard LlBoard; /* of ll_hub.h */

typedef enum LlTicketState { LL_TICKET_IDLE, LL_TICKET_HELD, LL_TICKET_WOKEN } LlTicketState;

/* A request. Zero-initialise. Set pause, wake and user; the hub owns the rest. `pause` is called
 * from within the request when it is held, by the thread that asks; it must not call the hub.
 * `wake` is called once after that, from any thread and with no lock held: then it asks again. */
typedef struct LlTicket {
    void (*pause)(void *user);
    void (*wake)(void *user);
    void *user;
    _Atomic LlTicketState state;
    bool expired;       /* written before it is woken */
    LlBoard *board;     /* whose queue it was last held in; NULL: that of beginnings. The owner's */
    const char *stream; /* whose beginning it waits for; the caller's, while it is held */
    LlRendition rendition;
    int64_t msn, part;
    int64_t since_us; /* 0: it was never held */
    struct LlTicket *next, *previous;
} LlTicket;

typedef struct LlQueue {
    LlTicket *first, *last; /* newest first */
    size_t count;
} LlQueue;

/* Tickets that are to be woken. */
typedef struct LlChain {
    LlTicket *first;
} LlChain;

/* Holds a ticket. */
void ll_queue_put(LlQueue *queue, LlTicket *ticket);

/* Takes a ticket out that is held there; it is idle then. */
void ll_queue_remove(LlQueue *queue, LlTicket *ticket);

/* Moves one that is held there to the chain; it is woken then, but not told. */
void ll_queue_wake(LlQueue *queue, LlTicket *ticket, LlChain *chain);

/* The same for all. */
void ll_queue_wake_all(LlQueue *queue, LlChain *chain);

/* Tells all of a chain. No lock may be held; each may be gone as soon as it is told. */
void ll_chain_tell(LlChain *chain);

#endif
