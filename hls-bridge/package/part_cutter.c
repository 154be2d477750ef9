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

/* How many parts follow one that begins at `start`. */
static size_t parts_behind(const PartCutter *c, int64_t start, int64_t end)
{
    int64_t beyond = end - start - c->params.target;

    return beyond > 0 ? (size_t)((beyond + c->params.step - 1) / c->params.step) : 0;
}

size_t part_cutter_rest(const PartCutter *c)
{
    return c->ends ? parts_behind(c, c->start, c->end) : 0;
}

/* A part before the last one: ends so that those behind it have samples. */
static void leave(const PartCutter *c, int64_t left, PartCut *out)
{
    int64_t least = c->start + (c->params.target * LEAST_PERCENT + 99) / 100;
    bool one = c->end - out->end <= c->params.target;

    if (left >= out->end || left <= c->start)
        return;
    if (!c->moves_far && (!one || left + c->params.shift_max < least))
        return;
    out->until = left;
    if (one)
        out->end = left > least ? left : least;
    /* the rest stays one part: there is no sample for a second one */
    if (one && c->moves_far && c->end - out->end > c->params.target)
        out->end = c->end - c->params.target;
}

bool part_cutter_next(PartCutter *c, int64_t complete, int64_t left, PartCut *out)
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
            leave(c, left, out);
    }
    c->start = out->end;
    return true;
}

int64_t part_cutter_start_of(const PartCutter *c, int64_t at)
{
    return c->start + floor_div(at - c->start, c->params.step) * c->params.step;
}

int64_t part_cutter_reach(const PartCutter *c, int64_t end, int64_t start, size_t spare)
{
    if (parts_behind(c, start, end) <= spare)
        return end;
    return start + (int64_t)(1 + spare) * c->params.step;
}
