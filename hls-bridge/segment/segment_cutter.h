/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SEGMENT_CUTTER_H
#define SEGMENT_CUTTER_H

/* Decides where a segment ends, and when to ask the publisher for the IDR picture to end it at.
 *
 * A segment should be `target` long and must not be longer than `limit`, which is what the playlist
 * has promised (RFC 8216 section 4.3.3.1: EXTINF, rounded, is at most EXT-X-TARGETDURATION). It
 * ends before an IDR picture, which is asked for in time; if none comes, it ends at the limit all
 * the same, and the next one begins as it can. That one cannot be played by itself: it ends at the
 * first IDR picture that comes, and one is asked for at once and until it comes.
 *
 * Pure: time is the stream's own clock, an argument. Thread-safety: one thread. */

#include "base/media.h"
#include "segment/segmenter_stats.h"

typedef struct SegmentCutterParams {
    int64_t target_90k;
    int64_t limit_90k; /* above target_90k */
} SegmentCutterParams;

typedef struct SegmentCutter {
    SegmentCutterParams params;
    int64_t start_90k;       /* of the segment that is open */
    int64_t target_90k;      /* of the same */
    int64_t first_90k;       /* where the publisher's first one began */
    int64_t asked_90k;       /* when an IDR picture was last asked for; 0: not in this segment */
    int64_t first_asked_90k; /* and when first */
    int64_t lead_90k;        /* how long the answer takes: asked that much before the target */
    int64_t last_idr_90k;    /* the newest IDR picture; 0: none yet */
    int64_t idr_gap_90k;     /* between the newest two; 0: not known */
    bool starved;      /* the segment, or the next if its cut is known, lacks an IDR picture */
    bool begun;        /* the same one has a picture */
    bool learnt;       /* lead_90k is more than a guess */
    bool unresponsive; /* the publisher did not answer the last request */
    SegmentCutterStats stats;
} SegmentCutter;

/* The longest segment that a playlist allows which promises `target_duration_s`: half a second more
 * would round up, and one AAC frame of that is kept in hand. */
int64_t segment_limit_90k(int64_t target_duration_s);

void segment_cutter_init(SegmentCutter *cutter, const SegmentCutterParams *params);

/* A segment begins at `start_90k`, the first of a publisher or another. The first is to be short,
 * as nobody can begin to play before it is whole; the next is as long as what is before it, until
 * the target is come to: players who have just begun then find that they can go on. */
void segment_cutter_begin(SegmentCutter *cutter, int64_t start_90k, bool first);

/* How long a segment is to be that begins at `start_90k`, behind the first. */
int64_t segment_cutter_target_90k(const SegmentCutter *cutter, int64_t start_90k);

/* A picture of `pts_90k` has come. Whether the segment ends before it, and where. */
bool segment_cutter_picture(SegmentCutter *cutter, int64_t pts_90k, bool idr, bool restart,
                            int64_t *cut_90k);

/* A picture of the next segment has come, while the cut before it is under way. */
void segment_cutter_next_picture(SegmentCutter *cutter, bool idr);

/* No picture ends the segment: there is no video, or none comes, and what lies before `known_90k`
 * is here. Whether the segment ends by that, and where. `has_video`: at the limit, where a picture
 * may still end it before; else at the target. */
bool segment_cutter_time(SegmentCutter *cutter, int64_t known_90k, bool has_video,
                         int64_t *cut_90k);

/* Whether an IDR picture is to be asked for now; it counts as asked. `now_90k` is where pictures
 * that come now are. Two requests are a while apart on that clock, whichever way it moves. */
bool segment_cutter_ask(SegmentCutter *cutter, int64_t now_90k);

/* When an IDR picture is next to be asked for, unless a segment begins before; and how long after
 * that again. */
int64_t segment_cutter_ask_at_90k(const SegmentCutter *cutter);
int64_t segment_cutter_ask_pause_90k(const SegmentCutter *cutter);

/* What must lie before `known_90k` for segment_cutter_time() to end the segment. */
int64_t segment_cutter_end_90k(const SegmentCutter *cutter, bool has_video);

#endif
