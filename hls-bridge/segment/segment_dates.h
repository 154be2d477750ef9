/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SEGMENT_DATES_H
#define SEGMENT_DATES_H

/* The dates of segments. Each is given when its segment begins, while the smallest delay is still
 * being found; so they move towards the right date in steps that players accept.
 *
 * Pure. Thread-safety: one thread. */

#include "base/media.h"

/* Zero-initialised: nothing was dated yet. */
typedef struct SegmentDates {
    int64_t at_90k, unix_us; /* what was dated last; 0: nothing */
} SegmentDates;

/* The date of a segment that begins at `start_90k`; by what is known now that is `unix_us`. It
 * differs by at most `step_us` from what the date before it says, unless a discontinuity is between
 * them, or the difference is so large that the clock was set. */
int64_t segment_dates_next(SegmentDates *dates, int64_t start_90k, int64_t unix_us,
                           bool discontinuity, int64_t step_us);

#endif
