/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/output_bound.h"

/* A whole burst of what comes at `per_second`, times TICKS_PER_S. */
static int64_t full(int64_t per_second)
{
    return OUTPUT_BOUND_BURST_S * TICKS_PER_S * per_second;
}

OutputBound output_bound(const OutputBoundParams *params)
{
    return (OutputBound){
        .params = *params,
        .now_90k = INT64_MIN,
        .files = full(params->files_per_s),
        .bytes = full(params->picture_bitrate / 8),
    };
}

static int64_t refill(int64_t left, int64_t per_second, int64_t elapsed_90k)
{
    return smaller(left + per_second * elapsed_90k, full(per_second));
}

void output_bound_set_followers(OutputBound *b, size_t count)
{
    b->followers = count;
}

void output_bound_time(OutputBound *b, int64_t clock_90k)
{
    if (clock_90k <= b->now_90k)
        return;
    /* by then it is full in any case; a longer time could overflow the product */
    int64_t most_90k = OUTPUT_BOUND_BURST_S * TICKS_PER_S;
    int64_t elapsed_90k = b->now_90k == INT64_MIN ? 0 : smaller(clock_90k - b->now_90k, most_90k);
    b->files = refill(b->files, b->params.files_per_s * (1 + (int64_t)b->followers), elapsed_90k);
    b->bytes = refill(b->bytes, b->params.picture_bitrate / 8, elapsed_90k);
    b->now_90k = clock_90k;
}

int64_t output_bound_restart_at_90k(const OutputBound *b)
{
    return b->restarted && b->params.restart_us ? b->restarted_90k + us_to_90k(b->params.restart_us)
                                                : INT64_MIN;
}

bool output_bound_takes_restart(OutputBound *b, int64_t pts_90k)
{
    if (pts_90k < output_bound_restart_at_90k(b)) {
        b->stats.restarts++;
        return false;
    }
    b->restarted = true;
    b->restarted_90k = pts_90k;
    return true;
}

bool output_bound_takes_picture(OutputBound *b, size_t len)
{
    bool crowded = b->params.files_per_s && b->files < full(b->params.files_per_s) / 2;
    int64_t bytes = (int64_t)len * TICKS_PER_S;

    if (crowded || (b->params.picture_bitrate && b->bytes < bytes)) {
        b->stats.pictures++;
        return false;
    }
    b->bytes -= b->params.picture_bitrate ? bytes : 0;
    return true;
}

bool output_bound_takes_file(OutputBound *b)
{
    if (b->params.files_per_s == 0)
        return true;
    if (b->files < TICKS_PER_S) {
        b->stats.files++;
        return false;
    }
    b->files -= TICKS_PER_S;
    return true;
}
