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
    if (media_keys_cipher(params->keys, NUMBERS_LL) != MEDIA_AES_128)
        return t;
    t->cipher = segment_cipher_create();
    if (!t->cipher)
        cmaf_track_destroy(&t);
    return t;
}

void cmaf_track_destroy(CmafTrack **track)
{
    if (!*track)
        return;
    cmaf_mux_destroy(&(*track)->mux);
    byte_buffer_free(&(*track)->segment);
    byte_buffer_free(&(*track)->encrypted);
    segment_cipher_destroy(&(*track)->cipher);
    picture_repeat_clear(&(*track)->repeat);
    free(*track);
    *track = NULL;
}

void cmaf_track_resume(CmafTrack *t, int64_t msn, int64_t discontinuity_sequence)
{
    t->list.window.media_sequence = msn;
    t->list.window.discontinuity_sequence = discontinuity_sequence;
}

int64_t cmaf_track_to_90k(const CmafTrack *t, int64_t duration)
{
    return duration * TICKS_PER_S / t->per_second;
}

bool cmaf_track_store(CmafTrack *t, const char *name, const void *data, size_t len)
{
    return cmaf_track_note_write(t, name,
                                 store_put(t->params.folder, name, data, len, STORE_MEDIA) == 0);
}

/* ---- segments ---- */

bool cmaf_track_write_init(CmafTrack *t)
{
    char name[STORE_NAME_SIZE];

    if (!t->mux)
        return false;
    if (!t->init_due)
        return true;
    ll_init_name(&t->list, t->init_msn, name);
    CmafBytes init = cmaf_mux_init(t->mux);
    t->init_due = !cmaf_track_store(t, name, init.data, init.len);
    return !t->init_due;
}

/* Finds the key of the segment that has just begun. */
static void take_key(CmafTrack *t)
{
    LlSegment *s = ll_playlist_open_segment(&t->list);

    t->lacks_key = false;
    if (media_keys_cipher(t->params.keys, NUMBERS_LL) == MEDIA_CLEAR)
        return;
    s->key = media_keys_take(t->params.keys, NUMBERS_LL, window_next_msn(&t->list.window));
    t->lacks_key = !s->key;
    t->stats.keyless += t->lacks_key;
}

void cmaf_track_begin(CmafTrack *t, int64_t start, int64_t limit, int64_t starts_unix_us,
                      bool discontinuity)
{
    ll_playlist_begin(&t->list, starts_unix_us, discontinuity, t->init_msn);
    ll_playlist_open_segment(&t->list)->start = start;
    take_key(t);
    ll_playlist_open_segment(&t->list)->lacks_init = !cmaf_track_write_init(t);
    part_cutter_begin(&t->cutter, start, limit);
    byte_buffer_clear(&t->segment);
    t->start = start;
    t->samples = 0;
    t->gap = false;
}

void cmaf_track_begin_init(CmafTrack *t)
{
    LlSegment *segment = ll_playlist_open_segment(&t->list);

    t->init_msn = window_next_msn(&t->list.window);
    t->init_due = true;
    segment->init_msn = t->init_msn;
    segment->lacks_init = !cmaf_track_write_init(t);
}

void cmaf_track_note_init(CmafTrack *t, const VideoFormat *format)
{
    int64_t msn = ll_playlist_open_segment(&t->list)->init_msn;

    t->init[t->inits++ % INITS_KEPT] = (CmafInit){msn, *format};
}

int cmaf_track_configure(CmafTrack *t, const CmafMuxParams *params)
{
    CmafMuxParams with_key = *params;
    const char *error;
    CbcsKey key;

    ll_playlist_open_segment(&t->list)->lacks_init = true;
    cmaf_mux_destroy(&t->mux);
    if (cmaf_track_sample_key(t, &key))
        with_key.key = &key;
    t->mux = cmaf_mux_create(&with_key, &error);
    if (!t->mux) {
        log_error("%s: %s: %s", t->params.stream, t->list.kind, error);
        return -1;
    }
    cmaf_track_begin_init(t);
    return 0;
}

void cmaf_track_sound(CmafTrack *t, const AacFrame *frame)
{
    if (t->mux && cmaf_mux_sound(t->mux, frame) == 0)
        t->samples++;
}

void cmaf_track_opus(CmafTrack *t, const OpusPacket *packet)
{
    if (t->mux && cmaf_mux_opus(t->mux, packet) == 0)
        t->samples++;
}

