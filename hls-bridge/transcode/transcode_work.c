/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcode/transcode_work.h"

#include <stdlib.h>
#include <string.h>

#include "base/media.h"
#include "transcode/pace.h"
#include "transcode/picture_decoder.h"
#include "transcode/picture_scaler.h"
#include "transcode/rung_encoder.h"

#define TRY_WIDTH  320 /* of the picture that an encoder is tried with; some take no smaller one */
#define TRY_HEIGHT 192

/* From so many pixels on, an encoder has the threads that are configured, and else one: below, they
 * cost more than they bring (tests/bench/transcode.mjs). */
#define THREADS_FROM (1280 * 720 + 1)

typedef struct WorkRung {
    PictureScaler scaler;
    RungEncoder *encoder;
    RungSize size; /* as of the last key picture; 0: the source is smaller */
    bool runs;     /* its pictures are being given out */
    bool behind;   /* it stands still for lack of time, as it was said */
    bool odd;      /* the picture to be left out of two is next; of a halved rung */
} WorkRung;

struct TranscodeWork {
    TranscodeConfig config;
    PictureDecoder *decoder;
    uint32_t wanted;
    Pace pace;
    size_t count; /* rungs */
    WorkRung rung[RUNGS_MAX];
};

/* ---- life ---- */

/* Whether the encoder can be opened and makes something of a picture, so that what is wrong with it
 * is said at the start. */
static int try_encoder(const TranscodeConfig *config, char *error)
{
    AVFrame *grey = av_frame_alloc();
    RungEncoder *e = NULL;

    if (!grey)
        return -1;
    grey->width = TRY_WIDTH;
    grey->height = TRY_HEIGHT;
    grey->format = AV_PIX_FMT_YUV420P;
    if (av_frame_get_buffer(grey, 0) == 0) {
        for (int plane = 0; plane < 3; plane++)
            memset(grey->data[plane], 128,
                   (size_t)grey->linesize[plane] * (plane ? TRY_HEIGHT / 2 : TRY_HEIGHT));
        grey->pts = 0;
        e = rung_encoder_create(&(RungEncoderParams){.encoder = config->encoder,
                                                     .like = grey,
                                                     .bitrate = RUNG_BITRATE_MIN,
                                                     .threads = 1},
                                error, WIRE_TEXT_MAX + 1);
    }
    int status = e ? rung_encoder_put(e, grey, true) : -1;
    if (e && status < 0)
        snprintf(error, WIRE_TEXT_MAX + 1,
                 "the encoder \"%s\" can be opened and takes no picture: set transcode.encoder to "
                 "another one, as \"libx264\"",
                 config->encoder);
    rung_encoder_destroy(&e);
    av_frame_free(&grey);
    return status;
}

TranscodeWork *transcode_work_create(const TranscodeConfig *config, char *error)
{
    TranscodeWork *w = calloc(1, sizeof(*w));

    snprintf(error, WIRE_TEXT_MAX + 1, "there is not enough memory");
    if (!w)
        return NULL;
    w->config = *config;
    w->count = config->ladder.count;
    w->wanted = (1u << RUNGS_MAX) - 1;
    w->decoder = picture_decoder_create(config->codec, error);
    if (!w->decoder || try_encoder(config, error) < 0)
        transcode_work_destroy(&w);
    return w;
}

void transcode_work_destroy(TranscodeWork **work)
{
    TranscodeWork *w = *work;

    if (!w)
        return;
    picture_decoder_destroy(&w->decoder);
    for (size_t i = 0; i < w->count; i++) {
        picture_scaler_free(&w->rung[i].scaler);
        rung_encoder_destroy(&w->rung[i].encoder);
    }
    free(w);
    *work = NULL;
}

void transcode_work_want(TranscodeWork *w, uint32_t rungs)
{
    w->wanted = rungs;
}

/* ---- rungs ---- */

static bool is_wanted(const TranscodeWork *w, size_t i)
{
    return (w->wanted >> i & 1) && w->rung[i].size.width > 0;
}

static size_t wanted_count(const TranscodeWork *w)
{
    size_t n = 0;

    for (size_t i = 0; i < w->count; i++)
        n += is_wanted(w, i);
    return n;
}

/* Says what a rung is, or that it stands still, and whether that is for lack of time. */
static int say(TranscodeWork *w, size_t i, bool behind, ByteBuffer *out)
{
    WorkRung *r = &w->rung[i];
    WireMessage m = {.kind = WIRE_RUNG, .rung = {.rung = i, .behind = behind}};

    r->behind = behind;
    if (r->runs) {
        m.rung.width = r->size.width;
        m.rung.height = r->size.height;
    }
    return transcode_wire_write(&m, out);
}

/* Stops a rung that is not wanted or that there is no time for. */
static int stop_rung(TranscodeWork *w, size_t i, bool behind, ByteBuffer *out)
{
    rung_encoder_destroy(&w->rung[i].encoder);
    picture_scaler_free(&w->rung[i].scaler);
    w->rung[i].runs = false;
    return say(w, i, behind, out);
}

