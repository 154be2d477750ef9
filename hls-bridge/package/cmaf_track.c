/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cmaf_track_inner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bridge_log.h"
#include "base/sample_bytes.h"

_Static_assert(LL_NAME_SIZE == STORE_NAME_SIZE, "a list names files of the folder");

/* Until a picture comes. A list that has to name its codec says H.264. */
static const PictureConfig no_config = {.format = {.name = "avc1.000000"}};

CmafTrack *cmaf_track_create(const CmafTrackParams *params)
{
    CmafTrack *t = calloc(1, sizeof(*t));
    bool video = params->kind == TRACK_VIDEO;

    if (!t)
        return NULL;
    t->params = *params;
    t->config = no_config;
    t->per_second = video ? TICKS_PER_S : SAMPLES_PER_S;
    PartCutterParams cutter = part_cutter_params(params->part_us, t->per_second);
    part_cutter_init(&t->cutter, &cutter);
    snprintf(t->name, sizeof(t->name), "%s", params->name);
    t->list.kind = t->params.name = t->name;
    t->list.epoch = params->epoch;
    t->list.part_target_90k = part_cutter_params(params->part_us, TICKS_PER_S).target;
    t->list.window = window_empty(params->target_duration_s, params->window);
    t->meter = t->keys = rate_meter(params->window, params->target_duration_s);
    return t;
}

void cmaf_track_destroy(CmafTrack **track)
{
    if (!*track)
        return;
    cmaf_mux_destroy(&(*track)->mux);
    byte_buffer_free(&(*track)->segment);
    picture_repeat_clear(&(*track)->repeat);
    free(*track);
    *track = NULL;
}

void cmaf_track_resume(CmafTrack *t, int64_t msn, int64_t discontinuity_sequence)
{
    t->list.window.media_sequence = msn;
    t->list.window.discontinuity_sequence = discontinuity_sequence;
}

static int64_t to_90k(const CmafTrack *t, int64_t duration)
{
    return duration * TICKS_PER_S / t->per_second;
}

/* Writes a file. What cannot be written is a gap for viewers, said once. */
static bool store(CmafTrack *t, const char *name, const void *data, size_t len)
{
    bool good = store_put(t->params.folder, name, data, len, STORE_MEDIA) == 0;

    if (!good && !t->failing)
        log_error("%s: %s cannot be written: %s; viewers lack it, the next is tried",
                  t->params.stream, name, strerror(errno));
    if (good && t->failing)
        log_info("%s: %s can be written again", t->params.stream, t->list.kind);
    t->failing = !good;
    t->stats.failed_writes += !good;
    return good;
}

/* ---- segments ---- */

/* Writes the initialisation segment, if that is still to be done. Returns whether it is there. */
static bool write_init(CmafTrack *t)
{
    char name[STORE_NAME_SIZE];

    if (!t->mux)
        return false;
    if (!t->init_due)
        return true;
    ll_init_name(&t->list, t->init_msn, name);
    CmafBytes init = cmaf_mux_init(t->mux);
    t->init_due = !store(t, name, init.data, init.len);
    return !t->init_due;
}

void cmaf_track_begin(CmafTrack *t, int64_t start, int64_t limit, int64_t starts_unix_us,
                      bool discontinuity)
{
    ll_playlist_begin(&t->list, starts_unix_us, discontinuity, t->init_msn);
    ll_playlist_open_segment(&t->list)->start = start;
    ll_playlist_open_segment(&t->list)->lacks_init = !write_init(t);
    part_cutter_begin(&t->cutter, start, limit);
    byte_buffer_clear(&t->segment);
    t->start = start;
    t->samples = 0;
    t->gap = false;
}

int cmaf_track_configure(CmafTrack *t, const CmafMuxParams *params)
{
    LlSegment *segment = ll_playlist_open_segment(&t->list);
    const char *error;

    segment->lacks_init = true;
    cmaf_mux_destroy(&t->mux);
    t->mux = cmaf_mux_create(params, &error);
    if (!t->mux) {
        log_error("%s: %s: %s", t->params.stream, t->list.kind, error);
        return -1;
    }
    t->init_msn = window_next_msn(&t->list.window);
    t->init_due = true;
    segment->init_msn = t->init_msn;
    segment->lacks_init = !write_init(t);
    return 0;
}

void cmaf_track_sound(CmafTrack *t, const AacFrame *frame)
{
    if (t->mux && cmaf_mux_sound(t->mux, frame) == 0)
        t->samples++;
}

