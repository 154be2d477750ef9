/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part_version.h"

#include <inttypes.h>

#define US_PER_S      1000000ll
#define LEAST_PERCENT 85

const M3u8Segment *part_version_segment(const M3u8 *m, size_t i)
{
    return i < m->count ? &m->segments[i] : i == m->count ? m->open : NULL;
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

int64_t part_version_behind_us(const M3u8 *m, size_t i)
{
    int64_t sum = m->open && i < m->count ? parts_us(m->open) : 0;

    for (size_t k = i + 1; k < m->count; k++)
        sum += m->segments[k].duration_us;
    return sum;
}

/* ---- the head of one version ---- */

static void check_control(const PartReport *r, const M3u8 *m)
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
    for (size_t i = 0; part_version_segment(m, i); i++)
        if (part_version_segment(m, i)->map)
            return true;
    return false;
}

static void check_head(const PartReport *r, const M3u8 *m)
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

static void check_hints(const PartReport *r, const M3u8 *m)
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

static void check_part(const PartReport *r, const M3u8 *m, const M3u8Segment *s, size_t i)
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
static void check_sum(const PartReport *r, const M3u8 *m, size_t i)
{
    const M3u8Segment *s = &m->segments[i];
    int64_t off = s->duration_us - parts_us(s);
    bool whole = i > 0 && m->segments[i - 1].part_count > 0;

    if (s->part_count == 0)
        return;
    if (off < -PART_ROUNDING_US || (whole && off > PART_ROUNDING_US))
        findings_add(r->findings, "EXTINF is not the sum of the parts (3.2)",
                     "%s: segment %" PRIu64 ": %.5f s, parts %.5f s", r->name, s->sequence,
                     (double)s->duration_us / US_PER_S, (double)parts_us(s) / US_PER_S);
}

static void check_segment(const PartReport *r, const M3u8 *m, size_t i)
{
    const M3u8Segment *s = part_version_segment(m, i);
    const M3u8Segment *before = i > 0 ? part_version_segment(m, i - 1) : NULL;
    int64_t three_targets = 3 * m->target_s * US_PER_S;

    for (size_t k = 0; k < s->part_count; k++)
        check_part(r, m, s, k);
    if (s->late_tag)
        findings_add(r->findings, "a tag of a segment stands behind its first part (4.4.4.9)",
                     "%s: segment %" PRIu64, r->name, s->sequence);
    if (!s->map && !s->gap && has_map(m)) /* a gap has no media */
        findings_add(r->findings, "a segment without EXT-X-MAP (3.1.2)", "%s: segment %" PRIu64,
                     r->name, s->sequence);
    if (before && before->discontinuity != s->discontinuity && s->time_unix_us == M3U8_NO_TIME)
        findings_remark(r->findings, "a discontinuity without EXT-X-PROGRAM-DATE-TIME (6.2.1)",
                        "%s: segment %" PRIu64, r->name, s->sequence);
    if (!m->ended && s->uri && s->part_count > 0 &&
        part_version_behind_us(m, i) > three_targets + PART_ROUNDING_US)
        findings_remark(r->findings,
                        "parts further than three target durations from the end (6.2.2)",
                        "%s: segment %" PRIu64, r->name, s->sequence);
}

void part_version_check(const PartReport *r, const M3u8 *m)
{
    bool dated = m->count == 0 && !m->open;

    check_control(r, m);
    check_head(r, m);
    check_hints(r, m);
    for (size_t i = 0; part_version_segment(m, i); i++) {
        check_segment(r, m, i);
        if (i < m->count)
            check_sum(r, m, i);
        dated = dated || part_version_segment(m, i)->time_unix_us != M3U8_NO_TIME;
    }
    if (has_parts(m) && !dated)
        findings_remark(r->findings, "no EXT-X-PROGRAM-DATE-TIME (B.1)", "%s", r->name);
}
