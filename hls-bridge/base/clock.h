/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

/* What time it is. Every module that asks is given a Clock, so that a test or a replay can say, and
 * hours pass in seconds. A static check holds that nothing else in hls-bridge asks the system.
 *
 * Thread-safety: the system's clock may be read by any thread; another one as it says. */

#include <pthread.h>
#include <stdint.h>
#include <time.h>

typedef struct Clock {
    int64_t (*monotonic_us)(void *user); /* never set back; from any beginning */
    int64_t (*unix_us)(void *user);      /* since 1970, UTC; may be set */
    void *user;
} Clock;

/* The system's: CLOCK_MONOTONIC and CLOCK_REALTIME. Static. */
const Clock *clock_system(void);

static inline int64_t clock_monotonic_us(const Clock *clock)
{
    return clock->monotonic_us(clock->user);
}

static inline int64_t clock_unix_us(const Clock *clock)
{
    return clock->unix_us(clock->user);
}

/* A time by the wall clock. */
typedef struct WallTime {
    int64_t unix_us;
    int64_t since_1970_us; /* that clock less the monotonic one: another one if it was set */
} WallTime;

/* The wall clock less the monotonic one, both of one moment even if the thread is stopped while it
 * reads them. */
int64_t clock_since_1970_us(const Clock *clock);

/* Makes a condition whose waits take CLOCK_MONOTONIC. */
void clock_cond_init(pthread_cond_t *cond);

/* When a wait of `wait_us`, from now on, is over: for the waits of pthread that take
 * CLOCK_MONOTONIC. A thread waits in the system's time, whatever its Clock says. */
struct timespec clock_wait_end(int64_t wait_us);

/* How long ago the machine was started, sleep included: what /proc counts from. */
int64_t clock_since_boot_us(void);

#endif
