/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef KEY_TRIES_H
#define KEY_TRIES_H

/* How many stream keys may be wrong before no more are looked at: general.tries in a minute from
 * one connection, as many for one name, and KEY_TRIES_ALL times as many in all. Janus tells a
 * plugin no addresses: what one address may do is limited by nginx.
 *
 * A connection that has used up its tries waits, even if its next key is right. If the tries for a
 * name are used up, keys of KEY_TRIES_STRONG bytes or more are still looked at: nobody guesses one,
 * and so no stranger can keep the owner out.
 *
 * Pure: time is an argument (CLOCK_MONOTONIC). Thread-safety: none, the owner has a lock. */

#include <stddef.h>
#include <stdint.h>

#include "settings/plugin_settings.h"
#include "token_bucket.h"

#define KEY_TRIES_STRONG 16   /* bytes: 64 bits if they are hexadecimal digits */
#define KEY_TRIES_NAMES  1024 /* buckets, which names share by their hash: memory is bounded */
#define KEY_TRIES_ALL    100
#define KEY_TRIES_TOLD   20 /* refusals at once that operators are told of; then one a second */

/* Zero-initialise. */
typedef struct KeyTries {
    TokenBucket name[KEY_TRIES_NAMES];
    TokenBucket all, told;
    uint64_t untold; /* refusals since the last that was told */
} KeyTries;

/* Judges `key` (NULL: none) for `stream`. `connection` is the connection's own bucket, zero at
 * first. KEY_LATER: `wait_us` takes how long to wait. */
KeyVerdict key_tries_judge(KeyTries *tries, TokenBucket *connection, const PluginSettings *settings,
                           const char *stream, const char *key, int64_t now_us, int64_t *wait_us);

/* How long a connection that shows a token has to wait; 0: look at it. Nobody guesses one, so it is
 * the connection's tries alone that count. wrong: counts one that was not good. */
int64_t key_tries_token_wait_us(const TokenBucket *connection, const PluginSettings *settings,
                                int64_t now_us);
void key_tries_wrong_token(TokenBucket *connection, const PluginSettings *settings, int64_t now_us);

/* Counts a key that was wrong in another way than the settings know. */
void key_tries_wrong(KeyTries *tries, TokenBucket *connection, const PluginSettings *settings,
                     const char *stream, int64_t now_us);

/* Whether to tell operators of one more refusal. Then `untold` takes how many they were not told of
 * before. Strangers can make any number of refusals: neither log nor event handlers grow with them.
 */
bool key_tries_tell(KeyTries *tries, int64_t now_us, uint64_t *untold);

#endif
