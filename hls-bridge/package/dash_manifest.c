/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/dash_manifest.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "text_buffer.h"

/* The media may come to be so far from the time of day before a period puts it right: more than a
 * date is corrected by, less than anybody minds in a distance of seconds. */
#define SLACK_US US_PER_S

static int64_t timescale(size_t which)
{
    return which == DASH_AUDIO ? SAMPLES_PER_S : TICKS_PER_S;
}

/* ---- times ---- */

static int64_t to_90k(size_t which, int64_t at)
{
    return which == DASH_AUDIO ? samples_to_90k(at) : at;
}

static int64_t from_90k(size_t which, int64_t at_90k)
{
    return which == DASH_AUDIO ? floor_div(at_90k * 8, 15) : at_90k;
}

/* The time of day of a time of the stream's clock. */
static int64_t time_of_day(const DashPeriod *p, int64_t at_90k)
{
    return p->start_unix_us + ticks_to_us(at_90k - p->start_90k);
}

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

static void drop_segments(DashManifest *m, size_t which, size_t n)
{
    m->count[which] -= n;
    memmove(m->segment[which], m->segment[which] + n, m->count[which] * sizeof(DashSegment));
}

static void drop_first_period(DashManifest *m)
{
    for (size_t i = 0; i < m->renditions; i++)
        drop_segments(m, i, m->period[0].span[i].count);
    m->periods--;
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

    if (!p || m->interrupted || s->common.discontinuity || !continues(&p->span[which], msn, s))
        return false;
    return llabs(s->common.starts_unix_us - time_of_day(p, to_90k(which, s->start))) <= SLACK_US;
}

