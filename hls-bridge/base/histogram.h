/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

/* Counts durations in buckets, as Prometheus does.
 *
 * Pure. Thread-safety: one thread; a copy is a histogram of its own. */

#include "base/media.h"

#define HISTOGRAM_BOUNDS_MAX 12

/* Upper bounds of the buckets, in rising order; one more bucket is above the last bound. */
typedef struct HistogramBounds {
    size_t count;
    int64_t at_us[HISTOGRAM_BOUNDS_MAX];
} HistogramBounds;

extern const HistogramBounds histogram_of_segments; /* length of a segment */
extern const HistogramBounds histogram_of_lateness; /* how late something happens */
extern const HistogramBounds histogram_of_latency;  /* from arrival to a playlist */
extern const HistogramBounds histogram_of_writes;   /* time to write a file */

/* Zero-initialise it, then set `bounds`, which are borrowed: nothing is counted yet. */
typedef struct Histogram {
    const HistogramBounds *bounds;
    uint64_t buckets[HISTOGRAM_BOUNDS_MAX + 1];
    int64_t sum_us;
} Histogram;

/* Counts a duration. Below 0 counts as 0, above an hour as an hour. */
void histogram_add(Histogram *histogram, int64_t us);

/* Adds the counts of another histogram, which must have the same bounds. */
void histogram_merge(Histogram *histogram, const Histogram *other);

uint64_t histogram_count(const Histogram *histogram);

#endif
