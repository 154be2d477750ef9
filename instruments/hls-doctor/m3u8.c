/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "m3u8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "m3u8_attributes.h"
#include "m3u8_key.h"
#include "m3u8_unsound.h"
#include "m3u8_values.h"

#define US_PER_S       1000000
#define DURATION_MAX_S 86400        /* of a segment; more is absurd */
#define NUMBER_MAX     (1ull << 60) /* likewise: what follows from it is a number too */

/* A playlist under way. */
typedef struct Reading {
    M3u8 *m;
    M3u8Segment next;         /* tags of the next segment so far; its duration -1: no EXTINF yet */
    uint64_t discontinuities; /* tags so far */
    char *map;                /* applies from here on */
    M3u8Range map_range;
    char *key;     /* likewise; NULL: nothing was said */
    unsigned seen; /* tags that may stand once; m3u8_note_unsound() counts them */
    const char *wrong;
} Reading;

void m3u8_segment_free(M3u8Segment *s)
{
    for (size_t i = 0; i < s->part_count; i++)
        free(s->parts[i].uri);
    free(s->parts);
    free(s->uri);
    free(s->map);
    free(s->key);
    *s = (M3u8Segment){0};
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
        r->next.duration_us = (int64_t)(seconds * US_PER_S + 0.5);
}

static void read_time(Reading *r, const char *text)
{
    if (!m3u8_time_read(text, &r->next.time_unix_us))
        r->wrong = "an EXT-X-PROGRAM-DATE-TIME is no ISO 8601 date and time with a zone";
    r->next.late_tag |= r->next.part_count > 0;
}

/* ---- segments and parts ---- */

static void begin_segment(Reading *r)
{
    r->next = (M3u8Segment){.duration_us = -1,
                            .time_unix_us = M3U8_NO_TIME,
                            .range = M3U8_WHOLE,
                            .map_range = M3U8_WHOLE};
}

/* The segment ends here, with its URI, or NULL if the playlist ends within it. */
static void end_segment(Reading *r, const char *uri)
{
    M3u8 *m = r->m;

    r->next.sequence = m->media_sequence + m->skipped + m->count;
    r->next.discontinuity = m->discontinuity_sequence + r->discontinuities;
    r->next.uri = uri ? strdup(uri) : NULL;
    r->next.map = r->map ? strdup(r->map) : NULL;
    r->next.map_range = r->map_range;
    r->next.key = r->key ? strdup(r->key) : NULL;
    if ((uri && !r->next.uri) || (r->map && !r->next.map) || (r->key && !r->next.key))
        r->wrong = "there is no memory";
}

/* A range without an offset begins where the last one of the same file ends: section 4.4.4.2. */
static void place_range(Reading *r, const char *uri)
{
    const M3u8 *m = r->m;
    const M3u8Segment *last = m->count > 0 ? &m->segments[m->count - 1] : NULL;
    M3u8Range *range = &r->next.range;

    if (range->len < 0 || range->offset >= 0)
        return;
    if (last && last->range.len >= 0 && strcmp(last->uri, uri) == 0)
        range->offset = last->range.offset + last->range.len;
    else
        r->wrong = "an EXT-X-BYTERANGE does not say where it begins";
}

/* Makes room for one more: for a power of two. */
static bool has_room(M3u8 *m)
{
    if (m->count == M3U8_SEGMENTS_MAX || (m->count & (m->count - 1)))
        return m->count < M3U8_SEGMENTS_MAX;
    M3u8Segment *grown = realloc(m->segments, (2 * m->count + !m->count) * sizeof(*grown));
    m->segments = grown ? grown : m->segments;
    return grown;
}

static void add_segment(Reading *r, const char *uri)
{
    M3u8 *m = r->m;

    if (!has_room(m)) {
        r->wrong = "it has too many segments";
        return;
    }
    if (r->next.duration_us < 0)
        r->wrong = "a segment has no EXTINF";
    place_range(r, uri);
    end_segment(r, uri);
    m->segments[m->count++] = r->next;
    m->duration_us += r->next.duration_us;
    begin_segment(r);
}

static void add_open_segment(Reading *r)
{
    M3u8 *m = r->m;

    if (r->next.part_count == 0)
        return;
    m->open = malloc(sizeof(*m->open));
    if (!m->open) {
        r->wrong = "there is no memory";
        return;
    }
    end_segment(r, NULL);
    *m->open = r->next;
    begin_segment(r);
}

