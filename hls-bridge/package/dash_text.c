/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/dash_manifest_inner.h"

#include <assert.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>

#include "text_buffer.h"
#include "utc_text.h"

#define CODEC_LEN 4 /* characters of a codec's name, before its profile: "avc1" */

/* From when until when there is media, as Unix time. */
static void extent(const DashManifest *m, int64_t *from_us, int64_t *to_us)
{
    size_t at[RENDITIONS_MAX] = {0};

    *from_us = INT64_MAX;
    *to_us = 0;
    for (size_t i = 0; i < m->periods; i++)
        for (size_t k = 0; k < m->renditions; k++) {
            const DashPeriod *p = &m->period[i];
            const DashTrack *t = m->track[k];
            size_t first = at[k], count = t->span[i].count, last = first + count - 1;
            at[k] += count;
            if (!dash_manifest_lists(m, p) || count == 0)
                continue;
            int64_t start = dash_time_of_day(p, dash_to_90k(t, t->start[first]));
            int64_t end = dash_time_of_day(p, dash_to_90k(t, t->start[last] + t->duration[last]));
            *from_us = start < *from_us ? start : *from_us;
            *to_us = end > *to_us ? end : *to_us;
        }
}

/* An attribute that is a time, as an xs:duration. */
static void write_time(const char *name, int64_t us, TextBuffer *out)
{
    int64_t seconds = us / US_PER_S, rest_us = us - seconds * US_PER_S;

    text_add_string(out, " ");
    text_add_string(out, name);
    text_add_string(out, "=\"PT");
    text_add_number(out, seconds);
    text_add_string(out, ".");
    text_add_digits(out, rest_us, 6);
    text_add_string(out, "S\"");
}

static bool is_encrypted(const DashPeriod *p)
{
    static const uint8_t none[MEDIA_KEY_ID_SIZE];

    return memcmp(p->kid, none, sizeof(none)) != 0;
}

static bool has_encrypted(const DashManifest *m)
{
    for (size_t i = 0; i < m->periods; i++)
        if (is_encrypted(&m->period[i]))
            return true;
    return false;
}

/* Where players are told to be: two segments and an update behind. The one that comes next is known
 * to them when it is up to a segment and an update old; what is left is for caches and networks. */
