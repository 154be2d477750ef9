/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "apple_rules.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define US_PER_S         1000000ll
#define SEGMENTS_LEAST   6
#define WINDOW_S         (15 * 60)
#define DELTA_WINDOW_S   (2 * 60)
#define TARGET_S         6
#define PART_TARGET_US   US_PER_S
#define CELLULAR_BITS    192000 /* per second */
#define ASPECT_PER_MILLE 20     /* sizes are rounded to even numbers */

/* ---- the multivariant playlist ---- */

static bool names(const char *codecs, const char *const *kinds)
{
    for (const char *at = codecs; at; at = m3u8_multi_next_codec(at))
        for (size_t i = 0; kinds[i]; i++)
            if (strncasecmp(at, kinds[i], strlen(kinds[i])) == 0)
                return true;
    return false;
}

static bool shows_pictures(const M3u8Variant *v)
{
    static const char *const kinds[] = {"avc", "hvc", "hev", "dvh", "av01", NULL};

    return v->width > 0 || names(v->codecs, kinds);
}

static bool carries_sound(const M3u8Variant *v)
{
    static const char *const kinds[] = {"mp4a", "ac-3", "ec-3", "alac", "flac", "fLaC", NULL};

    return names(v->codecs, kinds);
}

static void check_variant(Findings *f, const M3u8Variant *v)
{
    bool pictures = shows_pictures(v);

    if (v->codecs[0] == '\0')
        findings_add(f, "Apple 9.1: a variant without CODECS; name all that it has", "%s", v->uri);
    if (pictures && v->width == 0)
        findings_add(f, "Apple 9.2: a variant without RESOLUTION; say how large it is", "%s",
                     v->uri);
    if (pictures && carries_sound(v) && v->audio[0] == '\0')
        findings_remark(f, "Apple 9.5: sound within its pictures' files; give it its own playlist",
                        "%s", v->uri);
    if (v->average_bandwidth < 0)
        findings_add(f, "Apple 9.14: a variant without AVERAGE-BANDWIDTH; say what it takes", "%s",
                     v->uri);
    if (pictures && v->frame_rate_us < 0)
        findings_add(f, "Apple 9.15: a variant without FRAME-RATE; say how many pictures a second",
                     "%s", v->uri);
}

static void check_iframe_variant(Findings *f, const M3u8Variant *v)
{
    if (v->codecs[0] == '\0')
        findings_add(f, "Apple 9.3: an I-frame variant without CODECS; name all that it has", "%s",
                     v->uri);
    if (v->width == 0)
        findings_add(f, "Apple 9.4: an I-frame variant without RESOLUTION; say how large it is",
                     "%s", v->uri);
}

static void check_media(Findings *f, const M3u8Media *a)
{
    if (strcmp(a->type, "VIDEO") != 0 && a->language[0] == '\0')
        findings_add(f, "Apple 8.10: EXT-X-MEDIA without LANGUAGE; say which, or \"und\"", "%s: %s",
                     a->type, a->name);
}

/* Pictures of so many different bit rates. */
static size_t bit_rates(const M3u8Multi *m)
{
    size_t n = 0;

    for (size_t i = 0; i < m->variant_count; i++) {
        bool other = shows_pictures(&m->variant[i]);
        for (size_t k = 0; other && k < i; k++)
            other = !shows_pictures(&m->variant[k]) ||
                    m->variant[k].bandwidth != m->variant[i].bandwidth;
        n += other;
    }
    return n;
}

static void check_choice(Findings *f, const M3u8Multi *m)
{
    size_t rates = bit_rates(m), scores = 0;
    int64_t least = INT64_MAX;

    for (size_t i = 0; i < m->variant_count; i++) {
        scores += m->variant[i].score_us >= 0;
        if (m->variant[i].bandwidth >= 0 && m->variant[i].bandwidth < least)
            least = m->variant[i].bandwidth;
    }
    if (rates == 1)
        findings_add(f, "Apple 9.9: one bit rate of video; offer several variants", "%zu variants",
                     m->variant_count);
    if (scores > 0 && scores < m->variant_count)
        findings_add(f, "Apple 9.19: SCORE is not on every variant; give all one, or none",
                     "%zu of %zu", scores, m->variant_count);
    if (least > CELLULAR_BITS)
        findings_add(
            f,
            "Apple 9.21: no variant of 192 kbit/s at the most; phones on cellular networks "
            "need one",
            "the least is %" PRId64 " bit/s", least);
    if (rates > 0 && m->iframe_count == 0)
        findings_add(f,
                     "Apple 6.1: no I-frame playlist; list one by EXT-X-I-FRAME-STREAM-INF, for "
                     "scrubbing",
                     "%zu variants", m->variant_count);
    if (rates > 1 && m->iframe_count == 1)
        findings_remark(f, "Apple 6.6: one I-frame playlist; offer several bit rates", "%s",
                        m->iframe[0].uri);
}

