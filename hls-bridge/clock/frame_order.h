/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FRAME_ORDER_H
#define FRAME_ORDER_H

/* Finds when each picture is decoded. Pictures come in decoding order, with the time at which they
 * are shown. WebRTC has no B-frames, so both times are the same; other senders may have them. The
 * depth of the reordering is in the parameter set. If it is not, it is learnt from the pictures,
 * and the first few that need a greater depth are shown late.
 *
 * Pure: no allocation. Thread-safety: one thread. */

#include "base/media.h"

#define FRAME_ORDER_DEPTH_MAX 16 /* max_num_reorder_frames, H.264 annex E */

typedef struct FrameOrder {
    int said;       /* depth by the parameter set; below 0: it says none */
    int depth;      /* pictures that may be decoded before another one and shown after it */
    int seen, next; /* pictures since the IDR, and the place of the next in `recent` */
    int64_t recent[FRAME_ORDER_DEPTH_MAX]; /* pts of the last pictures */
    int held;
    int64_t pts[FRAME_ORDER_DEPTH_MAX + 1]; /* ascending */
    int64_t last_dts;
    bool started;
} FrameOrder;

/* An IDR picture is next. `said` is the depth by its parameter set, up to FRAME_ORDER_DEPTH_MAX;
 * below 0: it says none. If that differs from before, what was learnt is forgotten; decoding times
 * still only grow. */
void frame_order_idr(FrameOrder *order, int said);

/* The decoding time of the next picture: at most `pts_90k`, and above all before it. If the
 * stream's order is deeper than it said, `pts_90k` is raised to keep that true. */
int64_t frame_order_dts(FrameOrder *order, int64_t *pts_90k);

#endif
