/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/segment_store_inner.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(PLAYLIST_NAME_SIZE <= STORE_NAME_SIZE, "a playlist names files of the folder");

Numbers segment_store_numbers(const SegmentStore *s)
{
    const WindowView view = playlist_view(&s->playlist);

    return (Numbers){(uint64_t)window_next_msn(view.window),
                     (uint64_t)window_newest_discontinuity(&view)};
}

int segment_store_reserve(SegmentStore *s)
{
    Numbers next = segment_store_numbers(s);

    return number_log_reserve(s->numbers, NUMBERS_TS, &next, s->durable ? 0 : NUMBER_LOG_AHEAD);
}

/* ---- lists ---- */

size_t segment_store_list(SegmentStore *s, const char *rendition)
{
    for (size_t i = 0; i < s->lists; i++)
        if (strcmp(s->list[i].rendition, rendition) == 0)
            return i;
    if (s->lists == SEGMENT_LISTS_MAX || strlen(rendition) >= RENDITION_NAME_SIZE)
        return SEGMENT_LISTS_MAX;
    SegmentList *list = &s->list[s->lists];
    *list = (SegmentList){.first_msn = window_next_msn(&s->playlist.window)};
    snprintf(list->rendition, sizeof(list->rendition), "%s", rendition);
    playlist_rendition_list(rendition, list->file);
    return s->lists++;
}

size_t segment_store_lists(const SegmentStore *s)
{
    return s->lists;
}

const char *segment_store_list_name(const SegmentStore *s, size_t list)
{
    return s->list[list].rendition;
}

const char *segment_store_list_file(const SegmentStore *s, size_t list)
{
    return s->list[list].file;
}

/* Returns 0, or -1 with errno. */
static int write_list(SegmentStore *s, SegmentList *list)
{
    const PlaylistRendition rendition = {list->rendition, list->first_msn};
    size_t len = playlist_write(&s->playlist, &rendition, s->text);

    return store_put(s->folder, list->file, s->text, len, s->durable ? STORE_THROUGH : 0);
}

/* Writes all lists. Returns 0, or -1 with errno: then that of the best is not written, and none of
 * the others. One of the others that cannot be written is due, and goes on as it was. */
static int write_playlists(SegmentStore *s)
{
    if (segment_store_reserve(s) < 0 || write_list(s, &s->list[0]) < 0)
        return -1;
    for (size_t i = 1; i < s->lists; i++)
        s->list[i].due = write_list(s, &s->list[i]) < 0;
    if (s->durable)
        store_sync_names(s->folder); /* if that fails, what it lists is not taken up */
    return 0;
}

bool segment_store_is_due(const SegmentStore *s)
{
    for (size_t i = 1; i < s->lists; i++)
        if (s->list[i].due)
            return true;
    return false;
}

/* ---- open and close ---- */

