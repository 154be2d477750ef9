/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "multi_rules.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define US_PER_S       1000000ll
#define VERSION_NEEDED 4     /* section 8: EXT-X-MEDIA */
#define RATE_TOLERANCE 0.10  /* of FRAME-RATE: pictures come unevenly */
#define ROUNDING       10000 /* EXTINF is written with few digits: one part of so many */
#define AVERAGE_FACTOR 1.5   /* what is measured is of a short while, not of the whole stream */

void rendition_media_add(RenditionMedia *sum, const RenditionMedia *segment, bool counts)
{
    const RenditionMedia before = *sum;

    *sum = *segment;
    if (!counts || before.peak > segment->peak)
        sum->peak = before.peak;
    if (!counts || before.frame_rate > segment->frame_rate)
        sum->frame_rate = before.frame_rate;
}

/* ---- one multivariant playlist ---- */

static const M3u8Media *group(const M3u8Multi *m, const char *name)
{
    for (size_t i = 0; i < m->media_count; i++)
        if (strcmp(m->media[i].group, name) == 0 && strcmp(m->media[i].type, "AUDIO") == 0)
            return &m->media[i];
    return NULL;
}

static void check_average(Findings *f, const M3u8Variant *v)
{
    if (v->average_bandwidth > v->bandwidth)
        findings_add(f, "AVERAGE-BANDWIDTH above BANDWIDTH (4.4.6.2)", "%s: %" PRId64 ", %" PRId64,
                     v->uri, v->average_bandwidth, v->bandwidth);
}

static void check_variant(Findings *f, const M3u8Multi *m, const M3u8Variant *v)
{
    if (v->uri[0] == '\0')
        findings_add(f, "EXT-X-STREAM-INF without its URI line (4.4.6.2)", "%s", v->codecs);
    if (v->bandwidth < 0)
        findings_add(f, "EXT-X-STREAM-INF without BANDWIDTH (4.4.6.2)", "%s", v->uri);
    check_average(f, v);
    if (v->codecs[0] == '\0')
        findings_remark(f, "EXT-X-STREAM-INF without CODECS (4.4.6.2)", "%s", v->uri);
    if (v->audio[0] != '\0' && !group(m, v->audio))
        findings_add(f, "AUDIO names a group that is not there (4.4.6.2)", "%s: %s", v->uri,
                     v->audio);
}

static void check_media(Findings *f, const M3u8Multi *m, size_t i)
{
    const M3u8Media *a = &m->media[i];

    if (a->type[0] == '\0' || a->group[0] == '\0' || a->name[0] == '\0')
        findings_add(f, "EXT-X-MEDIA without TYPE, GROUP-ID or NAME (4.4.6.1)", "%s", a->uri);
    if (a->is_default && a->refuses_autoselect)
        findings_add(f, "EXT-X-MEDIA is DEFAULT and not AUTOSELECT (4.4.6.1)", "%s", a->uri);
    if (strcmp(a->type, "AUDIO") == 0 && a->channels[0] == '\0')
        findings_remark(f, "EXT-X-MEDIA of sound without CHANNELS (4.4.6.1)", "%s", a->uri);
    for (size_t k = 0; k < i; k++) {
        const M3u8Media *b = &m->media[k];
        if (strcmp(a->group, b->group) != 0 || strcmp(a->type, b->type) != 0)
            continue;
        if (strcmp(a->name, b->name) == 0)
            findings_add(f, "two EXT-X-MEDIA of a group have one NAME (4.4.6.1.1)", "%s", a->name);
        if (a->is_default && b->is_default)
            findings_add(f, "two EXT-X-MEDIA of a group are DEFAULT (4.4.6.1.1)", "%s", a->group);
    }
}

static void check_iframes(Findings *f, const M3u8Variant *v)
{
    if (v->uri[0] == '\0')
        findings_add(f, "EXT-X-I-FRAME-STREAM-INF without URI (4.4.6.3)", "%s", v->codecs);
    if (v->bandwidth < 0)
        findings_add(f, "EXT-X-I-FRAME-STREAM-INF without BANDWIDTH (4.4.6.3)", "%s", v->uri);
    check_average(f, v);
    if (v->frame_rate_us >= 0 || v->audio[0] != '\0')
        findings_add(f, "EXT-X-I-FRAME-STREAM-INF with FRAME-RATE or AUDIO (4.4.6.3)", "%s",
                     v->uri);
}

