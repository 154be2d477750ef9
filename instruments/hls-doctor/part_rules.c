/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part_rules.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define US_PER_S       1000000ll
#define LEAST_PERCENT  85
#define ROUNDING_US    1000         /* sums of durations that are written with few digits */
#define TIMING_US      (100 * 1000) /* what network and machine may add to a time seen here */
#define MARGIN_US      (500 * 1000) /* a retained part is tried so much before it may go */
#define RETAIN_TARGETS 3            /* target durations; section 6.2.2 */
#define RETAINED_MAX   1024         /* parts; a minute of them */

typedef struct RetainedPart {
    char *uri;
    int64_t until_us;
} RetainedPart;

struct PartRules {
    Findings *findings;
    const char *name;
    int64_t last_part_us, last_segment_us; /* when one was last seen to come; 0: never */
    size_t retained_count;
    RetainedPart retained[RETAINED_MAX];
    char *tried;
    PartHistory history;
};

PartRules *part_rules_create(Findings *findings, const char *name)
{
    PartRules *r = calloc(1, sizeof(*r));

    if (r) {
        r->findings = findings;
        r->name = name;
    }
    return r;
}

void part_rules_destroy(PartRules **rules)
{
    PartRules *r = *rules;

    if (!r)
        return;
    for (size_t i = 0; i < r->retained_count; i++)
        free(r->retained[i].uri);
    free(r->tried);
    free(r);
    *rules = NULL;
}

/* The segment at this place of the list, the open one behind all others, or NULL. */
static const M3u8Segment *at(const M3u8 *m, size_t i)
{
    return i < m->count ? &m->segments[i] : i == m->count ? m->open : NULL;
}

static const M3u8Segment *of_sequence(const M3u8 *m, uint64_t sequence)
{
    return sequence == m3u8_next_sequence(m) ? m->open : m3u8_segment(m, sequence);
}

static int64_t parts_us(const M3u8Segment *s)
{
    int64_t sum = 0;

    for (size_t i = 0; i < s->part_count; i++)
        sum += s->parts[i].duration_us > 0 ? s->parts[i].duration_us : 0;
    return sum;
}

static bool has_parts(const M3u8 *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->segments[i].part_count > 0)
            return true;
    return m->open != NULL;
}

/* From the end of the segment at place `i` to the end of the list. */
static int64_t behind_us(const M3u8 *m, size_t i)
{
    int64_t sum = m->open && i < m->count ? parts_us(m->open) : 0;

    for (size_t k = i + 1; k < m->count; k++)
        sum += m->segments[k].duration_us;
    return sum;
}

/* ---- the head of one version ---- */

static void check_control(PartRules *r, const M3u8 *m)
{
    int64_t target = m->target_s * US_PER_S, part = m->part_target_us;

    if (has_parts(m) && !m->has_part_inf)
        findings_add(r->findings, "parts without EXT-X-PART-INF (4.4.3.7)", "%s", r->name);
    if (m->has_part_inf && part <= 0)
        findings_add(r->findings, "EXT-X-PART-INF without PART-TARGET (4.4.3.7)", "%s", r->name);
    if (m->has_part_inf && m->part_hold_back_us < 0)
        findings_add(r->findings, "EXT-X-PART-INF without PART-HOLD-BACK (4.4.3.8)", "%s", r->name);
    else if (part > 0 && m->part_hold_back_us < 2 * part)
        findings_add(r->findings, "PART-HOLD-BACK below twice PART-TARGET (4.4.3.8)",
                     "%s: %.3f s, parts %.3f s", r->name, (double)m->part_hold_back_us / US_PER_S,
                     (double)part / US_PER_S);
    else if (part > 0 && m->part_hold_back_us < 3 * part)
        findings_remark(r->findings, "PART-HOLD-BACK below three times PART-TARGET (4.4.3.8)",
                        "%s: %.3f s, parts %.3f s", r->name,
                        (double)m->part_hold_back_us / US_PER_S, (double)part / US_PER_S);
    if (m->hold_back_us >= 0 && m->hold_back_us < 3 * target)
        findings_add(r->findings, "HOLD-BACK below three times TARGETDURATION (4.4.3.8)",
                     "%s: %.3f s", r->name, (double)m->hold_back_us / US_PER_S);
    if (m->can_skip_until_us >= 0 && m->can_skip_until_us < 6 * target)
        findings_add(r->findings, "CAN-SKIP-UNTIL below six times TARGETDURATION (4.4.3.8)",
                     "%s: %.3f s", r->name, (double)m->can_skip_until_us / US_PER_S);
    if (has_parts(m) && !m->can_block)
        findings_remark(r->findings, "parts without CAN-BLOCK-RELOAD (B.1)", "%s", r->name);
}

