/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/dash_manifest_inner.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The media may come to be so far from the time of day before a period puts it right: more than a
 * date is corrected by, less than anybody minds in a distance of seconds. */
#define SLACK_US US_PER_S

/* ---- periods ---- */

/* The rendition that periods begin with. */
static size_t leader(const bool *has)
{
    return has[DASH_VIDEO] ? DASH_VIDEO : DASH_AUDIO;
}

static DashPeriod *newest(DashManifest *m)
{
    return m->periods > 0 ? &m->period[m->periods - 1] : NULL;
}

static void drop_segments(DashTrack *t, size_t n)
{
    t->count -= n;
    memmove(t->start, t->start + n, t->count * sizeof(t->start[0]));
    memmove(t->duration, t->duration + n, t->count * sizeof(t->duration[0]));
}

static void drop_first_period(DashManifest *m)
{
    m->periods--;
    for (size_t i = 0; i < m->renditions; i++) {
        DashTrack *t = m->track[i];
        drop_segments(t, t->span[0].count);
        memmove(t->span, t->span + 1, m->periods * sizeof(DashSpan));
    }
    memmove(m->period, m->period + 1, m->periods * sizeof(DashPeriod));
}

void dash_manifest_clear(DashManifest *m)
{
    while (m->periods > 0)
        drop_first_period(m);
}

void dash_manifest_begin(DashManifest *m, const bool *has)
{
    if (m->ended)
        dash_manifest_clear(m);
    memcpy(m->has, has, m->renditions * sizeof(*has)); /* it tells of no more */
    m->ended = false;
    m->interrupted = true;
}

static bool continues(const DashSpan *span, int64_t msn, const LlSegment *s)
{
    return span->init_msn == s->init_msn && span->first_msn + (int64_t)span->count == msn;
}

/* Whether the media goes on in the newest period with this segment of its leader. */
static bool goes_on(DashManifest *m, size_t which, int64_t msn, const LlSegment *s)
{
    const DashPeriod *p = newest(m);

    if (!p || m->interrupted || s->common.discontinuity ||
        !continues(dash_span_of(m, p, which), msn, s))
        return false;
    return llabs(s->common.starts_unix_us -
                 dash_time_of_day(p, dash_to_90k(m->track[which], s->start))) <= SLACK_US;
}

static void begin_period(DashManifest *m, size_t which, int64_t msn, const LlSegment *s)
{
    DashPeriod next = {.id = msn,
                       .start_unix_us = s->common.starts_unix_us,
                       .start_90k = dash_to_90k(m->track[which], s->start)};
    const DashPeriod *before = newest(m);

    if (s->key && s->key->cipher == MEDIA_CBCS) {
        memcpy(next.kid, s->key->id, sizeof(next.kid));
        next.cpix = s->key->cpix;
    }
    /* it joins the one before exactly, unless the time of day says otherwise */
    if (before) {
        int64_t joins_us = dash_time_of_day(before, next.start_90k);
        if (llabs(next.start_unix_us - joins_us) <= SLACK_US)
            next.start_unix_us = joins_us;
        if (next.start_unix_us <= before->start_unix_us)
            dash_manifest_clear(m); /* the system's clock was set back: it begins again */
    }
    if (m->periods == DASH_PERIODS_MAX)
        drop_first_period(m);
    for (size_t i = 0; i < m->renditions; i++)
        m->track[i]->span[m->periods] = (DashSpan){.promised = m->has[i]};
    m->period[m->periods++] = next;
    m->interrupted = false;
}

/* The period that a segment of another rendition than the leader lies in. */
static DashPeriod *period_at(DashManifest *m, int64_t at_90k)
{
    for (size_t i = m->periods; i > 0; i--)
        if (m->period[i - 1].start_90k <= at_90k)
            return &m->period[i - 1];
    return NULL;
}

/* The same. A key changes with a segment's number, and the sound of that number may begin a moment
 * before its pictures, with which the period begins. */
static DashPeriod *period_of(DashManifest *m, size_t which, int64_t msn, const LlSegment *s)
{
    for (size_t i = m->periods; s->key && i > 0; i--)
        if (m->period[i - 1].id == msn)
            return &m->period[i - 1];
    return period_at(m, dash_to_90k(m->track[which], s->start));
}

/* ---- segments ---- */

void dash_manifest_add(DashManifest *m, size_t which, int64_t msn, const LlSegment *s,
                       const DashPicture *picture)
{
    bool leads = which == leader(m->has);
    DashTrack *t = m->track[which];

    assert(t->count < LL_SEGMENTS_MAX);
    if (s->gap && which >= DASH_OTHERS) {
        const DashPeriod *last = newest(m);
        m->interrupted = m->interrupted || (last && dash_span_of(m, last, which)->count > 0);
        return; /* what it lacks, others need not */
    }
    if (s->gap || (m->interrupted && !leads)) {
        m->interrupted = true;
        return;
    }
    if (leads && !goes_on(m, which, msn, s))
        begin_period(m, which, msn, s);
    DashPeriod *p = leads ? newest(m) : period_of(m, which, msn, s);
    if (!p)
        return;
    DashSpan *span = dash_span_of(m, p, which);
    if (span->count == 0) {
        span->init_msn = s->init_msn;
        span->first_msn = msn;
        span->picture = *picture;
    } else if (!continues(span, msn, s)) {
        m->interrupted = true; /* numbers cannot skip one within a period */
        return;
    }
    t->start[t->count] = s->start;
    t->duration[t->count++] = (int32_t)(s->common.duration_90k * dash_timescale(t) / TICKS_PER_S);
    span->count++;
}

void dash_manifest_drop(DashManifest *m, size_t which, int64_t msn)
{
    size_t n = 0;

    for (size_t i = 0; i < m->periods; i++) {
        DashSpan *span = &m->track[which]->span[i];
        for (; span->count > 0 && span->first_msn < msn; span->count--, n++)
            span->first_msn++;
    }
    drop_segments(m->track[which], n);
    while (m->periods > 0) {
        size_t led = m->track[DASH_VIDEO]->span[0].promised ? DASH_VIDEO : DASH_AUDIO;
        if (m->track[led]->span[0].count > 0)
            break;
        drop_first_period(m);
    }
}

/* ---- what is listed ---- */

bool dash_manifest_lists(const DashManifest *m, const DashPeriod *p)
{
    for (size_t i = 0; i < DASH_OTHERS; i++) {
        const DashSpan *span = dash_span_of(m, p, i);
        if (span->promised && span->count == 0)
            return false;
    }
    return true;
}

bool dash_manifest_has_media(const DashManifest *m)
{
    for (size_t i = 0; i < m->periods; i++)
        if (dash_manifest_lists(m, &m->period[i]))
            return true;
    return false;
}

/* Where the media of the first period begins, on the stream's clock. */
static int64_t first_90k(const DashManifest *m)
{
    int64_t at_90k = INT64_MAX;

    for (size_t k = 0; k < m->renditions; k++)
        if (m->track[k]->span[0].count > 0) {
            int64_t start_90k = dash_to_90k(m->track[k], m->track[k]->start[0]);
            at_90k = start_90k < at_90k ? start_90k : at_90k;
        }
    return at_90k;
}

void dash_manifest_end(DashManifest *m)
{
    m->ended = true;
    while (m->periods > 0 && !dash_manifest_lists(m, &m->period[0]))
        drop_first_period(m);
    if (m->periods == 0)
        return;
    DashPeriod *p = &m->period[0];
    int64_t at_90k = first_90k(m);
    p->start_unix_us = dash_time_of_day(p, at_90k);
    p->start_90k = at_90k;
}
