/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_EDGE_H
#define LL_EDGE_H

/* Where a low-latency playlist ends, and what that means for a request that names a part of it
 * (rfc8216bis, section 6.2.5.2: blocking playlist reload).
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include "base/media.h"

typedef enum LlRendition { LL_VIDEO, LL_AUDIO, LL_RENDITIONS } LlRendition;

/* What there is of a rendition. */
typedef struct LlEdge {
    int64_t last_msn;      /* media sequence number of the last whole segment */
    int64_t last_parts;    /* parts that it has */
    int64_t open_parts;    /* parts of the segment behind it */
    int64_t advance_limit; /* parts that a request may be ahead */
    bool ended;
} LlEdge;

typedef enum LlVerdict {
    LL_READY, /* it can be answered */
    LL_WAIT,  /* when there is more */
    LL_BAD,   /* it is too far ahead: 400 */
} LlVerdict;

/* How far ahead a request may be where parts are `part_target_90k` long. */
int64_t ll_edge_advance_limit(int64_t part_target_90k);

/* What to do with a request for segment `msn` and its part `part`, or -1: the whole of it. */
LlVerdict ll_edge_verdict(const LlEdge *edge, int64_t msn, int64_t part);

/* What a playlist request asks for. */
typedef struct LlDirectives {
    int64_t msn;  /* -1: not said */
    int64_t part; /* -1: not said */
    bool skip;    /* a delta update will do */
} LlDirectives;

/* Reads the values of the three delivery directives, each NULL where it is not there. Returns NULL,
 * or a sentence that says what is wrong with them (400). */
const char *ll_directives_read(const char *msn, const char *part, const char *skip,
                               LlDirectives *out);

#endif
