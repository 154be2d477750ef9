/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PART_VERSION_H
#define PART_VERSION_H

/* What one version of a low-latency media playlist must say by itself, whatever came before it: its
 * head, its segments and their parts.
 *
 * Pure. Thread-safety: one thread. */

#include "findings.h"
#include "m3u8.h"

#define PART_ROUNDING_US 1000 /* sums of durations that are written with few digits */

/* Where faults go, and the name that stands before each place; both borrowed. */
typedef struct PartReport {
    Findings *findings;
    const char *name;
} PartReport;

void part_version_check(const PartReport *report, const M3u8 *version);

/* The segment at this place of the list, the open one behind all others, or NULL. */
const M3u8Segment *part_version_segment(const M3u8 *version, size_t i);

/* How much media there is from the end of the segment at place `i` to the end of the list. */
int64_t part_version_behind_us(const M3u8 *version, size_t i);

#endif
