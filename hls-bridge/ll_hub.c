/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ll_hub.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Rendition {
    bool there; /* something was published */
    LlEdge edge;
    int64_t epoch;
    LlText *text, *delta;
} Rendition;

struct LlBoard {
    LlHub *hub;
    LlBoard *next, *previous;
    char stream[STREAM_NAME_MAX + 1];
    int64_t hold_us;
    Rendition rendition[LL_RENDITIONS];
    bool live; /* it can be played */
    LlQueue held;
    int64_t expire_us; /* no ticket has waited for too long before that; NEVER_US: there is none */
};

struct LlHub {
    pthread_mutex_t lock; /* guards all that follows, boards and tickets too */
    LlBoard *boards;
    LlQueue waiting; /* for streams to begin */
    int64_t wait_us;
    LlHubStats stats;
    bool closed;
};

/* ---- hub and boards ---- */

LlHub *ll_hub_create(int64_t wait_us)
{
    LlHub *hub = calloc(1, sizeof(*hub));

    if (!hub)
        return NULL;
    hub->wait_us = wait_us;
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

/* The lock is held, here and in what follows. */
static void put_in(LlQueue *queue, LlTicket *t)
{
    t->queue = queue;
    t->previous = NULL;
    t->next = queue->first;
    if (t->next)
        t->next->previous = t;
    else
        queue->last = t;
    queue->first = t;
    queue->count++;
    t->held = true;
}

static void take_off(LlHub *hub, LlTicket *t)
{
    LlQueue *queue = t->queue;

    if (!t->held)
        return;
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
    t->queue = NULL;
    t->held = false;
    if (queue != &hub->waiting)
        hub->stats.held--;
}

static void wake(LlHub *hub, LlTicket *t)
{
    take_off(hub, t);
    t->wake(t->user);
}

static void wake_all(LlHub *hub, LlQueue *queue)
{
    while (queue->first)
        wake(hub, queue->first);
}

void ll_hub_close(LlHub *hub)
{
    pthread_mutex_lock(&hub->lock);
    hub->closed = true;
    for (LlBoard *b = hub->boards; b; b = b->next)
        wake_all(hub, &b->held);
    wake_all(hub, &hub->waiting);
    pthread_mutex_unlock(&hub->lock);
}

LlBoard *ll_hub_join(LlHub *hub, const char *stream, int64_t hold_us)
{
    LlBoard *board = calloc(1, sizeof(*board));

    if (!board)
        return NULL;
    board->hub = hub;
    board->hold_us = hold_us;
    board->expire_us = NEVER_US;
    snprintf(board->stream, sizeof(board->stream), "%s", stream);
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

    if (!b)
        return;
    pthread_mutex_lock(&b->hub->lock);
    if (b->next)
        b->next->previous = b->previous;
    if (b->previous)
        b->previous->next = b->next;
    else
        b->hub->boards = b->next;
    wake_all(b->hub, &b->held);
    pthread_mutex_unlock(&b->hub->lock);
    for (int i = 0; i < LL_RENDITIONS; i++) {
        ll_text_release(b->rendition[i].text);
        ll_text_release(b->rendition[i].delta);
    }
    free(b);
    *board = NULL;
}

static LlBoard *find(const LlHub *hub, const char *stream)
{
    LlBoard *b = hub->boards;

    while (b && strcmp(b->stream, stream) != 0)
        b = b->next;
    return b;
}

/* ---- news ---- */

/* Whether there is nothing yet for this ticket. */
static bool waits_on(const Rendition *r, const LlTicket *t)
{
    return !r->there || ll_edge_verdict(&r->edge, t->msn, t->part) == LL_WAIT;
}

int ll_board_publish(LlBoard *board, LlRendition rendition, const LlNews *news)
{
    Rendition *r = &board->rendition[rendition];
    LlText *text = ll_text_create(news->text, news->text_len);
    LlText *delta = news->delta ? ll_text_create(news->delta, news->delta_len) : NULL;

    if (!text || (news->delta && !delta)) {
        ll_text_release(text);
        ll_text_release(delta);
        return -1;
    }
    pthread_mutex_lock(&board->hub->lock);
    LlText *old_text = r->text, *old_delta = r->delta;
    *r = (Rendition){true, news->edge, news->epoch, text, delta};
    for (LlTicket *t = board->held.first, *next; t; t = next) {
        next = t->next;
        if (t->rendition == rendition && !waits_on(r, t))
            wake(board->hub, t);
    }
    pthread_mutex_unlock(&board->hub->lock);
    ll_text_release(old_text);
    ll_text_release(old_delta);
    return 0;
}

void ll_board_set_live(LlBoard *board, bool live)
{
    LlHub *hub = board->hub;

    pthread_mutex_lock(&hub->lock);
    bool begins = live && !board->live;
    board->live = live;
    for (LlTicket *t = hub->waiting.first, *next; begins && t; t = next) {
        next = t->next;
        if (strcmp(t->stream, board->stream) == 0)
            wake(hub, t);
    }
    pthread_mutex_unlock(&hub->lock);
}

/* Asked at each packet, so it looks at the tickets only when one may be due. */
int64_t ll_board_expire(LlBoard *board, int64_t now_us)
{
    int64_t next_us = NEVER_US;

    pthread_mutex_lock(&board->hub->lock);
    if (board->held.first && now_us < board->expire_us) {
        next_us = board->expire_us;
        pthread_mutex_unlock(&board->hub->lock);
        return next_us;
    }
    for (LlTicket *t = board->held.first, *next; t; t = next) {
        int64_t at = t->since_us + board->hold_us;
        next = t->next;
        if (at <= now_us) {
            t->expired = true;
            board->hub->stats.expired++;
            wake(board->hub, t);
        } else if (at < next_us) {
            next_us = at;
        }
    }
    board->expire_us = next_us;
    pthread_mutex_unlock(&board->hub->lock);
    return next_us;
}

/* ---- requests ---- */

/* The lock is held. */
static LlAnswer hold_back(LlHub *hub, LlBoard *board, LlTicket *t, int64_t now_us)
{
    if (t->expired || hub->closed)
        return LL_ANSWER_TOO_LONG;
    if (t->since_us == 0) {
        t->since_us = now_us;
        hub->stats.held_ever++;
    }
    if (t->since_us + board->hold_us < board->expire_us)
        board->expire_us = t->since_us + board->hold_us;
    put_in(&board->held, t);
    hub->stats.held++;
    t->pause(t->user);
    return LL_ANSWER_HELD;
}

static LlAnswer playlist(LlHub *hub, LlBoard *board, const LlDirectives *d, int64_t now_us,
                         LlTicket *t, LlText **text)
{
    const Rendition *r = &board->rendition[t->rendition];

    if (!r->there && d->msn < 0)
        return LL_ANSWER_NOT_FOUND;
    if (d->msn >= 0) {
        if (r->there && ll_edge_verdict(&r->edge, d->msn, d->part) == LL_BAD)
            return LL_ANSWER_BAD;
        if (waits_on(r, t))
            return hold_back(hub, board, t, now_us);
    }
    *text = ll_text_hold(d->skip && r->delta ? r->delta : r->text);
    return LL_ANSWER_READY;
}

LlAnswer ll_hub_playlist(LlHub *hub, const char *stream, LlRendition rendition,
                         const LlDirectives *directives, int64_t now_us, LlTicket *ticket,
                         LlText **text)
{
    LlAnswer answer = LL_ANSWER_NOT_FOUND;

    pthread_mutex_lock(&hub->lock);
    LlBoard *board = find(hub, stream);
    ticket->rendition = rendition;
    ticket->msn = directives->msn;
    ticket->part = directives->part;
    if (board)
        answer = playlist(hub, board, directives, now_us, ticket, text);
    pthread_mutex_unlock(&hub->lock);
    return answer;
}

/* Reads "video-EPOCH-MSN.PART.m4s". */
static bool read_part_name(const char *name, LlTicket *t, int64_t *epoch)
{
    long long e, msn, part;
    char kind[6];
    int end = 0;

    if (sscanf(name, "%5[a-z]-%12lld-%15lld.%9lld.m4s%n", kind, &e, &msn, &part, &end) != 4 ||
        end == 0 || name[end] != '\0')
        return false;
    *epoch = e;
    t->msn = msn;
    t->part = part;
    t->rendition = strcmp(kind, "audio") == 0 ? LL_AUDIO : LL_VIDEO;
    return t->rendition == LL_AUDIO || strcmp(kind, "video") == 0;
}

LlAnswer ll_hub_part(LlHub *hub, const char *stream, const char *name, int64_t now_us,
                     LlTicket *ticket)
{
    LlAnswer answer = LL_ANSWER_NOT_FOUND;
    int64_t epoch;

    if (!read_part_name(name, ticket, &epoch))
        return answer;
    pthread_mutex_lock(&hub->lock);
    LlBoard *board = find(hub, stream);
    const Rendition *r = board ? &board->rendition[ticket->rendition] : NULL;
    if (r && r->there && r->epoch == epoch && !r->edge.ended) {
        bool hinted = ticket->msn == r->edge.last_msn + 1 && ticket->part == r->edge.open_parts;
        bool there = ticket->msn <= r->edge.last_msn ||
                     (ticket->msn == r->edge.last_msn + 1 && ticket->part < r->edge.open_parts);
        if (hinted)
            answer = hold_back(hub, board, ticket, now_us);
        else if (there)
            answer = LL_ANSWER_READY;
    }
    pthread_mutex_unlock(&hub->lock);
    return answer;
}

LlAnswer ll_hub_wait(LlHub *hub, const char *stream, int64_t now_us, LlTicket *ticket)
{
    LlAnswer answer = LL_ANSWER_HELD;

    pthread_mutex_lock(&hub->lock);
    const LlBoard *board = find(hub, stream);
    if (board && board->live) {
        answer = LL_ANSWER_READY;
    } else if (ticket->expired || hub->closed) {
        answer = LL_ANSWER_TOO_LONG;
    } else {
        ticket->stream = stream;
        ticket->since_us = now_us;
        put_in(&hub->waiting, ticket);
        ticket->pause(ticket->user);
    }
    pthread_mutex_unlock(&hub->lock);
    return answer;
}

/* All wait for as long, so the oldest is the first that is due. */
void ll_hub_expire(LlHub *hub, int64_t now_us)
{
    LlTicket *t;

    pthread_mutex_lock(&hub->lock);
    while ((t = hub->waiting.last) && t->since_us + hub->wait_us <= now_us) {
        t->expired = true;
        wake(hub, t);
    }
    pthread_mutex_unlock(&hub->lock);
}

void ll_hub_forget(LlHub *hub, LlTicket *ticket)
{
    pthread_mutex_lock(&hub->lock);
    take_off(hub, ticket);
    pthread_mutex_unlock(&hub->lock);
}

size_t ll_board_held(LlBoard *board)
{
    pthread_mutex_lock(&board->hub->lock);
    size_t held = board->held.count;
    pthread_mutex_unlock(&board->hub->lock);
    return held;
}

LlHubStats ll_hub_stats(LlHub *hub)
{
    pthread_mutex_lock(&hub->lock);
    LlHubStats stats = hub->stats;
    stats.waiting = hub->waiting.count;
    pthread_mutex_unlock(&hub->lock);
    return stats;
}
