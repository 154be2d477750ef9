/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cmaf_output_inner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOLD_TARGETS 3        /* target durations that a request is held */
#define RETRY_US     US_PER_S /* of lists that could not be written */

/* ---- publishing ---- */

/* Notes how old the end of what was just published is, by the dates that viewers are told. A date
 * is the arrival of the packet that begins there, so what ends there may be out a moment before. */
static void note_latency(CmafOutput *o, const CmafTrack *track)
{
    int64_t end = cmaf_track_position(track);
    int64_t end_90k = cmaf_track_kind(track) == TRACK_VIDEO ? end : samples_to_90k(end);
    int64_t end_unix_us = o->segment.starts_unix_us + ticks_to_us(end_90k - o->segment.start_90k);
    int64_t age_us = clock_unix_us(o->clock) - end_unix_us;

    o->last_latency_us = age_us > 0 ? age_us : 0;
    histogram_add(&o->latency, age_us);
}

/* There are other whole segments than before. */
static void publish_segments(CmafOutput *o)
{
    o->changes++;
    cmaf_playlists_multivariant(o->playlists);
    cmaf_output_keep_keys(o);
}

int cmaf_output_publish(CmafOutput *o, size_t track, bool whole)
{
    int status = cmaf_playlists_publish(o->playlists, track);

    if (whole)
        publish_segments(o);
    return status;
}

static int publish(void *user, size_t line, bool whole)
{
    CmafOutput *o = user;

    note_latency(o, o->track[line]);
    return cmaf_output_publish(o, line, whole);
}

static int finished(void *user, size_t line)
{
    return cmaf_playlists_publish(((CmafOutput *)user)->playlists, line);
}

/* ---- a publisher ---- */

static int begin(void *self, const OutputPublisher *publisher)
{
    CmafOutput *o = self;
    size_t *track = o->track_of;
    bool taken[RENDITIONS_MAX] = {0};
    int status = 0;

    for (size_t i = 0; i < publisher->renditions->count; i++) {
        const Rendition *r = &publisher->renditions->item[i];
        track[i] = RENDITION_NONE;
        if (r->kind == TRACK_VIDEO && !cmaf_output_takes(o, r->codec))
            continue; /* segments are cut by it, and others are made of it */
        track[i] = cmaf_output_track_of(o, r);
        if (track[i] == RENDITION_NONE || taken[track[i]]) {
            track[i] = RENDITION_NONE;
            status = -1;
        } else {
            taken[track[i]] = true;
            cmaf_track_set_promise(o->track[track[i]], promise_of(r, o->target_duration_s));
        }
    }
    size_t more[CMAF_MORE_SOUNDS];
    cmaf_output_more_sound(o, publisher->renditions, more);
    cmaf_media_assign(o->media, track, publisher->renditions, more);
    return status;
}

static int start(void *self, const OutputSegment *first, int64_t now_us)
{
    CmafOutput *o = self;
    bool has[RENDITIONS_MAX] = {0};

    cmaf_output_remove_former(o, now_us + cmaf_output_former_us(o));
    cmaf_media_sent(o->media, has);
    cmaf_playlists_begin(o->playlists, has, now_us);
    o->segment = *first;
    return cmaf_media_start(o->media, first, now_us);
}

static bool needs_cut(const void *self, const AccessUnit *unit)
{
    return cmaf_media_needs_cut(((const CmafOutput *)self)->media, unit);
}

static void settle(const void *self, const AccessUnit *unit, int64_t *pts_90k, int64_t *dts_90k)
{
    cmaf_media_settle(((const CmafOutput *)self)->media, unit, pts_90k, dts_90k);
}

static int64_t date_step_us(const void *self)
{
    return cmaf_media_date_step_us(((const CmafOutput *)self)->media);
}

static int picture(void *self, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                   int64_t now_us)
{
    return cmaf_media_picture(((CmafOutput *)self)->media, unit, pts_90k, dts_90k, now_us);
}

static int sound(void *self, const AacFrame *frame, int64_t now_us)
{
    return cmaf_media_sound(((CmafOutput *)self)->media, frame, now_us);
}

