/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "iframe_rules.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define US_PER_S    1000000ll
#define TICKS_PER_S 90000
#define ROUNDING    10000 /* EXTINF is written with few digits: one part of so many */
#define DURATION_US 2000  /* durations are written with few digits */

#define KEPT 96 /* segments; more than any live list has */

typedef struct Kept {
    uint64_t sequence;
    int64_t rate; /* bit/s */
} Kept;

struct IframeRules {
    Findings *findings;
    const char *name;
    bool started;
    uint64_t sequence, discontinuity; /* of the last segment */
    int64_t duration_us, pts_90k;
    IframeHistory history;
    size_t rates; /* so far; the last KEPT of them are there */
    Kept kept[KEPT];
};

/* ---- lists ---- */

static bool has_map(const M3u8 *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->segments[i].map)
            return true;
    return false;
}

void iframe_rules_list(Findings *f, const char *name, const M3u8 *m, int64_t target_s)
{
    unsigned needed = has_map(m) ? 5 : 4;

    if (!m->iframes_only)
        findings_add(f, "an I-frame playlist without EXT-X-I-FRAMES-ONLY (4.4.6.3)", "%s", name);
    if (m->version < needed)
        findings_add(f, "EXT-X-VERSION is too low (8)", "%s: %u, needed %u", name, m->version,
                     needed);
    if (m->malformed || m->repeated)
        findings_add(f, "an I-frame playlist with a tag that is malformed or stands twice (4.2)",
                     "%s: %s", name, m->malformed ? m->malformed : m->repeated);
    if (target_s > 0 && m->target_s != target_s)
        findings_add(f, "an I-frame playlist has another TARGETDURATION (6.2.4)",
                     "%s: %" PRId64 " s, others %" PRId64 " s", name, m->target_s, target_s);
    if (m->has_part_inf || m->open)
        findings_add(f, "an I-frame playlist with parts (4.4.3.6)", "%s", name);
}

/* ---- media ---- */

IframeRules *iframe_rules_create(Findings *findings, const char *name)
{
    IframeRules *r = calloc(1, sizeof(*r));

    if (r) {
        r->findings = findings;
        r->name = name;
    }
    return r;
}

void iframe_rules_destroy(IframeRules **rules)
{
    free(*rules);
    *rules = NULL;
}

static void check_picture(const IframeRules *r, const M3u8Segment *s, const IframeFacts *f)
{
    if (!f->is_idr)
        findings_add(r->findings, "an I-frame that is no IDR picture with its parameter sets (3)",
                     "%s: segment %" PRIu64, r->name, s->sequence);
    if (f->is_cut)
        findings_add(r->findings, "a range ends within its I-frame (4.4.3.6)",
                     "%s: segment %" PRIu64, r->name, s->sequence);
    else if (f->decoded != 1 || f->errors > 0)
        findings_add(r->findings, "an I-frame cannot be decoded alone (4.4.3.6)",
                     "%s: segment %" PRIu64 ": %zu pictures, %zu errors", r->name, s->sequence,
                     f->decoded, f->errors);
    if (f->pictures > 1)
        findings_add(r->findings, "a range holds more than its I-frame (4.4.3.6)",
                     "%s: segment %" PRIu64 ": %zu pictures", r->name, s->sequence, f->pictures);
}

/* An I-frame lasts until the next one. */
static void check_join(const IframeRules *r, const M3u8Segment *s, const IframeFacts *f)
{
    int64_t lasted_us = (f->pts_90k - r->pts_90k) * US_PER_S / TICKS_PER_S;

    if (!r->started || s->sequence != r->sequence + 1 || s->discontinuity != r->discontinuity)
        return;
    if (llabs(lasted_us - r->duration_us) > DURATION_US)
        findings_add(r->findings, "EXTINF of an I-frame is not the time to the next one (4.4.3.6)",
                     "%s: segment %" PRIu64 ": %.5f s, then %.5f s passed", r->name, r->sequence,
                     (double)r->duration_us / US_PER_S, (double)lasted_us / US_PER_S);
}

void iframe_rules_segment(IframeRules *r, const M3u8Segment *s, const IframeFacts *f, size_t len)
{
    if (!f) {
        findings_add(r->findings, "no picture is found in a range of an I-frame playlist (4.4.3.6)",
                     "%s: segment %" PRIu64 ": %zu bytes of %s", r->name, s->sequence, len, s->uri);
        return;
    }
    check_picture(r, s, f);
    check_join(r, s, f);
    r->started = true;
    r->sequence = s->sequence;
    r->discontinuity = s->discontinuity;
    r->duration_us = s->duration_us;
    r->pts_90k = f->pts_90k;
    r->history.pictures += f->decoded == 1;
    /* what is much shorter than the others is the last of its publisher, and does not count alone:
     * section 4.1 */
    if (s->duration_us >= US_PER_S / 2) {
        int64_t rate = (int64_t)len * 8 * US_PER_S / s->duration_us;
        r->history.peak = rate > r->history.peak ? rate : r->history.peak;
        r->kept[r->rates++ % KEPT] = (Kept){s->sequence, rate};
    }
}

IframeHistory iframe_rules_history(const IframeRules *r)
{
    return r->history;
}

int64_t iframe_rules_peak(const IframeRules *r, uint64_t first)
{
    int64_t peak = 0;

    for (size_t n = 0; n < r->rates && n < KEPT; n++)
        if (r->kept[n].sequence >= first && r->kept[n].rate > peak)
            peak = r->kept[n].rate;
    return peak;
}

void iframe_rules_bandwidth(Findings *f, const M3u8Multi *m, const char *uri, int64_t peak)
{
    for (size_t i = 0; i < m->iframe_count; i++) {
        const M3u8Variant *v = &m->iframe[i];
        if (strcmp(v->uri, uri) == 0 && v->bandwidth >= 0 && peak - peak / ROUNDING > v->bandwidth)
            findings_add(f, "BANDWIDTH is below the peak segment bit rate (4.4.6.2.1)",
                         "%s: %" PRId64 ", measured %" PRId64, uri, v->bandwidth, peak);
    }
}
