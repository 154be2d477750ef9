/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_VIRTUAL_CLOCK_H
#define TESTS_VIRTUAL_CLOCK_H

/* Clocks that show what a test keeps its own time in:
 *
 *   static int64_t now_us;
 *   static const Clock virtual_time = VIRTUAL_CLOCK_US(&now_us);
 *
 * Monotonic time is that number; the wall clock has begun with it, at VIRTUAL_WALL_US. */

#include "hls-bridge/base/clock.h"
#include "hls-bridge/base/media.h"

#define VIRTUAL_WALL_US (1800000000 * US_PER_S)

/* Initialisers, of a time in microseconds and of one in ticks. */
#define VIRTUAL_CLOCK_US(now_us)                                                                   \
    {                                                                                              \
        virtual_monotonic_us, virtual_unix_us, now_us                                              \
    }
#define VIRTUAL_CLOCK_90K(now_90k)                                                                 \
    {                                                                                              \
        virtual_monotonic_90k, virtual_unix_90k, now_90k                                           \
    }

static inline int64_t virtual_monotonic_us(void *now_us)
{
    return *(int64_t *)now_us;
}

static inline int64_t virtual_unix_us(void *now_us)
{
    return VIRTUAL_WALL_US + *(int64_t *)now_us;
}

static inline int64_t virtual_monotonic_90k(void *now_90k)
{
    return ticks_to_us(*(int64_t *)now_90k);
}

static inline int64_t virtual_unix_90k(void *now_90k)
{
    return VIRTUAL_WALL_US + ticks_to_us(*(int64_t *)now_90k);
}

#endif
