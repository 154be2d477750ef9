/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/ts_output_inner.h"

/* A rendition that comes later than the others. All lists go on together, when the last has its
 * segment; what comes for a rendition by then is in it, whatever it is told of cuts, but for what a
 * copy makes needless. */

#include <stdlib.h>

typedef struct TsFollow {
    TsOutput *output; /* borrowed */
    size_t track;
} TsFollow;

static int start(void *self, const OutputSegment *first, int64_t now_us)
{
    const TsFollow *f = self;

    (void)now_us;
    ts_variants_follow(ts_output_variants(f->output), f->track, first, true);
    return 0;
}

static int cut(void *self, const OutputSegment *next, int64_t now_us)
{
    const TsFollow *f = self;

    (void)now_us;
    ts_variants_follow(ts_output_variants(f->output), f->track, next, next->discontinuity);
    return 0;
}

static int picture(void *self, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                   int64_t now_us)
{
    return ts_output_picture(((const TsFollow *)self)->output, unit, pts_90k, dts_90k, now_us);
}

int ts_output_follow(void *self, size_t track, Output *out)
{
    static const OutputCalls calls = {
        .name = "ts",
        .start = start,
        .cut = cut,
        .picture = picture,
        .close = free,
    };
    TsFollow *f = malloc(sizeof(*f));

    if (!f)
        return -1;
    *f = (TsFollow){self, track};
    *out = (Output){.calls = &calls, .self = f};
    return 0;
}