static void begin_period(DashManifest *m, size_t which, int64_t msn, const LlSegment *s)
{
    DashPeriod next = {
        .id = msn, .start_unix_us = s->common.starts_unix_us, .start_90k = to_90k(which, s->start)};
    const DashPeriod *before = newest(m);

    /* it joins the one before exactly, unless the time of day says otherwise */
    if (before) {
        int64_t joins_us = time_of_day(before, next.start_90k);
        if (llabs(next.start_unix_us - joins_us) <= SLACK_US)
            next.start_unix_us = joins_us;
        if (next.start_unix_us <= before->start_unix_us)
            dash_manifest_clear(m); /* the system's clock was set back: it begins again */
    }
    for (size_t i = 0; i < m->renditions; i++)
        next.span[i].promised = m->has[i];
    if (m->periods == DASH_PERIODS_MAX)
        drop_first_period(m);
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

/* ---- segments ---- */

void dash_manifest_add(DashManifest *m, size_t which, int64_t msn, const LlSegment *s,
                       const DashPicture *picture)
{
    bool leads = which == leader(m->has);

    assert(m->count[which] < LL_SEGMENTS_MAX);
    if (s->gap && which >= DASH_OTHERS) {
        const DashPeriod *last = newest(m);
        m->interrupted = m->interrupted || (last && last->span[which].count > 0);
        return; /* what it lacks, others need not */
    }
    if (s->gap || (m->interrupted && !leads)) {
        m->interrupted = true;
        return;
    }
    if (leads && !goes_on(m, which, msn, s))
        begin_period(m, which, msn, s);
    DashPeriod *p = leads ? newest(m) : period_at(m, to_90k(which, s->start));
    if (!p)
        return;
    DashSpan *span = &p->span[which];
    if (span->count == 0) {
        span->init_msn = s->init_msn;
        span->first_msn = msn;
        span->picture = *picture;
    } else if (!continues(span, msn, s)) {
        m->interrupted = true; /* numbers cannot skip one within a period */
        return;
    }
    m->segment[which][m->count[which]++] =
        (DashSegment){s->start, s->common.duration_90k * timescale(which) / TICKS_PER_S};
    span->count++;
}

void dash_manifest_drop(DashManifest *m, size_t which, int64_t msn)
{
    size_t n = 0;

    for (size_t i = 0; i < m->periods; i++) {
        DashSpan *span = &m->period[i].span[which];
        for (; span->count > 0 && span->first_msn < msn; span->count--, n++)
            span->first_msn++;
    }
    drop_segments(m, which, n);
    while (m->periods > 0) {
        const DashSpan *span = m->period[0].span;
        if (span[span[DASH_VIDEO].promised ? DASH_VIDEO : DASH_AUDIO].count > 0)
            break;
        drop_first_period(m);
    }
}

/* ---- what is listed ---- */

/* A period has the same renditions from first to last: it is listed while each has a segment, but
 * for other video than the best. */
static bool is_listed(const DashPeriod *p)
{
    for (size_t i = 0; i < DASH_OTHERS; i++)
        if (p->span[i].promised && p->span[i].count == 0)
            return false;
    return true;
}

bool dash_manifest_has_media(const DashManifest *m)
{
    for (size_t i = 0; i < m->periods; i++)
        if (is_listed(&m->period[i]))
            return true;
    return false;
}

/* Where the media of the first period begins, on the stream's clock. */
static int64_t first_90k(const DashManifest *m)
{
    int64_t at_90k = INT64_MAX;

    for (size_t k = 0; k < m->renditions; k++)
        if (m->period[0].span[k].count > 0) {
            int64_t start_90k = to_90k(k, m->segment[k][0].start);
            at_90k = start_90k < at_90k ? start_90k : at_90k;
        }
    return at_90k;
}

void dash_manifest_end(DashManifest *m)
{
    m->ended = true;
    while (m->periods > 0 && !is_listed(&m->period[0]))
        drop_first_period(m);
    if (m->periods == 0)
        return;
    DashPeriod *p = &m->period[0];
    int64_t at_90k = first_90k(m);
    p->start_unix_us = time_of_day(p, at_90k);
    p->start_90k = at_90k;
}

/* From when until when there is media, as Unix time. */
static void extent(const DashManifest *m, int64_t *from_us, int64_t *to_us)
{
    size_t at[RENDITIONS_MAX] = {0};

    *from_us = INT64_MAX;
    *to_us = 0;
    for (size_t i = 0; i < m->periods; i++)
        for (size_t k = 0; k < m->renditions; k++) {
            const DashPeriod *p = &m->period[i];
            const DashSegment *first = &m->segment[k][at[k]], *last = first + p->span[k].count - 1;
            at[k] += p->span[k].count;
            if (!is_listed(p) || p->span[k].count == 0)
                continue;
            int64_t start = time_of_day(p, to_90k(k, first->start));
            int64_t end = time_of_day(p, to_90k(k, last->start + last->duration));
            *from_us = start < *from_us ? start : *from_us;
            *to_us = end > *to_us ? end : *to_us;
        }
}

/* ---- text ---- */

/* An attribute that is a time, as an xs:duration. */
static void write_time(const char *name, int64_t us, TextBuffer *out)
{
    int64_t seconds = us / US_PER_S, rest_us = us - seconds * US_PER_S;

    text_add(out, " %s=\"PT%" PRId64 ".%06" PRId64 "S\"", name, seconds, rest_us);
}

/* Where players are told to be: two segments and an update behind. The one that comes next is known
 * to them when it is up to a segment and an update old; what is left is for caches and networks. */
static void write_head(const DashManifest *m, int64_t now_unix_us, TextBuffer *out)
{
    int64_t target_us = m->target_duration_s * US_PER_S, from_us, to_us;
    int64_t update_us = target_us / 2 > US_PER_S ? target_us / 2 : US_PER_S;
    int64_t delay_us = 2 * target_us + update_us, least_us = WINDOW_LIVE_MIN * target_us;
    char now[PLAYLIST_TIME_SIZE];

    extent(m, &from_us, &to_us);
    int64_t depth_us = to_us - from_us > least_us ? to_us - from_us : least_us;
    playlist_format_time(now_unix_us, now);
    text_add(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"\n"
        "  profiles=\"urn:mpeg:dash:profile:isoff-live:2011\" type=\"%s\" publishTime=\"%s\"\n ",
        m->ended ? "static" : "dynamic", now);
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

/* One S element for all that follow each other and are as long. */
static void write_timeline(const DashSegment *s, size_t count, TextBuffer *out)
{
    int64_t expected = -1;

    text_add(out, "          <SegmentTimeline>\n");
    for (size_t i = 0, n; i < count; i += n) {
        for (n = 1; i + n < count && s[i + n].duration == s[i].duration &&
                    s[i + n].start == s[i + n - 1].start + s[i].duration;)
            n++;
        text_add(out, "            <S");
        if (s[i].start != expected)
            text_add(out, " t=\"%" PRId64 "\"", s[i].start);
        text_add(out, " d=\"%" PRId64 "\"", s[i].duration);
        if (n > 1)
            text_add(out, " r=\"%zu\"", n - 1);
        text_add(out, "/>\n");
        expected = s[i + n - 1].start + s[i].duration;
    }
    text_add(out, "          </SegmentTimeline>\n");
}

static void write_attributes(const DashManifest *m, const DashSpan *span, size_t which,
                             TextBuffer *out)
{
    const DashPicture *picture = &span->picture;

    text_add(out, "      <Representation id=\"%s\" bandwidth=\"%" PRId64 "\"", m->list[which]->kind,
             m->bandwidth[which]);
    if (which == DASH_AUDIO) {
        text_add(out,
                 " codecs=\"%s\" audioSamplingRate=\"%lld\" startWithSAP=\"1\">\n"
                 "        <AudioChannelConfiguration "
                 "schemeIdUri=\"urn:mpeg:mpegB:cicp:ChannelConfiguration\" value=\"2\"/>\n",
                 RENDITION_SOUND_CODEC, SAMPLES_PER_S);
        return;
    }
    text_add(out, " codecs=\"%s\" width=\"%d\" height=\"%d\"", picture->codec, picture->width,
             picture->height);
    if (picture->frame_rate_milli >= 500)
        text_add(out, " frameRate=\"%" PRId64 "\"", (picture->frame_rate_milli + 500) / 1000);
    text_add(out, ">\n");
}

static void write_representation(const DashManifest *m, const DashPeriod *p, size_t which,
                                 const DashSegment *segments, TextBuffer *out)
{
    const DashSpan *span = &p->span[which];
    const LlPlaylist *list = m->list[which];
    char init[LL_NAME_SIZE], media[LL_NAME_SIZE];

    ll_init_name(list, span->init_msn, init);
    ll_segment_template(list, "$Number$", media);
    write_attributes(m, span, which, out);
    text_add(out,
             "        <SegmentTemplate timescale=\"%" PRId64 "\" presentationTimeOffset=\"%" PRId64
             "\" startNumber=\"%" PRId64 "\"\n          initialization=\"%s\" media=\"%s\">\n",
             timescale(which), from_90k(which, p->start_90k), span->first_msn, init, media);
    write_timeline(segments, span->count, out);
    text_add(out, "        </SegmentTemplate>\n      </Representation>\n");
}

/* The renditions of one kind; `at` is where each has its segments of this period. */
static void write_set(const DashManifest *m, const DashPeriod *p, size_t first, const size_t *at,
                      TextBuffer *out)
{
    const char *kind = first == DASH_AUDIO ? "audio" : "video";

    if (!p->span[first].promised)
        return;
    text_add(out,
             "    <AdaptationSet id=\"%zu\" contentType=\"%s\" mimeType=\"%s/mp4\" "
             "segmentAlignment=\"true\">\n",
             first, kind, kind);
    write_representation(m, p, first, &m->segment[first][at[first]], out);
    for (size_t k = DASH_OTHERS; first == DASH_VIDEO && k < m->renditions; k++)
        if (p->span[k].count > 0)
            write_representation(m, p, k, &m->segment[k][at[k]], out);
    text_add(out, "    </AdaptationSet>\n");
}

size_t dash_manifest_write(const DashManifest *m, int64_t now_unix_us, char *text)
{
    TextBuffer out = text_buffer(text, DASH_TEXT_SIZE);
    size_t at[RENDITIONS_MAX] = {0};

    write_head(m, now_unix_us, &out);
    for (size_t i = 0; i < m->periods; i++) {
        const DashPeriod *p = &m->period[i];
        bool listed = is_listed(p);
        if (listed) {
            text_add(&out, "  <Period id=\"%" PRId64 "\"", p->id);
            write_time("start", p->start_unix_us, &out);
            text_add(&out, ">\n");
        }
        if (listed) {
            write_set(m, p, DASH_VIDEO, at, &out);
            write_set(m, p, DASH_AUDIO, at, &out);
            text_add(&out, "  </Period>\n");
        }
        for (size_t k = 0; k < m->renditions; k++)
            at[k] += p->span[k].count;
    }
    if (!m->ended)
        text_add(&out,
                 "  <UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-head:2014\" "
                 "value=\"" DASH_MANIFEST_FILE "\"/>\n");
    text_add(&out, "</MPD>\n");
    assert(!out.overflow);
    return out.len;
}
