/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mean_rate.h"

#define SECOND_US 1000000

MeanRate mean_rate(int64_t from_us)
{
    return (MeanRate){.began_us = from_us};
}

static void end_second(MeanRate *meter)
{
    meter->bytes[meter->at] = meter->now;
    meter->at = (meter->at + 1) % MEAN_RATE_SECONDS;
    meter->now = 0;
    if (meter->whole < MEAN_RATE_SECONDS)
        meter->whole++;
}

void mean_rate_add(MeanRate *meter, size_t bytes, int64_t at_us)
{
    if (at_us < meter->began_us && meter->whole == 0)
        return;
    int64_t over = at_us < meter->began_us ? 0 : (at_us - meter->began_us) / SECOND_US;
    meter->began_us += over * SECOND_US;
    if (over > MEAN_RATE_SECONDS + 1)
        over = MEAN_RATE_SECONDS + 1; /* nothing that was counted is left */
    while (over-- > 0)
        end_second(meter);
    meter->now += bytes;
}

bool mean_rate_get(const MeanRate *meter, int64_t *bitrate)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < MEAN_RATE_SECONDS; i++)
        sum += meter->bytes[i];
    *bitrate = (int64_t)(sum * 8 / MEAN_RATE_SECONDS);
    return meter->whole == MEAN_RATE_SECONDS;
}
