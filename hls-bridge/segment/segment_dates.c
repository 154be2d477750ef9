/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/segment_dates.h"

#include <stdlib.h>

/* If the wall clock was set by less, dates follow slowly. */
#define DATE_SET_US US_PER_S

/* What is known is corrected by less: media is at most MEDIA_LEAD_US ahead of real time, and sound
 * that is late is filled long before it is as much behind. A date that is off by more is so for
 * good: no media was made for that time. */
#define DATE_LOST_US (2 * MEDIA_LEAD_US)

/* Behind a discontinuity, too, no time comes twice, unless the clock was set back. */
static bool must_step(const SegmentDates *d, int64_t off_us, int64_t set_us, bool discontinuity)
{
    return d->at_90k == 0 || llabs(off_us) >= DATE_LOST_US || (discontinuity && off_us > 0) ||
           (llabs(off_us) >= DATE_SET_US && llabs(set_us) >= DATE_SET_US);
}

int64_t segment_dates_next(SegmentDates *d, int64_t start_90k, WallTime known, bool discontinuity,
                           int64_t step_us)
{
    int64_t follows_us = d->unix_us + ticks_to_us(start_90k - d->at_90k);
    int64_t off_us = known.unix_us - follows_us;
    int64_t set_us = known.since_1970_us - d->since_1970_us;
    bool steps = must_step(d, off_us, set_us, discontinuity);

    if (steps || llabs(off_us) <= step_us)
        d->since_1970_us = known.since_1970_us;
    if (!steps)
        known.unix_us = follows_us + (off_us < -step_us ? -step_us : smaller(off_us, step_us));
    d->at_90k = start_90k;
    d->unix_us = known.unix_us;
    return d->unix_us;
}
