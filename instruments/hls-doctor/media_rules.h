/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MEDIA_RULES_H
#define MEDIA_RULES_H

/* Compares the media of one rendition with its playlist (rfc8216bis): segment by segment, part by
 * part. Times are in 1/90000 s.
 *
 * Pure: what is in a file is an argument. Thread-safety: one thread. */

#include "findings.h"
#include "m3u8.h"
#include "multi_rules.h"
#include "segment_probe.h"

#define MEDIA_RENDITIONS_MAX 24 /* of a stream; more are not watched */

typedef struct MediaRules MediaRules;

/* A part as its playlist names it, and what its file holds. */
typedef struct MediaPart {
    M3u8Part listed;
    SegmentFacts facts;
} MediaPart;

/* A whole segment. */
typedef struct MediaSegment {
    const M3u8Segment *listed;
    int64_t target_us;
    size_t multi_version; /* of the multivariant playlist: the newest when it was listed */
    SegmentFacts facts;
    size_t len;
    size_t part_count; /* 0: they were not all seen */
    const MediaPart *parts;
    bool is_its_parts; /* its bytes are those of the parts */
} MediaSegment;

/* `findings` and `name` are borrowed. Returns NULL if there is no memory. */
MediaRules *media_rules_create(Findings *findings, const char *name);
void media_rules_destroy(MediaRules **rules); /* accepts NULL, leaves NULL */

/* The next segment of the list. */
void media_rules_segment(MediaRules *rules, const MediaSegment *segment);

/* The sum of it, of the segments from number `first` on and before number `end`: those that its
 * multivariant playlist must speak of. Its average is that of all. */
RenditionMedia media_rules_media(const MediaRules *rules, const char *uri, uint64_t first,
                                 uint64_t end);

/* Compares the dates that two renditions give to the same media time. */
void media_rules_compare(Findings *findings, const MediaRules *a, const MediaRules *b);

typedef struct MediaHistory {
    size_t segments, parts, independent_parts;
    size_t with_pictures, without_idr; /* segments; the latter begin with another picture */
    uint64_t bytes;
    int64_t duration_us;
} MediaHistory;

MediaHistory media_rules_history(const MediaRules *rules);

#endif
