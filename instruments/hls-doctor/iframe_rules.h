/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef IFRAME_RULES_H
#define IFRAME_RULES_H

/* Checks I-frame playlists (rfc8216bis, sections 4.4.3.6 and 4.4.6.3): each segment is a range of
 * bytes that holds one picture, which can be shown alone.
 *
 * Pure: what is in a range is an argument. Thread-safety: one thread. */

#include "findings.h"
#include "m3u8.h"
#include "multi_rules.h"
#include "segment_probe.h"

/* A version of the list of this name. */
void iframe_rules_list(Findings *findings, const char *name, const M3u8 *list);

/* The list against media playlists of the stream: what is a range of a segment that one of them has
 * too is of that segment's time. `strict`: it has its number as well. */
void iframe_rules_across(Findings *findings, bool strict, const RenditionView *iframes,
                         const RenditionView *media, size_t count);

typedef struct IframeRules IframeRules;

/* `findings` and `name` are borrowed. Returns NULL if there is no memory. */
IframeRules *iframe_rules_create(Findings *findings, const char *name);
void iframe_rules_destroy(IframeRules **rules); /* accepts NULL, leaves NULL */

/* The next segment of the list, and what `len` bytes of it are. `facts` NULL: no picture could be
 * found there. `multi_version` as in RenditionMedia. */
void iframe_rules_segment(IframeRules *rules, const M3u8Segment *segment, const IframeFacts *facts,
                          size_t len, size_t multi_version);

typedef struct IframeHistory {
    size_t pictures; /* that were decoded, each alone */
    int64_t peak;    /* bit/s, of the largest segment; 0: not known */
} IframeHistory;

IframeHistory iframe_rules_history(const IframeRules *rules);

/* As media_rules_media(). `uri` is borrowed. */
RenditionMedia iframe_rules_media(const IframeRules *rules, const char *uri, uint64_t first,
                                  uint64_t end);

#endif
