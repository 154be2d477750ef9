/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/segment_store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEGMENT_SUFFIX ".ts"
#define TS_PACKET      188 /* bytes; ISO 13818-1 */

_Static_assert(PLAYLIST_NAME_SIZE <= STORE_NAME_SIZE, "a playlist names files of the folder");

struct SegmentStore {
    Store *folder; /* borrowed */
    NumberLog *numbers;
    bool durable;
    int64_t began_s; /* wall clock at open: makes names unique beyond the life of any numbering */
    Playlist playlist;
    char text[PLAYLIST_TEXT_SIZE];
};

static Numbers numbers_of(const Playlist *p)
{
    const WindowView view = playlist_view(p);

    return (Numbers){(uint64_t)window_next_msn(&p->window),
                     (uint64_t)window_newest_discontinuity(&view)};
}

/* Returns 0, or -1 with errno: then the playlist must not be seen. */
static int reserve_numbers(SegmentStore *s)
{
    Numbers next = numbers_of(&s->playlist);

    return number_log_reserve(s->numbers, NUMBERS_TS, &next, s->durable ? 0 : NUMBER_LOG_AHEAD);
}

static int add_file(SegmentStore *s, const char *name, const uint8_t *data, size_t len)
{
    return s->durable ? store_put(s->folder, name, data, len, STORE_MEDIA | STORE_THROUGH)
                      : store_put(s->folder, name, data, len, STORE_MEDIA);
}

static int write_playlist(SegmentStore *s)
{
    size_t len = playlist_write(&s->playlist, s->text);

    if (reserve_numbers(s) < 0)
        return -1;
    if (!s->durable)
        return store_put(s->folder, PLAYLIST_FILE, s->text, len, 0);
    if (store_put(s->folder, PLAYLIST_FILE, s->text, len, STORE_THROUGH) < 0)
        return -1;
    store_sync_names(s->folder); /* if that fails, what it lists is not taken up */
    return 0;
}

/* ---- recovery ---- */

static bool is_listed(void *user, const char *name)
{
    const Playlist *p = user;

    for (size_t i = 0; i < p->window.count; i++)
        if (strcmp(p->segments[i].name, name) == 0)
            return true;
    return false;
}

/* Segments that no playlist names any more are of a former run: a viewer may be about to fetch one,
 * so they stay as long as if they had left the playlist now. */
static void outdate_leftovers(SegmentStore *s, int64_t now_us)
{
    store_remove_all_at(s->folder, SEGMENT_SUFFIX, is_listed, &s->playlist,
                        now_us + 2 * ticks_to_us(s->playlist.window.longest_90k));
}

/* Whether a file can be what was written: it is there, and has whole TS packets. */
static bool is_whole(const SegmentStore *s, const char *name)
{
    int64_t size = store_size(s->folder, name);

    return size > 0 && size % TS_PACKET == 0;
}

static bool has_missing(const SegmentStore *s)
{
    for (size_t i = 0; i < s->playlist.window.count; i++)
        if (!is_whole(s, s->playlist.segments[i].name))
            return true;
    return false;
}

/* The longest that a playlist of an earlier run may have been: nobody knows any more. */
static int64_t longest_before_90k(const Window *w)
{
    int64_t segment_90k =
        w->target_duration_s * TICKS_PER_S + TICKS_PER_S / 2; /* rounded, EXTINF */
    int64_t full_90k = (int64_t)w->keep * segment_90k;
    int64_t least_90k = WINDOW_LIVE_MIN * w->target_duration_s * TICKS_PER_S + segment_90k;

    return full_90k > least_90k ? full_90k : least_90k;
}

/* What was found of the playlist of an earlier run. */
typedef struct Found {
    bool there, read;
    bool newest; /* what was read is what viewers have seen last */
} Found;

/* Below which all numbers are that viewers have seen, as far as the playlist does not tell: the log
 * does, or else the clock, which counts faster than segments. */
static Numbers seen_numbers(const SegmentStore *s, const Found *found)
{
    Numbers seen = {0};

    if (found->newest || (number_log_bound(s->numbers, NUMBERS_TS, &seen) && seen.msn > 0) ||
        !found->there || found->read)
        return seen;
    return (Numbers){(uint64_t)s->began_s, (uint64_t)s->began_s};
}

/* Begins with nothing in the playlist, at numbers that viewers cannot have seen. Returns 0, or -1
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
        store_remove(s->folder, PLAYLIST_FILE);
    window_restart(&view);
    window_raise_numbers(w, (int64_t)seen.msn, (int64_t)seen.discontinuity + 1);
    if (reserve_numbers(s) < 0)
        return -1;
    store_remove(s->folder, PLAYLIST_FILE);
    return 0;
}

/* Takes up what an earlier run has left, as far as it can be relied on. Returns 0, or -1 with
 * errno: then the disk keeps what is there to itself. */