static void check_aspect(Findings *f, const M3u8Multi *m)
{
    const M3u8Variant *first = NULL;

    for (size_t i = 0; i < m->variant_count; i++) {
        const M3u8Variant *v = &m->variant[i];
        if (v->width == 0 || v->height == 0)
            continue;
        if (!first)
            first = v;
        int64_t a = (int64_t)first->width * v->height, b = (int64_t)v->width * first->height;
        if (llabs(a - b) * 1000 > a * ASPECT_PER_MILLE)
            findings_remark(f, "Apple 1.33: variants of several aspect ratios; make them the same",
                            "%s: %dx%d, %s: %dx%d", first->uri, first->width, first->height, v->uri,
                            v->width, v->height);
    }
}

static void check_delivery(Findings *f, const char *name, const AppleDelivery *d)
{
    if (d->http && d->plain > 0)
        findings_add(f, "Apple 10.1: a playlist is not compressed by gzip; compress all", "%s",
                     name);
    if (d->http && !d->secure)
        findings_remark(f, "Apple 11.1, 11.2: a playlist is not delivered by TLS; use https", "%s",
                        name);
}

void apple_rules_multi(Findings *f, const M3u8Multi *m, const AppleDelivery *delivery)
{
    for (size_t i = 0; i < m->variant_count; i++)
        check_variant(f, &m->variant[i]);
    for (size_t i = 0; i < m->iframe_count; i++)
        check_iframe_variant(f, &m->iframe[i]);
    for (size_t i = 0; i < m->media_count; i++)
        check_media(f, &m->media[i]);
    check_choice(f, m);
    check_aspect(f, m);
    if (!m->independent)
        findings_remark(f,
                        "Apple 9.11: no EXT-X-INDEPENDENT-SEGMENTS; say that segments begin with "
                        "an IDR picture",
                        "the multivariant playlist");
    check_delivery(f, "the multivariant playlist", delivery);
}

/* ---- a media playlist ---- */

static bool is_dated(const M3u8 *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->segments[i].time_unix_us != M3U8_NO_TIME)
            return true;
    return m->count == 0;
}

static void check_live(Findings *f, const AppleList *a)
{
    const M3u8 *m = a->list;

    if (!is_dated(m))
        findings_add(f, "Apple 8.4: a live playlist without EXT-X-PROGRAM-DATE-TIME; date it", "%s",
                     a->uri);
    if (a->slides && m->count < SEGMENTS_LEAST)
        findings_add(f, "Apple 8.11: a live playlist of less than six segments; list more",
                     "%s: %zu", a->uri, m->count);
    if (a->slides && m->duration_us < WINDOW_S * US_PER_S)
        findings_remark(f, "Apple 8.12: a live playlist of less than 15 minutes; list more",
                        "%s: %.1f s", a->uri, (double)m->duration_us / US_PER_S);
    if (m->has_discontinuity_sequence)
        return;
    if (a->discontinuities)
        findings_add(
            f,
            "Apple 8.17: no EXT-X-DISCONTINUITY-SEQUENCE in a stream with discontinuities; "
            "write it always",
            "%s", a->uri);
    else
        findings_remark(f,
                        "Apple 8.17: no EXT-X-DISCONTINUITY-SEQUENCE; write it always if the "
                        "stream can have discontinuities",
                        "%s", a->uri);
}

static void check_low_latency(Findings *f, const AppleList *a)
{
    const M3u8 *m = a->list;

    if (m->has_part_inf && m->part_target_us < PART_TARGET_US)
        findings_remark(f,
                        "Apple 14.2: a part target below the recommended second; it must be longer "
                        "than the round trip of nearly all viewers",
                        "%s: %.3f s", a->uri, (double)m->part_target_us / US_PER_S);
    if (m->has_part_inf && m->can_skip_until_us < 0 && m->duration_us > DELTA_WINDOW_S * US_PER_S)
        findings_remark(f, "Apple 14.4: a long list without delta updates; offer CAN-SKIP-UNTIL",
                        "%s: %.1f s", a->uri, (double)m->duration_us / US_PER_S);
    if (m->has_date_ranges && m->can_skip_until_us >= 0 && !m->can_skip_dates)
        findings_remark(f,
                        "Apple 14.5: EXT-X-DATERANGE and delta updates without "
                        "CAN-SKIP-DATERANGES=YES; offer it",
                        "%s", a->uri);
}

void apple_rules_list(Findings *f, const M3u8Multi *multi, const AppleList *a)
{
    const M3u8 *m = a->list;

    if (a->without_idr > 0)
        findings_add(f, "Apple 7.4: segments do not begin with an IDR picture; cut there",
                     "%s: %zu", a->uri, a->without_idr);
    if (m->target_s != TARGET_S)
        findings_remark(f, "Apple 7.5: a target duration that is not the advised six seconds",
                        "%s: %" PRId64 " s", a->uri, m->target_s);
    if (a->shows_pictures && !m->independent && !multi->independent)
        findings_add(f,
                     "Apple 9.12: EXT-X-INDEPENDENT-SEGMENTS is neither in the multivariant "
                     "playlist nor in this; write it",
                     "%s", a->uri);
    if (!m->ended)
        check_live(f, a);
    check_low_latency(f, a);
    check_delivery(f, a->uri, &a->delivery);
}
