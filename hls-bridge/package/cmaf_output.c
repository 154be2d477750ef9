/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cmaf_output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "package/dash_manifest.h"
#include "package/cmaf_playlists.h"
#include "package/early_sound.h"

#define HOLD_TARGETS 3        /* target durations that a request is held */
#define RETRY_US     US_PER_S /* of lists that could not be written */

/* hls.js places the sound by its dates beside those of the picture. Where that is later than the
 * media says, be it by the rounding to a millisecond, it takes the segment that it has played for
 * the one that comes next, and stands still for three target durations. It compares the first that
 * is listed with the one in the middle, so what dates are put right by between them counts too. */
#define DATE_STEP_US 400
#define ROUNDING_US  1100

struct CmafOutput {
    const Clock *clock;
    const uint8_t *aac_config;
    size_t aac_config_len;
    int64_t target_duration_s;
    size_t window;
    MediaFolder *folder;
    LlBoard *board;
    CmafPlaylists *playlists;
    CmafTrack *track[LL_RENDITIONS];
    bool sent[LL_RENDITIONS]; /* by the publisher that is about to begin */
    bool has[LL_RENDITIONS];  /* by the one that has */
    bool running;
    bool keeps_former;     /* files that an earlier run has left, since they are listed */
    OutputSegment segment; /* the newest one */
    bool audio_waits;      /* it has not come to the beginning of the newest segment */
    int64_t audio_end;     /* of the newest frame, samples */
    int64_t safe_90k;      /* no segment ends before this any more */
    int64_t last_dts_90k;  /* of the newest picture */
    Histogram latency;     /* of parts */
    int64_t last_latency_us;
    uint64_t changes; /* of the whole segments that there are */
    int64_t retry_us; /* not before, where lists could not be written */
    EarlySound early; /* what came before a publisher's first segment */
};

/* ---- what an earlier run has left ---- */

/* How long files of an earlier run stay when they are not listed any more: a viewer may be about to
 * fetch one. */
static int64_t former_us(const CmafOutput *o)
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
    int64_t at_us = now_us + former_us(o);

    o->keeps_former = true;
    media_folder_remove_all_later(o->folder, ".m4s", is_listed, o->playlists, at_us);
    media_folder_remove_all_later(o->folder, ".mp4", is_listed, o->playlists, at_us);
}

/* And those: no list is to name them any more. No file of this run must have been written yet. */
static void remove_former(CmafOutput *o, int64_t at_us)
{
    if (!o->keeps_former)
        return;
    o->keeps_former = false;
    media_folder_remove_all_later(o->folder, ".m4s", NULL, NULL, at_us);
    media_folder_remove_all_later(o->folder, ".mp4", NULL, NULL, at_us);
}

/* ---- publishing ---- */

/* Notes how old the end of what was just published is, by the dates that viewers are told. A date
 * is the arrival of the packet that begins there, so what ends there may be out a moment before. */
static void note_latency(CmafOutput *o, LlRendition which)
{
    int64_t end = cmaf_track_position(o->track[which]);
    int64_t end_90k = which == LL_VIDEO ? end : samples_to_90k(end);
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
}

/* Cuts the parts of a rendition that can be, and publishes them. Returns 0, or -1 with errno. */
static int advance(CmafOutput *o, LlRendition which, int64_t known, int64_t now_us)
{
    uint64_t segments = cmaf_track_stats(o->track[which]).segments;

    if (cmaf_track_cut(o->track[which], known, now_us) == 0)
        return 0;
    int status = cmaf_playlists_publish(o->playlists, which);
    note_latency(o, which);
    if (cmaf_track_stats(o->track[which]).segments != segments)
        publish_segments(o);
    return status;
}

/* ---- segments ---- */

/* Where on the clock of samples something of 1/90000 s is: the first sample at or after it. */
static int64_t to_samples(int64_t at_90k)
{
    return -floor_div(-at_90k * 8, 15);
}

/* How many segments lie between those that hls.js compares, where `listed` are listed: one list may
 * be newer than the other. */
static int64_t compared(size_t listed)
{
    return (int64_t)listed / 2 + 2;
}