static int recover(SegmentStore *s, const SegmentStoreParams *params, int64_t now_us)
{
    ssize_t len = store_read(s->folder, PLAYLIST_FILE, s->text, sizeof(s->text));

    if (len < 0 && errno != ENOENT)
        return -1;
    Found found = {.there = len >= 0};
    found.read = len > 0 && playlist_read(&s->playlist, s->text, (size_t)len, params->window) == 0;
    if (found.read) {
        s->playlist.window.longest_90k = longest_before_90k(&s->playlist.window);
    } else {
        playlist_init(&s->playlist, params->target_duration_s, params->window);
    }
    Numbers numbers = numbers_of(&s->playlist);
    found.newest = found.read && number_log_trusts(s->numbers, NUMBERS_TS, &numbers);
    if ((!found.newest || has_missing(s)) && begin_empty(s, &found) < 0)
        return -1;
    outdate_leftovers(s, now_us);
    return 0;
}

SegmentStore *segment_store_open(const SegmentStoreParams *params, int64_t now_us)
{
    SegmentStore *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->began_s = clock_unix_us(params->clock) / US_PER_S;
    s->durable = params->durable;
    s->folder = params->store;
    s->numbers = params->numbers;
    if (recover(s, params, now_us) == 0)
        return s;
    int error = errno;
    segment_store_close(&s);
    errno = error;
    return NULL;
}

void segment_store_close(SegmentStore **store)
{
    if (!*store)
        return;
    free(*store);
    *store = NULL;
}

const Playlist *segment_store_playlist(const SegmentStore *s)
{
    return &s->playlist;
}

/* ---- segments ---- */

/* Takes everything off if the last broadcast has ended. Returns how many, moved to `dropped`. */
static size_t drop_ended(const WindowView *view, PlaylistSegment *dropped)
{
    size_t n = view->window->ended ? view->window->count : 0;

    memcpy(dropped, view->segments, n * view->size);
    if (view->window->ended)
        window_restart(view);
    return n;
}

int segment_store_add(SegmentStore *s, const uint8_t *data, size_t len, PlaylistSegment *segment,
                      int64_t now_us)
{
    const Playlist before = s->playlist;
    const WindowView view = playlist_view(&s->playlist);
    PlaylistSegment dropped[PLAYLIST_SEGMENTS_MAX];
    size_t n = drop_ended(&view, dropped);
    int64_t msn;
    int error;

    snprintf(segment->name, sizeof(segment->name), "seg-%" PRId64 "-%06" PRId64 SEGMENT_SUFFIX,
             s->began_s, window_next_msn(view.window));
    if (add_file(s, segment->name, data, len) < 0)
        goto fail;
    if (view.window->count == 0)
        segment->common.discontinuity = false; /* there is nothing before it to differ from */
    playlist_append(&s->playlist, segment);
    while (window_drop(&view, &dropped[n], &msn))
        n++;
    if (write_playlist(s) < 0) {
        error = errno;
        store_remove(s->folder, segment->name);
        errno = error;
        goto fail;
    }
    for (size_t i = 0; i < n; i++)
        store_remove_at(s->folder, dropped[i].name,
                        now_us + window_stay_us(view.window, dropped[i].common.duration_90k));
    window_note_length(&view);
    return 0;
fail:
    s->playlist = before;
    return -1;
}

int segment_store_end(SegmentStore *s)
{
    if (s->playlist.window.count == 0 || s->playlist.window.ended)
        return 0;
    s->playlist.window.ended = true;
    if (write_playlist(s) == 0)
        return 0;
    s->playlist.window.ended = false;
    return -1;
}

int segment_store_clear(SegmentStore *s)
{
    const Playlist before = s->playlist;
    const WindowView view = playlist_view(&s->playlist);

    if (window_next_msn(&before.window) == 0 || (before.window.ended && before.window.count == 0))
        return 0; /* nothing was ever written, or it is done */
    window_restart(&view);
    view.window->ended = true;
    if (write_playlist(s) < 0) {
        s->playlist = before;
        return -1;
    }
    /* now, and no files of other lists, which may still name them */
    store_remove_all_at(s->folder, SEGMENT_SUFFIX, NULL, NULL, INT64_MIN);
    store_expire(s->folder, INT64_MIN);
    return 0;
}
