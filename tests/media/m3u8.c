/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "m3u8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define US_PER_S       1000000
#define DURATION_MAX_S 86400 /* of a segment; more is absurd */

/* A playlist under way: the tags that stand before the next segment. */
typedef struct Reading {
    M3u8 *m;
    int64_t duration_us; /* -1: no EXTINF yet */
    int64_t time_unix_us;
    uint64_t discontinuities; /* tags so far */
    const char *wrong;
} Reading;

static const char *after(const char *line, const char *tag)
{
    size_t n = strlen(tag);

    return strncmp(line, tag, n) == 0 ? line + n : NULL;
}

static uint64_t read_integer(Reading *r, const char *text, uint64_t max)
{
    char *end;
    uint64_t value = strtoull(text, &end, 10);

    if (end == text || *end != '\0' || *text == '-')
        r->wrong = "a tag has a value that is not a decimal integer";
    else if (value > max)
        r->wrong = "a tag has a number that is absurd";
    return value;
}

static void read_duration(Reading *r, const char *text)
{
    char *end;
    double seconds = strtod(text, &end);

    if (end == text || (*end != ',' && *end != '\0') || !(seconds >= 0 && seconds < DURATION_MAX_S))
        r->wrong = "an EXTINF has no duration";
    else
        r->duration_us = (int64_t)(seconds * US_PER_S + 0.5);
}

/* ISO 8601: 2026-01-31T12:00:00.123Z, or with +hh:mm in place of the Z. */
static void read_time(Reading *r, const char *text)
{
    struct tm t = {0};
    int64_t fraction_us = 0;
    const char *p = strptime(text, "%Y-%m-%dT%H:%M:%S", &t);

    if (p && *p == '.') {
        int64_t unit = US_PER_S / 10;
        for (p++; *p >= '0' && *p <= '9'; p++, unit /= 10)
            fraction_us += (*p - '0') * unit;
    }
    int zone_s = 0;
    if (p && (*p == '+' || *p == '-')) {
        int hours = 0, minutes = 0;
        sscanf(p + 1, "%2d:%2d", &hours, &minutes);
        zone_s = (*p == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    } else if (!p || *p != 'Z') {
        r->wrong = "an EXT-X-PROGRAM-DATE-TIME is no ISO 8601 date and time with a zone";
        return;
    }
    r->time_unix_us = ((int64_t)timegm(&t) - zone_s) * US_PER_S + fraction_us;
}

static void add_segment(Reading *r, const char *uri)
{
    M3u8 *m = r->m;
    M3u8Segment *grown = realloc(m->segments, (m->count + 1) * sizeof(*grown));
    char *copy = strdup(uri);

    if (grown)
        m->segments = grown;
    if (!grown || !copy) {
        free(copy);
        r->wrong = "there is no memory";
        return;
    }
    if (r->duration_us < 0)
        r->wrong = "a segment has no EXTINF";
    m->segments[m->count] = (M3u8Segment){
        .uri = copy,
        .duration_us = r->duration_us,
        .sequence = m->media_sequence + m->count,
        .discontinuity = m->discontinuity_sequence + r->discontinuities,
        .time_unix_us = r->time_unix_us,
    };
    m->duration_us += r->duration_us;
    m->count++;
    r->duration_us = -1;
    r->time_unix_us = M3U8_NO_TIME;
}

static void read_line(Reading *r, const char *line)
{
    M3u8 *m = r->m;
    const char *value;

    if ((value = after(line, "#EXT-X-VERSION:")))
        m->version = (unsigned)read_integer(r, value, UINT16_MAX);
    else if ((value = after(line, "#EXT-X-TARGETDURATION:")))
        m->target_s = (int64_t)read_integer(r, value, DURATION_MAX_S);
    else if ((value = after(line, "#EXT-X-MEDIA-SEQUENCE:")))
        m->media_sequence = read_integer(r, value, INT64_MAX);
    else if ((value = after(line, "#EXT-X-DISCONTINUITY-SEQUENCE:")))
        m->discontinuity_sequence = read_integer(r, value, INT64_MAX);
    else if ((value = after(line, "#EXT-X-PROGRAM-DATE-TIME:")))
        read_time(r, value);
    else if ((value = after(line, "#EXTINF:")))
        read_duration(r, value);
    else if (strcmp(line, "#EXT-X-DISCONTINUITY") == 0)
        r->discontinuities++;
    else if (strcmp(line, "#EXT-X-ENDLIST") == 0)
        m->ended = true;
    else if (after(line, "#EXT-X-PLAYLIST-TYPE:"))
        m->has_type = true;
    else if (after(line, "#EXT-X-STREAM-INF:"))
        m->is_multivariant = true;
    else if (*line != '#' && *line != '\0')
        add_segment(r, line);
    /* sequence numbers behind a segment would change it: RFC 8216 sections 4.3.3.2 and 4.3.3.3 */
    if (m->count > 0 &&
        (after(line, "#EXT-X-MEDIA-SEQUENCE:") || after(line, "#EXT-X-DISCONTINUITY-SEQUENCE:")))
        r->wrong = "a sequence number stands behind the first segment";
}

M3u8 *m3u8_read(const char *text, size_t len, const char **wrong)
{
    Reading r = {.m = calloc(1, sizeof(M3u8)), .duration_us = -1, .time_unix_us = M3U8_NO_TIME};
    char *copy = strndup(text, len), *rest = NULL;

    if (!r.m || !copy)
        r.wrong = "there is no memory";
    else if (strncmp(copy, "#EXTM3U", 7) != 0 || (copy[7] != '\n' && copy[7] != '\r'))
        r.wrong = "it does not begin with #EXTM3U";
    for (char *line = r.wrong ? NULL : strtok_r(copy, "\r\n", &rest); line && !r.wrong;
         line = strtok_r(NULL, "\r\n", &rest))
        read_line(&r, line);
    if (!r.wrong && !r.m->is_multivariant && r.m->target_s == 0)
        r.wrong = "EXT-X-TARGETDURATION is missing";
    free(copy);
    if (r.wrong)
        m3u8_destroy(&r.m);
    *wrong = r.wrong;
    return r.m;
}

void m3u8_destroy(M3u8 **playlist)
{
    if (!*playlist)
        return;
    for (size_t i = 0; i < (*playlist)->count; i++)
        free((*playlist)->segments[i].uri);
    free((*playlist)->segments);
    free(*playlist);
    *playlist = NULL;
}

const M3u8Segment *m3u8_segment(const M3u8 *m, uint64_t sequence)
{
    if (sequence < m->media_sequence || sequence - m->media_sequence >= m->count)
        return NULL;
    return &m->segments[sequence - m->media_sequence];
}