static void check_scores(Findings *f, const M3u8Multi *m)
{
    size_t n = 0;

    for (size_t i = 0; i < m->variant_count; i++)
        n += m->variant[i].score_us >= 0;
    if (n > 0 && n < m->variant_count)
        findings_remark(f, "SCORE is not on all variants (4.4.6.2)", "%zu of %zu", n,
                        m->variant_count);
}

void multi_rules_check(Findings *f, const M3u8Multi *m)
{
    if (m->has_media_tags)
        findings_add(f, "a multivariant playlist with tags of a media playlist (4.4.3, 4.4.4)",
                     "%zu variants", m->variant_count);
    if (m->malformed)
        findings_add(f, "a malformed attribute list (4.2)", "%s", m->malformed);
    if (m->version > VERSION_NEEDED)
        findings_remark(f, "EXT-X-VERSION is higher than needed (6.2.1)",
                        "multivariant playlist: %u, needed %d", m->version, VERSION_NEEDED);
    for (size_t i = 0; i < m->variant_count; i++)
        check_variant(f, m, &m->variant[i]);
    for (size_t i = 0; i < m->media_count; i++)
        check_media(f, m, i);
    for (size_t i = 0; i < m->iframe_count; i++)
        check_iframes(f, &m->iframe[i]);
    check_scores(f, m);
}

/* ---- against the media ---- */

static const RenditionMedia *media_of(const RenditionMedia *media, size_t count, const char *uri)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(media[i].uri, uri) == 0)
            return &media[i];
    return NULL;
}

static bool has_codec(const char *codecs, const char *codec)
{
    size_t n = strlen(codec);

    for (const char *at = codecs; at; at = m3u8_multi_next_codec(at))
        if (strncasecmp(at, codec, n) == 0 && (at[n] == ',' || at[n] == '\0'))
            return true;
    return false;
}

/* Variants of one kind, as the newest of the versions has them. */
typedef struct Variants {
    const MultiVersions *versions;
    bool iframes;
    const M3u8Variant *of;
    size_t count;
} Variants;

static bool has_size(const M3u8Variant *v, const RenditionMedia *m)
{
    return v->width == m->width && v->height == m->height;
}

/* Whether the media of a variant is what another one announces: while its own pictures are absent,
 * a ladder may fill a rendition with those of another. */
static bool is_of_another(Variants all, const M3u8Variant *v, const RenditionMedia *media)
{
    for (size_t i = 0; i < all.count; i++) {
        const M3u8Variant *other = &all.of[i];
        if (other != v && has_size(other, media) && has_codec(other->codecs, media->codec))
            return true;
    }
    return false;
}

/* Whether a version that may speak of these media has their size for this variant, or `codec`. */
static bool was_said(Variants all, const M3u8Variant *of, const RenditionMedia *m,
                     const char *codec)
{
    size_t n = multi_versions_since(all.versions, m->multi_version);

    for (; n <= all.versions->count; n++) {
        const M3u8Variant *v = multi_versions_variant(all.versions, n, all.iframes, of);
        if (v && (codec ? has_codec(v->codecs, codec) : has_size(v, m)))
            return true;
    }
    return false;
}

static void check_size(Findings *f, Variants all, const M3u8Variant *v, const RenditionMedia *m)
{
    if (v->width == 0 && m->width > 0)
        findings_remark(f, "video without RESOLUTION (4.4.6.2)", "%s", v->uri);
    if (v->width == 0 || m->width == 0 || was_said(all, v, m, NULL))
        return;
    if (is_of_another(all, v, m))
        findings_remark(f, "a variant shows the pictures of another (4.4.6.2)",
                        "%s: %dx%d, media %dx%d", v->uri, v->width, v->height, m->width, m->height);
    else
        findings_add(f, "RESOLUTION is not that of the media (4.4.6.2)", "%s: %dx%d, media %dx%d",
                     v->uri, v->width, v->height, m->width, m->height);
}

static void check_rate(Findings *f, const M3u8Variant *v, const RenditionMedia *m)
{
    double rate = (double)v->frame_rate_us / US_PER_S;

    if (v->frame_rate_us < 0 && m->frame_rate > 30 * (1 + RATE_TOLERANCE))
        findings_remark(f, "more than 30 pictures a second without FRAME-RATE (4.4.6.2)", "%s",
                        v->uri);
    if (v->frame_rate_us >= 0 && m->frame_rate > rate * (1 + RATE_TOLERANCE))
        findings_add(f, "FRAME-RATE is below that of the media (4.4.6.2)", "%s: %.3f, media %.3f",
                     v->uri, rate, m->frame_rate);
}

