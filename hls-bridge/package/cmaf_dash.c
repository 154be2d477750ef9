/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cmaf_dash.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bridge_log.h"
#include "package/cmaf_output.h"
#include "package/dash_manifest.h"

#define RETRY_US US_PER_S /* of a manifest that could not be written */

typedef struct CmafDash {
    const char *stream;
    const Clock *clock;
    const CmafOutput *cmaf;  /* which makes what it lists */
    CmafTrack *const *track; /* the indexes of dash_manifest.h */
    Store *folder;
    uint64_t changes;                 /* of the media, that it knows of */
    int64_t next_msn[RENDITIONS_MAX]; /* that is not in the manifest yet */
    DashManifest manifest;
    bool news; /* there is more than the manifest lists */
    bool due;  /* the file could not be written */
    int64_t retry_us;
    char text[DASH_TEXT_SIZE];
} CmafDash;

/* Returns 0, or -1 with errno: then it is due. */
static int write_manifest(CmafDash *d)
{
    size_t len = dash_manifest_write(&d->manifest, clock_unix_us(d->clock), d->text);

    d->due = store_put(d->folder, DASH_MANIFEST_FILE, d->text, len, 0) < 0;
    if (!d->due)
        return 0;
    int error = errno;
    log_debug("%s: " DASH_MANIFEST_FILE " cannot be written: %s", d->stream, strerror(error));
    errno = error;
    return -1;
}

/* The pictures of a whole segment. The one behind it may have others by now. */
static DashPicture picture_of(const CmafDash *d, size_t which, const LlSegment *s)
{
    const VideoFormat *format = cmaf_track_format_of(d->track[which], s->init_msn);
    DashPicture picture = {.width = format->width, .height = format->height};

    const char *codec = d->manifest.track[which]->kind == TRACK_VIDEO ? format->name
                        : cmaf_track_is_opus(d->track[which])         ? RENDITION_OPUS_CODEC
                                                                      : RENDITION_SOUND_CODEC;
    snprintf(picture.codec, sizeof(picture.codec), "%s", codec);
    picture.frame_rate_milli = (int32_t)ll_playlist_frames_milli(d->manifest.track[which]->list);
    return picture;
}

/* Takes over what the playlist of a rendition that the publisher sends has, and drops what it no
 * longer has. Returns whether there was something new.
 *
 * The best video may come later than the sound, if a transcoder makes it. A period begins with its
 * segment, so others wait for that of the same number. */
static bool take_segments(CmafDash *d, size_t which)
{
    const LlPlaylist *list = d->manifest.track[which]->list;
    int64_t end = window_next_msn(&list->window), *next = &d->next_msn[which];

    if (which != DASH_VIDEO && d->manifest.has[DASH_VIDEO] && end > d->next_msn[DASH_VIDEO])
        end = d->next_msn[DASH_VIDEO];
    if (*next >= end)
        return false;
    dash_manifest_drop(&d->manifest, which, list->window.media_sequence);
    for (*next = *next > list->window.media_sequence ? *next : list->window.media_sequence;
         *next < end; ++*next) {
        const LlSegment *s = &list->segment[*next - list->window.media_sequence];
        const DashPicture picture = picture_of(d, which, s);
        dash_manifest_add(&d->manifest, which, *next, s, &picture);
    }
    return true;
}

/* Whether some rendition has a segment less than another. It comes within a moment, and the
 * manifest need not be written for each; one that is further behind is not waited for. */
static bool are_uneven(const CmafDash *d)
{
    int64_t least = INT64_MAX, most = 0;

    for (size_t i = 0; i < d->manifest.renditions; i++) {
        int64_t next = d->next_msn[i];
        if (!d->manifest.has[i])
            continue;
        least = next < least ? next : least;
        most = next > most ? next : most;
    }
    return most - least == 1;
}

/* A rung that is made only while it is watched has the rate that it then has. */
static int64_t bandwidth_of(const CmafDash *d, size_t i)
{
    const VideoFormat *best = cmaf_track_newest_format(d->track[0]);
    Promised is;

    return promise_read(cmaf_track_promise(d->track[i]), best->width, best->height, &is)
               ? is.peak
               : cmaf_track_stats(d->track[i]).peak_bitrate;
}

/* Takes over what the playlists have. */
static void take_over(CmafDash *d)
{
    DashManifest *m = &d->manifest;

    if (d->changes == cmaf_output_changes(d->cmaf))
        return;
    d->changes = cmaf_output_changes(d->cmaf);
    for (size_t i = 0; i < m->renditions; i++) {
        if (!m->has[i]) {
            dash_manifest_drop(m, i, m->track[i]->list->window.media_sequence);
            continue;
        }
        m->track[i]->bandwidth = bandwidth_of(d, i);
        d->news = take_segments(d, i) || d->news;
    }
}

/* Writes the manifest if there are other segments than it lists. Returns 0, or -1 with errno: then
 * it is due. */