static void write_head(const DashManifest *m, int64_t now_unix_us, TextBuffer *out)
{
    int64_t target_us = m->target_duration_s * US_PER_S, from_us, to_us;
    int64_t update_us = target_us / 2 > US_PER_S ? target_us / 2 : US_PER_S;
    int64_t delay_us = 2 * target_us + update_us, least_us = WINDOW_LIVE_MIN * target_us;

    extent(m, &from_us, &to_us);
    int64_t depth_us = to_us - from_us > least_us ? to_us - from_us : least_us;
    text_add_string(out,
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                    "<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"\n");
    if (has_encrypted(m))
        text_add_string(out,
                        "  xmlns:cenc=\"urn:mpeg:cenc:2013\" "
                        "xmlns:dashif=\"https://dashif.org/CPS\"\n");
    text_add_string(out, "  profiles=\"urn:mpeg:dash:profile:isoff-live:2011\" type=\"");
    text_add_string(out, m->ended ? "static" : "dynamic");
    text_add_string(out, "\" publishTime=\"");
    utc_text_add(out, now_unix_us, PLAYLIST_TIME_DECIMALS);
    text_add_string(out, "\"\n ");
    write_time("minBufferTime", update_us, out);
    write_time("maxSegmentDuration", target_us + US_PER_S / 2, out);
    if (m->ended) {
        write_time("mediaPresentationDuration", to_us, out);
        text_add(out, ">\n");
        return;
    }
    text_add(out, "\n  availabilityStartTime=\"1970-01-01T00:00:00Z\"");
    write_time("minimumUpdatePeriod", update_us, out);
    text_add(out, "\n ");
    write_time("timeShiftBufferDepth", depth_us, out);
    write_time("suggestedPresentationDelay", delay_us, out);
    text_add(out, ">\n");
}

static void add_attribute(const char *begins, int64_t number, TextBuffer *out)
{
    text_add_string(out, begins);
    text_add_number(out, number);
    text_add_string(out, "\"");
}

/* One S element for all that follow each other and are as long. */
static void write_timeline(const int64_t *start, const int32_t *duration, size_t count,
                           TextBuffer *out)
{
    int64_t expected = -1;

    text_add(out, "          <SegmentTimeline>\n");
    for (size_t i = 0, n; i < count; i += n) {
        for (n = 1; i + n < count && duration[i + n] == duration[i] &&
                    start[i + n] == start[i + n - 1] + duration[i];)
            n++;
        text_add_string(out, "            <S");
        if (start[i] != expected)
            add_attribute(" t=\"", start[i], out);
        add_attribute(" d=\"", duration[i], out);
        if (n > 1)
            add_attribute(" r=\"", (int64_t)n - 1, out);
        text_add_string(out, "/>\n");
        expected = start[i + n - 1] + duration[i];
    }
    text_add(out, "          </SegmentTimeline>\n");
}

static void write_attributes(const DashTrack *t, const DashSpan *span, TextBuffer *out)
{
    const DashPicture *picture = &span->picture;

    text_add(out, "      <Representation id=\"%s\" bandwidth=\"%" PRId64 "\"", t->list->kind,
             t->bandwidth);
    if (t->kind == TRACK_AUDIO) {
        text_add(out,
                 " codecs=\"%s\" audioSamplingRate=\"%lld\" startWithSAP=\"1\">\n"
                 "        <AudioChannelConfiguration "
                 "schemeIdUri=\"urn:mpeg:mpegB:cicp:ChannelConfiguration\" value=\"2\"/>\n",
                 picture->codec, SAMPLES_PER_S);
        return;
    }
    text_add(out, " codecs=\"%s\" width=\"%d\" height=\"%d\"", picture->codec, picture->width,
             picture->height);
    if (picture->frame_rate_milli >= 500)
        text_add(out, " frameRate=\"%" PRId32 "\"", (picture->frame_rate_milli + 500) / 1000);
    text_add(out, ">\n");
}

static void write_representation(const DashManifest *m, const DashPeriod *p, size_t which,
                                 size_t at, TextBuffer *out)
{
    const DashSpan *span = dash_span_of(m, p, which);
    const DashTrack *t = m->track[which];
    char init[LL_NAME_SIZE], media[LL_NAME_SIZE];

    ll_init_name(t->list, span->init_msn, init);
    ll_segment_template(t->list, "$Number$", media);
    write_attributes(t, span, out);
    text_add(out,
             "        <SegmentTemplate timescale=\"%" PRId64 "\" presentationTimeOffset=\"%" PRId64
             "\" startNumber=\"%" PRId64 "\"\n          initialization=\"%s\" media=\"%s\">\n",
             dash_timescale(t), dash_from_90k(t, p->start_90k), span->first_msn, init, media);
    write_timeline(t->start + at, t->duration + at, span->count, out);
    text_add(out, "        </SegmentTemplate>\n      </Representation>\n");
}

/* Whether players can change between two renditions: they are of one codec, whatever its profile.
 */
static bool are_alike(const DashManifest *m, const DashPeriod *p, size_t a, size_t b)
{
    const char *codec = dash_span_of(m, p, a)->picture.codec;

    return m->track[a]->kind == m->track[b]->kind &&
           strncmp(codec, dash_span_of(m, p, b)->picture.codec, CODEC_LEN) == 0;
}

/* ClearKey, and where players get its licences. */
static void write_clear_key(const DashManifest *m, const char *kid, TextBuffer *out)
{
    char uri[MEDIA_KEY_URI_SIZE];

    text_add_string(out,
                    "      <ContentProtection "
                    "schemeIdUri=\"urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e\" "
                    "value=\"ClearKey1.0\"");
    if (!m->clearkey_uri || *m->clearkey_uri == '\0' ||
        !media_key_fill_in(m->clearkey_uri, kid, m->stream, uri)) {
        text_add_string(out, "/>\n");
        return;
    }
    text_add(out, ">\n        <dashif:Laurl>%s</dashif:Laurl>\n      </ContentProtection>\n", uri);
}

/* The systems that a key server has given boxes for; where licences are, players know. */
static void write_systems(const CpixKey *key, TextBuffer *out)
{
    unsigned char base64[CPIX_PSSH_SIZE / 3 * 4 + 5];

    for (size_t i = 0; i < CPIX_SYSTEMS_MAX; i++) {
        const CpixPssh *box = &key->system[i];
        if (box->len == 0)
            continue;
        text_add(out, "      <ContentProtection schemeIdUri=\"urn:uuid:%s\">\n        <cenc:pssh>",
                 cpix_system_uuid((CpixSystem)i));
        int len = EVP_EncodeBlock(base64, key->pssh + box->at, (int)box->len);
        text_add_bytes(out, (const char *)base64, (size_t)len);
        text_add_string(out, "</cenc:pssh>\n      </ContentProtection>\n");
    }
}

/* How the renditions of a set are encrypted: all with one key (ISO 23009-1, 5.8.4.1; ISO/IEC
 * 23001-7, 11; DASH-IF, "DASH Content Protection using W3C Clear Key"). */
static void write_protection(const DashManifest *m, const DashPeriod *p, TextBuffer *out)
{
    char kid[UUID_TEXT_SIZE];

    if (!is_encrypted(p))
        return;
    uuid_text_write(p->kid, kid);
    text_add(out,
             "      <ContentProtection schemeIdUri=\"urn:mpeg:dash:mp4protection:2011\" "
             "value=\"cbcs\"\n        cenc:default_KID=\"%s\"/>\n",
             kid);
    if (p->cpix)
        write_systems(p->cpix, out);
    else
        write_clear_key(m, kid, out);
}

/* The first rendition and others that are like it; `at` is where each has its segments of this
 * period. */
static void write_set(const DashManifest *m, const DashPeriod *p, size_t first, const size_t *at,
                      TextBuffer *out)
{
    const char *name = m->track[first]->kind == TRACK_AUDIO ? "audio" : "video";

    if (!dash_span_of(m, p, first)->promised)
        return;
    text_add(out,
             "    <AdaptationSet id=\"%zu\" contentType=\"%s\" mimeType=\"%s/mp4\" "
             "segmentAlignment=\"true\">\n",
             first, name, name);
    write_protection(m, p, out);
    write_representation(m, p, first, at[first], out);
    for (size_t k = DASH_OTHERS; k < m->renditions; k++)
        if (k != first && are_alike(m, p, first, k) && dash_span_of(m, p, k)->count > 0)
            write_representation(m, p, k, at[k], out);
    text_add(out, "    </AdaptationSet>\n");
}

/* Whether a rendition begins a set of its own: it is of another codec than all before it. */
static bool begins_set(const DashManifest *m, const DashPeriod *p, size_t which)
{
    for (size_t k = DASH_VIDEO; k < which; k++)
        if (dash_span_of(m, p, k)->count > 0 && are_alike(m, p, k, which))
            return false;
    return dash_span_of(m, p, which)->count > 0;
}

size_t dash_manifest_write(const DashManifest *m, int64_t now_unix_us, char *text)
{
    TextBuffer out = text_buffer(text, DASH_TEXT_SIZE);
    size_t at[RENDITIONS_MAX] = {0};

    write_head(m, now_unix_us, &out);
    for (size_t i = 0; i < m->periods; i++) {
        const DashPeriod *p = &m->period[i];
        if (dash_manifest_lists(m, p)) {
            text_add(&out, "  <Period id=\"%" PRId64 "\"", p->id);
            write_time("start", p->start_unix_us, &out);
            text_add(&out, ">\n");
            write_set(m, p, DASH_VIDEO, at, &out);
            write_set(m, p, DASH_AUDIO, at, &out);
            for (size_t k = DASH_OTHERS; k < m->renditions; k++)
                if (begins_set(m, p, k))
                    write_set(m, p, k, at, &out);
            text_add(&out, "  </Period>\n");
        }
        for (size_t k = 0; k < m->renditions; k++)
            at[k] += dash_span_of(m, p, k)->count;
    }
    if (!m->ended)
        text_add(&out,
                 "  <UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-head:2014\" "
                 "value=\"" DASH_MANIFEST_FILE "\"/>\n");
    text_add(&out, "</MPD>\n");
    assert(!out.overflow);
    return out.len;
}
