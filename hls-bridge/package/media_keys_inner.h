/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MEDIA_KEYS_INNER_H
#define MEDIA_KEYS_INNER_H

/* Keys from inside, for media_keys.c, which knows which there are and makes new ones, and
 * media_keys_open.c, which takes up those that an earlier run has left.
 *
 * Thread-safety: one thread, the stream's. */

#include "package/asked_key.h"
#include "package/media_keys.h"

typedef struct KeptKey {
    MediaKey key;
    CpixKey *cpix;        /* owned; of a key server alone */
    int64_t remove_at_us; /* NEVER_US: it is needed */
} KeptKey;

struct MediaKeys {
    MediaKeysParams params;
    Store *folder;
    KeptKey **kept; /* owned, and each of them: lists point at keys; in no order */
    size_t count, capacity;
    MediaKey due[NUMBER_SERIES]; /* that could not be written yet; first_msn -1: none */
    bool failing;                /* said in the log */
    AskedKey *asked;             /* NULL: no key server gives keys; else */
    int64_t asked_msn;           /* the newest segment that wanted a key; -1: none */
    bool waits;                  /* said in the log */
};

/* Adds a key that is on disk; takes over `cpix`. Returns it, or NULL if there is no memory. */
const MediaKey *media_keys_add(MediaKeys *keys, const MediaKey *key, CpixKey *cpix);

/* Wipes what is in memory of a key, and frees it. */
void media_keys_wipe(KeptKey *kept);

#endif
