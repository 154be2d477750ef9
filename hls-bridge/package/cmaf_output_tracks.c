/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cmaf_output_inner.h"

/* Which tracks there are, and what an earlier run has left of them. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bridge_log.h"
#include "package/dash_manifest.h"

#define LOW_SOUND "audio-low"  /* the track of the sound with fewer bits */
#define OPUS      "audio-opus" /* the track of the Opus */

/* ---- what an earlier run has left ---- */

int64_t cmaf_output_former_us(const CmafOutput *o)
{
    return 2 * (int64_t)(o->window + 1) * o->target_duration_s * US_PER_S;
}

static bool is_listed(void *user, const char *name)
{
    return cmaf_playlists_former_name(user, name);
}

/* Files of an earlier run, but for those that its lists name. */
static void remove_leftovers(CmafOutput *o, int64_t now_us)
{
    int64_t at_us = now_us + cmaf_output_former_us(o);

    o->keeps_former = true;
    store_remove_all_at(o->folder, ".m4s", is_listed, o->playlists, at_us);
    store_remove_all_at(o->folder, ".mp4", is_listed, o->playlists, at_us);
    cmaf_playlists_forget_names(o->playlists);
}

bool cmaf_output_takes(const void *self, Codec codec)
{
    if (media_keys_cipher(((const CmafOutput *)self)->keys, NUMBERS_LL) == MEDIA_CBCS)
        return codec == CODEC_H264; /* what is to stay clear of others is not known here */
    return codec != CODEC_VP8;      /* which has no place in an initialisation segment of CMAF */
}

void cmaf_output_keep_keys(const CmafOutput *o)
{
    MediaKeyNeed need[RENDITIONS_MAX];

    if (o->keeps_former)
        return; /* what an earlier run has listed still needs its keys */
    for (size_t i = 0; i < o->tracks; i++) {
        const Window *w = &cmaf_track_playlist(o->track[i])->window;
        need[i] = (MediaKeyNeed){w->media_sequence, window_next_msn(w) + w->open};
    }
    media_keys_keep(o->keys, NUMBERS_LL, need, o->tracks,
                    clock_monotonic_us(o->clock) + cmaf_output_former_us(o));
}

void cmaf_output_remove_former(CmafOutput *o, int64_t at_us)
{
    if (!o->keeps_former)
        return;
    o->keeps_former = false;
    store_remove_all_at(o->folder, ".m4s", NULL, NULL, at_us);
    store_remove_all_at(o->folder, ".mp4", NULL, NULL, at_us);
}

/* ---- tracks ---- */

static size_t videos(const CmafOutput *o)
{
    size_t n = 0;

    for (size_t i = 0; i < o->tracks; i++)
        n += cmaf_track_kind(o->track[i]) == TRACK_VIDEO;
    return n;
}

/* Adds the track of a rendition. Returns 0, or -1 with errno. */
static int add_track(CmafOutput *o, TrackKind kind, const char *name)
{
    CmafTrackParams params = {
        .stream = o->stream,
        .kind = kind,
        .name = name,
        .folder = o->folder,
        .keys = o->keys,
        .board = o->board,
        .rendition = o->tracks,
        .opus = strcmp(name, OPUS) == 0,
        .epoch = o->epoch,
        .part_us = o->part_us,
        .target_duration_s = o->target_duration_s,
        .window = o->window,
    };

    if (o->tracks == RENDITIONS_MAX || (kind == TRACK_VIDEO && videos(o) == VIDEO_TRACKS_MAX)) {
        errno = ENOBUFS;
        return -1;
    }
    CmafTrack *track = cmaf_track_create(&params);
    if (!track || ll_board_add(o->board, name) < 0) {
        cmaf_track_destroy(&track);
        errno = ENOMEM;
        return -1;
    }
    o->track[o->tracks++] = track;
    cmaf_media_add(o->media, track);
    return 0;
}

static const char *kind_name(TrackKind kind)
{
    return kind == TRACK_VIDEO ? "video" : "audio";
}

static size_t track_named(CmafOutput *o, TrackKind kind, const char *name)
{
    for (size_t i = 0; i < o->tracks; i++)
        if (strcmp(cmaf_track_name(o->track[i]), name) == 0)
            return i;
    if (add_track(o, kind, name) < 0) {
        log_error("%s: %s is left out: %s", o->stream, name, strerror(errno));
        return RENDITION_NONE;
    }
    cmaf_playlists_add(o->playlists);
    return o->tracks - 1;
}

size_t cmaf_output_track_of(CmafOutput *o, const Rendition *rendition)
{
    char name[CMAF_TRACK_NAME_SIZE];

    snprintf(name, sizeof(name), "%s%s%s", kind_name(rendition->kind),
             rendition->name[0] ? "-" : "", rendition->name);
    return track_named(o, rendition->kind, name);
}

void cmaf_output_more_sound(CmafOutput *o, const Renditions *renditions, size_t *more)
{
    bool low = o->low_sound && renditions_are_ladder(renditions);
    bool opus = o->opus && renditions_have(renditions, TRACK_AUDIO);

    more[CMAF_SOUND_LOW] = low ? track_named(o, TRACK_AUDIO, LOW_SOUND) : RENDITION_NONE;
    more[CMAF_SOUND_OPUS] = opus ? track_named(o, TRACK_AUDIO, OPUS) : RENDITION_NONE;
}

/* ---- opening ---- */

/* Adds the track of a list "video-NAME.m3u8", "audio-low.m3u8" or "audio-opus.m3u8" that an earlier
 * run has left, which stays. */
static bool add_former(void *user, const char *file)
{
    CmafOutput *o = user;
    char name[CMAF_TRACK_NAME_SIZE];
    size_t len = strlen(file) - strlen(".m3u8");

    bool sound = strcmp(file, LOW_SOUND ".m3u8") == 0 || strcmp(file, OPUS ".m3u8") == 0;
    if ((!sound && strncmp(file, "video-", strlen("video-")) != 0) || len >= sizeof(name))
        return true;
    memcpy(name, file, len);
    name[len] = '\0';
    if (add_track(o, sound ? TRACK_AUDIO : TRACK_VIDEO, name) < 0)
        log_warn("%s: %s, which an earlier run has left, is not looked after: %s", o->stream, file,
                 strerror(errno));
    return true;
}

int cmaf_output_open_tracks(CmafOutput *o, const OutputParams *params, int64_t now_us)
{
    bool former = false;

    if (add_track(o, TRACK_VIDEO, "video") < 0 || add_track(o, TRACK_AUDIO, "audio") < 0)
        return -1;
    store_remove_all_at(o->folder, ".m3u8", add_former, o, NEVER_US);
    CmafPlaylistsParams playlists = {params->stream,         o->folder,   o->board,
                                     params->files->numbers, o->track,    o->tracks,
                                     params->clock,          o->language, o->keys};
    o->playlists = cmaf_playlists_create(&playlists);
    if (!o->playlists)
        return -1;
    for (size_t i = 0; i < o->tracks; i++)
        former = former || cmaf_playlists_is_former(o->playlists, i);
    if (!former)
        store_remove(o->folder, DASH_MANIFEST_FILE); /* it lists what they did */
    remove_leftovers(o, now_us);
    return 0;
}
