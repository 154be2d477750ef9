/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "serve/ll_queue.h"

void ll_queue_put(LlQueue *queue, LlTicket *t)
{
    t->previous = NULL;
    t->next = queue->first;
    if (t->next)
        t->next->previous = t;
    else
        queue->last = t;
    queue->first = t;
    queue->count++;
    atomic_store(&t->state, LL_TICKET_HELD);
}

static void unlink_ticket(LlQueue *queue, LlTicket *t)
{
    if (t->next)
        t->next->previous = t->previous;
    else
        queue->last = t->previous;
    if (t->previous)
        t->previous->next = t->next;
    else
        queue->first = t->next;
    t->next = t->previous = NULL;
    queue->count--;
}

void ll_queue_remove(LlQueue *queue, LlTicket *t)
{
    unlink_ticket(queue, t);
    atomic_store(&t->state, LL_TICKET_IDLE);
}

void ll_queue_wake(LlQueue *queue, LlTicket *t, LlChain *chain)
{
    unlink_ticket(queue, t);
    t->next = chain->first;
    chain->first = t;
    atomic_store(&t->state, LL_TICKET_WOKEN);
}

void ll_queue_wake_all(LlQueue *queue, LlChain *chain)
{
    while (queue->first)
        ll_queue_wake(queue, queue->first, chain);
}

void ll_chain_tell(LlChain *chain)
{
    for (LlTicket *t = chain->first, *next; t; t = next) {
        next = t->next; /* once told, the ticket belongs to its owner again */
        t->wake(t->user);
    }
    chain->first = NULL;
}
