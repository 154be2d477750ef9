/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_MEMORY_STORE_H
#define TESTS_MEMORY_STORE_H

/* A second kind of store, in memory: it fails when a test asks for it, takes its time, and loses in
 * a power cut all that need not survive one. It outlives the Store that is opened on it, as a disk
 * outlives a run of the bridge. After harness.h. */

#include <errno.h>
#include <stdlib.h>

#include "hls-bridge/store/store.h"

#define MEMORY_STORE_FILES 512

typedef struct MemoryBytes {
    uint8_t *data;
    size_t len;
    bool there;
} MemoryBytes;

typedef struct MemoryFile {
    char name[STORE_NAME_SIZE];
    MemoryBytes now, safe; /* safe: what a power cut leaves once the name is safe */
    bool name_now, name_safe;
} MemoryFile;

/* Zero-initialise. */
typedef struct MemoryStore {
    MemoryFile file[MEMORY_STORE_FILES];
    int count;
    int opens;        /* that are not closed */
    unsigned changes; /* of what there is, so far */
    int calls;        /* of those that can fail, so far */
    int fails_at;     /* the number of the call that fails, from 1; 0: none */
    int fails;        /* how many calls fail from there on; 0: one */
    int refused;      /* how many have */
    int64_t *now_us;  /* that each put moves on by... */
    int64_t slow_us;  /* ...so much; NULL, 0: it takes no time */
} MemoryStore;

static inline void memory_bytes_free(MemoryBytes *b)
{
    free(b->data);
    *b = (MemoryBytes){0};
}

static inline void memory_bytes_set(MemoryBytes *b, const void *data, size_t len)
{
    uint8_t *copy = malloc(len + 1);

    assert_non_null(copy);
    if (len > 0)
        memcpy(copy, data, len);
    memory_bytes_free(b);
    *b = (MemoryBytes){copy, len, true};
}

/* Forgets all files. */
static inline void memory_store_clear(MemoryStore *m)
{
    assert_int_equal(m->opens, 0);
    for (int i = 0; i < m->count; i++) {
        memory_bytes_free(&m->file[i].now);
        memory_bytes_free(&m->file[i].safe);
    }
    *m = (MemoryStore){0};
}

/* Returns NULL if there is none now. */
static inline MemoryFile *memory_store_find(MemoryStore *m, const char *name)
{
    for (int i = 0; i < m->count; i++)
        if (m->file[i].name_now && strcmp(m->file[i].name, name) == 0)
            return &m->file[i];
    return NULL;
}

/* The file of that name, whether it is there or has been, or a new one. */
static inline MemoryFile *memory_store_place(MemoryStore *m, const char *name)
{
    assert_true(strlen(name) < STORE_NAME_SIZE && !strchr(name, '/'));
    for (int i = 0; i < m->count; i++)
        if (strcmp(m->file[i].name, name) == 0)
            return &m->file[i];
    assert_in_range(m->count, 0, MEMORY_STORE_FILES - 1);
    MemoryFile *f = &m->file[m->count++];
    strcpy(f->name, name);
    return f;
}

/* How many files have this suffix. */
static inline int memory_store_count(const MemoryStore *m, const char *suffix)
{
    int n = 0;

    for (int i = 0; i < m->count; i++) {
        size_t len = strlen(m->file[i].name), end = strlen(suffix);
        n += m->file[i].name_now && len >= end && strcmp(m->file[i].name + len - end, suffix) == 0;
    }
    return n;
}

/* The power is cut: of files that were not synced the names are gone, or the bytes. */
static inline void memory_store_cut(MemoryStore *m)
{
    m->changes++;
    for (int i = 0; i < m->count; i++) {
        MemoryFile *f = &m->file[i];
        f->name_now = f->name_safe;
        if (f->safe.there)
            memory_bytes_set(&f->now, f->safe.data, f->safe.len);
        else
            memory_bytes_set(&f->now, "", 0);
    }
}

/* ---- as StoreCalls has them ---- */

/* Whether the test wants this call to fail. */
static inline bool memory_store_fails(MemoryStore *m)
{
    int call = ++m->calls, fails = m->fails > 0 ? m->fails : 1;

    if (m->fails_at == 0 || call < m->fails_at || call >= m->fails_at + fails)
        return false;
    m->refused++;
    errno = EIO;
    return true;
}

