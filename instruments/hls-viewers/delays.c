/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "delays.h"

#include <stdlib.h>

#define STEP_US 100
#define STEPS   600000 /* a minute; the last one holds all that is longer */

struct Delays {
    int64_t count, max_us;
    int64_t step[STEPS];
};

Delays *delays_create(void)
{
    return calloc(1, sizeof(Delays));
}

void delays_destroy(Delays **delays)
{
    free(*delays);
    *delays = NULL;
}

void delays_add(Delays *d, int64_t delay_us)
{
    int64_t step = delay_us < 0 ? 0 : delay_us / STEP_US;

    d->step[step < STEPS ? step : STEPS - 1]++;
    d->count++;
    if (delay_us > d->max_us)
        d->max_us = delay_us;
}

int64_t delays_count(const Delays *d)
{
    return d->count;
}

int64_t delays_max_us(const Delays *d)
{
    return d->max_us;
}

int64_t delays_quantile_us(const Delays *d, double part)
{
    int64_t wanted = (int64_t)(part * (double)d->count), seen = 0;

    if (d->count == 0)
        return 0;
    for (int64_t i = 0; i < STEPS - 1; i++) {
        seen += d->step[i];
        if (seen > wanted || seen == d->count)
            return (i + 1) * STEP_US < d->max_us ? (i + 1) * STEP_US : d->max_us;
    }
    return d->max_us;
}
