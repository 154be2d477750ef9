/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "playback/session_table.h"

#include <stdlib.h>
#include <string.h>

struct SessionTable {
    size_t most, count, chains; /* chains: a power of two */
    uint64_t evicted;
    Session **chain;
    Session *newest, *oldest;
};

SessionTable *session_table_create(size_t most)
{
    SessionTable *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    t->most = most;
    for (t->chains = 1; t->chains < most;)
        t->chains *= 2;
    t->chain = calloc(t->chains, sizeof(Session *));
    if (!t->chain)
        session_table_destroy(&t);
    return t;
}

static void free_session(Session *s)
{
    free(s->sentence);
    free(s);
}

void session_table_destroy(SessionTable **table)
{
    SessionTable *t = *table;

    if (!t)
        return;
    for (Session *s = t->newest, *older; s; s = older) {
        older = s->older;
        free_session(s);
    }
    free(t->chain);
    free(t);
    *table = NULL;
}

/* A key is a hash: its first bytes are as good as any. */
static Session **chain_of(const SessionTable *t, const uint8_t *key)
{
    uint32_t first;

    memcpy(&first, key, sizeof(first));
    return &t->chain[first & (t->chains - 1)];
}

static void unlink_age(SessionTable *t, Session *s)
{
    *(s->newer ? &s->newer->older : &t->newest) = s->older;
    *(s->older ? &s->older->newer : &t->oldest) = s->newer;
}

static void make_newest(SessionTable *t, Session *s)
{
    s->newer = NULL;
    s->older = t->newest;
    *(t->newest ? &t->newest->newer : &t->oldest) = s;
    t->newest = s;
}

static void remove_session(SessionTable *t, Session *s)
{
    Session **at = chain_of(t, s->key);

    while (*at != s)
        at = &(*at)->next_alike;
    *at = s->next_alike;
    unlink_age(t, s);
    free_session(s);
    t->count--;
}

Session *session_table_find(SessionTable *t, const uint8_t key[PLAYBACK_SESSION_SIZE],
                            int64_t now_us)
{
    Session *s = *chain_of(t, key);

    while (s && memcmp(s->key, key, sizeof(s->key)) != 0)
        s = s->next_alike;
    if (s && s->state != SESSION_WAITS && s->until_us <= now_us) {
        remove_session(t, s);
        return NULL;
    }
    if (s) {
        unlink_age(t, s);
        make_newest(t, s);
    }
    return s;
}

/* Returns false if all wait. Those that do are few. */
static bool make_room(SessionTable *t)
{
    Session *s = t->oldest;

    if (t->count < t->most)
        return true;
    while (s && s->state == SESSION_WAITS)
        s = s->newer;
    if (!s)
        return false;
    remove_session(t, s);
    t->evicted++;
    return true;
}

Session *session_table_add(SessionTable *t, const uint8_t key[PLAYBACK_SESSION_SIZE])
{
    Session *s = make_room(t) ? calloc(1, sizeof(*s)) : NULL;

    if (!s)
        return NULL;
    memcpy(s->key, key, sizeof(s->key));
    Session **chain = chain_of(t, key);
    s->next_alike = *chain;
    *chain = s;
    make_newest(t, s);
    t->count++;
    return s;
}

void session_table_settle(Session *s, SessionState state, int64_t until_us, const char *sentence)
{
    s->state = state;
    s->until_us = until_us;
    free(s->sentence);
    s->sentence = *sentence ? strdup(sentence) : NULL;
}

size_t session_table_count(const SessionTable *t)
{
    return t->count;
}

uint64_t session_table_evicted(const SessionTable *t)
{
    return t->evicted;
}
