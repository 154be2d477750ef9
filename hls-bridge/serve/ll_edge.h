/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_EDGE_H
#define LL_EDGE_H

/* The end of a low-latency playlist, and the answer to a request that names a part of it
 * (rfc8216bis, section 6.2.5.2: blocking playlist reload).
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include "base/media.h"

/* What there is of a rendition. */
typedef struct LlEdge {
    int64_t last_msn;      /* media sequence number of the last whole segment */
    int64_t last_parts;    /* parts of that segment */
    int64_t open_parts;    /* parts of the next segment, so far */
    int64_t advance_limit; /* how many parts ahead a request may be */
    bool ended;
} LlEdge;

typedef enum LlVerdict {
    LL_READY, /* answer now */
    LL_WAIT,  /* hold it until there is more */
    LL_BAD,   /* it is too far ahead: answer 400 */
} LlVerdict;

/* How many parts ahead a request may be if parts are `part_target_90k` long. */
int64_t ll_edge_advance_limit(int64_t part_target_90k);

/* What to do with a request for part `part` of segment `msn`; part -1: for the whole segment. */
LlVerdict ll_edge_verdict(const LlEdge *edge, int64_t msn, int64_t part);

/* What a playlist request asks for. */
typedef struct LlDirectives {
    int64_t msn;  /* _HLS_msn; -1: missing */
    int64_t part; /* _HLS_part; -1: missing */
    bool skip;    /* _HLS_skip: a delta update is enough */
} LlDirectives;

/* Parses the values of the three delivery directives, each NULL if it is missing. Returns NULL, or
 * a sentence that says what is wrong (answer 400). */
const char *ll_directives_read(const char *msn, const char *part, const char *skip,
                               LlDirectives *out);

#endif