static bool has_map(const M3u8 *m)
{
    for (size_t i = 0; at(m, i); i++)
        if (at(m, i)->map)
            return true;
    return false;
}

static void check_head(PartRules *r, const M3u8 *m)
{
    unsigned needed = m->is_delta ? 9 : has_map(m) ? 6 : 3;

    if (m->malformed)
        findings_add(r->findings, "a malformed attribute list (4.2)", "%s: %s", r->name,
                     m->malformed);
    if (m->repeated)
        findings_add(r->findings, "a tag stands twice that may stand once (4.4.2, 4.4.3)", "%s: %s",
                     r->name, m->repeated);
    if (m->version < needed)
        findings_add(r->findings, "EXT-X-VERSION is too low (8)", "%s: %u, needed %u", r->name,
                     m->version, needed);
    else if (m->version > needed)
        findings_remark(r->findings, "EXT-X-VERSION is higher than needed (6.2.1)",
                        "%s: %u, needed %u", r->name, m->version, needed);
}

static void check_hints(PartRules *r, const M3u8 *m)
{
    size_t parts = 0, maps = 0;

    for (size_t i = 0; i < m->hint_count; i++) {
        *(m->hints[i].map ? &maps : &parts) += 1;
        if (!m->hints[i].uri)
            findings_add(r->findings, "EXT-X-PRELOAD-HINT without URI (4.4.5.3)", "%s", r->name);
    }
    if (m->ended && m->hint_count > 0)
        findings_add(r->findings, "EXT-X-PRELOAD-HINT in an ended playlist (4.4.5.3)", "%s",
                     r->name);
    if (parts > 1 || maps > 1)
        findings_remark(r->findings, "several EXT-X-PRELOAD-HINT of one type (6.2.6)", "%s",
                        r->name);
    if (has_parts(m) && !m->ended && parts == 0)
        findings_remark(r->findings, "parts without EXT-X-PRELOAD-HINT (B.1)", "%s", r->name);
}

/* ---- the segments and parts of one version ---- */

/* Whether a part may be short: section 4.4.4.9. */
static bool may_be_short(const M3u8Segment *s, size_t i)
{
    bool last = i + 1 == s->part_count; /* of an open segment: it may be its last */

    return last || s->parts[i].independent || s->parts[i].gap || s->parts[i + 1].gap;
}

static void check_part(PartRules *r, const M3u8 *m, const M3u8Segment *s, size_t i)
{
    const M3u8Part *p = &s->parts[i];

    if (!p->uri || p->duration_us < 0) {
        findings_add(r->findings, "EXT-X-PART without URI or DURATION (4.4.4.9)",
                     "%s: segment %" PRIu64 " part %zu", r->name, s->sequence, i);
        return;
    }
    if (m->part_target_us <= 0)
        return;
    if (p->duration_us > m->part_target_us)
        findings_add(r->findings, "a part is longer than PART-TARGET (4.4.4.9)",
                     "%s: segment %" PRIu64 " part %zu: %.5f s", r->name, s->sequence, i,
                     (double)p->duration_us / US_PER_S);
    if (p->duration_us * 100 < m->part_target_us * LEAST_PERCENT && !may_be_short(s, i))
        findings_add(r->findings, "a part is shorter than 85 % of PART-TARGET (4.4.4.9)",
                     "%s: segment %" PRIu64 " part %zu: %.5f s", r->name, s->sequence, i,
                     (double)p->duration_us / US_PER_S);
    if (p->gap && s->uri && !s->gap)
        findings_remark(r->findings, "a part is a gap, its segment is none (6.2.1)",
                        "%s: segment %" PRIu64 " part %zu", r->name, s->sequence, i);
}

