/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SEGMENTER_STATS_H
#define SEGMENTER_STATS_H

/* What the segmenter of a stream has decided, as plain values.
 *
 * Thread-safety: none needed, values are copied. */

#include "base/histogram.h"
#include "base/output_bound.h"
#include "base/rendition.h"

typedef struct SegmentCutterStats {
    uint64_t asked; /* how often an IDR picture was asked for */
    uint64_t cut_at_idr;
    uint64_t cut_forced; /* at the limit, with no IDR picture to begin the next */
    int64_t lead_90k;    /* from asking to the IDR picture, as learnt */
} SegmentCutterStats;

/* What a publisher sends, and which of it viewers see; see ladder.h. */
typedef struct LadderLayerStats {
    char label[RENDITION_NAME_SIZE];
    int width, height; /* of its newest IDR picture; 0: none has come */
    bool live;
    uint64_t idrs;
} LadderLayerStats;

typedef struct LadderRenditionStats {
    char name[RENDITION_NAME_SIZE]; /* "": the best */
    size_t own, feeds; /* layers: its own, and what feeds it; RENDITION_NONE: there is none */
} LadderRenditionStats;

typedef struct LadderStats {
    size_t layers, renditions;
    LadderLayerStats layer[VIDEO_TRACKS_MAX];
    LadderRenditionStats rendition[VIDEO_TRACKS_MAX];
    uint64_t switches; /* of what feeds a rendition, */
    uint64_t fillings; /* and those of them to a layer that is not its own */
} LadderStats;

/* A rendition that follows; see follower.h. */
typedef struct FollowerStats {
    char name[RENDITION_NAME_SIZE];
    bool running;      /* somebody makes its pictures */
    bool filled;       /* viewers see others */
    int64_t lag_90k;   /* its newest picture is of so long before the newest that went out */
    uint64_t pictures; /* of its own that went out, */
    uint64_t dropped;  /* and that came while it was filled */
    uint64_t fillings; /* how often that began */
} FollowerStats;

typedef struct SegmenterStats {
    int64_t target_duration_s; /* what all playlists promise */
    Histogram durations;       /* of segments */
    Histogram lateness;        /* by which segments were longer than the target */
    int64_t picture_wait_90k;  /* how long a picture is waited for */
    int64_t open_90k;          /* how long the open segment is by now; 0: none is open */
    uint64_t pictures, sounds; /* that came: pictures of the layer that leads, and AAC frames */
    SegmentCutterStats cutter;
    OutputBoundStats bound;
    LadderStats ladder;
    size_t followers;
    FollowerStats follower[VIDEO_TRACKS_MAX];
} SegmenterStats;

#endif
