/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TS_RULES_H
#define TS_RULES_H

/* Checks segments that are transport streams: each by itself, and beside the one before it. A
 * transport stream does not say how long its last picture is shown; only the next segment does.
 *
 * Pure: what is in a file is an argument. Thread-safety: none needed, there is no state. */

#include "findings.h"
#include "segment_probe.h"

/* A segment, as its playlist lists it and as it is. */
typedef struct TsSegment {
    const char *uri;
    uint64_t sequence, discontinuity;
    int64_t duration_us; /* EXTINF */
    SegmentFacts facts;
    int64_t stood_90k; /* how long the last picture before it stood; 0: not known */
} TsSegment;

/* One segment by itself. */
void ts_rules_segment(Findings *findings, const TsSegment *segment);

/* A segment and the one that was seen before it. Returns by how many milliseconds the EXTINF of
 * `before` is off, 0 if that cannot be told: they do not follow each other. Notes in `now` how long
 * the last picture stood. */
double ts_rules_join(Findings *findings, const TsSegment *before, TsSegment *now);

#endif
