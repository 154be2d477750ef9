/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MULTI_RULES_H
#define MULTI_RULES_H

/* Checks a multivariant playlist, and its renditions beside each other, by rfc8216bis: sections
 * 4.4.6, 6.2.4, 4.4.5.4 and B.1.
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include "findings.h"
#include "m3u8.h"
#include "m3u8_multi.h"

/* One rendition: its URI as the multivariant playlist writes it, and its playlist. */
typedef struct RenditionView {
    const char *uri;
    const M3u8 *list;
} RenditionView;

/* What the media of a rendition turned out to be. */
typedef struct RenditionMedia {
    const char *uri;
    char codec[32];       /* as in CODECS; "": not known */
    char sound_codec[32]; /* of sound beside pictures, likewise */
    int width, height, channels;
    double frame_rate;     /* the highest of a segment that is listed; 0: none */
    int64_t peak, average; /* bit/s; 0: not known */
} RenditionMedia;

/* The last part of a playlist: its segment and its place there. */
typedef struct ListEdge {
    int64_t msn, part;
} ListEdge;

ListEdge list_edge(const M3u8 *list);

/* Whether `a` comes before `b`. */
bool list_edge_before(ListEdge a, ListEdge b);

/* One multivariant playlist by itself. */
void multi_rules_check(Findings *findings, const M3u8Multi *multi);

/* Its attributes against the media. */
void multi_rules_media(Findings *findings, const M3u8Multi *multi, const RenditionMedia *media,
                       size_t count);

/* The renditions against each other, as they are at about one time. */
void multi_rules_renditions(Findings *findings, const RenditionView *view, size_t count);

/* Whether view[which] has a report of each other rendition. */
void multi_rules_reports(Findings *findings, const RenditionView *view, size_t count, size_t which);

/* A report that `name` gives of `about`: it must say at least `least`, what was there before. */
void multi_rules_report(Findings *findings, const char *name, const M3u8Report *report,
                        ListEdge own, ListEdge least);

/* A report is a promise: `there` is the list of a request that was sent after the report came. */
void multi_rules_promise(Findings *findings, const char *name, ListEdge promised, ListEdge there);

/* What a report says; an attribute that is left out is the same as that of the list itself. */
ListEdge list_edge_reported(const M3u8Report *report, ListEdge own);

#endif
