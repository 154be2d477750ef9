/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

/* How long something took, counted in buckets, as Prometheus has it.
 *
 * Pure. Thread-safety: one thread; a copy is another histogram. */

#include "base/media.h"

#define HISTOGRAM_BOUNDS_MAX 12

/* Upper bounds of the buckets, rising; above the last one there is one more. */
typedef struct HistogramBounds {
    size_t count;
    int64_t at_us[HISTOGRAM_BOUNDS_MAX];
} HistogramBounds;

extern const HistogramBounds histogram_of_segments; /* lengths of segments */
extern const HistogramBounds histogram_of_lateness; /* of what should happen at a time */
extern const HistogramBounds histogram_of_latency;  /* from arrival to a playlist */
extern const HistogramBounds histogram_of_writes;   /* of a file */

/* Zero-initialised but for `bounds`, which are borrowed: nothing was counted yet. */
typedef struct Histogram {
    const HistogramBounds *bounds;
    uint64_t buckets[HISTOGRAM_BOUNDS_MAX + 1];
    int64_t sum_us;
} Histogram;

/* Below 0 counts as 0, above an hour as an hour. */
void histogram_add(Histogram *histogram, int64_t us);

/* Adds what another one of the same bounds has counted. */
void histogram_merge(Histogram *histogram, const Histogram *other);

uint64_t histogram_count(const Histogram *histogram);

#endif
