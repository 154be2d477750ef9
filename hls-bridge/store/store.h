/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STORE_H
#define STORE_H

/* Where one stream's files go, and when they may go from there. A kind of store is a table of
 * functions: folder.h is the first. All that is the same for every kind is here: the limit of
 * files, the times of writes, and which files are to be removed when.
 *
 * A stream has one store, which all its outputs share.
 *
 * Thread-safety: one thread, the stream's. */

#include <sys/types.h>

#include "base/clock.h"
#include "base/histogram.h"
#include "base/output_bound.h"

#define STORE_NAME_SIZE 80 /* bytes of a file's name, with the 0 */

/* How a file is put. */
enum {
    STORE_MEDIA = 1 << 0,   /* it counts against the limit of files */
    STORE_THROUGH = 1 << 1, /* what it holds survives a power cut; its name: store_sync_names() */
};

/* One kind of store. Files are whole: a reader sees the old one or the new one. Names have no
 * slash. All functions must be there. Those that return int return 0, or -1 with errno: then
 * nothing has changed, if nothing else is said. */
typedef struct StoreCalls {
    const char *name; /* in log lines and tests */

    int (*put)(void *self, const char *name, const void *data, size_t len, bool through);
    /* Puts a file that has what another one has, which is there. It is as good as a second copy,
     * though both may be one file with two names: so neither is ever written in place. `through`:
     * what the other one holds survives a power cut already. */
    int (*duplicate)(void *self, const char *name, const char *of, bool through);
    /* Writes part of a file in place, and makes the file if there is none. What was there may be
     * lost by a power cut meanwhile. Once this returns 0, it survives one. */
    int (*overwrite)(void *self, const char *name, size_t at, const void *data, size_t len);
    /* Returns how many bytes it has read, or -1 with errno; ENOENT: there is no such file. */
    ssize_t (*read)(void *self, const char *name, void *data, size_t size);
    /* Returns the length of a file, or -1 if there is none. */
    int64_t (*size)(void *self, const char *name);
    void (*remove)(void *self, const char *name);
    /* Calls `each` with every name. Nothing may be put or removed meanwhile. */
    void (*list)(void *self, void (*each)(void *user, const char *name), void *user);
    /* What the store has survives a power cut: the names; all names and files but for those that
     * begin with a dot. */
    int (*sync_names)(void *self);
    int (*sync_all)(void *self);
    /* Removes the store itself, if it was made by this process and holds nothing. */
    void (*discard)(void *self);
    void (*close)(void *self);
} StoreCalls;

typedef struct Store Store;

/* Makes a store of an open one of some kind, `self`, which it owns from now on: if it fails, that
 * is closed. The clock is borrowed; it tells how long writes take. Returns NULL with errno. */
Store *store_of(const StoreCalls *calls, void *self, const Clock *clock);

/* What is still to be removed stays. Accepts NULL, leaves NULL. */
void store_close(Store **store);

/* Files of media are counted against `bound` from now on; borrowed; NULL: no limit. */
void store_limit(Store *store, OutputBound *bound);

/* Puts a file in its place, whole. `how`: STORE_MEDIA, STORE_THROUGH. Returns 0, or -1 with errno,
 * EDQUOT if the limit of files is reached: then nothing has changed. */
int store_put(Store *store, const char *name, const void *data, size_t len, unsigned how);

/* Puts a file that has what `of` has, likewise; that was put with the same `how`. */
int store_put_copy(Store *store, const char *name, const char *of, unsigned how);

/* As StoreCalls has these. */
int store_overwrite(Store *store, const char *name, size_t at, const void *data, size_t len);
ssize_t store_read(const Store *store, const char *name, void *data, size_t size);
int64_t store_size(const Store *store, const char *name);
void store_remove(Store *store, const char *name);
int store_sync_names(Store *store);
int store_sync_all(Store *store);
void store_discard(Store *store);

bool store_has(const Store *store, const char *name);

/* Removes a file at `at_us`. If there is no memory to note it, the next run removes it. */
void store_remove_at(Store *store, const char *name, int64_t at_us);

/* Removes at `at_us` all files whose name ends with `suffix`, but for those that are `wanted`;
 * NULL: none is. */
void store_remove_all_at(Store *store, const char *suffix,
                         bool (*wanted)(void *user, const char *name), void *user, int64_t at_us);

/* Removes what may go by `now_us`. Returns when something next may; NEVER_US: nothing. */
int64_t store_expire(Store *store, int64_t now_us);

/* How long files took to put; valid as long as the store. */
const Histogram *store_writes(const Store *store);

#endif
