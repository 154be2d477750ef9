/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/ll_playlist.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text_buffer.h"

#define NUMBER_MAX      1000000000000ll /* no list has come to that by counting */
#define HOLD_BACK_PARTS 3               /* PART-HOLD-BACK; rfc8216bis recommends at least 3 */
/* EXT-X-VERSION: no more than is needed; sections 6.2.1 and 8. */
#define VERSION_WITH_MAP  6
#define VERSION_WITH_SKIP 9

#define PARTS_LISTED_FOR 3 /* target durations from the end; section 4.4.4.9 */

/* ---- the window ---- */

WindowView ll_playlist_view(const LlPlaylist *playlist)
{
    LlPlaylist *p = (LlPlaylist *)playlist;

    return (WindowView){&p->window, p->segment, sizeof(p->segment[0]), LL_SEGMENTS_MAX};
}

LlSegment *ll_playlist_open_segment(LlPlaylist *p)
{
    return &p->segment[p->window.count];
}

const LlSegment *ll_playlist_find(const LlPlaylist *p, int64_t msn)
{
    int64_t i = msn - p->window.media_sequence;

    return i >= 0 && i < (int64_t)p->window.count + p->window.open ? &p->segment[i] : NULL;
}

const LlPart *ll_playlist_part(const LlPlaylist *p, const LlSegment *s, size_t n)
{
    size_t number = s->first_part + n;

    return p->parts - number <= LL_PARTS_KEPT ? &p->part[number % LL_PARTS_KEPT] : NULL;
}

void ll_playlist_begin(LlPlaylist *p, int64_t starts_unix_us, bool discontinuity, int64_t init_msn)
{
    assert(!p->window.open && !p->window.ended && p->window.count < LL_SEGMENTS_MAX);
    LlSegment *s = ll_playlist_open_segment(p);
    s->common = (WindowSegment){0, starts_unix_us, discontinuity && p->window.count > 0};
    s->init_msn = init_msn;
    s->gap = s->lacks_init = false;
    s->len = s->key_len = 0;
    s->first_part = p->parts;
    s->parts = 0;
    p->window.open = true;
}

void ll_playlist_add(LlPlaylist *p, const LlPart *part)
{
    LlSegment *s = ll_playlist_open_segment(p);

    assert(p->window.open);
    if (s->parts == LL_PARTS_MAX)
        return;
    p->part[p->parts++ % LL_PARTS_KEPT] = *part;
    s->parts++;
}

void ll_playlist_complete(LlPlaylist *p, int64_t duration_90k, int64_t samples, bool gap)
{
    LlSegment *s = ll_playlist_open_segment(p);

    assert(p->window.open && s->parts > 0);
    s->common.duration_90k = duration_90k;
    s->samples = samples;
    s->gap = gap;
    p->window.open = false;
    p->window.count++;
}

void ll_playlist_abandon(LlPlaylist *p)
{
    assert(p->window.open && ll_playlist_open_segment(p)->parts == 0);
    p->window.open = false;
}

int64_t ll_playlist_frames_milli(const LlPlaylist *p)
{
    int64_t steady = p->window.target_duration_s * TICKS_PER_S / 2, most = 0, any = 0;

    for (size_t i = 0; i < p->window.count; i++) {
        const LlSegment *s = &p->segment[i];
        int64_t milli = s->common.duration_90k > 0
                            ? s->samples * 1000 * TICKS_PER_S / s->common.duration_90k
                            : 0;
        any = milli > any ? milli : any;
        if (s->common.duration_90k >= steady && milli > most)
            most = milli;
    }
    return most > 0 ? most : any;
}

LlEdge ll_playlist_edge(const LlPlaylist *p)
{
    return (LlEdge){
        .last_msn = window_next_msn(&p->window) - 1,
        .last_parts = p->window.count > 0 ? (int64_t)p->segment[p->window.count - 1].parts : 0,
        .open_parts = p->window.open ? (int64_t)p->segment[p->window.count].parts : 0,
        .advance_limit = ll_edge_advance_limit(p->part_target_90k),
        .ended = p->window.ended,
    };
}

LlReport ll_playlist_report(const LlPlaylist *p, const char *uri)
{
    LlEdge edge = ll_playlist_edge(p);

    if (edge.open_parts > 0)
        return (LlReport){uri, edge.last_msn + 1, edge.open_parts - 1};
    return (LlReport){uri, edge.last_msn, edge.last_parts - 1};
}

/* ---- names ---- */

void ll_segment_name(const LlPlaylist *p, int64_t msn, char *name)
{
    snprintf(name, LL_NAME_SIZE, "%s-%" PRId64 "-%" PRId64 ".m4s", p->kind, p->epoch, msn);
}