static void add_part(Reading *r, const char *list)
{
    M3u8Segment *s = &r->next;
    M3u8Part *grown = s->part_count < M3U8_PARTS_MAX
                          ? realloc(s->parts, (s->part_count + 1) * sizeof(*grown))
                          : NULL;
    M3u8Attribute range;

    if (!grown) {
        r->wrong = "a segment has too many parts";
        return;
    }
    s->parts = grown;
    s->parts[s->part_count++] = (M3u8Part){
        .uri = m3u8_attribute_copy(list, "URI"),
        .duration_us = m3u8_attribute_us(list, "DURATION"),
        .independent = m3u8_attribute_yes(list, "INDEPENDENT"),
        .gap = m3u8_attribute_yes(list, "GAP"),
        .ranged = m3u8_attribute(list, "BYTERANGE", &range),
    };
}

/* ---- low latency ---- */

static void read_control(M3u8 *m, const char *list)
{
    m->has_control = true;
    m->can_block = m3u8_attribute_yes(list, "CAN-BLOCK-RELOAD");
    m->hold_back_us = m3u8_attribute_us(list, "HOLD-BACK");
    m->part_hold_back_us = m3u8_attribute_us(list, "PART-HOLD-BACK");
    m->can_skip_until_us = m3u8_attribute_us(list, "CAN-SKIP-UNTIL");
    m->can_skip_dates = m3u8_attribute_yes(list, "CAN-SKIP-DATERANGES");
}

static void read_skip(Reading *r, const char *list)
{
    int64_t n = m3u8_attribute_integer(list, "SKIPPED-SEGMENTS");

    if (n < 0 || n > INT32_MAX)
        r->wrong = "an EXT-X-SKIP does not say how many segments it stands for";
    else if (r->m->count > 0)
        r->wrong = "an EXT-X-SKIP stands behind a segment";
    else
        r->m->skipped = (uint64_t)n;
    r->m->is_delta = true;
}

static void add_hint(M3u8 *m, const char *list)
{
    char type[8];

    m3u8_attribute_text(list, "TYPE", type, sizeof(type));
    if (m->hint_count < M3U8_HINTS_MAX)
        m->hints[m->hint_count++] =
            (M3u8Hint){m3u8_attribute_copy(list, "URI"), strcmp(type, "MAP") == 0};
}

static void add_report(M3u8 *m, const char *list)
{
    if (m->report_count < M3U8_REPORTS_MAX)
        m->reports[m->report_count++] = (M3u8Report){
            .uri = m3u8_attribute_copy(list, "URI"),
            .last_msn = m3u8_attribute_integer(list, "LAST-MSN"),
            .last_part = m3u8_attribute_integer(list, "LAST-PART"),
        };
}

static void read_range(Reading *r, const char *text, M3u8Range *range)
{
    if (!m3u8_range_read(text, range))
        r->wrong = "a byte range cannot be read";
}

static void read_map(Reading *r, const char *list)
{
    char range[40];

    free(r->map);
    r->map = m3u8_attribute_copy(list, "URI");
    r->map_range = M3U8_WHOLE;
    m3u8_attribute_text(list, "BYTERANGE", range, sizeof(range));
    if (*range)
        read_range(r, range, &r->map_range);
    if (*range && r->map_range.offset < 0)
        r->map_range.offset = 0;
    r->next.late_tag |= r->next.part_count > 0;
}

static void read_low_latency_line(Reading *r, const char *line)
{
    M3u8 *m = r->m;
    const char *value;

    if ((value = m3u8_after(line, "#EXT-X-PART:"))) {
        add_part(r, value);
    } else if ((value = m3u8_after(line, "#EXT-X-MAP:"))) {
        read_map(r, value);
    } else if ((value = m3u8_after(line, "#EXT-X-KEY:"))) {
        r->key = m3u8_key_after(r->key, value);
        r->next.late_tag |= r->next.part_count > 0;
    } else if ((value = m3u8_after(line, "#EXT-X-SERVER-CONTROL:"))) {
        read_control(m, value);
    } else if ((value = m3u8_after(line, "#EXT-X-PART-INF:"))) {
        m->has_part_inf = true;
        m->part_target_us = m3u8_attribute_us(value, "PART-TARGET");
    } else if ((value = m3u8_after(line, "#EXT-X-SKIP:"))) {
        read_skip(r, value);
    } else if ((value = m3u8_after(line, "#EXT-X-PRELOAD-HINT:"))) {
        add_hint(m, value);
    } else if ((value = m3u8_after(line, "#EXT-X-RENDITION-REPORT:"))) {
        add_report(m, value);
    }
}

