/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MANUAL_CLOCK_H
#define MANUAL_CLOCK_H

/* A clock that is moved by hand, for replays and tests.
 *
 * Thread-safety: any thread may read it while one moves it on. */

#include "base/clock.h"

#include <stdatomic.h>

typedef struct ManualClock {
    _Atomic int64_t now_us;        /* monotonic */
    _Atomic int64_t since_1970_us; /* unix less monotonic; another one: the wall clock was set */
    Clock clock;                   /* for params; it must stay where it is */
} ManualClock;

static inline int64_t manual_clock_monotonic_us(void *user)
{
    return atomic_load(&((ManualClock *)user)->now_us);
}

static inline int64_t manual_clock_unix_us(void *user)
{
    ManualClock *c = user;

    return atomic_load(&c->now_us) + atomic_load(&c->since_1970_us);
}

static inline void manual_clock_init(ManualClock *c, int64_t monotonic_us, int64_t unix_us)
{
    atomic_init(&c->now_us, monotonic_us);
    atomic_init(&c->since_1970_us, unix_us - monotonic_us);
    c->clock = (Clock){manual_clock_monotonic_us, manual_clock_unix_us, c};
}

/* Sets it to `monotonic_us`. */
static inline void manual_clock_set(ManualClock *c, int64_t monotonic_us)
{
    atomic_store(&c->now_us, monotonic_us);
}

#endif
