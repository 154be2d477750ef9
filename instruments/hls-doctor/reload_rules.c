/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reload_rules.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define US_PER_S     1000000ll
#define MAX_AGE_S    (100ll * 365 * 86400) /* what is longer is as good as this */
#define SMALL_BYTES  600                   /* what is shorter need not be compressed */
#define HOLD_TARGETS 3                     /* section 6.2.5.2 */
#define TIMING_US    (500 * 1000) /* what network and machine may add to a time seen here */

/* The value of a directive with its "=", as "max-age="; -1: it is not there. */
static int64_t directive_s(const char *text, const char *name)
{
    const char *at = strstr(text, name);

    return at ? strtoll(at + strlen(name), NULL, 10) : -1;
}

int64_t cache_max_age_s(const char *text)
{
    int64_t shared_s = directive_s(text, "s-maxage=");
    int64_t age_s = shared_s >= 0 ? shared_s : directive_s(text, "max-age=");

    if (strstr(text, "no-store"))
        return -1;
    return age_s < MAX_AGE_S ? age_s : MAX_AGE_S;
}

static void check_delivery(Findings *f, const Exchange *e)
{
    if (strncmp(e->type, "application/vnd.apple.mpegurl", 29) != 0 &&
        strncmp(e->type, "audio/mpegurl", 13) != 0)
        findings_remark(f, "a playlist of another Content-Type (4)", "%s: %s", e->name, e->type);
    if (strcmp(e->encoding, "gzip") != 0 && e->len > SMALL_BYTES)
        findings_remark(f, "a playlist is not compressed by gzip (6.2.1, B.1)", "%s: %zu bytes",
                        e->name, e->len);
    if (e->secure && !e->http2)
        findings_remark(f, "HTTP/2 is not spoken (B.1)", "%s", e->name);
}

/* B.1 recommends six target durations if the request names its part, else half a target duration.
 */
static void check_lifetime(Findings *f, const Exchange *e)
{
    int64_t age_us = cache_max_age_s(e->cache_control) * US_PER_S;

    if (e->msn >= 0 && age_us < HOLD_TARGETS * e->target_us)
        findings_remark(f, "an answer to a blocking request may not be cached for long (B.1)",
                        "%s: \"%s\"", e->name, e->cache_control);
    if (e->msn < 0 && e->target_us > 0 && age_us > e->target_us)
        findings_remark(f, "an answer to a request that does not block is cached for long (B.1)",
                        "%s: \"%s\"", e->name, e->cache_control);
}

static void check_held(Findings *f, const Exchange *e)
{
    int64_t limit_us = HOLD_TARGETS * e->target_us;

    if (e->target_us == 0 || e->msn < 0)
        return;
    if (e->held_us > limit_us + TIMING_US)
        findings_remark(f, "a request is held for more than three target durations (6.2.5.2)",
                        "%s: %.2f s", e->name, (double)e->held_us / US_PER_S);
    if (e->status == 503 && e->held_us < limit_us - TIMING_US)
        findings_remark(f, "503 before three target durations are over (6.2.5.2)", "%s: %.2f s",
                        e->name, (double)e->held_us / US_PER_S);
}

void reload_rules_playlist(Findings *f, const Exchange *e, const M3u8 *m)
{
    check_held(f, e);
    if (e->status != 200 || !m)
        return;
    check_delivery(f, e);
    check_lifetime(f, e);
    /* a part of -1: the whole segment; a part beyond its segment's last is the next one's first */
    uint64_t next = m3u8_next_sequence(m);
    bool has =
        e->part < 0 ? (uint64_t)e->msn < next : m3u8_has(m, (uint64_t)e->msn, (size_t)e->part);
    if (e->msn >= 0 && !m->ended && !has)
        findings_add(f, "a blocking request is answered before its part is there (6.2.5.2)",
                     "%s: asked for %" PRId64 ".%" PRId64 ", there is %" PRIu64 ".%zu", e->name,
                     e->msn, e->part, next, m3u8_open_parts(m));
}