static void read_line(Reading *r, const char *line)
{
    M3u8 *m = r->m;
    const char *value;

    if (strlen(line) > M3U8_LINE_MAX)
        r->wrong = "a line is too long";
    else if ((value = m3u8_after(line, "#EXT-X-VERSION:")))
        m->version = (unsigned)read_integer(r, value, UINT16_MAX);
    else if ((value = m3u8_after(line, "#EXT-X-TARGETDURATION:")))
        m->target_s = (int64_t)read_integer(r, value, DURATION_MAX_S);
    else if ((value = m3u8_after(line, "#EXT-X-MEDIA-SEQUENCE:")))
        m->media_sequence = read_integer(r, value, NUMBER_MAX);
    else if ((value = m3u8_after(line, "#EXT-X-DISCONTINUITY-SEQUENCE:")))
        m->discontinuity_sequence = read_integer(r, value, NUMBER_MAX),
        m->has_discontinuity_sequence = true;
    else if ((value = m3u8_after(line, "#EXT-X-PROGRAM-DATE-TIME:")))
        read_time(r, value);
    else if ((value = m3u8_after(line, "#EXTINF:")))
        read_duration(r, value);
    else if (strcmp(line, "#EXT-X-DISCONTINUITY") == 0)
        r->discontinuities++, m->has_discontinuity = true,
                              r->next.late_tag |= r->next.part_count > 0;
    else if (strcmp(line, "#EXT-X-GAP") == 0)
        r->next.gap = true;
    else if ((value = m3u8_after(line, "#EXT-X-BYTERANGE:")))
        read_range(r, value, &r->next.range);
    else if (strcmp(line, "#EXT-X-I-FRAMES-ONLY") == 0)
        m->iframes_only = true;
    else if (strcmp(line, "#EXT-X-INDEPENDENT-SEGMENTS") == 0)
        m->independent = true;
    else if (m3u8_after(line, "#EXT-X-DATERANGE:"))
        m->has_date_ranges = true;
    else if (strcmp(line, "#EXT-X-ENDLIST") == 0)
        m->ended = true;
    else if (m3u8_after(line, "#EXT-X-PLAYLIST-TYPE:"))
        m->has_type = true;
    else if (m3u8_after(line, "#EXT-X-STREAM-INF:"))
        m->is_multivariant = true;
    else if (*line != '#' && *line != '\0' && !m->is_multivariant)
        add_segment(r, line);
    else
        read_low_latency_line(r, line);
    if (!r->wrong)
        m3u8_note_unsound(m, &r->seen, line);
    /* a sequence number after a segment would change that segment: RFC 8216
     * sections 4.3.3.2, 4.3.3.3 */
    if (m->count > 0 && (m3u8_after(line, "#EXT-X-MEDIA-SEQUENCE:") ||
                         m3u8_after(line, "#EXT-X-DISCONTINUITY-SEQUENCE:")))
        r->wrong = "a sequence number stands behind the first segment";
}

M3u8 *m3u8_read(const char *text, size_t len, const char **wrong)
{
    Reading r = {.m = calloc(1, sizeof(M3u8)), .map_range = M3U8_WHOLE};
    char *copy = strndup(text, len < M3U8_BYTES_MAX ? len : 0), *rest = NULL;

    begin_segment(&r);
    if (r.m)
        r.m->part_target_us = r.m->hold_back_us = r.m->part_hold_back_us = r.m->can_skip_until_us =
            -1;
    if (!r.m || !copy)
        r.wrong = "there is no memory";
    else if (len >= M3U8_BYTES_MAX)
        r.wrong = "it is too long";
    else if (strncmp(copy, "#EXTM3U", 7) != 0 || (copy[7] != '\n' && copy[7] != '\r'))
        r.wrong = "it does not begin with #EXTM3U";
    for (char *line = r.wrong ? NULL : strtok_r(copy, "\r\n", &rest); line && !r.wrong;
         line = strtok_r(NULL, "\r\n", &rest))
        read_line(&r, line);
    if (!r.wrong && !r.m->is_multivariant && r.m->target_s == 0)
        r.wrong = "EXT-X-TARGETDURATION is missing";
    if (!r.wrong)
        add_open_segment(&r);
    m3u8_segment_free(&r.next);
    free(r.map);
    free(r.key);
    free(copy);
    if (r.wrong)
        m3u8_destroy(&r.m);
    *wrong = r.wrong;
    return r.m;
}

void m3u8_destroy(M3u8 **playlist)
{
    M3u8 *m = *playlist;

    if (!m)
        return;
    for (size_t i = 0; i < m->count; i++)
        m3u8_segment_free(&m->segments[i]);
    if (m->open)
        m3u8_segment_free(m->open);
    for (size_t i = 0; i < m->hint_count; i++)
        free(m->hints[i].uri);
    for (size_t i = 0; i < m->report_count; i++)
        free(m->reports[i].uri);
    free(m->open);
    free(m->segments);
    free(m);
    *playlist = NULL;
}
