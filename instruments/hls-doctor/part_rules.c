/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part_rules.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "left_files.h"
#include "part_version.h"

#define US_PER_S       1000000ll
#define TIMING_US      (100 * 1000) /* what network and machine may add to a time seen here */
#define MARGIN_US      (500 * 1000) /* a retained part is tried so much before it may go */
#define RETAIN_TARGETS 3            /* target durations; section 6.2.2 */

struct PartRules {
    PartReport report;
    int64_t last_part_us, last_segment_us; /* when one was last seen to come; 0: never */
    LeftFiles left;
    PartHistory history;
};

PartRules *part_rules_create(Findings *findings, const char *name)
{
    PartRules *r = calloc(1, sizeof(*r));

    if (r) {
        r->report = (PartReport){findings, name};
        r->left.margin_us = MARGIN_US;
    }
    return r;
}

void part_rules_destroy(PartRules **rules)
{
    PartRules *r = *rules;

    if (!r)
        return;
    left_files_clear(&r->left);
    free(r);
    *rules = NULL;
}

/* ---- from one version to the next ---- */

static const M3u8Segment *of_sequence(const M3u8 *m, uint64_t sequence)
{
    return sequence == m3u8_next_sequence(m) ? m->open : m3u8_segment(m, sequence);
}

static void retain(PartRules *r, const M3u8Segment *s, int64_t until_us)
{
    for (size_t i = 0; i < s->part_count; i++)
        if (s->parts[i].uri && !s->parts[i].gap)
            left_files_add(&r->left, s->parts[i].uri, until_us);
}

static bool same_part(const M3u8Part *a, const M3u8Part *b)
{
    bool same_uri = a->uri && b->uri ? strcmp(a->uri, b->uri) == 0 : a->uri == b->uri;

    return same_uri && a->duration_us == b->duration_us && a->independent == b->independent &&
           a->gap == b->gap;
}

/* What is listed of a segment's parts in both versions is the same; those at its beginning may be
 * gone. */
static void check_same_parts(PartRules *r, const M3u8Segment *old, const M3u8Segment *new)
{
    size_t gone = 0;

    while (gone < old->part_count && !same_part(&old->parts[gone], &new->parts[0]))
        gone++;
    bool kept = gone < old->part_count && old->part_count - gone <= new->part_count;
    for (size_t i = gone; kept && i < old->part_count; i++)
        kept = same_part(&old->parts[i], &new->parts[i - gone]);
    if (!kept)
        findings_add(r->report.findings, "a listed part changes (6.2.1)", "%s: segment %" PRIu64,
                     r->report.name, old->sequence);
}

/* What leaves was listed at some time after `before` was last asked for, at `seen_us`. */
static void check_common(PartRules *r, const M3u8 *before, const M3u8 *now, int64_t seen_us)
{
    for (size_t i = 0; part_version_segment(before, i); i++) {
        const M3u8Segment *old = part_version_segment(before, i),
                          *new = of_sequence(now, old->sequence);
        if (old->part_count == 0 || !new)
            continue;
        if (old->map && (!new->map || strcmp(old->map, new->map) != 0))
            findings_add(r->report.findings, "the EXT-X-MAP of a listed segment changes (6.2.1)",
                         "%s: segment %" PRIu64, r->report.name, old->sequence);
        if (new->part_count > 0) {
            check_same_parts(r, old, new);
            continue;
        }
        size_t place = (size_t)(old->sequence - now->media_sequence);
        if (!now->ended &&
            part_version_behind_us(now, place) < 3 * now->target_s * US_PER_S - PART_ROUNDING_US)
            findings_add(r->report.findings,
                         "parts go within three target durations of the end (6.2.1, 6.2.2)",
                         "%s: segment %" PRIu64, r->report.name, old->sequence);
        retain(r, old, seen_us + RETAIN_TARGETS * now->target_s * US_PER_S);
    }
}

/* The first part behind the end of `before`, and its segment; NULL: there is none. */
static const M3u8Part *first_new_part(const M3u8 *before, const M3u8 *now, const M3u8Segment **of)
{
    uint64_t sequence = m3u8_next_sequence(before);
    size_t parts = m3u8_open_parts(before);
    const M3u8Segment *s = of_sequence(now, sequence);

    if (s && s->part_count <= parts)
        s = of_sequence(now, sequence + 1), parts = 0;
    *of = s;
    return s && s->part_count > parts ? &s->parts[parts] : NULL;
}

static const char *hint(const M3u8 *m, bool map)
{
    for (size_t i = 0; i < m->hint_count; i++)
        if (m->hints[i].map == map)
            return m->hints[i].uri;
    return NULL;
}

