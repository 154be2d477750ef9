/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "serve/ll_board.h"

#include <stdlib.h>
#include <string.h>

/* ---- hub and boards ---- */

LlHub *ll_hub_create(const LlHubParams *params)
{
    LlHub *hub = calloc(1, sizeof(*hub));

    if (!hub)
        return NULL;
    hub->params = params ? *params : LL_HUB_DEFAULTS;
    pthread_mutex_init(&hub->lock, NULL);
    return hub;
}

void ll_hub_destroy(LlHub **hub)
{
    if (!*hub)
        return;
    pthread_mutex_destroy(&(*hub)->lock);
    free(*hub);
    *hub = NULL;
}

void ll_hub_close(LlHub *hub)
{
    LlChain chain = {NULL};

    pthread_mutex_lock(&hub->lock);
    atomic_store(&hub->closed, true);
    for (LlBoard *b = hub->boards; b; b = b->next) {
        pthread_mutex_lock(&b->lock);
        ll_queue_wake_all(&b->held, &chain);
        pthread_mutex_unlock(&b->lock);
    }
    ll_queue_wake_all(&hub->waiting, &chain);
    pthread_mutex_unlock(&hub->lock);
    ll_chain_tell(&chain);
}

LlBoard *ll_hub_join(LlHub *hub, const char *stream, int64_t hold_us, int64_t part_us)
{
    LlBoard *board = ll_board_create(hub, stream, hold_us, part_us);

    if (!board)
        return NULL;
    pthread_mutex_lock(&hub->lock);
    board->next = hub->boards;
    if (board->next)
        board->next->previous = board;
    hub->boards = board;
    pthread_mutex_unlock(&hub->lock);
    return board;
}

void ll_board_leave(LlBoard **board)
{
    LlBoard *b = *board;
    LlChain chain = {NULL};

    if (!b)
        return;
    pthread_mutex_lock(&b->hub->lock);
    if (b->next)
        b->next->previous = b->previous;
    if (b->previous)
        b->previous->next = b->next;
    else
        b->hub->boards = b->next;
    /* a thread that has found the board before holds its lock: wait for it */
    pthread_mutex_lock(&b->lock);
    ll_queue_wake_all(&b->held, &chain);
    pthread_mutex_unlock(&b->lock);
    pthread_mutex_unlock(&b->hub->lock);
    ll_chain_tell(&chain);
    ll_board_free(b);
    *board = NULL;
}

/* The hub's lock is held. */
static LlBoard *find(const LlHub *hub, const char *stream)
{
    LlBoard *b = hub->boards;

    while (b && strcmp(b->stream, stream) != 0)
        b = b->next;
    return b;
}

/* Returns the stream's board with its lock held, or NULL. */
static LlBoard *find_and_lock(LlHub *hub, const char *stream)
{
    pthread_mutex_lock(&hub->lock);
    LlBoard *board = find(hub, stream);
    if (board)
        pthread_mutex_lock(&board->lock);
    pthread_mutex_unlock(&hub->lock);
    return board;
}

/* ---- beginnings, and time ---- */

void ll_board_set_live(LlBoard *board, bool live)
{
    LlHub *hub = board->hub;
    LlChain chain = {NULL};

    pthread_mutex_lock(&board->lock);
    bool begins = live && !board->live;
    board->live = live;
    pthread_mutex_unlock(&board->lock);
    if (!begins)
        return;
    /* a request keeps the hub's lock from its look at the board until it waits: none is missed */
    pthread_mutex_lock(&hub->lock);
    for (LlTicket *t = hub->waiting.first, *next; t; t = next) {
        next = t->next;
        if (strcmp(t->stream, board->stream) == 0)
            ll_queue_wake(&hub->waiting, t, &chain);
    }
    pthread_mutex_unlock(&hub->lock);
    ll_chain_tell(&chain);
}

int64_t ll_hub_expire(LlHub *hub, int64_t now_us)
{
    LlChain chain = {NULL};
    LlTicket *t;
    int64_t next_us = NEVER_US;

    pthread_mutex_lock(&hub->lock);
    for (LlBoard *b = hub->boards; b; b = b->next) {
        pthread_mutex_lock(&b->lock);
        ll_board_wake_expired(b, now_us, &chain);
        next_us = smaller(next_us, b->expire_us);
        pthread_mutex_unlock(&b->lock);
    }
    /* all of these wait for the same time, so the oldest is due first */
    while ((t = hub->waiting.last) && t->due_us <= now_us) {
        t->expired = true;
        ll_queue_wake(&hub->waiting, t, &chain);
    }
    next_us = t ? smaller(next_us, t->due_us) : next_us;
    pthread_mutex_unlock(&hub->lock);
    ll_chain_tell(&chain);
    return next_us;
}

/* ---- requests ---- */

/* Finds a stream's rendition, which is asked for, and enters it in the ticket. Returns the board
 * with its lock held, or NULL. */
static LlBoard *find_list(LlHub *hub, const char *stream, const char *list, int64_t now_us,
                          LlTicket *ticket)
{
    LlBoard *board = find_and_lock(hub, stream);

    if (!board)
        return NULL;
    ticket->rendition = ll_board_find(board, list);
    if (ticket->rendition < board->renditions) {
        board->rendition[ticket->rendition].asked_us = now_us;
        return board;
    }
    pthread_mutex_unlock(&board->lock);
    return NULL;
}

