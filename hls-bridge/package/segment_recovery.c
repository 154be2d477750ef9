/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/segment_store_inner.h"

#include <errno.h>
#include <string.h>

#define TS_PACKET 188 /* bytes; ISO 13818-1 */

/* Whether a rendition's list names this file. */
static bool lists_file(const SegmentStore *s, const SegmentList *list, const char *name)
{
    const Window *w = &s->playlist.window;
    char segment[PLAYLIST_NAME_SIZE];

    if (!playlist_best_segment(name, list->rendition, segment))
        return false;
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(s->playlist.segments[i].name, segment) == 0)
            return w->media_sequence + (int64_t)i >= list->first_msn;
    return false;
}

static bool is_listed(void *user, const char *name)
{
    const SegmentStore *s = user;

    for (size_t i = 0; i < s->lists; i++)
        if (lists_file(s, &s->list[i], name))
            return true;
    return false;
}

/* Segments that no playlist names any more are of a former run: a viewer may be about to fetch one,
 * so they stay as long as if they had left the playlist now. */
static void outdate_leftovers(SegmentStore *s, int64_t now_us)
{
    int64_t at_us = now_us + 2 * ticks_to_us(s->playlist.window.longest_90k);

    store_remove_all_at(s->folder, SEGMENT_SUFFIX, is_listed, s, at_us);
    segment_store_keep_keys(s, at_us);
}

/* Whether a file can be what was written: it is there, and has whole TS packets, or whole blocks of
 * the cipher. */
static bool is_whole(const SegmentStore *s, const char *name, bool encrypted)
{
    int64_t size = store_size(s->folder, name);

    return size > 0 && size % (encrypted ? SEGMENT_PAD_BLOCK : TS_PACKET) == 0;
}

/* Whether a segment of a rendition is missing. */
static bool has_missing(const SegmentStore *s, const SegmentList *list)
{
    const Window *w = &s->playlist.window;
    char name[PLAYLIST_NAME_SIZE];

    for (size_t i = 0; i < w->count; i++) {
        playlist_rendition_segment(s->playlist.segments[i].name, list->rendition, name);
        if (w->media_sequence + (int64_t)i >= list->first_msn &&
            !is_whole(s, name, s->playlist.segments[i].key))
            return true;
    }
    return false;
}

/* The longest that a playlist of an earlier run may have been: nobody knows any more. That run may
 * have been asked for more segments than this one. */
static int64_t longest_before_90k(const Window *w)
{
    int64_t segment_90k =
        w->target_duration_s * TICKS_PER_S + TICKS_PER_S / 2; /* rounded, EXTINF */
    int64_t full_90k = (int64_t)(w->keep > w->count ? w->keep : w->count) * segment_90k;
    int64_t least_90k = WINDOW_LIVE_MIN * w->target_duration_s * TICKS_PER_S + segment_90k;

    return full_90k > least_90k ? full_90k : least_90k;
}

/* What was found of the playlists of an earlier run. */
typedef struct Found {
    bool there, read; /* that of the best */
    bool newest;      /* what was read is what viewers have seen last */
    Numbers others;   /* that come behind those of the other lists */
} Found;