static void check_hint_kept(PartRules *r, const M3u8 *before, const M3u8 *now)
{
    const M3u8Segment *s, *last = before->open;
    const M3u8Part *part = first_new_part(before, now, &s);
    const char *hinted = hint(before, false), *map = hint(before, true);

    if (!last && before->count > 0)
        last = &before->segments[before->count - 1];
    if (!part || !part->uri || !last)
        return;
    bool begins_anew = s->discontinuity != last->discontinuity;
    if (hinted && strcmp(hinted, part->uri) != 0 && !begins_anew)
        findings_add(r->report.findings, "a hinted part comes under another name (4.4.5.3)",
                     "%s: %s, then %s", r->report.name, hinted, part->uri);
    if (s->map && last->map && strcmp(s->map, last->map) != 0 && (!map || strcmp(map, s->map) != 0))
        findings_remark(r->report.findings, "a new EXT-X-MAP without a hint of it (B.1)", "%s: %s",
                        r->report.name, s->map);
}

static void check_edge(PartRules *r, const M3u8 *before, const M3u8 *now)
{
    size_t parts = m3u8_open_parts(before);

    if (parts > 0 && !m3u8_has(now, m3u8_next_sequence(before), parts - 1))
        findings_add(r->report.findings, "parts vanish from the end (6.2.1)",
                     "%s: segment %" PRIu64 " part %zu", r->report.name, m3u8_next_sequence(before),
                     parts - 1);
}

/* ---- pace ---- */

/* A pause at whose end something else begins is the source's: encoders go away. */
static void check_part_pace(PartRules *r, const M3u8 *now, int64_t gap_us, bool away)
{
    int64_t *longest = away ? &r->history.longest_away_us : &r->history.longest_gap_us;

    *longest = gap_us > *longest ? gap_us : *longest;
    if (now->part_target_us <= 0 || gap_us <= now->part_target_us + TIMING_US)
        return;
    if (away)
        findings_remark(r->report.findings, "media is absent, and no gap stands for it (6.2.1)",
                        "%s: %.2f s before segment %" PRIu64, r->report.name,
                        (double)gap_us / US_PER_S, m3u8_next_sequence(now));
    else if (gap_us > now->part_hold_back_us)
        findings_add(r->report.findings, "no new part for longer than PART-HOLD-BACK (6.2.1)",
                     "%s: %.2f s before segment %" PRIu64 " part %zu", r->report.name,
                     (double)gap_us / US_PER_S, m3u8_next_sequence(now), m3u8_open_parts(now));
    else
        findings_remark(r->report.findings, "no new part for PART-TARGET and 100 ms (6.2.1)",
                        "%s: %.2f s before segment %" PRIu64 " part %zu", r->report.name,
                        (double)gap_us / US_PER_S, m3u8_next_sequence(now), m3u8_open_parts(now));
}

static uint64_t last_discontinuity(const M3u8 *m)
{
    if (m->open)
        return m->open->discontinuity;
    return m->count > 0 ? m->segments[m->count - 1].discontinuity : m->discontinuity_sequence;
}

static void check_pace(PartRules *r, const M3u8 *before, const M3u8 *now, bool waited,
                       int64_t now_us)
{
    bool away = last_discontinuity(before) != last_discontinuity(now), segments, parts;
    const M3u8Segment *s;

    segments = m3u8_next_sequence(now) > m3u8_next_sequence(before);
    parts = first_new_part(before, now, &s) || m3u8_next_sequence(before) < now->media_sequence;
    if (parts && waited && r->last_part_us != 0)
        check_part_pace(r, now, now_us - r->last_part_us, away);
    if (segments && r->last_segment_us != 0 && !away &&
        now_us - r->last_segment_us > now->target_s * US_PER_S * 3 / 2 + TIMING_US)
        findings_add(r->report.findings, "no new segment for 1.5 target durations (6.2.1)",
                     "%s: %.2f s before segment %" PRIu64, r->report.name,
                     (double)(now_us - r->last_segment_us) / US_PER_S, m3u8_next_sequence(now) - 1);
    r->history.parts += parts;
    if (parts)
        r->last_part_us = now_us;
    /* if the source was away, its first segment starts the count again */
    if (segments || away)
        r->last_segment_us = now_us;
}

void part_rules_version(PartRules *r, const M3u8 *before, const M3u8 *now, bool waited,
                        int64_t seen_us, int64_t now_us)
{
    part_version_check(&r->report, now);
    if (!before)
        return;
    check_common(r, before, now, seen_us);
    check_edge(r, before, now);
    check_hint_kept(r, before, now);
    check_pace(r, before, now, waited, now_us);
}

const char *part_rules_retained(PartRules *r, int64_t now_us, int64_t *until_us)
{
    return left_files_due(&r->left, now_us, until_us);
}

PartHistory part_rules_history(const PartRules *r)
{
    return r->history;
}