LlAnswer ll_hub_playlist(LlHub *hub, const char *stream, const char *list,
                         const LlDirectives *directives, int64_t now_us, LlTicket *ticket,
                         LlText **text)
{
    atomic_store(&ticket->state, LL_TICKET_IDLE);
    ticket->msn = directives->msn;
    ticket->part = directives->part;
    if (ticket->barred)
        return LL_ANSWER_TOO_LONG;
    LlBoard *board = find_list(hub, stream, list, now_us, ticket);
    if (!board)
        return LL_ANSWER_NOT_FOUND;
    LlAnswer answer = ll_board_playlist(board, directives, now_us, ticket, text);
    pthread_mutex_unlock(&board->lock);
    return answer;
}

LlAnswer ll_hub_part(LlHub *hub, const char *stream, const char *name, int64_t now_us,
                     LlTicket *ticket, LlText **bytes)
{
    LlPartName part;

    atomic_store(&ticket->state, LL_TICKET_IDLE);
    if (!ll_names_part(name, &part))
        return LL_ANSWER_NOT_FOUND;
    ticket->msn = part.msn;
    ticket->part = part.part;
    if (ticket->barred)
        return LL_ANSWER_TOO_LONG;
    LlBoard *board = find_list(hub, stream, part.list, now_us, ticket);
    if (!board)
        return LL_ANSWER_NOT_FOUND;
    LlAnswer answer = ll_board_part(board, part.epoch, now_us, ticket, bytes);
    pthread_mutex_unlock(&board->lock);
    return answer;
}

void ll_hub_bar_held(LlHub *hub, const char *stream)
{
    LlBoard *board = find_and_lock(hub, stream);
    LlChain chain = {NULL};

    if (!board)
        return;
    for (LlTicket *t = board->held.first; t; t = t->next)
        t->barred = true;
    ll_queue_wake_all(&board->held, &chain);
    pthread_mutex_unlock(&board->lock);
    ll_chain_tell(&chain);
}

bool ll_hub_asked(LlHub *hub, const char *stream, const char *list, int64_t *at_us)
{
    LlBoard *board = find_and_lock(hub, stream);

    if (!board)
        return false;
    size_t i = ll_board_find(board, list);
    *at_us = i < board->renditions ? board->rendition[i].asked_us : INT64_MIN;
    pthread_mutex_unlock(&board->lock);
    return *at_us != INT64_MIN;
}

/* The hub's lock is held. */
static bool is_live(LlBoard *board)
{
    if (!board)
        return false;
    pthread_mutex_lock(&board->lock);
    bool live = board->live;
    pthread_mutex_unlock(&board->lock);
    return live;
}

LlAnswer ll_hub_wait(LlHub *hub, const char *stream, int64_t now_us, LlTicket *ticket)
{
    LlAnswer answer = LL_ANSWER_HELD;

    atomic_store(&ticket->state, LL_TICKET_IDLE);
    pthread_mutex_lock(&hub->lock);
    if (is_live(find(hub, stream))) {
        answer = LL_ANSWER_READY;
    } else if (ticket->expired || atomic_load(&hub->closed)) {
        answer = LL_ANSWER_TOO_LONG;
    } else {
        ticket->stream = stream;
        ticket->since_us = now_us;
        ticket->due_us = now_us + hub->params.wait_us;
        ticket->board = NULL;
        ticket->pause(ticket->user);
        ll_queue_put(&hub->waiting, ticket);
    }
    pthread_mutex_unlock(&hub->lock);
    return answer;
}

bool ll_hub_forget(LlHub *hub, LlTicket *ticket)
{
    if (atomic_load(&ticket->state) == LL_TICKET_HELD) {
        pthread_mutex_lock(&hub->lock);
        LlBoard *board = ticket->board;
        /* the ticket is held and so is this lock, so its board exists */
        if (atomic_load(&ticket->state) == LL_TICKET_HELD) {
            if (board)
                pthread_mutex_lock(&board->lock);
            if (atomic_load(&ticket->state) == LL_TICKET_HELD)
                ll_queue_remove(board ? &board->held : &hub->waiting, ticket);
            if (board)
                pthread_mutex_unlock(&board->lock);
        }
        pthread_mutex_unlock(&hub->lock);
    }
    return atomic_load(&ticket->state) == LL_TICKET_IDLE;
}

void ll_hub_note(LlHub *hub, LlNote note)
{
    atomic_fetch_add(&hub->noted[note], 1);
}

LlHubStats ll_hub_stats(LlHub *hub)
{
    LlHubStats stats = {
        .held_ever = atomic_load(&hub->held_ever),
        .expired = atomic_load(&hub->expired),
        .noted = {atomic_load(&hub->noted[LL_NOTE_REFUSED]),
                  atomic_load(&hub->noted[LL_NOTE_SLOW])},
    };

    pthread_mutex_lock(&hub->lock);
    stats.waiting = hub->waiting.count;
    for (LlBoard *b = hub->boards; b; b = b->next) {
        pthread_mutex_lock(&b->lock);
        stats.held += b->held.count;
        for (size_t i = 0; i < b->renditions; i++)
            stats.part_bytes += b->rendition[i].parts.bytes;
        pthread_mutex_unlock(&b->lock);
    }
    pthread_mutex_unlock(&hub->lock);
    return stats;
}
