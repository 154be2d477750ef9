/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/null_output.h"

#include <stdlib.h>
#include <string.h>

typedef struct NullOutput {
    uint64_t pictures, sounds, cuts, bytes;
} NullOutput;

static int picture(void *self, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                   int64_t now_us)
{
    NullOutput *o = self;

    (void)pts_90k;
    (void)dts_90k;
    (void)now_us;
    o->pictures++;
    o->bytes += unit->len;
    return 0;
}

static bool takes(const void *self, Codec codec)
{
    (void)self;
    (void)codec;
    return true;
}

static int sound(void *self, const AacFrame *frame, int64_t now_us)
{
    NullOutput *o = self;

    (void)now_us;
    o->sounds++;
    o->bytes += frame->len;
    return 0;
}

static int cut(void *self, const OutputSegment *next, int64_t now_us)
{
    (void)next;
    (void)now_us;
    ((NullOutput *)self)->cuts++;
    return 0;
}

static void stats(const void *self, OutputStats *out)
{
    const NullOutput *o = self;

    output_stats_count(out, "null", "pictures", o->pictures);
    output_stats_count(out, "null", "sounds", o->sounds);
    output_stats_count(out, "null", "cuts", o->cuts);
    output_stats_count(out, "null", "bytes", o->bytes);
}

static const OutputCalls calls = {
    .name = "null",
    .takes = takes,
    .picture = picture,
    .sound = sound,
    .cut = cut,
    .stats = stats,
    .close = free,
};

int null_output_open(OutputParams *params, int64_t now_us, Output *out)
{
    const char *also = params->settings->also;

    (void)now_us;
    if (!also || strcmp(also, calls.name) != 0)
        return 1;
    *out = (Output){.calls = &calls, .self = calloc(1, sizeof(NullOutput))};
    return out->self ? 0 : -1;
}
