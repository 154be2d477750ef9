/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DASH_MANIFEST_INNER_H
#define DASH_MANIFEST_INNER_H

/* The manifest from inside, for dash_manifest.c, which knows what is listed, and dash_text.c, which
 * writes it.
 *
 * Pure. Thread-safety: one thread. */

#include "package/dash_manifest.h"

/* Units of a rendition's times in a second. */
static inline int64_t dash_timescale(const DashTrack *t)
{
    return t->kind == TRACK_AUDIO ? SAMPLES_PER_S : TICKS_PER_S;
}

static inline int64_t dash_to_90k(const DashTrack *t, int64_t at)
{
    return t->kind == TRACK_AUDIO ? samples_to_90k(at) : at;
}

static inline int64_t dash_from_90k(const DashTrack *t, int64_t at_90k)
{
    return t->kind == TRACK_AUDIO ? floor_div(at_90k * 8, 15) : at_90k;
}

/* The time of day of a time of the stream's clock. */
static inline int64_t dash_time_of_day(const DashPeriod *p, int64_t at_90k)
{
    return p->start_unix_us + ticks_to_us(at_90k - p->start_90k);
}

/* What a rendition has in a period. */
static inline DashSpan *dash_span_of(const DashManifest *m, const DashPeriod *p, size_t which)
{
    return &m->track[which]->span[p - m->period];
}

/* A period has the same renditions from first to last: it is listed while each has a segment, but
 * for other video than the best. */
bool dash_manifest_lists(const DashManifest *manifest, const DashPeriod *period);

#endif