void ll_segment_template(const LlPlaylist *p, const char *for_msn, char *name)
{
    snprintf(name, LL_NAME_SIZE, "%s-%" PRId64 "-%s.m4s", p->kind, p->epoch, for_msn);
}

void ll_part_name(const LlPlaylist *p, int64_t msn, size_t part, char *name)
{
    snprintf(name, LL_NAME_SIZE, "%s-%" PRId64 "-%" PRId64 ".%zu.m4s", p->kind, p->epoch, msn,
             part);
}

void ll_init_name(const LlPlaylist *p, int64_t msn, char *name)
{
    snprintf(name, LL_NAME_SIZE, "%s-%" PRId64 "-%" PRId64 ".mp4", p->kind, p->epoch, msn);
}

/* ---- text ---- */

static void write_head(const LlPlaylist *p, int version, TextBuffer *out)
{
    const WindowView view = ll_playlist_view(p);
    char part[PLAYLIST_DURATION_SIZE], hold_back[PLAYLIST_DURATION_SIZE];

    playlist_format_duration(p->part_target_90k, part);
    playlist_format_duration(HOLD_BACK_PARTS * p->part_target_90k, hold_back);
    text_add(out, "#EXTM3U\n#EXT-X-VERSION:%d\n#EXT-X-TARGETDURATION:%" PRId64 "\n", version,
             p->window.target_duration_s);
    text_add(out,
             "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=%s,CAN-SKIP-UNTIL=%" PRId64
             ".0\n#EXT-X-PART-INF:PART-TARGET=%s\n",
             hold_back, LL_CAN_SKIP_UNTIL * p->window.target_duration_s, part);
    text_add(out, "#EXT-X-MEDIA-SEQUENCE:%" PRId64 "\n", p->window.media_sequence);
    if (p->window.discontinuity_sequence > 0 || window_has_discontinuity(&view))
        text_add(out, "#EXT-X-DISCONTINUITY-SEQUENCE:%" PRId64 "\n",
                 p->window.discontinuity_sequence);
}

/* What stands before the media of segment `i`. */
static void write_tags(const LlPlaylist *p, size_t i, bool map, TextBuffer *out)
{
    const LlSegment *s = &p->segment[i];
    char time[PLAYLIST_TIME_SIZE], name[LL_NAME_SIZE];

    if (s->common.discontinuity)
        text_add(out, "#EXT-X-DISCONTINUITY\n");
    if (map) {
        ll_init_name(p, s->init_msn, name);
        text_add(out, "#EXT-X-MAP:URI=\"%s\"\n", name);
    }
    playlist_format_time(s->common.starts_unix_us, time);
    text_add(out, "#EXT-X-PROGRAM-DATE-TIME:%s\n", time);
}

static void write_parts(const LlPlaylist *p, size_t i, TextBuffer *out)
{
    const LlSegment *s = &p->segment[i];
    char duration[PLAYLIST_DURATION_SIZE], name[LL_NAME_SIZE];

    for (size_t n = 0; n < s->parts; n++) {
        const LlPart *part = ll_playlist_part(p, s, n);
        if (!part)
            continue;
        playlist_format_duration(part->duration_90k, duration);
        ll_part_name(p, p->window.media_sequence + (int64_t)i, n, name);
        text_add(out, "#EXT-X-PART:DURATION=%s,URI=\"%s\"%s%s\n", duration, name,
                 part->independent ? ",INDEPENDENT=YES" : "", part->gap ? ",GAP=YES" : "");
    }
}

static void write_hint(const LlPlaylist *p, TextBuffer *out)
{
    char name[LL_NAME_SIZE];

    ll_part_name(p, window_next_msn(&p->window),
                 p->window.open ? p->segment[p->window.count].parts : 0, name);
    text_add(out, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"%s\"\n", name);
}

static int64_t open_duration_90k(const LlPlaylist *p)
{
    const LlSegment *s = &p->segment[p->window.count];
    int64_t sum = 0;

    for (size_t n = 0; p->window.open && n < s->parts; n++)
        sum += ll_playlist_part(p, s, n)->duration_90k; /* there are fewer in one than are kept */
    return sum;
}

static void write_segment(const LlPlaylist *p, size_t i, TextBuffer *out)
{
    char duration[PLAYLIST_DURATION_SIZE], name[LL_NAME_SIZE];

    playlist_format_duration(p->segment[i].common.duration_90k, duration);
    ll_segment_name(p, p->window.media_sequence + (int64_t)i, name);
    text_add(out, "%s#EXTINF:%s,\n%s\n", p->segment[i].gap ? "#EXT-X-GAP\n" : "", duration, name);
}

