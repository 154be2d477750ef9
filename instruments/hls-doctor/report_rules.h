/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORT_RULES_H
#define REPORT_RULES_H

/* Checks what renditions report of each other, by rfc8216bis: sections 4.4.5.4 and B.1.
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include "multi_rules.h"

/* The last part of a playlist: its segment and its place there. */
typedef struct ListEdge {
    int64_t msn, part;
} ListEdge;

ListEdge list_edge(const M3u8 *list);

/* Whether `a` comes before `b`. */
bool list_edge_before(ListEdge a, ListEdge b);

/* Whether view[which] has a report of each other rendition. */
void report_rules_list(Findings *findings, const RenditionView *view, size_t count, size_t which);

/* A report that `name` gives of `about`: it must say at least `least`, what was there before. */
void report_rules_one(Findings *findings, const char *name, const M3u8Report *report, ListEdge own,
                      ListEdge least);

/* A report is a promise: `there` is the list of a request that was sent after the report came. */
void report_rules_promise(Findings *findings, const char *name, ListEdge promised, ListEdge there);

/* What a report says; an attribute that is left out is the same as that of the list itself. */
ListEdge list_edge_reported(const M3u8Report *report, ListEdge own);

#endif
