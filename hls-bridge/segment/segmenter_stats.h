/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SEGMENTER_STATS_H
#define SEGMENTER_STATS_H

/* What the segmenter of a stream has decided, as plain values.
 *
 * Thread-safety: none needed, values are copied. */

#include "base/histogram.h"
#include "base/output_bound.h"

typedef struct SegmentCutterStats {
    uint64_t asked; /* how often an IDR picture was asked for */
    uint64_t cut_at_idr;
    uint64_t cut_forced; /* at the limit, with no IDR picture to begin the next */
    int64_t lead_90k;    /* from asking to the IDR picture, as learnt */
} SegmentCutterStats;

typedef struct SegmenterStats {
    int64_t target_duration_s; /* what all playlists promise */
    Histogram durations;       /* of segments */
    Histogram lateness;        /* by which segments were longer than the target */
    int64_t picture_wait_90k;  /* how long a picture is waited for */
    SegmentCutterStats cutter;
    OutputBoundStats bound;
} SegmenterStats;

#endif
