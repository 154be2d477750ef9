/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/rate_meter.h"

#define LEAST_BLOCK 16 /* segments: figures of fewer would go up and down */

RateMeter rate_meter(size_t listed, int64_t target_duration_s)
{
    return (RateMeter){.block = listed > LEAST_BLOCK ? listed : LEAST_BLOCK,
                       .steady_90k = target_duration_s * TICKS_PER_S / 2};
}

void rate_meter_add(RateMeter *m, size_t bytes, size_t pictures, int64_t duration_90k)
{
    int64_t bitrate = ((int64_t)bytes * 8 * TICKS_PER_S + duration_90k - 1) / duration_90k;
    int64_t milli = (int64_t)pictures * 1000 * TICKS_PER_S / duration_90k;

    if (m->now.segments == m->block) {
        m->before = m->now;
        m->now = (RateBlock){0};
    }
    RateBlock *b = &m->now;
    b->segments++;
    b->bytes += (int64_t)bytes;
    b->media_90k += duration_90k;
    b->peak_bitrate = larger(b->peak_bitrate, bitrate);
    if (duration_90k >= m->steady_90k)
        b->frames_milli = larger(b->frames_milli, milli);
    else
        b->short_milli = larger(b->short_milli, milli);
}

int64_t rate_meter_peak(const RateMeter *m)
{
    return larger(m->now.peak_bitrate, m->before.peak_bitrate);
}

int64_t rate_meter_average(const RateMeter *m)
{
    int64_t media_90k = m->now.media_90k + m->before.media_90k;

    return media_90k > 0 ? (m->now.bytes + m->before.bytes) * 8 * TICKS_PER_S / media_90k : 0;
}

int64_t rate_meter_frames_milli(const RateMeter *m)
{
    int64_t milli = larger(m->now.frames_milli, m->before.frames_milli);

    return milli > 0 ? milli : larger(m->now.short_milli, m->before.short_milli);
}
