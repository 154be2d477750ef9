/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FAILURE_TELLING_H
#define FAILURE_TELLING_H

/* What a log says of something that is tried again and again, and fails: that it does, at once;
 * while it goes on, once a minute how often; and that it is over, after a minute without a failure.
 * So what fails now and then does not fill the log.
 *
 * Zero-initialise. Pure: time is an argument, of any clock that does not go back. Thread-safety:
 * none, the owner has a lock. */

#include <stdbool.h>
#include <stdint.h>

#define FAILURE_TELLING_US INT64_C(60000000)

typedef enum FailureWord {
    FAILURE_UNSAID,
    FAILURE_BEGINS,
    FAILURE_LASTS,
    FAILURE_OVER,
} FailureWord;

typedef struct FailureTelling {
    bool fails;
    uint64_t untold;
    int64_t told_us, failed_us;
} FailureTelling;

/* It has `failed`, or not. Returns what is to be said. LASTS: `untold` takes how often it has
 * failed since the last time that something was. */
static inline FailureWord failure_telling_note(FailureTelling *t, bool failed, int64_t now_us,
                                               uint64_t *untold)
{
    if (!failed && (!t->fails || now_us - t->failed_us < FAILURE_TELLING_US))
        return FAILURE_UNSAID;
    if (!failed) {
        t->fails = false;
        return FAILURE_OVER;
    }
    bool begins = !t->fails;
    t->fails = true;
    t->failed_us = now_us;
    t->untold = begins ? 0 : t->untold + 1;
    if (!begins && now_us - t->told_us < FAILURE_TELLING_US)
        return FAILURE_UNSAID;
    *untold = t->untold;
    t->untold = 0;
    t->told_us = now_us;
    return begins ? FAILURE_BEGINS : FAILURE_LASTS;
}

#endif
