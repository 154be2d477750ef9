/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SEGMENT_DATES_H
#define SEGMENT_DATES_H

/* The dates of segments, each of which is told when its segment begins, while the smallest delay is
 * still being found: they go there in steps that players do not mind.
 *
 * Pure. Thread-safety: one thread. */

#include "base/media.h"

/* Zero-initialised: nothing was dated yet. */
typedef struct SegmentDates {
    int64_t at_90k, unix_us; /* what was dated last; 0: nothing */
} SegmentDates;

/* The date of a segment that begins at `start_90k`, which is `unix_us` by what is known now: at
 * most `step_us` from where the one before it says, unless there is a discontinuity between them,
 * or it is off by so much that the clock was set. */
int64_t segment_dates_next(SegmentDates *dates, int64_t start_90k, int64_t unix_us,
                           bool discontinuity, int64_t step_us);

#endif