/* By how much the sound is dated early. */
static int64_t sound_early_us(const CmafOutput *o)
{
    return ROUNDING_US + DATE_STEP_US * compared(o->window);
}

static int64_t date_step_us(const void *self)
{
    const CmafOutput *o = self;
    size_t window = o->window, listed = cmaf_track_playlist(o->track[LL_VIDEO])->count;

    return DATE_STEP_US * compared(window) / compared(listed > window ? listed : window);
}

static void begin_segment(CmafOutput *o, LlRendition which, int64_t start)
{
    const OutputSegment *s = &o->segment;
    bool video = which == LL_VIDEO;
    int64_t offset_us = video ? 0 : samples_to_us(start) - ticks_to_us(s->start_90k);

    if (!video && o->has[LL_VIDEO])
        offset_us -= sound_early_us(o);
    cmaf_track_begin(o->track[which], start, video ? s->limit_90k : to_samples(s->limit_90k),
                     s->starts_unix_us + offset_us, s->discontinuity);
}

static int advance_audio(CmafOutput *o, int64_t now_us)
{
    int64_t safe = o->has[LL_VIDEO] ? floor_div(o->safe_90k * 8, 15) : INT64_MAX;

    if (!cmaf_track_is_open(o->track[LL_AUDIO]))
        return 0;
    return advance(o, LL_AUDIO, o->audio_end < safe ? o->audio_end : safe, now_us);
}

/* The sound comes to the beginning of the newest segment at `start`. Returns 0, or -1 with errno.
 */
static int begin_audio(CmafOutput *o, int64_t start, int64_t now_us)
{
    const CmafMuxParams params = {
        .kind = TRACK_AUDIO,
        .config = o->aac_config,
        .config_len = o->aac_config_len,
    };
    bool first = !cmaf_track_is_open(o->track[LL_AUDIO]);
    int status = 0;

    if (!first) {
        cmaf_track_end(o->track[LL_AUDIO], start);
        status = advance(o, LL_AUDIO, start, now_us);
    }
    begin_segment(o, LL_AUDIO, start);
    if (first && cmaf_track_configure(o->track[LL_AUDIO], &params) < 0)
        status = -1;
    o->audio_waits = false;
    return status;
}

/* A cut that was decided late lies before sound that is here: it belongs to the next segment. */
static int divide_audio(CmafOutput *o, int64_t now_us)
{
    int64_t beyond = o->audio_end - to_samples(o->segment.start_90k);

    if (beyond < 0 || !cmaf_track_is_open(o->track[LL_AUDIO]))
        return 0;
    return begin_audio(o, o->audio_end - beyond / AAC_FRAME_SAMPLES * AAC_FRAME_SAMPLES, now_us);
}

static int cut(void *self, const OutputSegment *next, int64_t now_us)
{
    CmafOutput *o = self;
    int status = 0;

    if (!o->running)
        return 0;
    o->segment = *next;
    o->safe_90k = next->start_90k > o->safe_90k ? next->start_90k : o->safe_90k;
    if (o->has[LL_VIDEO]) {
        cmaf_track_end(o->track[LL_VIDEO], next->start_90k);
        status |= advance(o, LL_VIDEO, next->start_90k, now_us);
        begin_segment(o, LL_VIDEO, next->start_90k);
    }
    if (o->has[LL_AUDIO]) {
        o->audio_waits = true;
        status |= divide_audio(o, now_us);
        status |= advance_audio(o, now_us);
    }
    return status;
}

/* ---- media ---- */

static bool needs_cut(const void *self, const AccessUnit *unit)
{
    const CmafOutput *o = self;
    const CmafTrack *track = o->track[LL_VIDEO];

    return o->running && o->has[LL_VIDEO] && unit->idr && cmaf_track_sps(track)->width > 0 &&
           cmaf_track_has_other_sets(track, unit);
}

