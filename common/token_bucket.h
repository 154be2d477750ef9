/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TOKEN_BUCKET_H
#define TOKEN_BUCKET_H

/* How often something may happen: `burst` times at once, and then once each `interval_us`.
 *
 * Zero-initialise: a new bucket is full. Pure: time is an argument, of any clock that does not go
 * back. Thread-safety: none, the owner has a lock. */

#include <stdbool.h>
#include <stdint.h>

typedef struct TokenBucket {
    int64_t full_us; /* when it is full again; in the past: it is */
} TokenBucket;

/* Microseconds until there is a token; 0: there is one. `interval_us` and `burst` are 1 or more. */
static inline int64_t token_bucket_wait_us(const TokenBucket *bucket, int64_t interval_us,
                                           int64_t burst, int64_t now_us)
{
    int64_t wait_us = bucket->full_us - now_us - (burst - 1) * interval_us;

    return wait_us > 0 ? wait_us : 0;
}

/* Takes a token. Returns false, and takes none, if there is none. */
static inline bool token_bucket_take(TokenBucket *bucket, int64_t interval_us, int64_t burst,
                                     int64_t now_us)
{
    if (token_bucket_wait_us(bucket, interval_us, burst, now_us) > 0)
        return false;
    bucket->full_us = (bucket->full_us > now_us ? bucket->full_us : now_us) + interval_us;
    return true;
}

#endif
