/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cmaf_playlists_inner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bridge_log.h"
#include "package/iframe_playlist.h"

void cmaf_playlists_add(CmafPlaylists *p)
{
    size_t which = p->lists++;

    const CmafTrack *track = p->params.track[which];

    snprintf(p->list[which].file, sizeof(p->list[which].file), "%s.m3u8", cmaf_track_name(track));
    if (cmaf_track_kind(track) == TRACK_VIDEO)
        iframe_playlist_name(cmaf_track_name(track), p->list[which].iframes);
}

/* Reads what an earlier run has left. Returns 0, or -1 with errno. */
static int read_former(CmafPlaylists *p, List *list)
{
    ssize_t len = store_read(p->params.folder, list->file, p->text, LL_TEXT_SIZE - 1);

    if (len < 0)
        return errno == ENOENT ? 0 : -1;
    p->text[len] = '\0';
    list->former = (Former){true, strstr(p->text, "\n#EXT-X-ENDLIST\n"), strdup(p->text)};
    return list->former.text ? 0 : -1;
}

/* Makes sure that viewers may see what a rendition's list has come to. Returns 0, or -1 with errno:
 * then they must not. */
static int reserve_numbers(CmafPlaylists *p, size_t which)
{
    const LlPlaylist *list = playlist_of(p, which);
    const WindowView view = ll_playlist_view(list);
    Numbers next = {(uint64_t)(window_next_msn(&list->window) + list->window.open),
                    (uint64_t)window_newest_discontinuity(&view)};

    return p->params.numbers
               ? number_log_reserve(p->params.numbers, NUMBERS_LL, &next, NUMBER_LOG_AHEAD)
               : 0;
}

/* Notes whether viewers are told of more than the files say. Returns 0, or -1 with errno: then they
 * must not be. */
static int note_lag(CmafPlaylists *p)
{
    bool lags = false;

    for (size_t i = 0; i < p->lists; i++)
        lags = lags || p->list[i].due;
    return p->params.numbers ? number_log_lag(p->params.numbers, NUMBERS_LL, lags) : 0;
}

static void remove_lists(const CmafPlaylists *p)
{
    for (size_t i = 0; i < p->lists; i++) {
        store_remove(p->params.folder, p->list[i].file);
        if (p->list[i].iframes[0])
            store_remove(p->params.folder, p->list[i].iframes);
    }
    store_remove(p->params.folder, MASTER_FILE);
}

/* What an earlier run has left is not what viewers have seen last, or it is not whole: takes it
 * away, and goes on at numbers that they cannot have seen. `damaged`: its numbers are not known
 * either. Returns 0, or -1 with errno. */
static int forgo_former(CmafPlaylists *p, int64_t msn, int64_t sequence, bool damaged)
{
    Numbers seen = {0};

    if (p->params.numbers)
        number_log_bound(p->params.numbers, NUMBERS_LL, &seen);
    if (damaged && seen.msn == 0)
        seen.msn = seen.discontinuity = (uint64_t)(clock_unix_us(p->params.clock) /
                                                   US_PER_S); /* more than there are segments */
    else if ((int64_t)seen.msn >= msn)
        remove_lists(p); /* once reserved in this boot, they would be trusted after a kill */
    msn = larger(msn, (int64_t)seen.msn);
    sequence = larger(sequence, (int64_t)seen.discontinuity + 1);
    for (size_t i = 0; i < p->lists; i++)
        cmaf_track_resume(p->params.track[i], msn, sequence);
    if (reserve_numbers(p, 0) < 0)
        return -1;
    remove_lists(p);
    cmaf_playlists_forget_former(p);
    return 0;
}

/* Whether all files and keys that a list names are there, but for gaps and what is hinted at. */
static bool is_whole(const CmafPlaylists *p, const char *text)
{
    char name[STORE_NAME_SIZE];

    for (const char *at = text; ll_playlist_next_file(&at, name);)
        if (store_size(p->params.folder, name) <= 0)
            return false;
    return media_keys_have_all(p->params.keys, text);
}

/* Whether what was found is what viewers have seen last: `any` list, or that there is none. */
static bool is_newest(const CmafPlaylists *p, bool any)
{
    Numbers none = {0}, seen = {0};
    const NumberLog *log = p->params.numbers;

    if (!log)
        return true;
    number_log_bound(log, NUMBERS_LL, &seen);
    return number_log_trusts(log, NUMBERS_LL, &none) && (any || seen.msn == 0);
}

/* Whether all lists that an earlier run has left are whole. One that ended while others went on, to
 * `msn` or to what follows that, may have lost its files: they went when they were due. */
