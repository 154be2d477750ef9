/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "m3u8_multi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "m3u8.h"
#include "m3u8_attributes.h"
#include "m3u8_values.h"

static void add_media(M3u8Multi *m, const char *list)
{
    M3u8Attribute autoselect;

    if (m->media_count == M3U8_MULTI_MAX)
        return;
    M3u8Media *r = &m->media[m->media_count++];
    *r = (M3u8Media){.is_default = m3u8_attribute_yes(list, "DEFAULT"),
                     .autoselect = m3u8_attribute_yes(list, "AUTOSELECT")};
    m3u8_attribute_text(list, "TYPE", r->type, sizeof(r->type));
    m3u8_attribute_text(list, "GROUP-ID", r->group, sizeof(r->group));
    m3u8_attribute_text(list, "NAME", r->name, sizeof(r->name));
    m3u8_attribute_text(list, "URI", r->uri, sizeof(r->uri));
    m3u8_attribute_text(list, "CHANNELS", r->channels, sizeof(r->channels));
    m3u8_attribute_text(list, "LANGUAGE", r->language, sizeof(r->language));
    r->refuses_autoselect = !r->autoselect && m3u8_attribute(list, "AUTOSELECT", &autoselect);
}

static M3u8Variant read_variant(const char *list)
{
    char size[32];
    M3u8Variant v = {
        .bandwidth = m3u8_attribute_integer(list, "BANDWIDTH"),
        .average_bandwidth = m3u8_attribute_integer(list, "AVERAGE-BANDWIDTH"),
        .frame_rate_us = m3u8_attribute_us(list, "FRAME-RATE"),
        .score_us = m3u8_attribute_us(list, "SCORE"),
    };

    m3u8_attribute_text(list, "URI", v.uri, sizeof(v.uri)); /* of I-frames; else it has a line */
    m3u8_attribute_text(list, "CODECS", v.codecs, sizeof(v.codecs));
    m3u8_attribute_text(list, "AUDIO", v.audio, sizeof(v.audio));
    m3u8_attribute_text(list, "RESOLUTION", size, sizeof(size));
    if (sscanf(size, "%5dx%5d", &v.width, &v.height) != 2)
        v.width = v.height = 0;
    return v;
}

/* Returns whether there was room for it. */
static bool add_variant(M3u8Multi *m, const char *list)
{
    if (m->variant_count == M3U8_MULTI_MAX)
        return false;
    M3u8Variant *v = &m->variant[m->variant_count++];
    *v = read_variant(list);
    v->uri[0] = '\0';
    return true;
}

static void add_iframes(M3u8Multi *m, const char *list)
{
    if (m->iframe_count < M3U8_MULTI_MAX)
        m->iframe[m->iframe_count++] = read_variant(list);
}

static void read_line(M3u8Multi *m, const char *line, bool *wants_uri)
{
    static const char *const media_tags[] = {
        "#EXTINF:", "#EXT-X-TARGETDURATION:", "#EXT-X-MEDIA-SEQUENCE:", "#EXT-X-PART:"};
    const char *value;

    for (size_t i = 0; i < sizeof(media_tags) / sizeof(media_tags[0]); i++)
        m->has_media_tags |= m3u8_after(line, media_tags[i]) != NULL;
    if ((value = m3u8_after(line, "#EXT-X-VERSION:"))) {
        m->version = (unsigned)strtoul(value, NULL, 10);
    } else if ((value = m3u8_after(line, "#EXT-X-MEDIA:"))) {
        if (!m3u8_attributes_sound(value))
            m->malformed = "#EXT-X-MEDIA:";
        add_media(m, value);
    } else if ((value = m3u8_after(line, "#EXT-X-STREAM-INF:"))) {
        if (!m3u8_attributes_sound(value))
            m->malformed = "#EXT-X-STREAM-INF:";
        *wants_uri = add_variant(m, value);
    } else if ((value = m3u8_after(line, "#EXT-X-I-FRAME-STREAM-INF:"))) {
        if (!m3u8_attributes_sound(value))
            m->malformed = "#EXT-X-I-FRAME-STREAM-INF:";
        add_iframes(m, value);
    } else if (strcmp(line, "#EXT-X-INDEPENDENT-SEGMENTS") == 0) {
        m->independent = true;
    } else if (*line != '#' && *line != '\0' && *wants_uri) {
        M3u8Variant *v = &m->variant[m->variant_count - 1];
        snprintf(v->uri, sizeof(v->uri), "%s", line);
        *wants_uri = false;
    }
}

int m3u8_multi_read(const char *text, size_t len, M3u8Multi *out, const char **wrong)
{
    char *copy = strndup(text, len < M3U8_BYTES_MAX ? len : 0), *rest = NULL;
    bool wants_uri = false;

    *wrong = NULL;
    *out = (M3u8Multi){0};
    if (!copy)
        *wrong = "there is no memory";
    else if (len >= M3U8_BYTES_MAX)
        *wrong = "it is too long";
    else if (strncmp(copy, "#EXTM3U", 7) != 0 || (copy[7] != '\n' && copy[7] != '\r'))
        *wrong = "it does not begin with #EXTM3U";
    for (char *line = *wrong ? NULL : strtok_r(copy, "\r\n", &rest); line;
         line = strtok_r(NULL, "\r\n", &rest))
        read_line(out, line, &wants_uri);
    if (!*wrong && out->variant_count == 0)
        *wrong = "it names no variant";
    free(copy);
    return *wrong ? -1 : 0;
}
