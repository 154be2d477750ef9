/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_QUEUE_H
#define LL_QUEUE_H

/* A queue of waiting requests, and how they are woken: they are taken out of the queue under its
 * lock, and told after all locks are free.
 *
 *   IDLE -> HELD     by the thread that owns the request, when the hub holds it
 *   HELD -> WOKEN    by any thread, under the queue's lock; `wake` is called after that, once
 *   HELD -> IDLE     by the owner, under the queue's lock, when it forgets the request
 *   WOKEN -> IDLE    by the owner, when it asks again
 *
 * Thread-safety: the lock of the queue's owner guards the queue and the links of the tickets in it.
 * A chain belongs to the function that makes it. A ticket's state may be read at any time. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/ll_edge.h"

typedef struct LlBoard LlBoard; /* of ll_hub.h */

typedef enum LlTicketState { LL_TICKET_IDLE, LL_TICKET_HELD, LL_TICKET_WOKEN } LlTicketState;

/* A request. Zero-initialise. Set pause, wake, user and at_once; the hub owns the rest. If the
 * request is held, the hub calls `pause` before the request function returns, on the caller's
 * thread; it must not call the hub. After that `wake` is called once, from any thread and with no
 * lock held: then the owner asks again. */
typedef struct LlTicket {
    void (*pause)(void *user);
    void (*wake)(void *user);
    void *user;
    _Atomic LlTicketState state;
    bool at_once;   /* set by the owner: what is there is enough, and nothing newer is waited for */
    bool expired;   /* it has waited for too long; written before it is woken */
    bool barred;    /* likewise: it is not to have what came after it, though it is there */
    LlBoard *board; /* in whose queue it was last held; NULL: the queue of beginnings. Used by the
                       owner only. */
    const char *stream; /* the stream whose beginning it waits for; borrowed while it is held */
    size_t rendition;   /* index on the board */
    int64_t msn, part;
    int64_t since_us; /* when it was first held; 0: never */
    int64_t due_us;   /* until when it is held */
    struct LlTicket *next, *previous;
} LlTicket;

typedef struct LlQueue {
    LlTicket *first, *last; /* newest first */
    size_t count;
} LlQueue;

/* Tickets that are out of their queue and have to be told. */
typedef struct LlChain {
    LlTicket *first;
} LlChain;

/* Adds a ticket: it is held from now on. */
void ll_queue_put(LlQueue *queue, LlTicket *ticket);

/* Takes out a ticket that is held in this queue; it is idle then. */
void ll_queue_remove(LlQueue *queue, LlTicket *ticket);

/* Moves a ticket that is held in this queue to the chain: it is woken, but not told yet. */
void ll_queue_wake(LlQueue *queue, LlTicket *ticket, LlChain *chain);

/* The same for all tickets of the queue. */
void ll_queue_wake_all(LlQueue *queue, LlChain *chain);

/* Calls `wake` of all tickets of a chain. No lock may be held. A ticket may be freed as soon as it
 * is told. */
void ll_chain_tell(LlChain *chain);

#endif
