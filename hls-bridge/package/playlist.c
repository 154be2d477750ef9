/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/playlist.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "package/key_tags.h"
#include "utc_text.h"

#define LINE_SIZE  (MEDIA_KEY_URI_SIZE + 64)
#define AGAIN_SIZE 48              /* of a time or a duration that was read */
#define NUMBER_MAX (INT64_MAX / 2) /* no list has come to that by counting */

void playlist_init(Playlist *p, int64_t target_duration_s, size_t keep)
{
    assert(keep >= 1 && keep <= PLAYLIST_WINDOW_MAX);
    *p = (Playlist){.window = window_empty(target_duration_s, keep)};
}

WindowView playlist_view(const Playlist *playlist)
{
    Playlist *p = (Playlist *)playlist;

    return (WindowView){&p->window, p->segments, sizeof(p->segments[0]), PLAYLIST_SEGMENTS_MAX};
}

void playlist_append(Playlist *p, const PlaylistSegment *segment)
{
    assert(!p->window.ended && p->window.count < PLAYLIST_SEGMENTS_MAX);
    p->segments[p->window.count++] = *segment;
}

void playlist_add_duration(TextBuffer *out, int64_t duration_90k)
{
    int64_t units = (duration_90k * 10 + 4) / 9; /* of 10 us */

    text_add_number(out, units / 100000);
    text_add_string(out, ".");
    text_add_digits(out, units % 100000, 5);
}

void playlist_add_segment(TextBuffer *out, const WindowSegment *s)
{
    text_add_string(out, "#EXT-X-PROGRAM-DATE-TIME:");
    utc_text_add(out, s->starts_unix_us, PLAYLIST_TIME_DECIMALS);
    text_add_string(out, "\n#EXTINF:");
    playlist_add_duration(out, s->duration_90k);
    text_add_string(out, ",\n");
}

/* ---- renditions ---- */

#define SEGMENT_PREFIX "seg-"

void playlist_rendition_list(const char *rendition, char *name)
{
    snprintf(name, PLAYLIST_NAME_SIZE, "index%s%s.m3u8", *rendition ? "-" : "", rendition);
}

void playlist_rendition_segment(const char *segment, const char *rendition, char *name)
{
    TextBuffer out = text_buffer(name, PLAYLIST_NAME_SIZE);
    const char *behind = segment;

    if (*rendition && strncmp(segment, SEGMENT_PREFIX, strlen(SEGMENT_PREFIX)) == 0) {
        behind += strlen(SEGMENT_PREFIX);
        text_add_string(&out, SEGMENT_PREFIX);
        text_add_string(&out, rendition);
        text_add_string(&out, "-");
    }
    text_add_bytes(&out, behind, strnlen(behind, out.size - out.len - 1));
}

bool playlist_best_segment(const char *name, const char *rendition, char *segment)
{
    size_t prefix = strlen(SEGMENT_PREFIX), len = strlen(rendition);
    const char *behind = name + prefix;

    if (strncmp(name, SEGMENT_PREFIX, prefix) != 0 || strlen(name) >= PLAYLIST_NAME_SIZE)
        return false;
    if (len > 0 && (strncmp(behind, rendition, len) != 0 || behind[len] != '-'))
        return false;
    snprintf(segment, PLAYLIST_NAME_SIZE, SEGMENT_PREFIX "%s", len > 0 ? behind + len + 1 : behind);
    return true;
}

/* ---- text ---- */

/* How many of the segments a rendition lacks, from the oldest. */
static size_t count_missing(const Playlist *p, const PlaylistRendition *rendition)
{
    int64_t missing = rendition->first_msn - p->window.media_sequence;

    return missing <= 0 ? 0 : (size_t)smaller(missing, (int64_t)p->window.count);
}

