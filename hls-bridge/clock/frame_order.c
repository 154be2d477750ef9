/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clock/frame_order.h"

#include <assert.h>

/* Pictures further apart than this are not reordered ones: a clock has jumped. */
#define REORDER_MAX_90K TICKS_PER_S

void frame_order_idr(FrameOrder *o, int said)
{
    assert(said <= FRAME_ORDER_DEPTH_MAX);
    o->seen = o->next = 0; /* no picture after an IDR is shown before it */
    if (o->started && said == o->said)
        return;
    o->said = said;
    o->depth = said > 0 ? said : 0;
    o->held = 0;
}

/* Learns from a picture how many that were decoded before it are shown after it. */
static void learn(FrameOrder *o, int64_t pts)
{
    int before = 0;

    for (int i = 0; i < o->seen; i++)
        before += o->recent[i] > pts && o->recent[i] - pts < REORDER_MAX_90K;
    o->depth = before > o->depth ? before : o->depth;
    o->recent[o->next] = pts;
    o->next = (o->next + 1) % FRAME_ORDER_DEPTH_MAX;
    o->seen += o->seen < FRAME_ORDER_DEPTH_MAX;
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

/* With a depth of d, the n-th picture in decoding order is shown at most d places later. So the
 * (n-d)-th time in display order is known by then, and it is not above the picture's own. The first
 * d pictures have no such time: they are decoded before the first one that is shown, one frame
 * apart. */
int64_t frame_order_dts(FrameOrder *o, int64_t *pts_90k)
{
    int64_t dts;

    learn(o, *pts_90k);
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
