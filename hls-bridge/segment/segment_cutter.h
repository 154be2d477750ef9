/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SEGMENT_CUTTER_H
#define SEGMENT_CUTTER_H

/* Decides where a segment ends, and when to ask the publisher for the IDR picture that ends it.
 *
 * A segment should be `target` long and must not be longer than `limit`, which is what the playlist
 * has promised (RFC 8216 section 4.3.3.1: EXTINF, rounded, is at most EXT-X-TARGETDURATION). It
 * ends before an IDR picture, which is asked for in time. If none comes, it ends at the limit all
 * the same, and the next one begins without. That one cannot be played alone, so it ends at the
 * first IDR picture; the publisher is asked at once, and again until one comes.
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

/* The longest segment of a playlist that promises `target_duration_s`: half a second more would
 * round up, and one AAC frame of that is kept in reserve. */
int64_t segment_limit_90k(int64_t target_duration_s);

void segment_cutter_init(SegmentCutter *cutter, const SegmentCutterParams *params);

/* A segment begins at `start_90k`, the first of a publisher or a later one. The first is short,
 * since nobody can play before it is whole. Each next one is as long as all before it, up to the
 * target, so that players who have just begun can go on. */
void segment_cutter_begin(SegmentCutter *cutter, int64_t start_90k, bool first);

/* The length aimed at for a segment after the first that begins at `start_90k`. */
int64_t segment_cutter_target_90k(const SegmentCutter *cutter, int64_t start_90k);

/* A picture of `pts_90k` has come. Whether the segment ends before it, and where. */
bool segment_cutter_picture(SegmentCutter *cutter, int64_t pts_90k, bool idr, bool restart,
                            int64_t *cut_90k);

/* Whether the segment would end before an IDR picture of `pts_90k`, if it came. */
bool segment_cutter_takes(const SegmentCutter *cutter, int64_t pts_90k);

/* A picture of the next segment has come, while the cut before it is under way. */
void segment_cutter_next_picture(SegmentCutter *cutter, bool idr);

/* No picture ends the segment: there is no video, or no picture comes, and all before `known_90k`
 * is here. Whether the segment ends by time, and where: with `has_video` at the limit, since a
 * picture may still end it before; else at the target. */
bool segment_cutter_time(SegmentCutter *cutter, int64_t known_90k, bool has_video,
                         int64_t *cut_90k);

/* Whether to ask for an IDR picture now; it counts as asked. `now_90k` is the place of pictures
 * that come now. Two requests are some time apart on that clock, whichever way it moves. */
bool segment_cutter_ask(SegmentCutter *cutter, int64_t now_90k);

/* When to ask for the next IDR picture, unless a segment begins before; and after how long again.
 */
int64_t segment_cutter_ask_at_90k(const SegmentCutter *cutter);
int64_t segment_cutter_ask_pause_90k(const SegmentCutter *cutter);

/* The `known_90k` at which segment_cutter_time() ends the segment. */
int64_t segment_cutter_end_90k(const SegmentCutter *cutter, bool has_video);

#endif