static void settle(const void *self, const AccessUnit *unit, int64_t *pts_90k, int64_t *dts_90k)
{
    const CmafOutput *o = self;
    bool idr = unit->idr;
    int64_t least = INT64_MIN;

    if (!o->running)
        return;
    if (o->has[LL_VIDEO])
        least = cmaf_track_position(o->track[LL_VIDEO]);
    int64_t audio = samples_to_90k(cmaf_track_position(o->track[LL_AUDIO]));
    if (o->has[LL_AUDIO] && cmaf_track_is_open(o->track[LL_AUDIO]) && audio > least)
        least = audio;
    /* pictures that come after late ones still follow them */
    if (o->has[LL_VIDEO] && o->last_dts_90k >= least)
        least = o->last_dts_90k + 1;
    /* an IDR picture is decoded when it is shown; with B-frames, what follows it is so a little
     * later than it would be, and shown in time all the same */
    int64_t late = idr ? least - *pts_90k : least - *dts_90k;
    if (late > 0)
        *dts_90k += late;
    if (*pts_90k < (idr ? least : *dts_90k))
        *pts_90k = idr ? least : *dts_90k;
}

/* Whether the newest segment has no picture yet, nor a part that was made without one. */
static bool lacks_pictures(const CmafOutput *o)
{
    return cmaf_track_position(o->track[LL_VIDEO]) == o->segment.start_90k &&
           o->last_dts_90k < o->segment.start_90k;
}

static int picture(void *self, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                   int64_t now_us)
{
    CmafOutput *o = self;
    int64_t at = unit->idr ? pts_90k : dts_90k;

    if (!o->running || !o->has[LL_VIDEO])
        return 0;
    /* behind the limit where its segment has begun, with what it needs to be decoded: shown early
     */
    if (unit->idr && lacks_pictures(o))
        at = pts_90k = o->segment.start_90k;
    /* what lies before it is complete; where it lacks a picture, the one before is repeated */
    o->safe_90k = at > o->safe_90k ? at : o->safe_90k;
    int status = advance(o, LL_VIDEO, o->safe_90k, now_us);
    cmaf_track_picture(o->track[LL_VIDEO], unit, pts_90k, at,
                       unit->idr && pts_90k == o->segment.start_90k);
    o->last_dts_90k = at;
    if (o->has[LL_AUDIO])
        status |= advance_audio(o, now_us);
    return status;
}

static int sound(void *self, const AacFrame *frame, int64_t now_us)
{
    CmafOutput *o = self;
    int64_t pts = frame->pts_samples;
    int status = 0;

    if (!o->running) {
        early_sound_keep(&o->early, frame);
        return 0;
    }
    if (!o->has[LL_AUDIO])
        return 0;
    if (o->audio_waits && samples_to_90k(pts) >= o->segment.start_90k)
        status |= begin_audio(o, pts, now_us);
    if (!cmaf_track_is_open(o->track[LL_AUDIO]))
        return status; /* sound from before the first picture */
    cmaf_track_sound(o->track[LL_AUDIO], frame);
    o->audio_end = pts + AAC_FRAME_SAMPLES;
    if (o->audio_waits)
        status |= divide_audio(o, now_us);
    return status | advance_audio(o, now_us);
}

/* ---- a publisher ---- */

static int begin(void *self, const OutputPublisher *publisher)
{
    CmafOutput *o = self;

    o->sent[LL_VIDEO] = renditions_have(publisher->renditions, TRACK_VIDEO);
    o->sent[LL_AUDIO] = renditions_have(publisher->renditions, TRACK_AUDIO);
    return 0;
}

static int start(void *self, const OutputSegment *first, int64_t now_us)
{
    CmafOutput *o = self;
    AacFrame frame;
    int status = 0;

    remove_former(o, now_us + former_us(o));
    memcpy(o->has, o->sent, sizeof(o->has));
    cmaf_playlists_begin(o->playlists, o->has, now_us);
    o->running = true;
    o->segment = *first;
    o->safe_90k = first->start_90k;
    o->last_dts_90k = first->start_90k - 1;
    cmaf_track_forget_sets(o->track[LL_VIDEO]);
    o->audio_waits = o->has[LL_AUDIO];
    if (o->has[LL_VIDEO])
        begin_segment(o, LL_VIDEO, first->start_90k);
    while (early_sound_take(&o->early, &frame))
        status |= sound(o, &frame, now_us);
    return status;
}

