/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "serve/ll_board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOON_US (250 * 1000) /* a first request waits for a part that is due by then */

LlBoard *ll_board_create(LlHub *hub, const char *stream, int64_t hold_us, int64_t part_us)
{
    LlBoard *board = calloc(1, sizeof(*board));

    if (!board)
        return NULL;
    board->hub = hub;
    board->hold_us = hold_us;
    board->part_us = part_us;
    board->expire_us = NEVER_US;
    pthread_mutex_init(&board->lock, NULL);
    snprintf(board->stream, sizeof(board->stream), "%s", stream);
    return board;
}

void ll_board_free(LlBoard *b)
{
    for (size_t i = 0; i < b->renditions; i++) {
        ll_text_release(b->rendition[i].text);
        ll_text_release(b->rendition[i].delta);
        ll_parts_clear(&b->rendition[i].parts);
    }
    pthread_mutex_destroy(&b->lock);
    free(b->rendition);
    free(b);
}

int ll_board_add(LlBoard *board, const char *list)
{
    int status = -1;

    pthread_mutex_lock(&board->lock);
    size_t n = board->renditions;
    LlShown *grown =
        n < RENDITIONS_MAX ? realloc(board->rendition, (n + 1) * sizeof(*grown)) : NULL;
    if (grown) {
        grown[n] = (LlShown){.asked_us = INT64_MIN};
        snprintf(grown[n].list, sizeof(grown[n].list), "%s", list);
        board->rendition = grown;
        board->renditions = n + 1;
        status = (int)n;
    }
    pthread_mutex_unlock(&board->lock);
    return status;
}

size_t ll_board_find(const LlBoard *board, const char *list)
{
    size_t i = 0;

    while (i < board->renditions && strcmp(board->rendition[i].list, list) != 0)
        i++;
    return i;
}

/* ---- news ---- */

int ll_board_keep(LlBoard *board, size_t rendition, int64_t msn, int64_t part, const void *bytes,
                  size_t len)
{
    LlText *copy = ll_text_create(bytes, len);

    if (!copy)
        return -1;
    pthread_mutex_lock(&board->lock);
    ll_parts_add(&board->rendition[rendition].parts, msn, part, copy,
                 board->hub->params.part_bytes);
    pthread_mutex_unlock(&board->lock);
    return 0;
}

void ll_board_keep_same(LlBoard *board, size_t rendition, size_t of, int64_t msn, int64_t part)
{
    pthread_mutex_lock(&board->lock);
    LlText *there = ll_parts_find(&board->rendition[of].parts, msn, part);
    if (there)
        ll_parts_add(&board->rendition[rendition].parts, msn, part, ll_text_hold(there),
                     board->hub->params.part_bytes);
    pthread_mutex_unlock(&board->lock);
}

/* Whether this ticket has to wait on. */
static bool waits_on(const LlShown *r, const LlTicket *t)
{
    return !r->there || r->rests || ll_edge_verdict(&r->edge, t->msn, t->part) == LL_WAIT;
}

int ll_board_publish(LlBoard *board, size_t rendition, const LlNews *news)
{
    LlShown *r = &board->rendition[rendition];
    LlText *text = ll_text_create(news->text, news->text_len);
    LlText *delta = news->delta ? ll_text_create(news->delta, news->delta_len) : NULL;
    LlChain chain = {NULL};

    if (!text || (news->delta && !delta)) {
        ll_text_release(text);
        ll_text_release(delta);
        return -1;
    }
    pthread_mutex_lock(&board->lock);
    LlText *old_text = r->text, *old_delta = r->delta;
    r->there = true;
    r->rests = r->awaited = false;
    r->edge = news->edge;
    r->at_us = news->at_us;
    r->epoch = news->epoch;
    r->text = text;
    r->delta = delta;
    if (news->edge.ended)
        ll_parts_clear(&r->parts);
    for (LlTicket *t = board->held.first, *next; t; t = next) {
        next = t->next;
        if (t->rendition == rendition && !waits_on(r, t))
            ll_queue_wake(&board->held, t, &chain);
    }
    pthread_mutex_unlock(&board->lock);
    ll_chain_tell(&chain);
    ll_text_release(old_text);
    ll_text_release(old_delta);
    return 0;
}

static bool is_held(const LlBoard *board, size_t rendition)
{
    const LlTicket *t = board->held.first;

    while (t && t->rendition != rendition)
        t = t->next;
    return t;
}

bool ll_board_rest(LlBoard *board, size_t rendition, const LlEdge *edge, int64_t now_us)
{
    pthread_mutex_lock(&board->lock);
    LlShown *r = &board->rendition[rendition];
    bool rests = r->there && r->asked_us <= now_us - board->hold_us && !is_held(board, rendition);
    if (rests) {
        r->edge = *edge;
        r->rests = true;
    }
    pthread_mutex_unlock(&board->lock);
    return rests;
}

