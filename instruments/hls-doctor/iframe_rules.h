/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef IFRAME_RULES_H
#define IFRAME_RULES_H

/* Checks I-frame playlists (rfc8216bis, sections 4.4.3.6 and 4.4.6.3): each segment is a range of
 * bytes that holds one picture, which can be shown alone.
 *
 * Pure: what is in a range is an argument. Thread-safety: one thread. */

#include "findings.h"
#include "m3u8.h"
#include "m3u8_multi.h"
#include "segment_probe.h"

/* A version of the list of this name. `target_s` is the target duration of the other lists, 0: not
 * known. */
void iframe_rules_list(Findings *findings, const char *name, const M3u8 *list, int64_t target_s);

typedef struct IframeRules IframeRules;

/* `findings` and `name` are borrowed. Returns NULL if there is no memory. */
IframeRules *iframe_rules_create(Findings *findings, const char *name);
void iframe_rules_destroy(IframeRules **rules); /* accepts NULL, leaves NULL */

/* The next segment of the list, and what `len` bytes of it are. `facts` NULL: no picture could be
 * found there. */
void iframe_rules_segment(IframeRules *rules, const M3u8Segment *segment, const IframeFacts *facts,
                          size_t len);

typedef struct IframeHistory {
    size_t pictures; /* that were decoded, each alone */
    int64_t peak;    /* bit/s, of the largest segment; 0: not known */
} IframeHistory;

IframeHistory iframe_rules_history(const IframeRules *rules);

/* bit/s, of the largest segment from number `first` on; 0: not known. */
int64_t iframe_rules_peak(const IframeRules *rules, uint64_t first);

/* What the multivariant playlist says of the list `uri`, against the peak of what it lists. */
void iframe_rules_bandwidth(Findings *findings, const M3u8Multi *multi, const char *uri,
                            int64_t peak);

#endif