bool cmaf_track_has_other_sets(const CmafTrack *t, const AccessUnit *unit)
{
    PictureConfig other;

    return picture_config_read_other(&t->config, unit, &other);
}

/* A segment that begins with another configuration has an initialisation segment of its own. */
static void adopt_config(CmafTrack *t, const AccessUnit *unit)
{
    uint8_t bytes[PICTURE_CONFIG_ROOM];
    PictureConfig other;

    if (!picture_config_read_other(&t->config, unit, &other))
        return;
    t->config = other;
    CmafMuxParams params = {
        .kind = TRACK_VIDEO,
        .config = bytes,
        .config_len = picture_config_write(&t->config, bytes),
        .format = &t->config.format,
        .keeps_sets = t->configured,
    };
    t->configured = true;
    cmaf_track_configure(t, &params);
}

void cmaf_track_picture(CmafTrack *t, const AccessUnit *unit, int64_t pts, int64_t dts,
                        bool begins_segment)
{
    if (begins_segment)
        adopt_config(t, unit);
    if (t->mux && cmaf_mux_picture(t->mux, unit, pts, dts) == 0)
        t->samples++;
}

void cmaf_track_forget_sets(CmafTrack *t)
{
    t->config = no_config;
}

void cmaf_track_set_promise(CmafTrack *t, Promise promise)
{
    t->promise = promise;
}

const Promise *cmaf_track_promise(const CmafTrack *t)
{
    return &t->promise;
}

const VideoFormat *cmaf_track_format(const CmafTrack *t)
{
    return &t->config.format;
}

void cmaf_track_end(CmafTrack *t, int64_t end)
{
    part_cutter_end(&t->cutter, end);
}

static void measure(CmafTrack *t, int64_t duration_90k, size_t key_len)
{
    rate_meter_add(&t->meter, t->segment.len, t->samples, duration_90k);
    if (key_len > 0)
        rate_meter_add(&t->keys, key_len, 1, duration_90k);
    t->stats.segments++;
    t->stats.bytes += t->segment.len;
    t->stats.media_90k += duration_90k;
    t->stats.peak_bitrate = rate_meter_peak(&t->meter);
    t->stats.average_bitrate = rate_meter_average(&t->meter);
    t->stats.keys_peak_bitrate = rate_meter_peak(&t->keys);
}

/* The segment has its last part. */
static void complete(CmafTrack *t, int64_t now_us)
{
    int64_t duration = to_90k(t, t->cutter.start - t->start),
            msn = window_next_msn(&t->list.window);
    char name[STORE_NAME_SIZE];
    size_t key_len = ll_playlist_open_segment(&t->list)->key_len;

    ll_segment_name(&t->list, msn, name);
    bool good = !t->gap && !t->segment.failed && store(t, name, t->segment.data, t->segment.len);
    ll_playlist_complete(&t->list, duration, (int64_t)t->samples, !good);
    measure(t, duration, key_len);
    byte_buffer_free(&t->segment);
    t->samples = 0;
    cmaf_track_drop_old(t, now_us);
}

/* ---- parts ---- */

/* Notes the newest picture that is out, for one that repeats it. */
static void follow(CmafTrack *t, SampleBytes *bytes, bool key)
{
    const AccessUnit unit = {.data = sample_bytes_data(bytes),
                             .len = bytes->len,
                             .nal = bytes->nal,
                             .nals = bytes->nals,
                             .bytes = bytes,
                             .codec = t->config.format.codec,
                             .idr = key};

    picture_repeat_follow(&t->repeat, &t->config, &unit);
}

/* Makes the part at the end of its segment; if no picture came for it, of one that repeats the
 * last. Others may wait, which are shown later. */
static int make(CmafTrack *t, const PartCut *cut, CmafFragment *out)
{
    PictureRoom room;
    AccessUnit unit;
    int status = cmaf_mux_cut(t->mux, cut, &t->segment, out);

    if (status == 0 && t->params.kind == TRACK_VIDEO)
        follow(t, out->last, out->last_key);
    if (status <= 0 || t->params.kind != TRACK_VIDEO)
        return status;
    if (!picture_repeat_make(&t->repeat, &room, &unit) ||
        cmaf_mux_picture_first(t->mux, &unit, cut->start) < 0)
        return -1;
    t->stats.repeated++;
    t->samples++;
    return cmaf_mux_cut(t->mux, &(PartCut){cut->start, cut->end, cut->end, cut->last}, &t->segment,
                        out);
}