size_t ll_board_awaited(LlBoard *board)
{
    size_t i = 0;

    if (!atomic_load(&board->awaited))
        return RENDITIONS_MAX;
    pthread_mutex_lock(&board->lock);
    while (i < board->renditions && !board->rendition[i].awaited)
        i++;
    bool found = i < board->renditions;
    if (found)
        board->rendition[i].awaited = false;
    else
        atomic_store(&board->awaited, false);
    pthread_mutex_unlock(&board->lock);
    return found ? i : RENDITIONS_MAX;
}

/* ---- time ---- */

/* Called at each packet, so it looks at the tickets only when one may be due. */
void ll_board_wake_expired(LlBoard *board, int64_t now_us, LlChain *chain)
{
    int64_t next_us = NEVER_US;

    if (board->held.first && now_us < board->expire_us)
        return;
    for (LlTicket *t = board->held.first, *next; t; t = next) {
        next = t->next;
        if (t->due_us <= now_us) {
            t->expired = true;
            ll_queue_wake(&board->held, t, chain);
        } else if (t->due_us < next_us) {
            next_us = t->due_us;
        }
    }
    board->expire_us = next_us;
}

int64_t ll_board_expire(LlBoard *board, int64_t now_us)
{
    LlChain chain = {NULL};

    pthread_mutex_lock(&board->lock);
    ll_board_wake_expired(board, now_us, &chain);
    int64_t next_us = board->expire_us;
    pthread_mutex_unlock(&board->lock);
    ll_chain_tell(&chain);
    return next_us;
}

/* ---- requests ---- */

static LlAnswer hold_until(LlBoard *board, LlTicket *t, int64_t due_us, int64_t now_us)
{
    if (t->since_us == 0) {
        t->since_us = now_us;
        atomic_fetch_add(&board->hub->held_ever, 1);
    }
    t->due_us = due_us;
    if (due_us < board->expire_us)
        board->expire_us = due_us;
    t->board = board;
    t->pause(t->user);
    ll_queue_put(&board->held, t);
    return LL_ANSWER_HELD;
}

static LlAnswer hold_back(LlBoard *board, LlTicket *t, int64_t now_us)
{
    int64_t since_us = t->since_us ? t->since_us : now_us;

    if (t->expired)
        atomic_fetch_add(&board->hub->expired, 1);
    if (t->expired || atomic_load(&board->hub->closed))
        return LL_ANSWER_TOO_LONG;
    return hold_until(board, t, since_us + board->hold_us, now_us);
}

/* Whether a list of this rendition with one part more is worth waiting for. */
static bool is_next_soon(const LlBoard *board, const LlShown *r, int64_t now_us)
{
    int64_t age_us = now_us - r->at_us, part_us = board->part_us;

    return !r->edge.ended && age_us >= part_us / 4 && part_us - age_us <= SOON_US &&
           age_us < part_us + part_us / 4;
}

/* Holds a request for a list, whose text is to be published at once if it rests. */
static LlAnswer await(LlBoard *board, LlShown *r, LlTicket *t, int64_t now_us)
{
    if (r->rests) {
        r->awaited = true;
        atomic_store(&board->awaited, true);
    }
    return hold_back(board, t, now_us);
}

LlAnswer ll_board_playlist(LlBoard *board, const LlDirectives *d, int64_t now_us, LlTicket *t,
                           LlText **text)
{
    LlShown *r = &board->rendition[t->rendition];

    if (!r->there && d->msn < 0)
        return LL_ANSWER_NOT_FOUND;
    if (d->msn >= 0) {
        if (r->there && ll_edge_verdict(&r->edge, d->msn, d->part) == LL_BAD)
            return LL_ANSWER_BAD;
        if (waits_on(r, t))
            return await(board, r, t, now_us);
    } else if (r->rests) {
        return await(board, r, t, now_us);
    } else if (!t->at_once && t->since_us == 0 && is_next_soon(board, r, now_us) &&
               !atomic_load(&board->hub->closed)) {
        return hold_until(board, t, r->at_us + board->part_us + board->part_us / 4, now_us);
    }
    *text = ll_text_hold(d->skip && r->delta ? r->delta : r->text);
    return LL_ANSWER_READY;
}

LlAnswer ll_board_part(LlBoard *board, int64_t epoch, int64_t now_us, LlTicket *t, LlText **bytes)
{
    const LlShown *r = &board->rendition[t->rendition];

    if (!r->there || r->epoch != epoch || r->edge.ended)
        return LL_ANSWER_NOT_FOUND;
    int64_t open = r->edge.last_msn + 1;
    if (t->msn == open && t->part == r->edge.open_parts)
        return hold_back(board, t, now_us);
    LlText *there = ll_parts_find(&r->parts, t->msn, t->part);
    /* a part that is kept may not be published yet */
    if (!there || t->msn > open || (t->msn == open && t->part > r->edge.open_parts))
        return LL_ANSWER_NOT_FOUND;
    *bytes = ll_text_hold(there);
    return LL_ANSWER_READY;
}

size_t ll_board_held(LlBoard *board)
{
    pthread_mutex_lock(&board->lock);
    size_t held = board->held.count;
    pthread_mutex_unlock(&board->lock);
    return held;
}