static uint64_t newer(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Below which all numbers are that viewers have seen, as far as the playlist of the best does not
 * tell: the log does, or else the clock, which counts faster than segments. */
static Numbers seen_numbers(const SegmentStore *s, const Found *found)
{
    Numbers seen = {0};

    if (!found->newest && !(number_log_bound(s->numbers, NUMBERS_TS, &seen) && seen.msn > 0) &&
        found->there && !found->read)
        seen = (Numbers){(uint64_t)s->began_s, (uint64_t)s->began_s};
    return (Numbers){newer(seen.msn, found->others.msn),
                     newer(seen.discontinuity, found->others.discontinuity)};
}

static void remove_lists(SegmentStore *s)
{
    for (size_t i = 0; i < s->lists; i++)
        store_remove(s->folder, s->list[i].file);
    store_remove(s->folder, PLAYLISTS_FILE);
}

/* Begins with nothing in the playlists, at numbers that viewers cannot have seen. Returns 0, or -1
 * with errno. */
static int begin_empty(SegmentStore *s, const Found *found)
{
    Numbers seen = seen_numbers(s, found), logged;
    const WindowView view = playlist_view(&s->playlist);
    Window *w = view.window;

    if (!found->there && seen.msn == 0)
        return 0; /* nobody has ever seen any */
    /* once numbers are reserved in this boot, what is found is trusted, by a run that follows if
     * this one is killed now: so what the log replaces goes before that */
    if (number_log_bound(s->numbers, NUMBERS_TS, &logged) &&
        logged.msn >= (uint64_t)window_next_msn(w))
        remove_lists(s);
    window_restart(&view);
    window_raise_numbers(w, (int64_t)seen.msn, (int64_t)seen.discontinuity + 1);
    for (size_t i = 0; i < s->lists; i++)
        s->list[i].first_msn = window_next_msn(w);
    if (segment_store_reserve(s) < 0)
        return -1;
    remove_lists(s);
    return 0;
}

/* ---- the lists of other renditions ---- */

/* Adds the list "index-NAME.m3u8" that an earlier run has left; nothing is removed. */
static bool add_former(void *user, const char *file)
{
    const char *prefix = "index-";
    char name[RENDITION_NAME_SIZE];
    size_t len = strlen(file) - strlen(".m3u8");

    if (strncmp(file, prefix, strlen(prefix)) != 0 || len <= strlen(prefix) ||
        len - strlen(prefix) >= sizeof(name))
        return true;
    memcpy(name, file + strlen(prefix), len - strlen(prefix));
    name[len - strlen(prefix)] = '\0';
    segment_store_list(user, name);
    return true;
}

/* Reads a list as far as it says where it stands; it has the segments of the best from there on. */
static void read_list(SegmentStore *s, SegmentList *list, Found *found)
{
    Playlist p = {.window = {0}};
    const WindowView view = playlist_view(&p);
    ssize_t len = store_read(s->folder, list->file, s->text, sizeof(s->text));

    if (len <= 0 || playlist_read(&p, s->text, (size_t)len, 1, s->keys) < 0)
        return;
    list->first_msn = p.window.media_sequence;
    found->others.msn = newer(found->others.msn, (uint64_t)window_next_msn(&p.window));
    found->others.discontinuity =
        newer(found->others.discontinuity, (uint64_t)window_newest_discontinuity(&view));
}

/* A list whose segments are not all there begins again with the next one. */
static void settle_lists(SegmentStore *s)
{
    for (size_t i = 1; i < s->lists; i++)
        if (has_missing(s, &s->list[i]))
            s->list[i].first_msn = window_next_msn(&s->playlist.window);
}

/* ---- recovery ---- */

int segment_store_recover(SegmentStore *s, const SegmentStoreParams *params, int64_t now_us)
{
    ssize_t len = store_read(s->folder, PLAYLIST_FILE, s->text, sizeof(s->text));

    if (len < 0 && errno != ENOENT)
        return -1;
    Found found = {.there = len >= 0};
    found.read =
        len > 0 && playlist_read(&s->playlist, s->text, (size_t)len, params->window, s->keys) == 0;
    if (found.read) {
        s->playlist.window.longest_90k = longest_before_90k(&s->playlist.window);
    } else {
        playlist_init(&s->playlist, params->target_duration_s, params->window);
    }
    Numbers numbers = segment_store_numbers(s);
    store_remove_all_at(s->folder, ".m3u8", add_former, s, NEVER_US);
    for (size_t i = 1; i < s->lists; i++)
        read_list(s, &s->list[i], &found);
    found.newest = found.read && number_log_trusts(s->numbers, NUMBERS_TS, &numbers) &&
                   found.others.msn <= numbers.msn;
    if (!found.newest || has_missing(s, &s->list[0])) {
        if (begin_empty(s, &found) < 0)
            return -1;
    } else {
        settle_lists(s);
    }
    outdate_leftovers(s, now_us);
    return 0;
}
