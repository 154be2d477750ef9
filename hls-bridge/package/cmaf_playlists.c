/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cmaf_playlists.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bridge_log.h"

#define CHANGE_PERCENT 10 /* of a figure, for the multivariant playlist to be written again */

static const char *const playlist_file[] = {"video.m3u8", "audio.m3u8"};

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* A playlist that an earlier run has left, until there is one of this run in its place. */
typedef struct Former {
    bool there, ended;
} Former;

struct CmafPlaylists {
    CmafPlaylistsParams params;
    bool has[LL_RENDITIONS]; /* of the publisher */
    LlMultivariant listed;   /* as it was last written */
    bool due[LL_RENDITIONS]; /* the file could not be written */
    bool multivariant_due;
    Former former[LL_RENDITIONS];
    char text[LL_TEXT_SIZE], delta[LL_TEXT_SIZE]; /* at first what an earlier run has left */
};

/* Reads what an earlier run has left. Returns 0, or -1 with errno. */
static int read_former(CmafPlaylists *p, LlRendition which, char *text)
{
    ssize_t len = media_folder_read(p->params.folder, playlist_file[which], text, LL_TEXT_SIZE - 1);

    if (len < 0 && errno != ENOENT)
        return -1;
    text[len > 0 ? len : 0] = '\0';
    p->former[which] = (Former){len >= 0, strstr(text, "\n#EXT-X-ENDLIST\n")};
    return 0;
}

/* Makes sure that viewers may see what a rendition's list has come to. Returns 0, or -1 with errno:
 * then they must not. */
static int reserve_numbers(CmafPlaylists *p, LlRendition which)
{
    const LlPlaylist *list = cmaf_track_playlist(p->params.track[which]);
    Numbers next = {(uint64_t)(ll_playlist_next_msn(list) + list->open),
                    (uint64_t)ll_playlist_newest_discontinuity(list)};

    return p->params.numbers
               ? number_log_reserve(p->params.numbers, NUMBERS_LL, &next, NUMBER_LOG_AHEAD)
               : 0;
}

/* Notes whether viewers are told of more than the files say. Returns 0, or -1 with errno: then they
 * must not be. */
static int note_lag(CmafPlaylists *p)
{
    bool lags = p->due[LL_VIDEO] || p->due[LL_AUDIO];

    return p->params.numbers ? number_log_lag(p->params.numbers, NUMBERS_LL, lags) : 0;
}

static void remove_lists(const CmafPlaylists *p)
{
    for (int i = 0; i < LL_RENDITIONS; i++)
        media_folder_remove(p->params.folder, playlist_file[i]);
    media_folder_remove(p->params.folder, MASTER_FILE);
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
    for (int i = 0; i < LL_RENDITIONS; i++)
        cmaf_track_resume(p->params.track[i], msn, sequence);
    if (reserve_numbers(p, LL_VIDEO) < 0)
        return -1;
    remove_lists(p);
    cmaf_playlists_forget_former(p);
    return 0;
}

