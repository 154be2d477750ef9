/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file that is to be removed. */
typedef struct Outdated {
    char name[STORE_NAME_SIZE];
    int64_t remove_at_us;
} Outdated;

struct Store {
    const StoreCalls *calls;
    void *self;
    const Clock *clock;
    OutputBound *bound; /* NULL: none */
    Histogram writes;
    Outdated *outdated;
    size_t outdated_count, outdated_capacity;
    int64_t next_us; /* when the first of them may go */
};

Store *store_of(const StoreCalls *calls, void *self, const Clock *clock)
{
    Store *s = calloc(1, sizeof(*s));

    if (!s) {
        calls->close(self);
        errno = ENOMEM;
        return NULL;
    }
    *s = (Store){.calls = calls, .self = self, .clock = clock, .next_us = NEVER_US};
    s->writes.bounds = &histogram_of_writes;
    return s;
}

void store_close(Store **store)
{
    if (!*store)
        return;
    (*store)->calls->close((*store)->self);
    free((*store)->outdated);
    free(*store);
    *store = NULL;
}

void store_limit(Store *s, OutputBound *bound)
{
    s->bound = bound;
}

/* ---- files ---- */

/* Whether the limit of files lets this one through; else errno says so. */
static bool takes(Store *s, unsigned how)
{
    if (!(how & STORE_MEDIA) || !s->bound || output_bound_takes_file(s->bound))
        return true;
    errno = EDQUOT;
    return false;
}

/* Notes how long it took to put a file. Returns `status`, and leaves errno. */
static int note_time(Store *s, int64_t began_us, int status)
{
    int error = errno;

    histogram_add(&s->writes, clock_monotonic_us(s->clock) - began_us);
    errno = error;
    return status;
}

int store_put(Store *s, const char *name, const void *data, size_t len, unsigned how)
{
    if (!takes(s, how))
        return -1;
    int64_t began_us = clock_monotonic_us(s->clock);
    return note_time(s, began_us, s->calls->put(s->self, name, data, len, how & STORE_THROUGH));
}

int store_put_copy(Store *s, const char *name, const char *of, unsigned how)
{
    if (!takes(s, how))
        return -1;
    int64_t began_us = clock_monotonic_us(s->clock);
    return note_time(s, began_us, s->calls->duplicate(s->self, name, of, how & STORE_THROUGH));
}

int store_overwrite(Store *s, const char *name, size_t at, const void *data, size_t len)
{
    return s->calls->overwrite(s->self, name, at, data, len);
}

ssize_t store_read(const Store *s, const char *name, void *data, size_t size)
{
    return s->calls->read(s->self, name, data, size);
}

int64_t store_size(const Store *s, const char *name)
{
    return s->calls->size(s->self, name);
}

bool store_has(const Store *s, const char *name)
{
    return store_size(s, name) >= 0;
}

void store_remove(Store *s, const char *name)
{
    s->calls->remove(s->self, name);
}

int store_sync_names(Store *s)
{
    return s->calls->sync_names(s->self);
}

int store_sync_all(Store *s)
{
    return s->calls->sync_all(s->self);
}

void store_discard(Store *s)
{
    s->calls->discard(s->self);
}

const Histogram *store_writes(const Store *s)
{
    return &s->writes;
}

/* ---- what is removed later ---- */

void store_remove_at(Store *s, const char *name, int64_t at_us)
{
    if (s->outdated_count == s->outdated_capacity) {
        size_t capacity = s->outdated_capacity ? s->outdated_capacity * 2 : 16;
        Outdated *grown = realloc(s->outdated, capacity * sizeof(*grown));
        if (!grown)
            return;
        s->outdated = grown;
        s->outdated_capacity = capacity;
    }
    Outdated *o = &s->outdated[s->outdated_count++];
    snprintf(o->name, sizeof(o->name), "%s", name);
    o->remove_at_us = at_us;
    s->next_us = at_us < s->next_us ? at_us : s->next_us;
}

/* What store_remove_all_at() asks for. */
typedef struct Removal {
    Store *store;
    const char *suffix;
    bool (*wanted)(void *user, const char *name);
    void *user;
    int64_t at_us;
} Removal;

static bool has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name), m = strlen(suffix);

    return n > m && strcmp(name + n - m, suffix) == 0;
}

static void consider(void *user, const char *name)
{
    const Removal *r = user;

    if (has_suffix(name, r->suffix) && strlen(name) < STORE_NAME_SIZE &&
        !(r->wanted && r->wanted(r->user, name)))
        store_remove_at(r->store, name, r->at_us);
}

void store_remove_all_at(Store *s, const char *suffix, bool (*wanted)(void *user, const char *name),
                         void *user, int64_t at_us)
{
    Removal removal = {s, suffix, wanted, user, at_us};

    s->calls->list(s->self, consider, &removal);
}

int64_t store_expire(Store *s, int64_t now_us)
{
    size_t kept = 0;

    if (now_us < s->next_us)
        return s->next_us;
    s->next_us = NEVER_US;
    for (size_t i = 0; i < s->outdated_count; i++) {
        const Outdated *o = &s->outdated[i];
        if (o->remove_at_us <= now_us) {
            s->calls->remove(s->self, o->name);
            continue;
        }
        s->next_us = o->remove_at_us < s->next_us ? o->remove_at_us : s->next_us;
        if (kept != i)
            s->outdated[kept] = *o;
        kept++;
    }
    s->outdated_count = kept;
    return s->next_us;
}