static int cut(void *self, const OutputSegment *next, int64_t now_us)
{
    CmafOutput *o = self;

    o->segment = *next;
    return cmaf_media_cut(o->media, next, now_us);
}

static int tick(void *self, int64_t known_90k, int64_t now_us)
{
    return cmaf_media_tick(((CmafOutput *)self)->media, known_90k, now_us);
}

/* Where all renditions end, with those that follow: none without a picture, if that can be. */
static int64_t end_of_all(const CmafOutput *o)
{
    int64_t made = cmaf_media_made_90k(o->media);
    int64_t end = larger(made, cmaf_media_last_90k(o->media));

    end = cmaf_media_reach_90k(o->media, end);
    for (size_t i = 0; i < o->tracks; i++) {
        if (!o->follows[i])
            continue;
        made = larger(made, cmaf_media_made_90k(o->follows[i]));
        end = cmaf_media_reach_90k(o->follows[i], end);
    }
    return larger(made, end);
}

static int finish(void *self, int64_t now_us)
{
    CmafOutput *o = self;
    bool has[RENDITIONS_MAX];
    bool started = cmaf_media_is_running(o->media, has);
    int status = cmaf_media_come_to_end(o->media, now_us);

    o->end_90k = end_of_all(o);
    status |= cmaf_media_finish(o->media, o->end_90k, now_us);

    if (started)
        publish_segments(o);
    return status;
}

/* ---- the end ---- */

static bool is_empty(const void *self)
{
    const CmafOutput *o = self;

    for (size_t i = 0; i < o->tracks; i++)
        if (window_next_msn(&cmaf_track_playlist(o->track[i])->window) != 0)
            return false;
    return true;
}

static void renditions(const void *self, Renditions *out)
{
    const CmafOutput *o = self;

    for (size_t i = 0; i < o->tracks; i++) {
        const char *name = cmaf_track_name(o->track[i]);
        bool video = cmaf_track_kind(o->track[i]) == TRACK_VIDEO;
        if (video && cmaf_playlists_listing(o->playlists, i) == LISTING_OPEN)
            renditions_add_video(out, i == VIDEO ? "" : name + strlen("video-"));
    }
}

static Listing listing(const void *self)
{
    const CmafOutput *o = self;
    Listing most = LISTING_NONE;

    for (size_t i = 0; i < o->tracks; i++) {
        Listing each = cmaf_playlists_listing(o->playlists, i);
        most = each > most ? each : most;
    }
    return most;
}

static int end(void *self)
{
    CmafOutput *o = self;
    int error = 0;

    for (size_t i = 0; i < o->tracks; i++) {
        Listing each = cmaf_playlists_listing(o->playlists, i);
        if (each == LISTING_NONE ||
            (each == LISTING_ENDED && cmaf_playlists_is_former(o->playlists, i)))
            continue;
        cmaf_track_conclude(o->track[i]);
        if (cmaf_playlists_publish(o->playlists, i) < 0)
            error = errno;
    }
    ll_board_set_live(o->board, false);
    errno = error;
    return error ? -1 : 0;
}

static int clear(void *self)
{
    CmafOutput *o = self;

    for (size_t i = 0; i < o->tracks; i++) {
        const LlPlaylist *list = cmaf_track_playlist(o->track[i]);
        if (cmaf_playlists_listing(o->playlists, i) == LISTING_NONE ||
            (list->window.ended && list->window.count == 0))
            continue;
        cmaf_track_clear(o->track[i], NEVER_US);
        cmaf_track_conclude(o->track[i]);
    }
    cmaf_playlists_forget_former(o->playlists);
    cmaf_output_remove_former(o, NEVER_US);
    if (end(o) < 0)
        return -1; /* what is listed stays */
    store_expire(o->folder, NEVER_US);
    media_keys_clear(o->keys, NUMBERS_LL);
    return 0;
}

/* Writes again what could not be written, now and then. Returns when the next time is. */
static int64_t write_due(CmafOutput *o, int64_t now_us)
{
    if (!cmaf_playlists_are_due(o->playlists))
        return NEVER_US;
    if (now_us < o->retry_us)
        return o->retry_us;
    cmaf_playlists_write_due(o->playlists);
    o->retry_us = now_us + RETRY_US;
    return o->retry_us;
}