int64_t cmaf_track_from(const CmafTrack *t, int64_t at, int64_t end)
{
    return t->mux ? cmaf_mux_from(t->mux, at, end) : end;
}

int64_t cmaf_track_up_to(const CmafTrack *t, int64_t at, int64_t end)
{
    int64_t last = t->mux ? cmaf_mux_up_to(t->mux, at, end) : end;

    return larger(last, t->cutter.start);
}

bool cmaf_track_has_other_sets(const CmafTrack *t, const AccessUnit *unit)
{
    PictureConfig other;

    return picture_config_read_other(&t->config, unit, &other);
}

void cmaf_track_adopt(CmafTrack *t, const PictureConfig *config)
{
    uint8_t bytes[PICTURE_CONFIG_ROOM];

    t->config = *config;
    CmafMuxParams params = {
        .kind = TRACK_VIDEO,
        .config = bytes,
        .config_len = picture_config_write(&t->config, bytes),
        .format = &t->config.format,
        .keeps_sets = t->configured,
    };
    t->configured = true;
    t->copies_init = false;
    if (cmaf_track_configure(t, &params) == 0)
        cmaf_track_note_init(t, &t->config.format);
}

/* A segment that begins with another configuration has an initialisation segment of its own. */
static void adopt_config(CmafTrack *t, const AccessUnit *unit)
{
    PictureConfig other;

    if (picture_config_read_other(&t->config, unit, &other))
        cmaf_track_adopt(t, &other);
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
    t->copies_init = false;
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

const VideoFormat *cmaf_track_newest_format(const CmafTrack *t)
{
    return t->inits > 0 ? &t->init[(t->inits - 1) % INITS_KEPT].format : &t->config.format;
}

const VideoFormat *cmaf_track_format_of(const CmafTrack *t, int64_t init_msn)
{
    for (size_t n = 0; n < INITS_KEPT && n < t->inits; n++) {
        const CmafInit *init = &t->init[(t->inits - 1 - n) % INITS_KEPT];
        if (init->msn == init_msn)
            return &init->format;
    }
    return &t->config.format;
}

void cmaf_track_end(CmafTrack *t, int64_t end)
{
    part_cutter_end(&t->cutter, end);
}

static void measure(CmafTrack *t, const LlSegment *s)
{
    rate_meter_add(&t->meter, s->len, (size_t)s->samples, s->common.duration_90k);
    if (s->key_len > 0)
        rate_meter_add(&t->keys, s->key_len, 1, s->common.duration_90k);
    t->stats.segments++;
    t->stats.bytes += s->len;
    t->stats.media_90k += s->common.duration_90k;
    t->stats.peak_bitrate = rate_meter_peak(&t->meter);
    t->stats.average_bitrate = rate_meter_average(&t->meter);
    t->stats.keys_peak_bitrate = rate_meter_peak(&t->keys);
}

void cmaf_track_list_whole(CmafTrack *t, const CmafWhole *whole, int64_t now_us)
{
    LlSegment *s = ll_playlist_open_segment(&t->list);

    s->len = (uint32_t)whole->len;
    ll_playlist_complete(&t->list, whole->duration_90k, whole->samples, whole->gap);
    measure(t, s);
    cmaf_track_drop_old(t, now_us);
}

void cmaf_track_complete(CmafTrack *t, int64_t now_us)
{
    CmafWhole whole = {.duration_90k = cmaf_track_to_90k(t, t->cutter.start - t->start),
                       .samples = (int64_t)t->samples};
    char name[STORE_NAME_SIZE];

    ll_segment_name(&t->list, window_next_msn(&t->list.window), name);
    whole.gap = t->gap || t->segment.failed || !cmaf_track_encrypt_whole(t) ||
                !cmaf_track_store(t, name, t->segment.data, t->segment.len);
    whole.len = t->segment.len;
    byte_buffer_free(&t->segment);
    byte_buffer_free(&t->encrypted);
    t->samples = 0;
    cmaf_track_list_whole(t, &whole, now_us);
}

void cmaf_track_conclude(CmafTrack *t)
{
    t->list.window.ended = true;
}

TrackKind cmaf_track_kind(const CmafTrack *t)
{
    return t->params.kind;
}

bool cmaf_track_is_opus(const CmafTrack *t)
{
    return t->params.opus;
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