static bool are_whole(const CmafPlaylists *p, const int64_t *next, int64_t msn)
{
    bool any_open = false;

    for (size_t i = 0; i < p->lists; i++)
        any_open = any_open || (p->list[i].former.there && !p->list[i].former.ended);
    for (size_t i = 0; i < p->lists; i++) {
        const Former *former = &p->list[i].former;
        bool may_lack = former->ended && (any_open || next[i] < msn);
        if (former->there && !may_lack && !is_whole(p, former->text))
            return false;
    }
    return true;
}

/* The numbers go on where an earlier run has left them, those of all renditions alike. Returns 0,
 * or -1 with errno. */
static int resume(CmafPlaylists *p)
{
    int64_t msn = 0, next[RENDITIONS_MAX] = {0}, sequence[RENDITIONS_MAX] = {0}, newest = 0;
    bool damaged = false, any = false;

    for (size_t i = 0; i < p->lists; i++) {
        const Former *former = &p->list[i].former;
        if (read_former(p, &p->list[i]) < 0)
            return -1;
        if (!former->there)
            continue;
        any = true;
        damaged = ll_playlist_resume(former->text, &next[i], &sequence[i]) < 0 || damaged;
        msn = larger(msn, next[i]);
        newest = larger(newest, sequence[i]);
    }
    if (damaged || !are_whole(p, next, msn) || !is_newest(p, any))
        return forgo_former(p, msn, newest, damaged);
    for (size_t i = 0; i < p->lists; i++)
        cmaf_track_resume(p->params.track[i], msn, sequence[i]);
    return 0;
}

CmafPlaylists *cmaf_playlists_create(const CmafPlaylistsParams *params)
{
    CmafPlaylists *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->params = *params;
    while (p->lists < params->tracks)
        cmaf_playlists_add(p);
    if (resume(p) == 0)
        return p;
    int error = errno;
    cmaf_playlists_destroy(&p);
    errno = error;
    return NULL;
}

void cmaf_playlists_destroy(CmafPlaylists **playlists)
{
    if (!*playlists)
        return;
    cmaf_playlists_forget_names(*playlists);
    free(*playlists);
    *playlists = NULL;
}

Listing cmaf_playlists_listing(const CmafPlaylists *p, size_t which)
{
    const LlPlaylist *list = playlist_of(p, which);
    const Former *former = &p->list[which].former;

    if (former->there)
        return former->ended ? LISTING_ENDED : LISTING_OPEN;
    return window_listing(&list->window);
}

bool cmaf_playlists_is_former(const CmafPlaylists *p, size_t which)
{
    return p->list[which].former.there;
}

void cmaf_playlists_forget_former(CmafPlaylists *p)
{
    for (size_t i = 0; i < p->lists; i++)
        p->list[i].former.there = false;
}

void cmaf_playlists_forget_names(CmafPlaylists *p)
{
    for (size_t i = 0; i < p->lists; i++) {
        free(p->list[i].former.text);
        p->list[i].former.text = NULL;
    }
}

/* Whether a line or a quoted URI of the text is this name. */
static bool names(const char *text, const char *file)
{
    size_t len = strlen(file);

    for (const char *at = text; (at = strstr(at, file)); at += len)
        if (at > text && strchr("\n\"", at[-1]) && at[len] && strchr("\n\"", at[len]))
            return true;
    return false;
}

bool cmaf_playlists_former_name(const CmafPlaylists *p, const char *file)
{
    for (size_t i = 0; i < p->lists; i++)
        if (p->list[i].former.text && names(p->list[i].former.text, file))
            return true;
    return false;
}

/* Players want a whole segment to begin with. */
static bool is_published(const LlPlaylist *list)
{
    return list->window.count > 0 || list->window.ended;
}

/* Reports of the renditions that the publisher sends beside this one. Returns how many. */
static size_t report_others(const CmafPlaylists *p, size_t which, LlReport *report)
{
    size_t n = 0;

    for (size_t i = 0; i < p->lists; i++)
        if (i != which && p->list[i].has && is_published(playlist_of(p, i)))
            report[n++] = ll_playlist_report(playlist_of(p, i), p->list[i].file);
    return n;
}

/* Writes the I-frame playlist if there are other whole segments than it lists, or an end. Returns
 * 0, or -1 with errno. */
static int publish_iframes(CmafPlaylists *p, size_t which)
{
    const LlPlaylist *list = playlist_of(p, which);
    List *l = &p->list[which];
    int64_t next = window_next_msn(&list->window);

    if (!l->iframes[0] || (l->iframes_next == next && l->iframes_ended == list->window.ended))
        return 0;
    size_t len = iframe_playlist_write(list, p->text);
    if (store_put(p->params.folder, l->iframes, p->text, len, 0) < 0)
        return -1;
    l->iframes_next = next;
    l->iframes_ended = list->window.ended;
    return 0;
}