/* From the end of the segment at place `i` to the end of the last whole one. */
static int64_t behind_us(const M3u8 *m, size_t i)
{
    int64_t sum = 0;

    for (size_t k = i + 1; k < m->count; k++)
        sum += m->segments[k].duration_us;
    return sum;
}

/* How many segments of a list are further from its end than the boundary allows to keep. */
static size_t beyond(const M3u8 *m, int64_t boundary_us)
{
    size_t n = 0;

    while (n < m->count && behind_us(m, n) > boundary_us)
        n++;
    return n;
}

void reload_rules_delta(Findings *f, const Exchange *e, const M3u8 *m, const M3u8 *before)
{
    int64_t kept_us = m->duration_us, parts_us = 0;

    for (size_t i = 0; m->open && i < m->open->part_count; i++)
        parts_us += m->open->parts[i].duration_us;
    if (!e->skip || m->can_skip_until_us < 0) {
        if (m->is_delta)
            findings_add(f, "a delta update that was not asked for or promised (6.2.5.1)", "%s",
                         e->name);
        return;
    }
    if (m->ended && m->is_delta)
        findings_add(f, "a delta update of an ended playlist (6.2.5.1)", "%s", e->name);
    if (m->ended)
        return;
    /* what was beyond the boundary before is so still */
    if (!m->is_delta && m->media_sequence == before->media_sequence &&
        beyond(before, m->can_skip_until_us) > 0)
        findings_add(f, "no delta update where one was asked for (6.2.5.1)", "%s", e->name);
    /* some measure from the end of the open segment: it is not said which is the last */
    if (m->is_delta && kept_us + parts_us < m->can_skip_until_us)
        findings_add(f, "a delta update leaves out what is near the end (6.2.5.1)",
                     "%s: %.3f s are kept, CAN-SKIP-UNTIL is %.3f s", e->name,
                     (double)kept_us / US_PER_S, (double)m->can_skip_until_us / US_PER_S);
    if (m->is_delta && beyond(m, m->can_skip_until_us) > 0)
        findings_remark(f, "a delta update keeps what is far from the end (6.2.5.1)", "%s",
                        e->name);
}

void reload_rules_media(Findings *f, const Exchange *e, bool hinted, int64_t part_target_us)
{
    if (e->status != 200) {
        findings_add(f, "a listed segment or part cannot be fetched (6.2.1)", "%s: HTTP status %ld",
                     e->name, e->status);
        return;
    }
    if (!strstr(e->type, "mp4") && !strstr(e->type, "iso.segment") &&
        strcasecmp(e->type, "video/mp2t") != 0)
        findings_remark(f, "media of another Content-Type than that of MP4 or transport streams",
                        "%s: %s", e->name, e->type);
    if (cache_max_age_s(e->cache_control) * US_PER_S < e->target_us)
        findings_remark(f, "media may not be cached (B.1)", "%s: \"%s\"", e->name,
                        e->cache_control);
    if (hinted && part_target_us > 0 && e->transfer_us > part_target_us / 2 + TIMING_US / 5)
        findings_add(f, "a hinted part trickles in (6.2.6)", "%s: %.0f ms from its first byte on",
                     e->name, (double)e->transfer_us / 1000);
}

/* Whether nobody has answered who could refuse: there is no answer, or one of a gateway. */
static bool is_nobody(long status)
{
    return status == 0 || (status >= 502 && status <= 504);
}

void reload_rules_refusal(Findings *f, const char *name, const char *what, bool must, long status)
{
    if (status == 400 || is_nobody(status))
        return;
    if (must)
        findings_add(f, "a request that must be refused with 400 is not (6.2.5.2)",
                     "%s: %s: HTTP status %ld", name, what, status);
    else
        findings_remark(f, "a request that should be refused with 400 is not (6.2.5.2)",
                        "%s: %s: HTTP status %ld", name, what, status);
}

void reload_rules_missing(Findings *f, const char *name, long status)
{
    if (status != 404)
        findings_remark(f, "what is not there is not answered by 404 (6.2.6)",
                        "%s: HTTP status %ld", name, status);
}