/* Gives a rung the encoder that it needs for pictures such as this one, and says so if it has
 * become another one. */
static int start_rung(TranscodeWork *w, size_t i, const AVFrame *picture, ByteBuffer *out)
{
    WorkRung *r = &w->rung[i];
    char error[WIRE_TEXT_MAX + 1];
    bool large = picture->width * picture->height >= THREADS_FROM;

    if (r->encoder && rung_encoder_is_for(r->encoder, picture))
        return 0;
    rung_encoder_destroy(&r->encoder);
    r->encoder = rung_encoder_create(
        &(RungEncoderParams){.encoder = w->config.encoder,
                             .like = picture,
                             .bitrate = rung_ladder_bitrate(&w->config.ladder.rung[i], &r->size),
                             .threads = large ? w->config.threads : 1},
        error, sizeof(error));
    if (!r->encoder)
        return -1;
    r->runs = true;
    return say(w, i, false, out);
}

/* Hands on what a rung's encoder has ready. */
static int give_units(TranscodeWork *w, size_t i, ByteBuffer *out)
{
    RungUnit unit;

    while (rung_encoder_take(w->rung[i].encoder, &unit)) {
        WireMessage m = {.kind = WIRE_UNIT,
                         .unit = {.rung = i,
                                  .pts_90k = unit.pts_90k,
                                  .idr = unit.idr,
                                  .data = unit.data,
                                  .len = unit.len}};
        if (unit.len > WIRE_PICTURE_MAX || transcode_wire_write(&m, out) < 0)
            return -1;
    }
    return 0;
}

/* Whether a rung at the half rate leaves this picture out. */
static bool is_left_out(WorkRung *r, const Rung *ladder, bool key)
{
    if (!ladder->halved)
        return false;
    r->odd = key ? true : !r->odd;
    return !r->odd;
}

/* Makes one rung of a picture. `*from` is the last larger one, and becomes this one. */
static int make_rung(TranscodeWork *w, size_t i, const AVFrame **from, bool key, ByteBuffer *out)
{
    WorkRung *r = &w->rung[i];

    if (is_left_out(r, &w->config.ladder.rung[i], key))
        return 0;
    const AVFrame *picture = picture_scaler_make(&r->scaler, *from, r->size.width, r->size.height);
    if (!picture)
        return -1;
    *from = picture;
    if (key && start_rung(w, i, picture, out) < 0)
        return -1;
    if (rung_encoder_put(r->encoder, picture, key) < 0)
        return -1;
    return give_units(w, i, out);
}

/* Makes all rungs of a decoded picture but the upper `off` of those that are wanted. */
static int make_rungs(TranscodeWork *w, const AVFrame *picture, bool key, ByteBuffer *out)
{
    const AVFrame *from = picture;
    size_t off = w->pace.off;

    for (size_t i = 0; i < w->count; i++) {
        bool wanted = is_wanted(w, i), behind = wanted && off > 0;
        /* one that was behind, and is not wanted any more, stands still for that */
        bool ends = w->rung[i].runs || (w->rung[i].behind && !wanted);

        if (behind)
            off--;
        if ((!wanted || behind) && ends && stop_rung(w, i, behind, out) < 0)
            return -1;
        if (wanted && !behind && (key || w->rung[i].runs) && make_rung(w, i, &from, key, out) < 0)
            return -1;
    }
    return 0;
}

static int make_picture(TranscodeWork *w, const AVFrame *picture, bool key, int64_t lag_us,
                        ByteBuffer *out)
{
    RungSize size[RUNGS_MAX];

    if (key) {
        /* H.264 is copied beside the rungs */
        if (w->config.codec == CODEC_H264)
            rung_ladder_sizes(&w->config.ladder, picture->width, picture->height, size);
        else
            rung_ladder_all_sizes(&w->config.ladder, picture->width, picture->height, size);
        for (size_t i = 0; i < w->count; i++)
            w->rung[i].size = size[i];
    }
    if (!pace_takes(&w->pace, ticks_to_us(picture->pts), lag_us, key, wanted_count(w)))
        return 0;
    return make_rungs(w, picture, key, out);
}

/* ---- pictures ---- */

static WireTook describe(const TranscodeWork *w, uint32_t id, int64_t lag_us)
{
    PictureDecoderStats stats = picture_decoder_stats(w->decoder);

    return (WireTook){
        .id = id,
        .decoded = stats.decoded,
        .damaged = stats.damaged,
        .skipped = w->pace.skipped,
        .lag_us = (uint32_t)(lag_us < 0 ? 0 : smaller(lag_us, UINT32_MAX)),
    };
}

int transcode_work_picture(TranscodeWork *w, const WirePicture *picture, int64_t lag_us,
                           ByteBuffer *out, WireTook *took)
{
    const AVFrame *decoded;
    bool key;

    if (picture_decoder_put(w->decoder, picture) < 0)
        return -1;
    while ((decoded = picture_decoder_take(w->decoder, &key)))
        if (make_picture(w, decoded, key, lag_us, out) < 0)
            return -1;
    *took = describe(w, picture->id, lag_us);
    return 0;
}
