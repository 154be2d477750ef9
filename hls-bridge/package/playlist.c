/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/playlist.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "text_buffer.h"

#define LINE_SIZE 160

void playlist_init(Playlist *p, int64_t target_duration_s, size_t window)
{
    assert(window >= 1 && window <= PLAYLIST_WINDOW_MAX);
    *p = (Playlist){.target_duration_s = target_duration_s, .window = window};
}

void playlist_append(Playlist *p, const PlaylistSegment *segment)
{
    assert(!p->ended && p->count < PLAYLIST_SEGMENTS_MAX);
    p->segments[p->count++] = *segment;
}

int64_t playlist_duration_90k(const Playlist *p)
{
    int64_t sum = 0;

    for (size_t i = 0; i < p->count; i++)
        sum += p->segments[i].duration_90k;
    return sum;
}

bool playlist_drop(Playlist *p, PlaylistSegment *dropped)
{
    int64_t least = PLAYLIST_LIVE_MIN * p->target_duration_s * TICKS_PER_S;

    if (p->count <= p->window)
        return false;
    /* a list of very short segments is let grow, but not without end */
    if (playlist_duration_90k(p) - p->segments[0].duration_90k < least &&
        p->count < PLAYLIST_SEGMENTS_MAX)
        return false;
    *dropped = p->segments[0];
    p->media_sequence++;
    /* the tag counts once it leaves, that is with the segment it stands before */
    p->discontinuity_sequence += dropped->discontinuity;
    p->count--;
    memmove(&p->segments[0], &p->segments[1], p->count * sizeof(p->segments[0]));
    return true;
}

uint64_t playlist_newest_discontinuity(const Playlist *p)
{
    uint64_t number = p->discontinuity_sequence;

    for (size_t i = 0; i < p->count; i++)
        number += p->segments[i].discontinuity;
    return number;
}

void playlist_restart(Playlist *p)
{
    /* what comes next is no continuation, though no tag says so */
    p->discontinuity_sequence = playlist_newest_discontinuity(p) + 1;
    p->media_sequence += p->count;
    p->count = 0;
    p->ended = false;
}

Listing playlist_listing(const Playlist *p)
{
    return p->ended ? LISTING_ENDED : p->count > 0 ? LISTING_OPEN : LISTING_NONE;
}

uint64_t playlist_next_sequence(const Playlist *p)
{
    return p->media_sequence + p->count;
}

void playlist_format_time(int64_t unix_us, char *out)
{
    time_t seconds = (time_t)floor_div(unix_us, US_PER_S);
    int ms = (int)((unix_us - seconds * US_PER_S) / US_PER_MS);
    struct tm utc;

    gmtime_r(&seconds, &utc);
    snprintf(out, PLAYLIST_TIME_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900,
             utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, ms);
}

void playlist_format_duration(int64_t duration_90k, char *out)
{
    int64_t units = (duration_90k * 10 + 4) / 9; /* of 10 us */

    snprintf(out, PLAYLIST_DURATION_SIZE, "%" PRId64 ".%05" PRId64, units / 100000, units % 100000);
}

/* Where one is listed its number is said, 0 too, before it may go (RFC 8216 section 6.2.2). */
static bool has_discontinuity(const Playlist *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->segments[i].discontinuity)
            return true;
    return false;
}

size_t playlist_write(const Playlist *p, char *text)
{
    TextBuffer out = text_buffer(text, PLAYLIST_TEXT_SIZE);

    text_add(&out, "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:%" PRId64 "\n",
             p->target_duration_s);
    text_add(&out, "#EXT-X-MEDIA-SEQUENCE:%" PRIu64 "\n", p->media_sequence);
    if (p->discontinuity_sequence > 0 || has_discontinuity(p))
        text_add(&out, "#EXT-X-DISCONTINUITY-SEQUENCE:%" PRIu64 "\n", p->discontinuity_sequence);
    for (size_t i = 0; i < p->count; i++) {
        const PlaylistSegment *s = &p->segments[i];
        char time[PLAYLIST_TIME_SIZE], duration[PLAYLIST_DURATION_SIZE];
        playlist_format_time(s->starts_unix_us, time);
        playlist_format_duration(s->duration_90k, duration);
        if (s->discontinuity)
            text_add(&out, "#EXT-X-DISCONTINUITY\n");
        text_add(&out, "#EXT-X-PROGRAM-DATE-TIME:%s\n#EXTINF:%s,\n%s\n", time, duration, s->name);
    }
    if (p->ended)
        text_add(&out, "#EXT-X-ENDLIST\n");
    assert(!out.overflow);
    return out.len;
}

