/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SEGMENT_DATES_H
#define SEGMENT_DATES_H

/* The dates of segments. Each is given when its segment begins, while the smallest delay is still
 * being found; so they move towards the right date in steps that players accept. What is known may
 * be off by seconds for a while, and then right again: media is ahead of real time if the sender's
 * machine is starved.
 *
 * Pure. Thread-safety: one thread. */

#include "base/clock.h"
#include "base/media.h"

/* Zero-initialised: nothing was dated yet. */
typedef struct SegmentDates {
    int64_t at_90k, unix_us; /* what was dated last; 0: nothing */
    int64_t since_1970_us;   /* of the clock by which dates were last right */
} SegmentDates;

/* The date of a segment that begins at `start_90k`; by what is known now that is `known`. It
 * differs by at most `step_us` from what the date before it says, unless the wall clock was set by
 * a second or more, or the machine stood still. Behind a discontinuity it may be later by any
 * time. */
int64_t segment_dates_next(SegmentDates *dates, int64_t start_90k, WallTime known,
                           bool discontinuity, int64_t step_us);

#endif
