/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef KEY_TRIES_H
#define KEY_TRIES_H

/* How many wrong stream keys are looked at: general.tries in a minute from one connection and as
 * many for one name, and KEY_TRIES_ALL times as many in all. Janus tells a plugin no address, so
 * that what one address may do is for nginx to limit.
 *
 * A connection that has used its tries up waits, whatever it gives. A name whose tries are used up
 * still takes keys of KEY_TRIES_STRONG bytes or more: nobody guesses one of those, and no stranger
 * can keep its owner out.
 *
 * Pure: time is an argument (CLOCK_MONOTONIC). Thread-safety: none, the owner has a lock. */

#include <stddef.h>
#include <stdint.h>

#include "plugin_settings.h"
#include "token_bucket.h"

#define KEY_TRIES_STRONG 16   /* bytes: 64 bits if they are hexadecimal digits */
#define KEY_TRIES_NAMES  1024 /* names share a bucket by their hash: however many are made up */
#define KEY_TRIES_ALL    100
#define KEY_TRIES_TOLD   20 /* refusals that are told one by one; then one a second */

/* Zero-initialise. */
typedef struct KeyTries {
    TokenBucket name[KEY_TRIES_NAMES];
    TokenBucket all, told;
    uint64_t untold; /* refusals since the last that was told */
} KeyTries;

/* What a connection that has given `key` (NULL: none) for `stream` is told. `connection` is its
 * own, zero at first. KEY_LATER: `wait_us` takes how long it has to wait. */
KeyVerdict key_tries_judge(KeyTries *tries, TokenBucket *connection, const PluginSettings *settings,
                           const char *stream, const char *key, int64_t now_us, int64_t *wait_us);

/* A key was wrong in another way than the settings know: it counts too. */
void key_tries_wrong(KeyTries *tries, TokenBucket *connection, const PluginSettings *settings,
                     const char *stream, int64_t now_us);

/* Whether operators are to be told of one more refusal; `untold` then takes how many they were not
 * told of before. Refusals are a stranger's to make: neither log nor event handlers grow with them.
 */
bool key_tries_tell(KeyTries *tries, int64_t now_us, uint64_t *untold);

#endif
