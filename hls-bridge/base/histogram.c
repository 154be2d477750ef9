/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/histogram.h"

#include <assert.h>

#define MS US_PER_MS

const HistogramBounds histogram_of_segments = {
    11,
    {500 * MS, 1000 * MS, 1500 * MS, 1900 * MS, 2100 * MS, 2500 * MS, 3000 * MS, 4500 * MS,
     6500 * MS, 10500 * MS, 30500 * MS},
};

const HistogramBounds histogram_of_lateness = {
    9,
    {10 * MS, 25 * MS, 50 * MS, 100 * MS, 250 * MS, 500 * MS, 1000 * MS, 2500 * MS, 10000 * MS},
};

const HistogramBounds histogram_of_latency = {
    12,
    {25 * MS, 50 * MS, 100 * MS, 150 * MS, 200 * MS, 250 * MS, 300 * MS, 400 * MS, 500 * MS,
     750 * MS, 1000 * MS, 2500 * MS},
};

const HistogramBounds histogram_of_writes = {
    11,
    {MS / 10, MS / 4, MS / 2, 1 * MS, 2500, 5 * MS, 10 * MS, 25 * MS, 100 * MS, 500 * MS,
     2500 * MS},
};

/* The most that one value adds to the sum, so that a clock that was set does not spoil it. */
#define WORST_US (3600 * US_PER_S)

void histogram_add(Histogram *h, int64_t us)
{
    size_t i = 0;

    us = us < 0 ? 0 : us > WORST_US ? WORST_US : us;
    while (i < h->bounds->count && us > h->bounds->at_us[i])
        i++;
    h->buckets[i]++;
    h->sum_us += us;
}

void histogram_merge(Histogram *h, const Histogram *other)
{
    assert(h->bounds == other->bounds);
    for (size_t i = 0; i <= h->bounds->count; i++)
        h->buckets[i] += other->buckets[i];
    h->sum_us += other->sum_us;
}

uint64_t histogram_count(const Histogram *h)
{
    uint64_t n = 0;

    for (size_t i = 0; i <= h->bounds->count; i++)
        n += h->buckets[i];
    return n;
}
