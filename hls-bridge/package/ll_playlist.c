/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/ll_playlist.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX       1000000000000ll /* no list has come to that by counting */
#define PARTS_LISTED_FOR 3               /* target durations from the end; section 4.4.4.9 */

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
    s->key = NULL;
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

/* ---- how far from the end ---- */

static int64_t open_duration_90k(const LlPlaylist *p)
{
    const LlSegment *s = &p->segment[p->window.count];
    int64_t sum = 0;

    for (size_t n = 0; p->window.open && n < s->parts; n++)
        sum += ll_playlist_part(p, s, n)->duration_90k; /* there are fewer in one than are kept */
    return sum;
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
