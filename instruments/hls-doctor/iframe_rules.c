/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "iframe_rules.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define US_PER_S    1000000ll
#define DURATION_US 2000        /* durations are written with few digits */
#define DATE_US     (50 * 1000) /* a first picture may be shown somewhat after it is decoded */

#define KEPT 96 /* segments; more than any live list has */

typedef struct Kept {
    uint64_t sequence;
    RenditionMedia
        media; /* what its picture turned out to be; its peak is 0 if it does not count */
} Kept;

struct IframeRules {
    Findings *findings;
    const char *name;
    bool started;
    uint64_t sequence, discontinuity; /* of the last segment */
    int64_t duration_us, pts_90k;
    IframeHistory history;
    uint64_t bytes;
    int64_t listed_us; /* of all segments that were looked at */
    size_t count;      /* so far; the last KEPT of them are there */
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

void iframe_rules_list(Findings *f, const char *name, const M3u8 *m)
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
    if (m->has_part_inf || m->open)
        findings_add(f, "an I-frame playlist with parts (4.4.3.6)", "%s", name);
}

/* ---- against media playlists ---- */

/* Whether what two lists name is beside one place. */
static bool is_beside(const char *uri, const char *other)
{
    const char *end = strrchr(uri, '/'), *other_end = strrchr(other, '/');
    size_t len = end ? (size_t)(end - uri) : 0,
           other_len = other_end ? (size_t)(other_end - other) : 0;

    return len == other_len && memcmp(uri, other, len) == 0;
}

/* The segment whose range it is, among the newest of a list; NULL: none. */
static const M3u8Segment *segment_of(const M3u8 *m, const M3u8Segment *iframe)
{
    const M3u8Segment *same = m3u8_segment(m, iframe->sequence);

    if (same && strcmp(same->uri, iframe->uri) == 0)
        return same;
    for (size_t n = 0; n < m->count && n < KEPT; n++)
        if (strcmp(m->segments[m->count - 1 - n].uri, iframe->uri) == 0)
            return &m->segments[m->count - 1 - n];
    return NULL;
}

static void check_time(Findings *f, bool strict, const char *name, const M3u8Segment *iframe,
                       const M3u8Segment *segment)
{
    if (iframe->discontinuity != segment->discontinuity)
        findings_add(f, "an I-frame has another discontinuity number than its segment (6.2.4)",
                     "%s: segment %" PRIu64 ": %" PRIu64 ", the segment %" PRIu64, name,
                     iframe->sequence, iframe->discontinuity, segment->discontinuity);
    if (strict && iframe->sequence != segment->sequence)
        findings_add(f, "an I-frame has another number than its segment (aligned)",
                     "%s: %" PRIu64 ", the segment %" PRIu64, name, iframe->sequence,
                     segment->sequence);
    if (iframe->time_unix_us == M3U8_NO_TIME || segment->time_unix_us == M3U8_NO_TIME)
        return;
    int64_t into_us = iframe->time_unix_us - segment->time_unix_us;
    if (into_us < -DATE_US || into_us > segment->duration_us + DATE_US)
        findings_add(f, "the date of an I-frame is not within its segment (6.2.4)",
                     "%s: segment %" PRIu64 ": %.3f s from its beginning", name, iframe->sequence,
                     (double)into_us / US_PER_S);
}

void iframe_rules_across(Findings *f, bool strict, const RenditionView *iframes,
                         const RenditionView *media, size_t count)
{
    const M3u8 *m = iframes->list;

    for (size_t i = 0; i < count; i++) {
        if (m->target_s != media[i].list->target_s)
            findings_add(f, "an I-frame playlist has another TARGETDURATION (6.2.4)",
                         "%s: %" PRId64 " s, %s: %" PRId64 " s", iframes->uri, m->target_s,
                         media[i].uri, media[i].list->target_s);
        for (size_t n = 0; is_beside(iframes->uri, media[i].uri) && n < m->count && n < KEPT; n++) {
            const M3u8Segment *s = &m->segments[m->count - 1 - n];
            const M3u8Segment *whole = segment_of(media[i].list, s);
            if (whole)
                check_time(f, strict, iframes->uri, s, whole);
        }
    }
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
    int64_t lasted_us = probe_us(f->pts_90k - r->pts_90k);

    if (!r->started || s->sequence != r->sequence + 1 || s->discontinuity != r->discontinuity)
        return;
    if (llabs(lasted_us - r->duration_us) > DURATION_US)
        findings_add(r->findings, "EXTINF of an I-frame is not the time to the next one (4.4.3.6)",
                     "%s: segment %" PRIu64 ": %.5f s, then %.5f s passed", r->name, r->sequence,
                     (double)r->duration_us / US_PER_S, (double)lasted_us / US_PER_S);
}

void iframe_rules_segment(IframeRules *r, const M3u8Segment *s, const IframeFacts *f, size_t len,
                          size_t multi_version)
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
    r->bytes += len;
    r->listed_us += s->duration_us;
    Kept *k = &r->kept[r->count++ % KEPT];
    *k = (Kept){.sequence = s->sequence,
                .media = {.width = f->width, .height = f->height, .multi_version = multi_version}};
    memcpy(k->media.codec, f->codec, sizeof(k->media.codec));
    /* what is much shorter than the others is the last of its publisher, and does not count alone:
     * section 4.1 */
    if (s->duration_us >= US_PER_S / 2) {
        k->media.peak = (int64_t)len * 8 * US_PER_S / s->duration_us;
        r->history.peak = k->media.peak > r->history.peak ? k->media.peak : r->history.peak;
    }
}

IframeHistory iframe_rules_history(const IframeRules *r)
{
    return r->history;
}

RenditionMedia iframe_rules_media(const IframeRules *r, const char *uri, uint64_t first,
                                  uint64_t end)
{
    RenditionMedia m = {0};

    for (size_t n = r->count > KEPT ? r->count - KEPT : 0; n < r->count; n++) {
        const Kept *k = &r->kept[n % KEPT];
        if (k->sequence < end)
            rendition_media_add(&m, &k->media, k->sequence >= first);
    }
    m.uri = uri;
    if (r->listed_us > 0)
        m.average = (int64_t)((double)r->bytes * 8 * US_PER_S / (double)r->listed_us);
    return m;
}