static void write_report(const LlReport *report, TextBuffer *out)
{
    text_add(out, "#EXT-X-RENDITION-REPORT:URI=\"%s\",LAST-MSN=%" PRId64, report->uri,
             report->last_msn);
    if (report->last_part >= 0)
        text_add(out, ",LAST-PART=%" PRId64, report->last_part);
    text_add(out, "\n");
}

static size_t count_older(const LlPlaylist *p, int64_t targets)
{
    const WindowView view = ll_playlist_view(p);

    return window_count_older(&view, targets, open_duration_90k(p));
}

size_t ll_playlist_skippable(const LlPlaylist *p)
{
    return count_older(p, LL_CAN_SKIP_UNTIL);
}

size_t ll_playlist_without_parts(const LlPlaylist *p)
{
    return count_older(p, PARTS_LISTED_FOR);
}

size_t ll_playlist_write(const LlPlaylist *p, size_t skipped, const LlReport *report,
                         size_t reports, char *text)
{
    TextBuffer out = text_buffer(text, LL_TEXT_SIZE);
    size_t all = p->window.count + (p->window.open && p->segment[p->window.count].parts > 0);
    size_t without_parts = ll_playlist_without_parts(p);
    int64_t init_msn = -1;

    write_head(p, skipped > 0 ? VERSION_WITH_SKIP : VERSION_WITH_MAP, &out);
    if (skipped > 0)
        text_add(&out, "#EXT-X-SKIP:SKIPPED-SEGMENTS=%zu\n", skipped);
    for (size_t i = skipped; i < all; i++) {
        const LlSegment *s = &p->segment[i];
        bool map = !s->lacks_init && s->init_msn != init_msn;
        write_tags(p, i, map, &out);
        if (map)
            init_msn = s->init_msn;
        if (i >= without_parts)
            write_parts(p, i, &out);
        if (i < p->window.count)
            write_segment(p, i, &out);
    }
    if (p->window.ended)
        text_add(&out, "#EXT-X-ENDLIST\n");
    else
        write_hint(p, &out);
    for (size_t i = 0; i < reports && !p->window.ended; i++)
        write_report(&report[i], &out);
    assert(!out.overflow);
    return out.len;
}

/* ---- going on after a restart ---- */

static int64_t number_behind(const char *text, const char *tag, int64_t otherwise)
{
    const char *at = strstr(text, tag);

    return at ? strtoll(at + strlen(tag), NULL, 10) : otherwise;
}

static int64_t count_lines(const char *text, const char *line)
{
    int64_t n = 0;

    for (const char *at = text; (at = strstr(at, line)); at += strlen(line))
        n++;
    return n;
}

int ll_playlist_resume(const char *text, int64_t *msn, int64_t *discontinuity_sequence)
{
    int64_t first = number_behind(text, "\n#EXT-X-MEDIA-SEQUENCE:", -1);
    int64_t discontinuities = number_behind(text, "\n#EXT-X-DISCONTINUITY-SEQUENCE:", 0);

    if (first < 0 || first > NUMBER_MAX || discontinuities < 0 || discontinuities > NUMBER_MAX)
        return -1;
    /* and the one that was open: its parts may have been fetched */
    *msn = first + count_lines(text, "\n#EXTINF:") + 1;
    *discontinuity_sequence = discontinuities + count_lines(text, "\n#EXT-X-DISCONTINUITY\n") + 1;
    return 0;
}

/* Copies what stands before `end` characters. Returns false if it is no file's name. */
static bool take_name(const char *from, const char *end, char *name)
{
    size_t len = strcspn(from, end);

    if (len == 0 || len >= LL_NAME_SIZE || from[len] == '\0' || memchr(from, '/', len))
        return false;
    memcpy(name, from, len);
    name[len] = '\0';
    return true;
}

bool ll_playlist_next_file(const char **at, char *name)
{
    bool gap = false;

    for (const char *line = *at, *end; (end = strchr(line, '\n')); line = end + 1) {
        size_t len = (size_t)(end - line);
        bool part = strncmp(line, "#EXT-X-PART:", 12) == 0;
        const char *uri = memmem(line, len, "URI=\"", 5), *from = NULL;
        *at = end + 1;
        if (part ? !memmem(line, len, ",GAP=YES", 8) : strncmp(line, "#EXT-X-MAP:", 11) == 0)
            from = uri ? uri + 5 : NULL;
        else if (*line != '#' && !gap)
            from = line;
        if (from && take_name(from, "\"\n", name))
            return true;
        gap = *line == '#' && (gap || strncmp(line, "#EXT-X-GAP\n", 11) == 0);
    }
    return false;
}
