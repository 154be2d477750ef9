/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MEAN_RATE_H
#define MEAN_RATE_H

/* How much a publisher sends: the mean of some seconds, so that a key picture or a burst of the
 * network does not count as its rate.
 *
 * Thread-safety: none. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEAN_RATE_SECONDS 5 /* that the mean is taken over */

typedef struct MeanRate {
    int64_t began_us;                       /* the second that is running */
    uint64_t bytes[MEAN_RATE_SECONDS], now; /* of the seconds before it, and in it */
    size_t at, whole;                       /* index of the next second; how many there are */
} MeanRate;

/* Returns one that counts from `from_us` on. */
MeanRate mean_rate(int64_t from_us);

/* Counts `bytes` that came at `at_us`, which is about in order. */
void mean_rate_add(MeanRate *meter, size_t bytes, int64_t at_us);

/* The mean of the last whole seconds before the one in which something last came, in bit/s. Returns
 * false if there have not been so many yet. */
bool mean_rate_get(const MeanRate *meter, int64_t *bitrate);

#endif