static int tick(void *self, int64_t known_90k, int64_t now_us)
{
    CmafOutput *o = self;
    int64_t safe = known_90k;

    if (!o->running || !o->has[LL_VIDEO])
        return 0;
    if (safe > o->segment.limit_90k)
        safe = o->segment.limit_90k;
    /* what stands for pictures goes no further than the sound: where the publisher has vanished, it
     * would be in a segment that the sound never comes to */
    if (o->has[LL_AUDIO] && safe > samples_to_90k(o->audio_end))
        safe = samples_to_90k(o->audio_end);
    if (safe <= o->safe_90k)
        return 0;
    o->safe_90k = safe;
    int status = advance(o, LL_VIDEO, safe, now_us);
    if (o->has[LL_AUDIO])
        status |= advance_audio(o, now_us);
    return status;
}

static int finish(void *self, int64_t now_us)
{
    CmafOutput *o = self;
    int status = 0;

    if (!o->running)
        return 0;
    /* the picture stands until the sound has ended: players mind where a rendition is shorter */
    int64_t video_end = o->last_dts_90k + LAST_FRAME_90K, sound_end = samples_to_90k(o->audio_end);
    if (o->has[LL_AUDIO] && sound_end > video_end)
        video_end = sound_end;
    o->running = false;
    early_sound_clear(&o->early);
    for (int i = 0; i < LL_RENDITIONS; i++) {
        if (!o->has[i])
            continue;
        cmaf_track_finish(o->track[i], i == LL_VIDEO ? video_end : o->audio_end, now_us);
        status |= cmaf_playlists_publish(o->playlists, (LlRendition)i);
    }
    publish_segments(o);
    return status;
}

/* ---- the end ---- */

static bool is_empty(const void *self)
{
    const CmafOutput *o = self;

    return ll_playlist_next_msn(cmaf_track_playlist(o->track[LL_VIDEO])) == 0 &&
           ll_playlist_next_msn(cmaf_track_playlist(o->track[LL_AUDIO])) == 0;
}

static int end(void *self)
{
    CmafOutput *o = self;
    int error = 0;

    for (int i = 0; i < LL_RENDITIONS; i++) {
        Listing listing = cmaf_playlists_listing(o->playlists, (LlRendition)i);
        if (listing == LISTING_NONE ||
            (listing == LISTING_ENDED && cmaf_playlists_is_former(o->playlists, (LlRendition)i)))
            continue;
        cmaf_track_conclude(o->track[i]);
        if (cmaf_playlists_publish(o->playlists, (LlRendition)i) < 0)
            error = errno;
    }
    ll_board_set_live(o->board, false);
    errno = error;
    return error ? -1 : 0;
}

static Listing listing(const void *self)
{
    const CmafOutput *o = self;
    Listing video = cmaf_playlists_listing(o->playlists, LL_VIDEO);
    Listing audio = cmaf_playlists_listing(o->playlists, LL_AUDIO);

    return video > audio ? video : audio;
}