/* Whether a decoder for one of `codecs` takes `codec` too: H.264 of the same profile, without a
 * constraint less, and of no higher level. */
static bool covers(const char *codecs, const char *codec)
{
    unsigned media[3], listed[3];

    if (sscanf(codec, "avc1.%2x%2x%2x", &media[0], &media[1], &media[2]) != 3)
        return false;
    for (const char *at = codecs; at; at = m3u8_multi_next_codec(at))
        if (sscanf(at, "avc1.%2x%2x%2x", &listed[0], &listed[1], &listed[2]) == 3 &&
            listed[0] == media[0] && (listed[1] & ~media[1]) == 0 && media[2] <= listed[2])
            return true;
    return false;
}

static void check_codec(Findings *f, Variants all, const M3u8Variant *v, const RenditionMedia *m,
                        const char *codec)
{
    if (v->codecs[0] == '\0' || codec[0] == '\0' || was_said(all, v, m, codec))
        return;
    if (covers(v->codecs, codec) && is_of_another(all, v, m))
        return; /* said of its size */
    findings_add(f, "CODECS lacks what the media has (6.2.4)", "%s: \"%s\" lacks %s", v->uri,
                 v->codecs, codec);
}

static void check_bandwidth(Findings *f, const M3u8Variant *v, int64_t peak, int64_t average)
{
    if (v->bandwidth >= 0 && peak - peak / ROUNDING > v->bandwidth)
        findings_add(f, "BANDWIDTH is below the peak segment bit rate (4.4.6.2.1)",
                     "%s: %" PRId64 ", measured %" PRId64, v->uri, v->bandwidth, peak);
    if (v->average_bandwidth > 0 && average > 0 &&
        ((double)average > (double)v->average_bandwidth * AVERAGE_FACTOR ||
         (double)v->average_bandwidth > (double)average * AVERAGE_FACTOR))
        findings_remark(f, "AVERAGE-BANDWIDTH is far from what is measured (4.4.6.2)",
                        "%s: %" PRId64 ", measured %" PRId64, v->uri, v->average_bandwidth,
                        average);
}

void multi_rules_media(Findings *f, const MultiVersions *versions, const RenditionMedia *media,
                       size_t count)
{
    const M3u8Multi *m = multi_versions_newest(versions);
    const Variants all = {versions, false, m->variant, m->variant_count};

    for (size_t i = 0; i < m->variant_count; i++) {
        const M3u8Variant *v = &m->variant[i];
        const M3u8Media *a = v->audio[0] ? group(m, v->audio) : NULL;
        const RenditionMedia *own = media_of(media, count, v->uri);
        const RenditionMedia *sound = a ? media_of(media, count, a->uri) : NULL;
        if (own) {
            check_size(f, all, v, own);
            check_rate(f, v, own);
            check_codec(f, all, v, own, own->codec);
            check_codec(f, all, v, own, own->sound_codec);
        }
        if (sound) {
            check_codec(f, all, v, sound, sound->codec);
            if (sound->channels > 0 && a->channels[0] && atoi(a->channels) != sound->channels)
                findings_add(f, "CHANNELS is not that of the media (4.4.6.1)", "%s: %s, media %d",
                             a->uri, a->channels, sound->channels);
        }
        check_bandwidth(f, v, (own ? own->peak : 0) + (sound ? sound->peak : 0),
                        own && own->average && (!sound || sound->average)
                            ? own->average + (sound ? sound->average : 0)
                            : 0);
    }
}

void multi_rules_iframes(Findings *f, const MultiVersions *versions, const RenditionMedia *media)
{
    const M3u8Multi *m = multi_versions_newest(versions);
    const Variants all = {versions, true, m->iframe, m->iframe_count};

    for (size_t i = 0; i < all.count; i++) {
        const M3u8Variant *v = &all.of[i];
        if (strcmp(v->uri, media->uri) != 0)
            continue;
        check_size(f, all, v, media);
        check_codec(f, all, v, media, media->codec);
        check_bandwidth(f, v, media->peak, media->average);
    }
}