int cmaf_playlists_publish(CmafPlaylists *p, size_t which)
{
    const LlPlaylist *list = playlist_of(p, which);
    List *l = &p->list[which];
    LlReport report[RENDITIONS_MAX];
    size_t reports = report_others(p, which, report);
    LlNews news = {.edge = ll_playlist_edge(list), .epoch = list->epoch};

    if (!is_published(list))
        return 0;
    if (reserve_numbers(p, which) < 0) {
        l->due = true;
        return -1;
    }
    news.at_us = clock_monotonic_us(p->params.clock);
    news.text = p->text;
    news.text_len = ll_playlist_write(list, 0, report, reports, p->text);
    size_t skippable = ll_playlist_skippable(list);
    if (skippable > 0) {
        news.delta = p->delta;
        news.delta_len = ll_playlist_write(list, skippable, report, reports, p->delta);
    }
    l->due = store_put(p->params.folder, l->file, p->text, news.text_len, 0) < 0;
    int error = errno;
    l->former.there = l->former.there && l->due;
    if (l->due)
        log_debug("%s: %s cannot be written: %s", p->params.stream, l->file, strerror(error));
    if (note_lag(p) < 0 && l->due)
        return -1;
    if (ll_board_publish(p->params.board, which, &news) < 0)
        log_error("%s: there is no memory for a playlist", p->params.stream);
    if (publish_iframes(p, which) < 0) {
        error = errno;
        l->due = true;
    }
    errno = error;
    return l->due ? -1 : 0;
}

int cmaf_playlists_publish_later(CmafPlaylists *p, size_t which)
{
    LlEdge edge =
        ll_playlist_edge(playlist_of(p, which)); /* numbers that the best one's list has */
    int64_t now_us = clock_monotonic_us(p->params.clock);

    return ll_board_rest(p->params.board, which, &edge, now_us) ? 0
                                                                : cmaf_playlists_publish(p, which);
}

void cmaf_playlists_write_awaited(CmafPlaylists *p)
{
    for (size_t which; (which = ll_board_awaited(p->params.board)) < p->lists;)
        cmaf_playlists_publish(p, which);
}

/* ---- numbers ---- */

/* Takes everything off a list, for a new beginning; whoever plays it has time to reach its end. */
static void clear_list(CmafPlaylists *p, size_t which, int64_t now_us)
{
    const WindowView view = ll_playlist_view(playlist_of(p, which));

    cmaf_track_clear(p->params.track[which],
                     now_us + window_stay_us(view.window, window_duration_90k(&view)));
}

/* What is at one time has one discontinuity number in all renditions (rfc8216bis, section 6.2.4),
 * though one may have missed a publisher: a list that is behind begins again with that of the
 * others. */
static void align_numbers(CmafPlaylists *p, int64_t now_us)
{
    int64_t number = 0;

    for (size_t i = 0; i < p->lists; i++) {
        const WindowView view = ll_playlist_view(playlist_of(p, i));
        int64_t next = window_next_discontinuity(&view);
        number = p->list[i].has && next > number ? next : number;
    }
    for (size_t i = 0; i < p->lists; i++) {
        const WindowView view = ll_playlist_view(playlist_of(p, i));
        if (!p->list[i].has || window_next_discontinuity(&view) == number)
            continue;
        if (view.window->count > 0)
            clear_list(p, i, now_us);
        cmaf_track_resume(p->params.track[i], window_next_msn(view.window), number);
    }
}

void cmaf_playlists_begin(CmafPlaylists *p, const bool *has, int64_t now_us)
{
    int64_t msn = 0;

    for (size_t i = 0; i < p->lists; i++) {
        int64_t next = window_next_msn(&playlist_of(p, i)->window);
        msn = next > msn ? next : msn;
    }
    for (size_t i = 0; i < p->lists; i++) {
        const LlPlaylist *list = playlist_of(p, i);
        /* an ended list is begun again; and what one has missed would shift its numbers */
        if (list->window.ended || window_next_msn(&list->window) < msn)
            clear_list(p, i, now_us);
        if (list->window.count == 0)
            cmaf_track_resume(p->params.track[i], msn, list->window.discontinuity_sequence);
        bool former = p->list[i].former.there && !p->list[i].former.ended;
        if (!has[i] && (p->list[i].has || former)) {
            cmaf_track_conclude(p->params.track[i]);
            cmaf_playlists_publish(p, i);
        }
        p->list[i].has = has[i];
    }
    align_numbers(p, now_us);
}

/* ---- what could not be written ---- */

bool cmaf_playlists_are_due(const CmafPlaylists *p)
{
    for (size_t i = 0; i < p->lists; i++)
        if (p->list[i].due)
            return true;
    return p->multivariant_due;
}

void cmaf_playlists_write_due(CmafPlaylists *p)
{
    for (size_t i = 0; i < p->lists; i++)
        if (p->list[i].due)
            cmaf_playlists_publish(p, i);
    if (p->multivariant_due)
        cmaf_playlists_write_multivariant(p);
    cmaf_playlists_tell_of_beginning(p);
}