/* Has a part in memory too, for those who wait for it. */
static void keep(CmafTrack *t, CmafBytes bytes)
{
    int64_t part = (int64_t)ll_playlist_open_segment(&t->list)->parts;

    if (ll_board_keep(t->params.board, t->params.rendition, window_next_msn(&t->list.window), part,
                      bytes.data, bytes.len) < 0)
        log_error("%s: there is no memory for a part", t->params.stream);
}

static void add_part(CmafTrack *t, const PartCut *cut)
{
    LlPart part = {.duration_90k = (int32_t)to_90k(t, cut->end - cut->start)};
    char name[STORE_NAME_SIZE];
    CmafFragment fragment = {0};

    ll_part_name(&t->list, window_next_msn(&t->list.window),
                 ll_playlist_open_segment(&t->list)->parts, name);
    bool made = t->mux && make(t, cut, &fragment) == 0;
    part.independent = fragment.independent;
    if (ll_playlist_open_segment(&t->list)->parts == 0 && fragment.independent)
        ll_playlist_open_segment(&t->list)->key_len = (uint32_t)fragment.first_len;
    if (ll_playlist_open_segment(&t->list)->lacks_init) {
        write_init(t); /* for the next segment: what a list says of this one cannot change */
        made = false;
    }
    part.gap = !made || !store(t, name, fragment.bytes.data, fragment.bytes.len);
    if (!part.gap)
        keep(t, fragment.bytes);
    t->gap = t->gap || part.gap;
    t->stats.parts++;
    t->stats.gaps += part.gap;
    ll_playlist_add(&t->list, &part);
}

/* The segment ends where its last part has ended, or has none. */
static void close_where_it_stands(CmafTrack *t, int64_t now_us)
{
    if (ll_playlist_open_segment(&t->list)->parts > 0)
        complete(t, now_us);
    else
        ll_playlist_abandon(&t->list);
}

/* Whether a part can have a picture though none came for it. */
static bool can_fill(const CmafTrack *t)
{
    PictureRoom room;
    AccessUnit unit;

    return t->params.kind == TRACK_VIDEO && picture_repeat_make(&t->repeat, &room, &unit);
}

/* `finishes`: nothing follows. Then a rest that would be a gap is left out, since that would be one
 * of the whole segment. */
static int cut_parts(CmafTrack *t, int64_t known, bool finishes, int64_t now_us)
{
    PartCut cut;
    int n = 0;

    while (t->list.window.open) {
        int64_t before = t->cutter.ends ? t->cutter.end : INT64_MAX;
        int64_t newest = t->mux ? cmaf_mux_newest(t->mux, before) : INT64_MIN;
        bool lacks = t->cutter.ends && t->mux && !can_fill(t);
        t->cutter.moves_far = lacks;
        if (!part_cutter_next(&t->cutter, known, newest, &cut))
            break;
        bool rests = cut.last && newest == INT64_MIN && t->samples > 0;
        if (lacks && finishes && rests) {
            t->cutter.start = t->cutter.end = cut.start;
            break;
        }
        add_part(t, &cut);
        n++;
        if (cut.last)
            complete(t, now_us);
    }
    if (t->list.window.open && t->cutter.ends && t->cutter.start >= t->cutter.end) {
        close_where_it_stands(t, now_us);
        n++;
    }
    return n;
}

int cmaf_track_cut(CmafTrack *t, int64_t known, int64_t now_us)
{
    return cut_parts(t, known, false, now_us);
}

void cmaf_track_finish(CmafTrack *t, int64_t end, int64_t now_us)
{
    if (!t->list.window.open)
        return;
    cmaf_track_end(t, end > t->cutter.start ? end : t->cutter.start);
    cut_parts(t, INT64_MAX, true, now_us);
    cmaf_mux_destroy(&t->mux);
}

void cmaf_track_conclude(CmafTrack *t)
{
    t->list.window.ended = true;
}

TrackKind cmaf_track_kind(const CmafTrack *t)
{
    return t->params.kind;
}

const char *cmaf_track_name(const CmafTrack *t)
{
    return t->name;
}

int64_t cmaf_track_position(const CmafTrack *t)
{
    return t->cutter.start;
}

bool cmaf_track_is_open(const CmafTrack *t)
{
    return t->list.window.open;
}

const LlPlaylist *cmaf_track_playlist(const CmafTrack *t)
{
    return &t->list;
}

CmafTrackStats cmaf_track_stats(const CmafTrack *t)
{
    return t->stats;
}