/* Returns false if there is no memory. */
static bool open_cipher(SegmentStore *s)
{
    if (media_keys_cipher(s->keys, NUMBERS_TS) == MEDIA_CLEAR)
        return true;
    s->cipher = segment_cipher_create();
    return s->cipher;
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
    s->keys = params->keys;
    segment_store_list(s, "");
    errno = ENOMEM;
    if (open_cipher(s) && segment_store_recover(s, params, now_us) == 0)
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
    segment_cipher_destroy(&(*store)->cipher);
    byte_buffer_free(&(*store)->encrypted);
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

/* Removes at `at_us`, INT64_MIN: now, a segment's file of each rendition that has it. */
static void remove_files(SegmentStore *s, const char *segment, int64_t msn, int64_t at_us)
{
    char name[PLAYLIST_NAME_SIZE];

    for (size_t i = 0; i < s->lists; i++) {
        if (msn < s->list[i].first_msn)
            continue;
        playlist_rendition_segment(segment, s->list[i].rendition, name);
        if (at_us == INT64_MIN)
            store_remove(s->folder, name);
        else
            store_remove_at(s->folder, name, at_us);
    }
}

/* Writes the file of one rendition. Returns 0, or -1 with errno. */
static int add_file(SegmentStore *s, const char *name, const char *best, const SegmentBytes *bytes,
                    const MediaKey *key)
{
    unsigned how = STORE_MEDIA | (s->durable ? STORE_THROUGH : 0);
    uint8_t iv[SEGMENT_IV_SIZE];

    if (bytes->copy) /* of what has the same key and the same number */
        return store_put_copy(s->folder, name, best, how);
    if (!key)
        return store_put(s->folder, name, bytes->data, bytes->len, how);
    segment_cipher_iv(window_next_msn(&s->playlist.window), iv);
    if (segment_cipher_encrypt(s->cipher, key->key, iv, bytes->data, bytes->len, &s->encrypted) < 0)
        return -1;
    return store_put(s->folder, name, s->encrypted.data, s->encrypted.len, how);
}

/* Writes a segment's file of each rendition. Returns 0, or -1 with errno: then there is none. */
static int add_files(SegmentStore *s, const PlaylistSegment *segment, const SegmentBytes *bytes)
{
    int64_t msn = window_next_msn(&s->playlist.window);
    char name[PLAYLIST_NAME_SIZE];
    int error = 0;

    for (size_t i = 0; i < s->lists && !error; i++) {
        playlist_rendition_segment(segment->name, s->list[i].rendition, name);
        if (add_file(s, name, segment->name, &bytes[i], segment->key) < 0)
            error = errno;
    }
    byte_buffer_free(&s->encrypted);
    if (!error)
        return 0;
    remove_files(s, segment->name, msn, INT64_MIN);
    errno = error;
    return -1;
}

/* Finds the key of the segment that comes next. Returns false with errno. */
static bool take_key(SegmentStore *s, PlaylistSegment *segment)
{
    segment->key = NULL;
    if (!s->cipher)
        return true;
    segment->key = media_keys_take(s->keys, NUMBERS_TS, window_next_msn(&s->playlist.window));
    return segment->key;
}

void segment_store_keep_keys(SegmentStore *s, int64_t at_us)
{
    const Window *w = &s->playlist.window;
    const MediaKeyNeed need = {w->media_sequence, window_next_msn(w)};

    media_keys_keep(s->keys, NUMBERS_TS, &need, 1, at_us);
}

int segment_store_add(SegmentStore *s, const SegmentBytes *bytes, PlaylistSegment *segment,
                      int64_t now_us)
{
    const Playlist before = s->playlist;
    const WindowView view = playlist_view(&s->playlist);
    PlaylistSegment dropped[PLAYLIST_SEGMENTS_MAX];
    int64_t first = view.window->media_sequence, added = window_next_msn(view.window), msn;
    size_t n = drop_ended(&view, dropped);

    snprintf(segment->name, sizeof(segment->name), "seg-%" PRId64 "-%06" PRId64 SEGMENT_SUFFIX,
             s->began_s, added);
    if (!take_key(s, segment) || add_files(s, segment, bytes) < 0)
        goto fail;
    if (view.window->count == 0)
        segment->common.discontinuity = false; /* there is nothing before it to differ from */
    playlist_append(&s->playlist, segment);
    while (window_drop(&view, &dropped[n], &msn))
        n++;
    if (write_playlists(s) < 0) {
        int error = errno;
        remove_files(s, segment->name, added, INT64_MIN);
        errno = error;
        goto fail;
    }
    for (size_t i = 0; i < n; i++)
        remove_files(s, dropped[i].name, first + (int64_t)i,
                     now_us + window_stay_us(view.window, dropped[i].common.duration_90k));
    if (n > 0)
        segment_store_keep_keys(
            s, now_us + window_stay_us(view.window, dropped[n - 1].common.duration_90k));
    window_note_length(&view);
    return 0;
fail:
    s->playlist = before;
    return -1;
}

int segment_store_end(SegmentStore *s)
{
    Window *w = &s->playlist.window;
    bool ended = w->ended;

    if (w->count == 0 || (ended && !segment_store_is_due(s)))
        return 0;
    w->ended = true;
    if (write_playlists(s) == 0)
        return segment_store_is_due(s) ? -1 : 0;
    w->ended = ended;
    return -1;
}

int segment_store_clear(SegmentStore *s)
{
    const Playlist before = s->playlist;
    const WindowView view = playlist_view(&s->playlist);

    bool cleared = before.window.ended && before.window.count == 0;

    if (window_next_msn(&before.window) == 0 || (cleared && !segment_store_is_due(s))) {
        media_keys_clear(s->keys, NUMBERS_TS); /* of media that could not be written */
        return 0;                              /* nothing was ever written, or it is done */
    }
    if (!cleared)
        window_restart(&view);
    view.window->ended = true;
    if (write_playlists(s) < 0) {
        s->playlist = before;
        return -1;
    }
    if (segment_store_is_due(s))
        return -1; /* it still names segments */
    /* now, and no files of other lists, which may still name them */
    store_remove_all_at(s->folder, SEGMENT_SUFFIX, NULL, NULL, INT64_MIN);
    store_expire(s->folder, INT64_MIN);
    media_keys_clear(s->keys, NUMBERS_TS);
    return 0;
}