/* A segment lasts as long as its parts. The first that has any may have lost some already. */
static void check_sum(PartRules *r, const M3u8 *m, size_t i)
{
    const M3u8Segment *s = &m->segments[i];
    int64_t off = s->duration_us - parts_us(s);
    bool whole = i > 0 && m->segments[i - 1].part_count > 0;

    if (s->part_count == 0)
        return;
    if (off < -ROUNDING_US || (whole && off > ROUNDING_US))
        findings_add(r->findings, "EXTINF is not the sum of the parts (3.2)",
                     "%s: segment %" PRIu64 ": %.5f s, parts %.5f s", r->name, s->sequence,
                     (double)s->duration_us / US_PER_S, (double)parts_us(s) / US_PER_S);
}

static void check_segment(PartRules *r, const M3u8 *m, size_t i)
{
    const M3u8Segment *s = at(m, i);
    const M3u8Segment *before = i > 0 ? at(m, i - 1) : NULL;
    int64_t three_targets = 3 * m->target_s * US_PER_S;

    for (size_t k = 0; k < s->part_count; k++)
        check_part(r, m, s, k);
    if (s->late_tag)
        findings_add(r->findings, "a tag of a segment stands behind its first part (4.4.4.9)",
                     "%s: segment %" PRIu64, r->name, s->sequence);
    if (!s->map && has_map(m))
        findings_add(r->findings, "a segment without EXT-X-MAP (3.1.2)", "%s: segment %" PRIu64,
                     r->name, s->sequence);
    if (before && before->discontinuity != s->discontinuity && s->time_unix_us == M3U8_NO_TIME)
        findings_remark(r->findings, "a discontinuity without EXT-X-PROGRAM-DATE-TIME (6.2.1)",
                        "%s: segment %" PRIu64, r->name, s->sequence);
    if (!m->ended && s->uri && s->part_count > 0 && behind_us(m, i) > three_targets + ROUNDING_US)
        findings_remark(r->findings,
                        "parts further than three target durations from the end (6.2.2)",
                        "%s: segment %" PRIu64, r->name, s->sequence);
}

static void check_version(PartRules *r, const M3u8 *m)
{
    bool dated = m->count == 0 && !m->open;

    check_control(r, m);
    check_head(r, m);
    check_hints(r, m);
    for (size_t i = 0; at(m, i); i++) {
        check_segment(r, m, i);
        if (i < m->count)
            check_sum(r, m, i);
        dated = dated || at(m, i)->time_unix_us != M3U8_NO_TIME;
    }
    if (has_parts(m) && !dated)
        findings_remark(r->findings, "no EXT-X-PROGRAM-DATE-TIME (B.1)", "%s", r->name);
}

/* ---- from one version to the next ---- */

static void retain(PartRules *r, const M3u8Segment *s, int64_t until_us)
{
    for (size_t i = 0; i < s->part_count && r->retained_count < RETAINED_MAX; i++)
        if (s->parts[i].uri && !s->parts[i].gap)
            r->retained[r->retained_count++] = (RetainedPart){strdup(s->parts[i].uri), until_us};
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
        findings_add(r->findings, "a listed part changes (6.2.1)", "%s: segment %" PRIu64, r->name,
                     old->sequence);
}