size_t playlist_write(const Playlist *p, const PlaylistRendition *rendition, char *text)
{
    static const PlaylistRendition best = {"", 0};
    TextBuffer out = text_buffer(text, PLAYLIST_TEXT_SIZE);
    const PlaylistRendition *r = rendition ? rendition : &best;
    const WindowView view = playlist_view(p);
    const Window *w = &p->window;
    size_t first = count_missing(p, r);
    KeyTags tags = {0};
    int64_t discontinuity_sequence = w->discontinuity_sequence;

    for (size_t i = 0; i < first; i++)
        discontinuity_sequence += p->segments[i].common.discontinuity;
    text_add(&out, "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:%" PRId64 "\n",
             w->target_duration_s);
    text_add(&out, "#EXT-X-MEDIA-SEQUENCE:%" PRId64 "\n", w->media_sequence + (int64_t)first);
    if (discontinuity_sequence > 0 || window_has_discontinuity(&view))
        text_add(&out, "#EXT-X-DISCONTINUITY-SEQUENCE:%" PRId64 "\n", discontinuity_sequence);
    for (size_t i = first; i < w->count; i++) {
        const PlaylistSegment *s = &p->segments[i];
        char name[PLAYLIST_NAME_SIZE];
        playlist_rendition_segment(s->name, r->name, name);
        if (s->common.discontinuity)
            text_add_string(&out, "#EXT-X-DISCONTINUITY\n");
        key_tags_segment(&tags, s->key, KEY_TAGS_NO_IV, &out);
        playlist_add_segment(&out, &s->common);
        text_add_string(&out, name);
        text_add_string(&out, "\n");
    }
    if (w->ended)
        text_add_string(&out, "#EXT-X-ENDLIST\n");
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

static bool read_number(const char *text, int64_t max, int64_t *out)
{
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    *out = strtoll(text, &end, 10);
    return (*end == '\0' || *end == ',') && *out <= max;
}

/* The inverse of playlist_add_duration(), to the tick: a duration that is listed may never
 * change. What that would write otherwise is not ours. */
static bool read_duration(const char *text, int64_t *duration_90k)
{
    char array[AGAIN_SIZE];
    TextBuffer again = text_buffer(array, sizeof(array));
    unsigned seconds, fraction;

    if (sscanf(text, "%5u.%5u", &seconds, &fraction) != 2)
        return false;
    *duration_90k = ((seconds * 100000ll + fraction) * 9 + 5) / 10;
    playlist_add_duration(&again, *duration_90k);
    return strncmp(text, array, again.len) == 0 && strcmp(text + again.len, ",") == 0;
}

/* The inverse of utc_text_add(), likewise. */
static bool read_time(const char *text, int64_t *unix_us)
{
    char array[AGAIN_SIZE];
    TextBuffer again = text_buffer(array, sizeof(array));
    struct tm utc = {0};
    int ms;

    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ", &utc.tm_year, &utc.tm_mon, &utc.tm_mday,
               &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &ms) != 7)
        return false;
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    *unix_us = (int64_t)timegm(&utc) * US_PER_S + ms * US_PER_MS;
    utc_text_add(&again, *unix_us, PLAYLIST_TIME_DECIMALS);
    return strcmp(text, array) == 0;
}

/* Ours are file names, never paths. */
static bool read_name(const char *line, char *name)
{
    if (strlen(line) >= PLAYLIST_NAME_SIZE || *line == '.' || *line == '\0' || strchr(line, '/'))
        return false;
    strcpy(name, line);
    return true;
}

/* What the tags say of the segment that comes. */
typedef struct Reading {
    PlaylistSegment next;
    bool encrypted; /* this one, and those that follow */
    const MediaKeys *keys;
} Reading;

/* Adds the segment whose name was read. There is always room for one more. */
static bool add_segment(Playlist *p, Reading *r)
{
    Window *w = &p->window;

    if (w->count == PLAYLIST_SEGMENTS_MAX - 1)
        return false;
    if (r->encrypted)
        r->next.key = media_keys_find(r->keys, NUMBERS_TS, window_next_msn(w));
    p->segments[w->count++] = r->next;
    bool there = r->next.key || !r->encrypted;
    r->next = (PlaylistSegment){0};
    return there;
}

/* Reads one line. Returns false if it is not one of ours. */
static bool read_line(Playlist *p, Reading *r, const char *line)
{
    PlaylistSegment *next = &r->next;
    Window *w = &p->window;
    const char *value;

    if ((value = value_of(line, "#EXT-X-MEDIA-SEQUENCE:")))
        return read_number(value, NUMBER_MAX, &w->media_sequence);
    if ((value = value_of(line, "#EXT-X-DISCONTINUITY-SEQUENCE:")))
        return read_number(value, NUMBER_MAX, &w->discontinuity_sequence);
    if ((value = value_of(line, "#EXT-X-TARGETDURATION:")))
        return read_number(value, 3600, &w->target_duration_s) && w->target_duration_s > 0;
    if ((value = value_of(line, "#EXTINF:")))
        return read_duration(value, &next->common.duration_90k);
    if ((value = value_of(line, "#EXT-X-PROGRAM-DATE-TIME:")))
        return read_time(value, &next->common.starts_unix_us);
    if (strcmp(line, "#EXT-X-DISCONTINUITY") == 0)
        return next->common.discontinuity = true;
    if (strcmp(line, "#EXT-X-ENDLIST") == 0)
        return w->ended = true;
    if ((value = value_of(line, "#EXT-X-KEY:METHOD="))) {
        r->encrypted = strcmp(value, "NONE") != 0;
        return true;
    }
    if (*line == '#')
        return true;
    return read_name(line, next->name) && add_segment(p, r);
}

int playlist_read(Playlist *p, const char *text, size_t len, size_t keep, const MediaKeys *keys)
{
    Reading reading = {.keys = keys};
    char line[LINE_SIZE];

    *p = (Playlist){.window = {.keep = keep}};
    if (!take_line(&text, &len, line) || strcmp(line, "#EXTM3U") != 0)
        return -1;
    while (len > 0)
        if (!take_line(&text, &len, line) || !read_line(p, &reading, line))
            return -1;
    return p->window.target_duration_s > 0 ? 0 : -1;
}
