/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/part_cutter.h"

#define LEAST_PERCENT 85 /* of PART-TARGET; rfc8216bis, section 4.4.4.9 */
#define SHIFT_MS      40 /* of one picture; nobody sees it */

PartCutterParams part_cutter_params(int64_t part_us, int64_t per_second)
{
    int64_t frames = us_to_samples(part_us) / AAC_FRAME_SAMPLES;
    int64_t step = (frames > 0 ? frames : 1) * AAC_FRAME_SAMPLES;
    int64_t longest = step * 100 / (LEAST_PERCENT + 1);
    int64_t target = us_to_samples(part_us);

    if (target > longest)
        target = longest;
    if (target < step)
        target = step;
    return (PartCutterParams){
        .step = step * per_second / SAMPLES_PER_S,
        .target = target * per_second / SAMPLES_PER_S,
        .shift_max = SHIFT_MS * per_second / 1000,
    };
}

void part_cutter_init(PartCutter *c, const PartCutterParams *params)
{
    *c = (PartCutter){.params = *params};
}

void part_cutter_begin(PartCutter *c, int64_t start, int64_t limit)
{
    c->start = start;
    c->limit = limit;
    c->ends = false;
}

void part_cutter_end(PartCutter *c, int64_t end)
{
    c->end = end;
    c->ends = true;
}

/* The part before the last one: ends so that the last one has a sample. */
static void leave_one(const PartCutter *c, int64_t newest, PartCut *out)
{
    int64_t least = c->start + (c->params.target * LEAST_PERCENT + 99) / 100;
    int64_t shift = c->moves_far ? c->params.step : c->params.shift_max;

    if (c->end - out->end > c->params.target || newest >= out->end || newest <= c->start ||
        newest + shift < least)
        return;
    out->end = newest > least ? newest : least;
    out->until = newest;
}

bool part_cutter_next(PartCutter *c, int64_t complete, int64_t newest, PartCut *out)
{
    int64_t full = c->start + c->params.step;

    if (c->ends && c->start >= c->end)
        return false; /* the last part is cut */
    if (c->ends && c->end - c->start <= c->params.target) {
        if (complete < c->end)
            return false;
        *out = (PartCut){c->start, c->end, c->end, true};
    } else {
        /* what comes after the limit belongs to the next segment, wherever that begins */
        if (complete < full || (!c->ends && full > c->limit))
            return false;
        *out = (PartCut){c->start, full, full, false};
        if (c->ends)
            leave_one(c, newest, out);
    }
    c->start = out->end;
    return true;
}