static int64_t expire(void *self, int64_t now_us)
{
    CmafOutput *o = self;
    int64_t held_us = ll_board_expire(o->board, now_us);

    cmaf_playlists_write_awaited(o->playlists);

    return smaller(held_us, write_due(o, now_us));
}

static void stats(const void *self, OutputStats *out)
{
    const CmafOutput *o = self;

    out->has_low_latency = true;
    out->low_latency = (CmafOutputStats){
        .video = cmaf_track_stats(o->track[VIDEO]),
        .audio = cmaf_track_stats(o->track[AUDIO]),
        .latency = o->latency,
        .last_latency_us = o->last_latency_us,
        .held = ll_board_held(o->board),
    };
    for (size_t i = OTHERS; i < o->tracks; i++) {
        CmafOtherStats *other = &out->low_latency.other[out->low_latency.others++];
        snprintf(other->name, sizeof(other->name), "%s", cmaf_track_name(o->track[i]));
        other->track = cmaf_track_stats(o->track[i]);
    }
}

/* ---- open and close ---- */

static void close_output(void *self)
{
    CmafOutput *o = self;

    cmaf_playlists_destroy(&o->playlists);
    cmaf_media_destroy(&o->media);
    ll_board_leave(&o->board);
    for (size_t i = 0; i < o->tracks; i++)
        cmaf_track_destroy(&o->track[i]);
    free(o);
}

static const OutputCalls calls = {
    .name = "cmaf",
    .begin = begin,
    .start = start,
    .follow = cmaf_output_follow,
    .takes = cmaf_output_takes,
    .needs_cut = needs_cut,
    .settle = settle,
    .date_step_us = date_step_us,
    .picture = picture,
    .sound = sound,
    .cut = cut,
    .tick = tick,
    .finish = finish,
    .end = end,
    .clear = clear,
    .expire = expire,
    .renditions = renditions,
    .listing = listing,
    .is_empty = is_empty,
    .stats = stats,
    .close = close_output,
};

static void take_params(CmafOutput *o, const OutputParams *params)
{
    o->stream = params->stream;
    o->clock = params->clock;
    o->target_duration_s = params->target_duration_s;
    o->window = params->settings->window;
    o->part_us = params->settings->ll_part_us;
    o->language = params->settings->language ? params->settings->language : "und";
    o->low_sound = params->settings->low_sound;
    o->opus = params->settings->opus;
    o->epoch = clock_unix_us(params->clock) / US_PER_S;
    o->latency.bounds = &histogram_of_latency;
}

int cmaf_output_open(OutputParams *params, int64_t now_us, Output *out)
{
    if (!params->settings->ll_hub)
        return 1;
    CmafOutput *o = calloc(1, sizeof(*o));
    if (!o)
        return -1;
    const CmafMediaParams media = {
        params->settings->window, params->aac_config, params->aac_config_len, publish, finished, o};
    take_params(o, params);
    o->media = cmaf_media_create(&media);
    o->folder = params->files->folder;
    o->keys = params->files->keys;
    if (!o->media)
        goto fail;
    o->board = ll_hub_join(params->settings->ll_hub, params->stream,
                           HOLD_TARGETS * o->target_duration_s * US_PER_S, o->part_us);
    if (!o->board || cmaf_output_open_tracks(o, params, now_us) < 0)
        goto fail;
    params->cmaf = o;
    *out = (Output){.calls = &calls, .self = o};
    return 0;
fail:;
    int error = errno;
    close_output(o);
    errno = error;
    return -1;
}

Store *cmaf_output_folder(const CmafOutput *o)
{
    return o->folder;
}

CmafTrack *const *cmaf_output_tracks(const CmafOutput *o, size_t *count)
{
    *count = o->tracks;
    return o->track;
}

void cmaf_output_has(const CmafOutput *o, bool *has)
{
    cmaf_media_is_running(o->media, has);
}

uint64_t cmaf_output_changes(const CmafOutput *o)
{
    return o->changes;
}
