/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "frame_order.h"

#include <assert.h>

void frame_order_reset(FrameOrder *o, int depth)
{
    assert(depth >= 0 && depth <= FRAME_ORDER_DEPTH_MAX);
    o->depth = depth;
    o->held = 0;
}

static void insert(FrameOrder *o, int64_t pts)
{
    int i = o->held++;

    for (; i > 0 && o->pts[i - 1] > pts; i--)
        o->pts[i] = o->pts[i - 1];
    o->pts[i] = pts;
}

static int64_t take_first(FrameOrder *o)
{
    int64_t first = o->pts[0];

    o->held--;
    for (int i = 0; i < o->held; i++)
        o->pts[i] = o->pts[i + 1];
    return first;
}

/* With a depth of d, the picture that is decoded n-th is shown d places later at the most: the
 * (n-d)-th time in display order is known by then, and is not above its own. The first d pictures
 * have none, and are decoded a frame apart before the first that is shown. */
int64_t frame_order_dts(FrameOrder *o, int64_t *pts_90k)
{
    int64_t dts;

    insert(o, *pts_90k);
    if (o->held > o->depth)
        dts = take_first(o);
    else
        dts = o->pts[0] - (o->depth + 1 - o->held) * (TICKS_PER_S / 60);
    if (o->started && dts <= o->last_dts)
        dts = o->last_dts + 1;
    if (*pts_90k < dts)
        *pts_90k = dts;
    o->started = true;
    o->last_dts = dts;
    return dts;
}