static inline int memory_store_put(void *self, const char *name, const void *data, size_t len,
                                   bool through)
{
    MemoryStore *m = self;

    if (m->now_us)
        *m->now_us += m->slow_us;
    if (memory_store_fails(m))
        return -1;
    MemoryFile *f = memory_store_place(m, name);
    m->changes++;
    memory_bytes_set(&f->now, data, len);
    f->name_now = true;
    memory_bytes_free(&f->safe);
    if (through)
        memory_bytes_set(&f->safe, data, len);
    return 0;
}

/* Each has bytes of its own here. */
static inline int memory_store_duplicate(void *self, const char *name, const char *of, bool through)
{
    MemoryFile *f = memory_store_find(self, of);

    if (f)
        return memory_store_put(self, name, f->now.data, f->now.len, through);
    errno = ENOENT;
    return -1;
}

static inline int memory_store_overwrite(void *self, const char *name, size_t at, const void *data,
                                         size_t len)
{
    MemoryStore *m = self;

    if (memory_store_fails(m))
        return -1;
    MemoryFile *f = memory_store_place(m, name);
    size_t old = f->name_now ? f->now.len : 0, size = at + len > old ? at + len : old;
    uint8_t *bytes = calloc(1, size + 1);
    assert_non_null(bytes);
    if (old > 0)
        memcpy(bytes, f->now.data, old);
    memcpy(bytes + at, data, len);
    m->changes++;
    memory_bytes_set(&f->now, bytes, size);
    memory_bytes_set(&f->safe, bytes, size);
    f->name_now = f->name_safe = true;
    free(bytes);
    return 0;
}

static inline ssize_t memory_store_read(void *self, const char *name, void *data, size_t size)
{
    MemoryStore *m = self;
    MemoryFile *f = memory_store_find(m, name);

    if (memory_store_fails(m))
        return -1;
    if (!f) {
        errno = ENOENT;
        return -1;
    }
    size_t len = f->now.len < size ? f->now.len : size;
    if (len > 0)
        memcpy(data, f->now.data, len);
    return (ssize_t)len;
}

static inline int64_t memory_store_size(void *self, const char *name)
{
    const MemoryFile *f = memory_store_find(self, name);

    return f ? (int64_t)f->now.len : -1;
}

static inline void memory_store_remove(void *self, const char *name)
{
    MemoryStore *m = self;
    MemoryFile *f = memory_store_find(m, name);

    if (!f)
        return;
    m->changes++;
    f->name_now = false;
}

static inline void memory_store_list(void *self, void (*each)(void *user, const char *name),
                                     void *user)
{
    const MemoryStore *m = self;

    for (int i = 0; i < m->count; i++)
        if (m->file[i].name_now)
            each(user, m->file[i].name);
}

static inline int memory_store_sync_names(void *self)
{
    MemoryStore *m = self;

    if (memory_store_fails(m))
        return -1;
    for (int i = 0; i < m->count; i++)
        m->file[i].name_safe = m->file[i].name_now;
    return 0;
}

static inline int memory_store_sync_all(void *self)
{
    MemoryStore *m = self;

    if (memory_store_fails(m))
        return -1;
    for (int i = 0; i < m->count; i++) {
        MemoryFile *f = &m->file[i];
        f->name_safe = f->name_now;
        if (f->name_now && f->name[0] != '.')
            memory_bytes_set(&f->safe, f->now.data, f->now.len);
    }
    return 0;
}

static inline void memory_store_discard(void *self)
{
    (void)self; /* there is no place that it takes */
}

static inline void memory_store_close(void *self)
{
    ((MemoryStore *)self)->opens--;
}

static inline Store *memory_store_open(MemoryStore *m, const Clock *clock)
{
    static const StoreCalls calls = {
        .name = "memory",
        .put = memory_store_put,
        .duplicate = memory_store_duplicate,
        .overwrite = memory_store_overwrite,
        .read = memory_store_read,
        .size = memory_store_size,
        .remove = memory_store_remove,
        .list = memory_store_list,
        .sync_names = memory_store_sync_names,
        .sync_all = memory_store_sync_all,
        .discard = memory_store_discard,
        .close = memory_store_close,
    };

    m->opens++;
    return store_of(&calls, m, clock);
}

#endif