/* ---- reading back ---- */

static bool take_line(const char **text, size_t *len, char *line)
{
    const char *end = memchr(*text, '\n', *len);
    size_t n = end ? (size_t)(end - *text) : *len;

    if (*len == 0 || n >= LINE_SIZE || memchr(*text, '\0', n))
        return false;
    memcpy(line, *text, n);
    line[n] = '\0';
    *text += end ? n + 1 : n;
    *len -= end ? n + 1 : n;
    return true;
}

/* The value of tag `name` in `line`, or NULL. */
static const char *value_of(const char *line, const char *name)
{
    size_t len = strlen(name);

    return strncmp(line, name, len) == 0 ? line + len : NULL;
}

static bool read_number(const char *text, uint64_t max, uint64_t *out)
{
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    *out = strtoull(text, &end, 10);
    return (*end == '\0' || *end == ',') && *out <= max;
}

/* The inverse of playlist_format_duration(), to the tick: a duration that is listed may never
 * change. What that would write otherwise is not ours. */
static bool read_duration(const char *text, int64_t *duration_90k)
{
    char again[PLAYLIST_DURATION_SIZE];
    unsigned seconds, fraction;

    if (sscanf(text, "%5u.%5u", &seconds, &fraction) != 2)
        return false;
    *duration_90k = ((seconds * 100000ll + fraction) * 9 + 5) / 10;
    playlist_format_duration(*duration_90k, again);
    return strncmp(text, again, strlen(again)) == 0 && strcmp(text + strlen(again), ",") == 0;
}

/* The inverse of playlist_format_time(), likewise. */
static bool read_time(const char *text, int64_t *unix_us)
{
    char again[PLAYLIST_TIME_SIZE];
    struct tm utc = {0};
    int ms;

    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ", &utc.tm_year, &utc.tm_mon, &utc.tm_mday,
               &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &ms) != 7)
        return false;
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    *unix_us = (int64_t)timegm(&utc) * US_PER_S + ms * US_PER_MS;
    playlist_format_time(*unix_us, again);
    return strcmp(text, again) == 0;
}

/* Ours are file names, never paths. */
static bool read_name(const char *line, char *name)
{
    if (strlen(line) >= PLAYLIST_NAME_SIZE || *line == '.' || *line == '\0' || strchr(line, '/'))
        return false;
    strcpy(name, line);
    return true;
}

/* Reads one line; `next` is the segment that the tags are about. Returns false where the line is
 * not one of ours. */
static bool read_line(Playlist *p, PlaylistSegment *next, const char *line)
{
    const char *value;
    uint64_t number;

    if ((value = value_of(line, "#EXT-X-MEDIA-SEQUENCE:")))
        return read_number(value, INT64_MAX, &p->media_sequence);
    if ((value = value_of(line, "#EXT-X-DISCONTINUITY-SEQUENCE:")))
        return read_number(value, INT64_MAX, &p->discontinuity_sequence);
    if ((value = value_of(line, "#EXT-X-TARGETDURATION:"))) {
        if (!read_number(value, 3600, &number) || number == 0)
            return false;
        p->target_duration_s = (int64_t)number;
        return true;
    }
    if ((value = value_of(line, "#EXTINF:")))
        return read_duration(value, &next->duration_90k);
    if ((value = value_of(line, "#EXT-X-PROGRAM-DATE-TIME:")))
        return read_time(value, &next->starts_unix_us);
    if (strcmp(line, "#EXT-X-DISCONTINUITY") == 0)
        return next->discontinuity = true;
    if (strcmp(line, "#EXT-X-ENDLIST") == 0)
        return p->ended = true;
    if (*line == '#')
        return true;
    if (p->count == PLAYLIST_SEGMENTS_MAX || !read_name(line, next->name))
        return false;
    p->segments[p->count++] = *next;
    *next = (PlaylistSegment){0};
    return true;
}

int playlist_read(Playlist *p, const char *text, size_t len, size_t window)
{
    PlaylistSegment next = {0};
    char line[LINE_SIZE];

    *p = (Playlist){.window = window};
    if (!take_line(&text, &len, line) || strcmp(line, "#EXTM3U") != 0)
        return -1;
    while (len > 0)
        if (!take_line(&text, &len, line) || !read_line(p, &next, line))
            return -1;
    return p->target_duration_s > 0 ? 0 : -1;
}