static void check_common(PartRules *r, const M3u8 *before, const M3u8 *now, int64_t now_us)
{
    for (size_t i = 0; at(before, i); i++) {
        const M3u8Segment *old = at(before, i), *new = of_sequence(now, old->sequence);
        if (old->part_count == 0 || !new)
            continue;
        if (old->map && (!new->map || strcmp(old->map, new->map) != 0))
            findings_add(r->findings, "the EXT-X-MAP of a listed segment changes (6.2.1)",
                         "%s: segment %" PRIu64, r->name, old->sequence);
        if (new->part_count > 0) {
            check_same_parts(r, old, new);
            continue;
        }
        size_t place = (size_t)(old->sequence - now->media_sequence);
        if (!now->ended && behind_us(now, place) < 3 * now->target_s * US_PER_S - ROUNDING_US)
            findings_add(r->findings,
                         "parts go within three target durations of the end (6.2.1, 6.2.2)",
                         "%s: segment %" PRIu64, r->name, old->sequence);
        retain(r, old, now_us + RETAIN_TARGETS * now->target_s * US_PER_S);
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
        findings_add(r->findings, "a hinted part comes under another name (4.4.5.3)",
                     "%s: %s, then %s", r->name, hinted, part->uri);
    if (s->map && last->map && strcmp(s->map, last->map) != 0 && (!map || strcmp(map, s->map) != 0))
        findings_remark(r->findings, "a new EXT-X-MAP without a hint of it (B.1)", "%s: %s",
                        r->name, s->map);
}

static void check_edge(PartRules *r, const M3u8 *before, const M3u8 *now)
{
    size_t parts = m3u8_open_parts(before);

    if (parts > 0 && !m3u8_has(now, m3u8_next_sequence(before), parts - 1))
        findings_add(r->findings, "parts vanish from the end (6.2.1)",
                     "%s: segment %" PRIu64 " part %zu", r->name, m3u8_next_sequence(before),
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
        findings_remark(r->findings, "media is absent, and no gap stands for it (6.2.1)",
                        "%s: %.2f s before segment %" PRIu64, r->name, (double)gap_us / US_PER_S,
                        m3u8_next_sequence(now));
    else if (gap_us > now->part_hold_back_us)
        findings_add(r->findings, "no new part for longer than PART-HOLD-BACK (6.2.1)",
                     "%s: %.2f s before segment %" PRIu64 " part %zu", r->name,
                     (double)gap_us / US_PER_S, m3u8_next_sequence(now), m3u8_open_parts(now));
    else
        findings_remark(r->findings, "no new part for PART-TARGET and 100 ms (6.2.1)",
                        "%s: %.2f s before segment %" PRIu64 " part %zu", r->name,
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
        findings_add(r->findings, "no new segment for 1.5 target durations (6.2.1)",
                     "%s: %.2f s before segment %" PRIu64, r->name,
                     (double)(now_us - r->last_segment_us) / US_PER_S, m3u8_next_sequence(now) - 1);
    r->history.parts += parts;
    if (parts)
        r->last_part_us = now_us;
    /* if the source was away, its first segment starts the count again */
    if (segments || away)
        r->last_segment_us = now_us;
}

void part_rules_version(PartRules *r, const M3u8 *before, const M3u8 *now, bool waited,
                        int64_t now_us)
{
    check_version(r, now);
    if (!before)
        return;
    check_common(r, before, now, now_us);
    check_edge(r, before, now);
    check_hint_kept(r, before, now);
    check_pace(r, before, now, waited, now_us);
}

const char *part_rules_retained(PartRules *r, int64_t now_us, int64_t *until_us)
{
    for (size_t i = 0; i < r->retained_count;) {
        RetainedPart part = r->retained[i];
        if (now_us < part.until_us - MARGIN_US) {
            i++;
            continue;
        }
        r->retained[i] = r->retained[--r->retained_count];
        free(r->tried);
        r->tried = part.uri;
        *until_us = part.until_us;
        if (now_us < part.until_us) /* else it may be gone by now */
            return r->tried;
    }
    return NULL;
}

PartHistory part_rules_history(const PartRules *r)
{
    return r->history;
}