static int clear(void *self)
{
    CmafOutput *o = self;

    for (int i = 0; i < LL_RENDITIONS; i++) {
        const LlPlaylist *list = cmaf_track_playlist(o->track[i]);
        if (cmaf_playlists_listing(o->playlists, (LlRendition)i) == LISTING_NONE ||
            (list->ended && list->count == 0))
            continue;
        cmaf_track_clear(o->track[i], NEVER_US);
        cmaf_track_conclude(o->track[i]);
    }
    cmaf_playlists_forget_former(o->playlists);
    remove_former(o, NEVER_US);
    if (end(o) < 0)
        return -1; /* what is listed stays */
    media_folder_expire(o->folder, NEVER_US);
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

static int64_t expire(void *self, int64_t now_us, int64_t files_us)
{
    CmafOutput *o = self;
    int64_t file_us = media_folder_expire(o->folder, files_us);
    int64_t held_us = ll_board_expire(o->board, now_us);

    file_us = file_us == NEVER_US ? NEVER_US : file_us + now_us - files_us;
    return smaller(smaller(file_us, held_us), write_due(o, now_us));
}

static void stats(const void *self, OutputStats *out)
{
    const CmafOutput *o = self;

    out->has_low_latency = true;
    out->low_latency = (CmafOutputStats){
        .video = cmaf_track_stats(o->track[LL_VIDEO]),
        .audio = cmaf_track_stats(o->track[LL_AUDIO]),
        .latency = o->latency,
        .last_latency_us = o->last_latency_us,
        .held = ll_board_held(o->board),
    };
    histogram_merge(&out->writes, media_folder_writes(o->folder));
}

/* ---- open and close ---- */

static void close_output(void *self)
{
    CmafOutput *o = self;

    cmaf_playlists_destroy(&o->playlists);
    ll_board_leave(&o->board);
    for (int i = 0; i < LL_RENDITIONS; i++)
        cmaf_track_destroy(&o->track[i]);
    media_folder_close(&o->folder);
    free(o);
}

static const OutputCalls calls = {
    .name = "cmaf",
    .begin = begin,
    .start = start,
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
    .listing = listing,
    .is_empty = is_empty,
    .stats = stats,
    .close = close_output,
};

/* Returns 0, or -1 with errno. */
static int open_tracks(CmafOutput *o, const OutputParams *params)
{
    CmafTrackParams track = {
        .stream = params->stream,
        .folder = o->folder,
        .board = o->board,
        .epoch = clock_unix_us(params->clock) / US_PER_S,
        .part_us = params->settings->ll_part_us,
        .target_duration_s = o->target_duration_s,
        .window = o->window,
    };

    for (int i = 0; i < LL_RENDITIONS; i++) {
        track.kind = i == LL_VIDEO ? TRACK_VIDEO : TRACK_AUDIO;
        o->track[i] = cmaf_track_create(&track);
        if (!o->track[i])
            return -1;
    }
    return 0;
}

/* Goes on where an earlier run has left. Returns 0, or -1 with errno. */
static int open_playlists(CmafOutput *o, const OutputParams *params, int64_t now_us)
{
    CmafPlaylistsParams playlists = {params->stream,         o->folder, o->board,
                                     params->files->numbers, o->track,  params->clock};

    o->playlists = cmaf_playlists_create(&playlists);
    if (!o->playlists)
        return -1;
    if (!cmaf_playlists_is_former(o->playlists, LL_VIDEO) &&
        !cmaf_playlists_is_former(o->playlists, LL_AUDIO))
        media_folder_remove(o->folder, DASH_MANIFEST_FILE); /* it lists what they did */
    remove_leftovers(o, now_us);
    return 0;
}

int cmaf_output_open(OutputParams *params, int64_t now_us, Output *out)
{
    const OutputSettings *settings = params->settings;

    if (!settings->ll_hub)
        return 1;
    CmafOutput *o = calloc(1, sizeof(*o));
    if (!o)
        return -1;
    o->clock = params->clock;
    o->aac_config = params->aac_config;
    o->aac_config_len = params->aac_config_len;
    o->target_duration_s = params->target_duration_s;
    o->window = settings->window;
    o->latency.bounds = &histogram_of_latency;
    o->folder = media_folder_open(params->directory, params->stream, params->clock);
    if (!o->folder)
        goto fail;
    media_folder_limit(o->folder, params->bound);
    o->board = ll_hub_join(settings->ll_hub, params->stream,
                           HOLD_TARGETS * o->target_duration_s * US_PER_S);
    if (!o->board || ll_board_add(o->board, "video") != LL_VIDEO ||
        ll_board_add(o->board, "audio") != LL_AUDIO || open_tracks(o, params) < 0 ||
        open_playlists(o, params, now_us) < 0)
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

MediaFolder *cmaf_output_folder(const CmafOutput *o)
{
    return o->folder;
}

CmafTrack *const *cmaf_output_tracks(const CmafOutput *o)
{
    return o->track;
}

uint64_t cmaf_output_changes(const CmafOutput *o)
{
    return o->changes;
}
