/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/segment_dates.h"

#include <stdlib.h>

/* A date that is off by more is of a clock that was set. */
#define DATE_SET_US US_PER_S

int64_t segment_dates_next(SegmentDates *d, int64_t start_90k, int64_t unix_us, bool discontinuity,
                           int64_t step_us)
{
    int64_t follows_us = d->unix_us + ticks_to_us(start_90k - d->at_90k);
    int64_t off_us = unix_us - follows_us;

    if (d->at_90k != 0 && !discontinuity && llabs(off_us) < DATE_SET_US)
        unix_us = follows_us + (off_us < -step_us ? -step_us : smaller(off_us, step_us));
    *d = (SegmentDates){start_90k, unix_us};
    return unix_us;
}
