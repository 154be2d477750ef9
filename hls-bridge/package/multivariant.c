/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/multivariant.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "text_buffer.h"

#define MULTIVARIANT_VERSION 4 /* no more than is needed: EXT-X-MEDIA, section 8 */
#define GROUP                "audio"
#define LOW_GROUP            "audio-low"
#define OPUS_GROUP           "audio-opus"
#define CHANGE_PERCENT       10 /* of a figure, for it to be new */
#define LOWER_PERCENT        25 /* of a bound that is still true, but has become much too high */

static bool differs(int64_t a, int64_t b)
{
    return llabs(a - b) * 100 > b * CHANGE_PERCENT;
}

/* Whether a bound that is listed holds for the figure, and is not far from it. */
static bool bounds(int64_t listed, int64_t figure)
{
    return figure <= listed && (listed - figure) * 100 <= listed * LOWER_PERCENT;
}

static bool is_same(const Variant *v, const Variant *listed)
{
    return v->uri == listed->uri && v->width == listed->width && v->height == listed->height &&
           strcmp(v->codec, listed->codec) == 0 && bounds(listed->bandwidth, v->bandwidth) &&
           bounds(listed->frame_rate_milli, v->frame_rate_milli) && v->low == listed->low &&
           v->opus == listed->opus && v->iframes == listed->iframes &&
           bounds(listed->iframes_bandwidth, v->iframes_bandwidth) &&
           !differs(v->average_bandwidth, listed->average_bandwidth);
}

bool multivariant_is_new(const Multivariant *m, const Multivariant *listed)
{
    if (m->audio != listed->audio || m->low_audio != listed->low_audio || m->opus != listed->opus ||
        m->sound != listed->sound || m->variants != listed->variants)
        return true;
    for (size_t i = 0; i < m->variants; i++)
        if (!is_same(&m->variant[i], &listed->variant[i]))
            return true;
    return false;
}

static void write_rates(int64_t peak, int64_t average, TextBuffer *out)
{
    text_add(out, "BANDWIDTH=%" PRId64 ",AVERAGE-BANDWIDTH=%" PRId64, peak, average);
}

/* Whether players could know two variants apart by nothing but their bandwidths. */
static bool looks_like(const Variant *v, const Variant *other)
{
    return v->width == other->width && v->height == other->height && v->opus == other->opus &&
           strcmp(v->codec, other->codec) == 0;
}

/* Whether one behind it that looks like it is listed with the same bandwidth. */
static bool is_taken(const Multivariant *m, const int64_t *bandwidth, size_t i)
{
    for (size_t k = i + 1; k < m->variants; k++)
        if (bandwidth[k] == bandwidth[i] && looks_like(&m->variant[i], &m->variant[k]))
            return true;
    return false;
}

/* The bandwidths to list. As long as a size shows the pictures of a smaller one, and has the same
 * sound, both have the same figures, and players take variants that differ in nothing for one in
 * several places: hls.js would know one of them only, and go to another, with all that is new, if a
 * list does not come. */
static void tell_apart(const Multivariant *m, int64_t *bandwidth)
{
    for (size_t i = m->variants; i-- > 0;) {
        bandwidth[i] = m->variant[i].bandwidth;
        while (is_taken(m, bandwidth, i))
            bandwidth[i]++;
    }
}

/* SCORE counts only if each variant has one (section 4.4.6.2); players that know nothing else of
 * quality take the highest that they can. */
static void write_variant(const Multivariant *m, size_t i, int64_t bandwidth, TextBuffer *out)
{
    const Variant *v = &m->variant[i];
    bool both = v->codec[0] && m->sound;

    text_add(out, "#EXT-X-STREAM-INF:");
    write_rates(bandwidth, v->average_bandwidth, out);
    text_add(out, ",CODECS=\"%s%s%s\"", v->codec, both ? "," : "",
             !m->sound ? ""
             : v->opus ? RENDITION_OPUS_CODEC
                       : RENDITION_SOUND_CODEC);
    if (v->codec[0])
        text_add(out, ",RESOLUTION=%dx%d", v->width, v->height);
    if (v->codec[0] && v->frame_rate_milli > 0)
        text_add(out, ",FRAME-RATE=%" PRId64 ".%03" PRId64, v->frame_rate_milli / 1000,
                 v->frame_rate_milli % 1000);
    text_add(out, ",SCORE=%zu.0", m->variants - i);
    if (v->codec[0] && m->audio)
        text_add(out, ",AUDIO=\"%s\"", v->opus ? OPUS_GROUP : v->low ? LOW_GROUP : GROUP);
    text_add(out, "\n%s\n", v->uri);
}

static void write_iframes(const Multivariant *m, size_t i, TextBuffer *out)
{
    const Variant *v = &m->variant[i];

    if (!v->iframes || !v->codec[0])
        return;
    text_add(out, "#EXT-X-I-FRAME-STREAM-INF:");
    write_rates(v->iframes_bandwidth, v->iframes_average, out);
    text_add(out, ",CODECS=\"%s\",RESOLUTION=%dx%d,SCORE=%zu.0,URI=\"%s\"\n", v->codec, v->width,
             v->height, m->variants - i, v->iframes);
}

/* A group of sound. All groups show the same names (section 4.4.6.1.1). */
static void write_group(const Multivariant *m, const char *group, const char *uri, TextBuffer *out)
{
    text_add(out,
             "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"%s\",NAME=\"Sound\",LANGUAGE=\"%s\","
             "DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"%s\"\n",
             group, m->language, uri);
}

size_t multivariant_write(const Multivariant *m, char *text)
{
    TextBuffer out = text_buffer(text, MULTIVARIANT_TEXT_SIZE);
    int64_t bandwidth[2 * VIDEO_TRACKS_MAX];

    tell_apart(m, bandwidth);
    text_add(&out, "#EXTM3U\n#EXT-X-VERSION:%d\n#EXT-X-INDEPENDENT-SEGMENTS\n",
             MULTIVARIANT_VERSION);
    if (m->audio && m->variant[0].codec[0])
        write_group(m, GROUP, m->audio, &out);
    if (m->low_audio)
        write_group(m, LOW_GROUP, m->low_audio, &out);
    if (m->opus && m->variant[0].codec[0])
        write_group(m, OPUS_GROUP, m->opus, &out);
    for (size_t i = 0; i < m->variants; i++)
        write_variant(m, i, bandwidth[i], &out);
    for (size_t i = 0; i < m->variants; i++)
        write_iframes(m, i, &out);
    assert(!out.overflow);
    return out.len;
}
