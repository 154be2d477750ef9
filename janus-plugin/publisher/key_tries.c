/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publisher/key_tries.h"

#include <glib.h>
#include <string.h>

#define MINUTE_US      INT64_C(60000000)
#define TOLD_PERIOD_US INT64_C(1000000)

/* How often keys may be wrong: `count` times a minute, all at once if need be. */
typedef struct Rate {
    int64_t interval_us, count;
} Rate;

static Rate rate_of(int64_t count)
{
    return (Rate){MINUTE_US / count, count};
}

static TokenBucket *bucket_of(KeyTries *tries, const char *stream)
{
    return &tries->name[g_str_hash(stream) % KEY_TRIES_NAMES];
}

KeyVerdict key_tries_judge(KeyTries *tries, TokenBucket *connection, const PluginSettings *settings,
                           const char *stream, const char *key, int64_t now_us, int64_t *wait_us)
{
    Rate one = rate_of(plugin_settings_tries(settings)), all = rate_of(one.count * KEY_TRIES_ALL);

    *wait_us = token_bucket_wait_us(connection, one.interval_us, one.count, now_us);
    if (*wait_us == 0 && (!key || strlen(key) < KEY_TRIES_STRONG)) {
        int64_t name_us =
            token_bucket_wait_us(bucket_of(tries, stream), one.interval_us, one.count, now_us);
        int64_t all_us = token_bucket_wait_us(&tries->all, all.interval_us, all.count, now_us);
        *wait_us = MAX(name_us, all_us);
    }
    if (*wait_us > 0)
        return KEY_LATER;
    KeyVerdict verdict = plugin_settings_key(settings, stream, key);
    if (verdict == KEY_WRONG || verdict == KEY_UNKNOWN)
        key_tries_wrong(tries, connection, settings, stream, now_us);
    return verdict;
}

int64_t key_tries_token_wait_us(const TokenBucket *connection, const PluginSettings *settings,
                                int64_t now_us)
{
    Rate one = rate_of(plugin_settings_tries(settings));

    return token_bucket_wait_us(connection, one.interval_us, one.count, now_us);
}

void key_tries_wrong_token(TokenBucket *connection, const PluginSettings *settings, int64_t now_us)
{
    Rate one = rate_of(plugin_settings_tries(settings));

    token_bucket_take(connection, one.interval_us, one.count, now_us);
}

void key_tries_wrong(KeyTries *tries, TokenBucket *connection, const PluginSettings *settings,
                     const char *stream, int64_t now_us)
{
    Rate one = rate_of(plugin_settings_tries(settings)), all = rate_of(one.count * KEY_TRIES_ALL);

    token_bucket_take(connection, one.interval_us, one.count, now_us);
    token_bucket_take(bucket_of(tries, stream), one.interval_us, one.count, now_us);
    token_bucket_take(&tries->all, all.interval_us, all.count, now_us);
}

bool key_tries_tell(KeyTries *tries, int64_t now_us, uint64_t *untold)
{
    if (!token_bucket_take(&tries->told, TOLD_PERIOD_US, KEY_TRIES_TOLD, now_us)) {
        tries->untold++;
        return false;
    }
    *untold = tries->untold;
    tries->untold = 0;
    return true;
}
