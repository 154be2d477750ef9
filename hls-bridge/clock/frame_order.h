/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FRAME_ORDER_H
#define FRAME_ORDER_H

/* Gives pictures, which come in decoding order with the time at which they are shown, the time at
 * which they are decoded. WebRTC has no B-frames, and then both are the same; a stranger's stream
 * may have them. How deep their order is, its parameter set says, or else the pictures themselves:
 * the first few that need more are then shown late.
 *
 * Pure: no allocation. Thread-safety: one thread. */

#include "base/media.h"

#define FRAME_ORDER_DEPTH_MAX 16 /* max_num_reorder_frames, H.264 annex E */

typedef struct FrameOrder {
    int said;       /* depth that the parameter set says; below 0: it does not */
    int depth;      /* pictures that may precede one in decoding and follow it in display */
    int seen, next; /* pictures since the IDR, and where the next goes */
    int64_t recent[FRAME_ORDER_DEPTH_MAX]; /* pts of the last of them */
    int held;
    int64_t pts[FRAME_ORDER_DEPTH_MAX + 1]; /* ascending */
    int64_t last_dts;
    bool started;
} FrameOrder;

/* An IDR picture is next. `said` is the depth that its parameter set says, up to
 * FRAME_ORDER_DEPTH_MAX; below 0: none. Where that is another, what was learnt is forgotten, but
 * decoding times still only grow. */
void frame_order_idr(FrameOrder *order, int said);

/* The decoding time of the next picture: at most `pts_90k`, and above every one before it. Where
 * the stream's order is deeper than it said, `pts_90k` is raised to keep that true. */
int64_t frame_order_dts(FrameOrder *order, int64_t *pts_90k);

#endif
