/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"

#include "base/media.h"

/* Two clocks that are read so near to each other are of one moment; else they are read again. */
#define READ_APART_US US_PER_MS
#define READS_MAX     8

static int64_t ask(clockid_t which)
{
    struct timespec t;

    clock_gettime(which, &t);
    return t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

static int64_t monotonic_us(void *user)
{
    (void)user;
    return ask(CLOCK_MONOTONIC);
}

static int64_t unix_us(void *user)
{
    (void)user;
    return ask(CLOCK_REALTIME);
}

const Clock *clock_system(void)
{
    static const Clock system = {monotonic_us, unix_us, NULL};

    return &system;
}

int64_t clock_since_1970_us(const Clock *clock)
{
    int64_t before_us = clock_monotonic_us(clock), apart_us = INT64_MAX, since_1970_us = 0;

    for (int i = 0; i < READS_MAX && apart_us > READ_APART_US; i++) {
        int64_t unix_us = clock_unix_us(clock), after_us = clock_monotonic_us(clock);
        if (after_us - before_us < apart_us)
            since_1970_us = unix_us - after_us;
        apart_us = smaller(apart_us, after_us - before_us);
        before_us = after_us;
    }
    return since_1970_us;
}

void clock_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

struct timespec clock_wait_end(int64_t wait_us)
{
    int64_t end_us = ask(CLOCK_MONOTONIC) + wait_us;

    return (struct timespec){.tv_sec = end_us / US_PER_S, .tv_nsec = end_us % US_PER_S * 1000};
}

int64_t clock_since_boot_us(void)
{
    return ask(CLOCK_BOOTTIME);
}