/* Whether all files that a list names are there, but for gaps and what is only hinted at. */
static bool is_whole(const CmafPlaylists *p, const char *text)
{
    char name[MEDIA_NAME_SIZE];

    for (const char *at = text; ll_playlist_next_file(&at, name);)
        if (media_folder_size(p->params.folder, name) <= 0)
            return false;
    return true;
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

/* The numbers go on where an earlier run has left them, those of both renditions alike. Returns 0,
 * or -1 with errno. */
static int resume(CmafPlaylists *p)
{
    const char *text[LL_RENDITIONS] = {p->text, p->delta};
    int64_t msn = 0, sequence[LL_RENDITIONS] = {0}, newest = 0;
    bool damaged = false, whole = true, any = false;

    if (read_former(p, LL_VIDEO, p->text) < 0 || read_former(p, LL_AUDIO, p->delta) < 0)
        return -1;
    for (int i = 0; i < LL_RENDITIONS; i++) {
        int64_t next = 0;
        if (!p->former[i].there)
            continue;
        any = true;
        damaged = ll_playlist_resume(text[i], &next, &sequence[i]) < 0 || damaged;
        whole = whole && is_whole(p, text[i]);
        msn = larger(msn, next);
        newest = larger(newest, sequence[i]);
    }
    if (damaged || !whole || !is_newest(p, any))
        return forgo_former(p, msn, newest, damaged);
    for (int i = 0; i < LL_RENDITIONS; i++)
        cmaf_track_resume(p->params.track[i], msn, sequence[i]);
    return 0;
}

CmafPlaylists *cmaf_playlists_create(const CmafPlaylistsParams *params)
{
    CmafPlaylists *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->params = *params;
    if (resume(p) == 0)
        return p;
    int error = errno;
    cmaf_playlists_destroy(&p);
    errno = error;
    return NULL;
}

void cmaf_playlists_destroy(CmafPlaylists **playlists)
{
    free(*playlists);
    *playlists = NULL;
}

Listing cmaf_playlists_listing(const CmafPlaylists *p, LlRendition which)
{
    const LlPlaylist *list = cmaf_track_playlist(p->params.track[which]);

    if (p->former[which].there)
        return p->former[which].ended ? LISTING_ENDED : LISTING_OPEN;
    return list->ended ? LISTING_ENDED : list->count > 0 ? LISTING_OPEN : LISTING_NONE;
}

bool cmaf_playlists_is_former(const CmafPlaylists *p, LlRendition which)
{
    return p->former[which].there;
}

void cmaf_playlists_forget_former(CmafPlaylists *p)
{
    memset(p->former, 0, sizeof(p->former));
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
    return names(p->text, file) || names(p->delta, file);
}

/* Players want a whole segment to begin with. */
static bool is_published(const LlPlaylist *list)
{
    return list->count > 0 || list->ended;
}

int cmaf_playlists_publish(CmafPlaylists *p, LlRendition which)
{
    const LlPlaylist *list = cmaf_track_playlist(p->params.track[which]);
    LlRendition other = which == LL_VIDEO ? LL_AUDIO : LL_VIDEO;
    const LlPlaylist *beside = cmaf_track_playlist(p->params.track[other]);
    LlReport both = ll_playlist_report(beside, playlist_file[other]);
    const LlReport *report = p->has[other] && is_published(beside) ? &both : NULL;
    LlNews news = {.edge = ll_playlist_edge(list), .epoch = list->epoch};

    if (!is_published(list))
        return 0;
    if (reserve_numbers(p, which) < 0) {
        p->due[which] = true;
        return -1;
    }
    news.text = p->text;
    news.text_len = ll_playlist_write(list, 0, report, p->text);
    size_t skippable = ll_playlist_skippable(list);
    if (skippable > 0) {
        news.delta = p->delta;
        news.delta_len = ll_playlist_write(list, skippable, report, p->delta);
    }
    p->due[which] =
        media_folder_write(p->params.folder, playlist_file[which], p->text, news.text_len) < 0;
    int error = errno;
    p->former[which].there = p->former[which].there && p->due[which];
    if (p->due[which])
        log_debug("%s: %s cannot be written: %s", p->params.stream, playlist_file[which],
                  strerror(error));
    if (note_lag(p) < 0 && p->due[which])
        return -1;
    if (ll_board_publish(p->params.board, which, &news) < 0)
        log_error("%s: there is no memory for a playlist", p->params.stream);
    errno = error;
    return p->due[which] ? -1 : 0;
}

/* ---- numbers ---- */

/* Takes everything off a list, for a new beginning; who plays it has time to come to its end. */
static void clear_list(CmafPlaylists *p, int rendition, int64_t now_us)
{
    int64_t length_90k = ll_playlist_duration_90k(cmaf_track_playlist(p->params.track[rendition]));

    cmaf_track_clear(p->params.track[rendition], now_us + 2 * ticks_to_us(length_90k));
}

/* What is at one time has one discontinuity number in both renditions (rfc8216bis, section 6.2.4),
 * though one may have missed a publisher: the list that is behind begins again with that of the
 * other. */
static void align_numbers(CmafPlaylists *p, int64_t now_us)
{
    int64_t number = 0;

    for (int i = 0; i < LL_RENDITIONS; i++) {
        int64_t next = ll_playlist_next_discontinuity(cmaf_track_playlist(p->params.track[i]));
        number = p->has[i] && next > number ? next : number;
    }
    for (int i = 0; i < LL_RENDITIONS; i++) {
        const LlPlaylist *list = cmaf_track_playlist(p->params.track[i]);
        if (!p->has[i] || ll_playlist_next_discontinuity(list) == number)
            continue;
        if (list->count > 0)
            clear_list(p, i, now_us);
        cmaf_track_resume(p->params.track[i], ll_playlist_next_msn(list), number);
    }
}

void cmaf_playlists_begin(CmafPlaylists *p, const bool *has, int64_t now_us)
{
    int64_t msn = 0;

    for (int i = 0; i < LL_RENDITIONS; i++) {
        int64_t next = ll_playlist_next_msn(cmaf_track_playlist(p->params.track[i]));
        msn = next > msn ? next : msn;
    }
    for (int i = 0; i < LL_RENDITIONS; i++) {
        const LlPlaylist *list = cmaf_track_playlist(p->params.track[i]);
        /* an ended list is begun again; and what one has missed would shift its numbers */
        if (list->ended || ll_playlist_next_msn(list) < msn)
            clear_list(p, i, now_us);
        if (list->count == 0)
            cmaf_track_resume(p->params.track[i], msn, list->discontinuity_sequence);
        bool former = p->former[i].there && !p->former[i].ended;
        if (!has[i] && (p->has[i] || former)) {
            cmaf_track_conclude(p->params.track[i]);
            cmaf_playlists_publish(p, (LlRendition)i);
        }
        p->has[i] = has[i];
    }
    align_numbers(p, now_us);
}

/* ---- the multivariant playlist ---- */

static bool differs(int64_t a, int64_t b)
{
    return llabs(a - b) * 100 > b * CHANGE_PERCENT;
}

static bool says_something_new(const LlMultivariant *m, const LlMultivariant *listed)
{
    return m->video != listed->video || m->audio != listed->audio || m->width != listed->width ||
           m->height != listed->height || strcmp(m->video_codec, listed->video_codec) != 0 ||
           m->bandwidth > listed->bandwidth ||
           differs(m->average_bandwidth, listed->average_bandwidth) ||
           differs(m->frame_rate_milli, listed->frame_rate_milli);
}

/* Whether every playlist that the multivariant one names has something to begin with. */
static bool can_be_played(const CmafPlaylists *p)
{
    bool any = false;

    for (int i = 0; i < LL_RENDITIONS; i++) {
        const LlPlaylist *list = cmaf_track_playlist(p->params.track[i]);
        if (p->has[i] && (list->count == 0 || list->ended || p->due[i]))
            return false;
        any = any || p->has[i];
    }
    return any;
}

static void write_multivariant(CmafPlaylists *p)
{
    const H264Sps *sps = cmaf_track_sps(p->params.track[LL_VIDEO]);
    char text[LL_MULTI_SIZE];
    LlMultivariant m = {0};

    for (int i = 0; i < LL_RENDITIONS; i++) {
        CmafTrackStats stats = cmaf_track_stats(p->params.track[i]);
        if (!p->has[i])
            continue;
        if (stats.segments == 0)
            return; /* when there is one */
        m.bandwidth += stats.peak_bitrate;
        m.average_bandwidth += (int64_t)stats.bytes * 8 * TICKS_PER_S / stats.media_90k;
        *(i == LL_VIDEO ? &m.video : &m.audio) = playlist_file[i];
    }
    if (m.video) {
        h264_sps_codec(sps, m.video_codec);
        m.width = sps->width;
        m.height = sps->height;
        m.frame_rate_milli =
            ll_playlist_frames_milli(cmaf_track_playlist(p->params.track[LL_VIDEO]));
    }
    if ((!m.video && !m.audio) || !says_something_new(&m, &p->listed))
        return;
    size_t len = ll_multivariant_write(&m, text);
    p->multivariant_due = media_folder_write(p->params.folder, MASTER_FILE, text, len) < 0;
    if (!p->multivariant_due)
        p->listed = m;
}

/* Tells those who wait for the stream to begin, once it has. */
static void tell_of_beginning(const CmafPlaylists *p)
{
    if ((p->listed.video || p->listed.audio) && can_be_played(p))
        ll_board_set_live(p->params.board, true);
}

void cmaf_playlists_multivariant(CmafPlaylists *p)
{
    write_multivariant(p);
    tell_of_beginning(p);
}

/* ---- what could not be written ---- */

bool cmaf_playlists_are_due(const CmafPlaylists *p)
{
    return p->due[LL_VIDEO] || p->due[LL_AUDIO] || p->multivariant_due;
}

void cmaf_playlists_write_due(CmafPlaylists *p)
{
    for (int i = 0; i < LL_RENDITIONS; i++)
        if (p->due[i])
            cmaf_playlists_publish(p, (LlRendition)i);
    if (p->multivariant_due)
        write_multivariant(p);
    tell_of_beginning(p);
}