static int write_news(CmafDash *d)
{
    if (!d->news || !dash_manifest_has_media(&d->manifest))
        return 0;
    d->news = false;
    return write_manifest(d);
}

/* The same, if all renditions have come so far. */
static int publish(CmafDash *d)
{
    take_over(d);
    return are_uneven(d) ? 0 : write_news(d);
}

/* Takes in the tracks that there are more than before. Returns 0, or -1 with errno: then the
 * manifest goes without the others. */
static int look_at_tracks(CmafDash *d)
{
    DashManifest *m = &d->manifest;
    size_t count;

    d->track = cmaf_output_tracks(d->cmaf, &count);
    for (; m->renditions < count; m->renditions++) {
        DashTrack *t = calloc(1, sizeof(*t));
        if (!t)
            return -1;
        t->list = cmaf_track_playlist(d->track[m->renditions]);
        t->kind = cmaf_track_kind(d->track[m->renditions]);
        m->track[m->renditions] = t;
    }
    return 0;
}

static void close_dash(void *self)
{
    CmafDash *d = self;

    for (size_t i = 0; i < d->manifest.renditions; i++)
        free(d->manifest.track[i]);
    free(d);
}

/* Of a rendition that comes later: there is nothing of its own. */
static void keep(void *self)
{
    (void)self;
}

static int start(void *self, const OutputSegment *first, int64_t now_us)
{
    CmafDash *d = self;
    bool has[RENDITIONS_MAX];

    (void)first;
    (void)now_us;
    int said = look_at_tracks(d);
    cmaf_output_has(d->cmaf, has);
    dash_manifest_begin(&d->manifest, has);
    for (size_t i = 0; i < d->manifest.renditions; i++)
        d->next_msn[i] = window_next_msn(&d->manifest.track[i]->list->window);
    return said;
}

static int picture(void *self, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                   int64_t now_us)
{
    (void)unit;
    (void)pts_90k;
    (void)dts_90k;
    (void)now_us;
    return publish(self);
}

static int sound(void *self, const AacFrame *frame, int64_t now_us)
{
    (void)frame;
    (void)now_us;
    return publish(self);
}

static int cut(void *self, const OutputSegment *next, int64_t now_us)
{
    (void)next;
    (void)now_us;
    return publish(self);
}

static int tick(void *self, int64_t known_90k, int64_t now_us)
{
    (void)known_90k;
    (void)now_us;
    return publish(self);
}

static int finish(void *self, int64_t now_us)
{
    (void)now_us;
    take_over(self);
    return write_news(self);
}

/* What it lists of a rendition that comes later is made between its own calls, and behind the last.
 */
static int follow(void *self, size_t track, Output *out)
{
    static const OutputCalls later = {
        .name = "dash", .picture = picture, .tick = tick, .finish = finish, .close = keep};

    (void)track;
    *out = (Output){.calls = &later, .self = self};
    return 0;
}

/* Nothing is left to list: removes the manifest. */
static int clear(void *self)
{
    CmafDash *d = self;

    dash_manifest_clear(&d->manifest);
    d->news = d->due = false;
    store_remove(d->folder, DASH_MANIFEST_FILE);
    return 0;
}

static int end(void *self)
{
    CmafDash *d = self;

    if (!dash_manifest_has_media(&d->manifest))
        return clear(d);
    dash_manifest_end(&d->manifest);
    d->news = false;
    return write_manifest(d);
}

/* Writes again what is due, now and then. */
static int64_t expire(void *self, int64_t now_us)
{
    CmafDash *d = self;

    if (!d->due)
        return NEVER_US;
    if (now_us >= d->retry_us) {
        write_manifest(d);
        d->retry_us = now_us + RETRY_US;
    }
    return d->retry_us;
}

static const OutputCalls calls = {
    .name = "dash",
    .start = start,
    .follow = follow,
    .picture = picture,
    .sound = sound,
    .cut = cut,
    .tick = tick,
    .finish = finish,
    .end = end,
    .clear = clear,
    .expire = expire,
    .close = close_dash,
};

int cmaf_dash_open(OutputParams *params, int64_t now_us, Output *out)
{
    (void)now_us;
    if (!params->settings->ll_dash || !params->cmaf)
        return 1;
    if (media_keys_cipher(params->files->keys, NUMBERS_LL) == MEDIA_AES_128) {
        store_remove(params->files->folder, DASH_MANIFEST_FILE); /* of a run that was clear */
        return 1;
    }
    CmafDash *d = calloc(1, sizeof(*d));
    if (!d)
        return -1;
    d->stream = params->stream;
    d->clock = params->clock;
    d->cmaf = params->cmaf;
    d->folder = cmaf_output_folder(params->cmaf);
    d->manifest.target_duration_s = params->target_duration_s;
    d->manifest.stream = params->stream;
    d->manifest.clearkey_uri = params->settings->encryption.clearkey_uri;
    if (look_at_tracks(d) < 0) {
        close_dash(d);
        errno = ENOMEM;
        return -1;
    }
    *out = (Output){.calls = &calls, .self = d};
    return 0;
}
