/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcode/rung_encoder.h"

#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICKS        90000
#define NOMINAL_RATE 30 /* pictures a second that the encoder is told of, whatever comes */

/* libx264 counts pictures and not time if none may be held back, so a source of 15 pictures a
 * second would get half of its rate. It is told another rate instead, by how far apart pictures
 * are; parameter sets stay as they are. */
#define INTERVAL_WEIGHT 16   /* pictures over which the mean of their distances goes, at most */
#define FIRST_LOOK      4    /* pictures before the first look at it: it should soon be right */
#define RATE_EACH       32   /* ... between two looks */
#define RATE_CHANGE     16   /* the rate is changed if it is off by a sixteenth */
#define RATE_LEAST      0.25 /* of the nominal rate: 120 pictures a second */
#define RATE_MOST       4.0  /* ... and 7.5 */

struct RungEncoder {
    AVCodecContext *context; /* owned, as the next two */
    AVFrame *frame;
    AVPacket *packet;
    int64_t bitrate;
    bool began;
    int64_t last_90k;    /* time of the last picture, */
    double interval_90k; /* and the mean distance between two */
    unsigned distances;  /* that the mean is of, up to INTERVAL_WEIGHT */
    unsigned until_look; /* pictures */
};

#define X264_PARAMS "keyint=infinite:min-keyint=1:scenecut=0:aud=1:log-level=none"

/* From so many pixels on, quantizers that follow the picture make it more like the source at no
 * cost; smaller ones lose by it. Trellis would cost 7 % of the whole (tests/bench/transcode.mjs).
 */
#define FOLLOW_FROM (640 * 360)
#define X264_FOLLOW ":aq-mode=2:aq-strength=1.1"

/* Options by which each kind of encoder does what rung_encoder.h promises. What an encoder does not
 * know is left out. */
static const struct {
    const char *encoder, *name, *value;
} options[] = {
    {"libx264", "preset", "veryfast"},
    {"libx264", "tune", "zerolatency"},
    {"libx264", "forced-idr", "1"},
    /* no key frame of its own; a delimiter before each picture, as all H.264 here has it */
    {"libx264", "x264-params", X264_PARAMS},
    {"h264_nvenc", "preset", "p3"},
    {"h264_nvenc", "tune", "ull"},
    {"h264_nvenc", "rc", "cbr"},
    {"h264_nvenc", "zerolatency", "1"},
    {"h264_nvenc", "delay", "0"},
    {"h264_nvenc", "forced-idr", "1"},
    {"h264_nvenc", "aud", "1"},
    {"h264_nvenc", "no-scenecut", "1"},
    {"libopenh264", "allow_skip_frames", "0"},
    {"libopenh264", "rc_mode", "bitrate"},
};

static void set_options(AVCodecContext *c, const char *encoder)
{
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (strcmp(options[i].encoder, encoder) == 0)
            av_opt_set(c->priv_data, options[i].name, options[i].value, 0);
    if (strcmp(encoder, "libx264") == 0 && c->width * c->height >= FOLLOW_FROM)
        av_opt_set(c->priv_data, "x264-params", X264_PARAMS X264_FOLLOW, 0);
}

static AVCodecContext *open_context(const AVCodec *codec, const RungEncoderParams *params,
                                    int *status)
{
    AVCodecContext *c = avcodec_alloc_context3(codec);

    if (!c)
        return NULL;
    c->width = params->like->width;
    c->height = params->like->height;
    c->pix_fmt = AV_PIX_FMT_YUV420P;
    c->sample_aspect_ratio = params->like->sample_aspect_ratio;
    c->color_range = params->like->color_range;
    c->color_primaries = params->like->color_primaries;
    c->color_trc = params->like->color_trc;
    c->colorspace = params->like->colorspace;
    c->time_base = (AVRational){1, TICKS};
    c->framerate = (AVRational){NOMINAL_RATE, 1};
    c->gop_size = INT32_MAX / 2; /* libavcodec adds to it */
    c->max_b_frames = 0;
    c->flags |= AV_CODEC_FLAG_CLOSED_GOP | AV_CODEC_FLAG_LOW_DELAY;
    c->bit_rate = c->rc_max_rate = params->bitrate;
    c->rc_buffer_size = (int)params->bitrate;
    c->thread_count = params->threads;
    c->thread_type = FF_THREAD_SLICE; /* threads for pictures hold these back */
    c->log_level_offset = AV_LOG_TRACE;
    set_options(c, params->encoder);
    *status = avcodec_open2(c, codec, NULL);
    if (*status < 0)
        avcodec_free_context(&c);
    return c;
}

/* Whether an encoder takes pictures as they lie in memory here. Those of VAAPI and Quick Sync want
 * surfaces of the device or another order of the colours. */
static bool takes_pictures(const AVCodec *codec)
{
    const enum AVPixelFormat *format = codec->pix_fmts;

    while (format && *format != AV_PIX_FMT_NONE && *format != AV_PIX_FMT_YUV420P)
        format++;
    return !format || *format == AV_PIX_FMT_YUV420P;
}

RungEncoder *rung_encoder_create(const RungEncoderParams *params, char *error, size_t size)
{
    const AVCodec *codec = avcodec_find_encoder_by_name(params->encoder);
    int status = AVERROR(ENOMEM);

    if (!codec || codec->id != AV_CODEC_ID_H264) {
        snprintf(error, size,
                 "this libavcodec has no encoder \"%s\" for H.264: set transcode.encoder to one "
                 "that `ffmpeg -encoders` lists, as \"libx264\"",
                 params->encoder);
        return NULL;
    }
    if (!takes_pictures(codec)) {
        snprintf(error, size,
                 "the encoder \"%s\" takes no pictures of yuv420p, which is what there is: set "
                 "transcode.encoder to one that does, as \"libx264\" or \"h264_nvenc\"",
                 params->encoder);
        return NULL;
    }
    RungEncoder *e = calloc(1, sizeof(*e));
    if (e) {
        e->bitrate = params->bitrate;
        e->interval_90k = TICKS / NOMINAL_RATE;
        e->until_look = FIRST_LOOK;
        e->context = open_context(codec, params, &status);
        e->frame = av_frame_alloc();
        e->packet = av_packet_alloc();
        if (e->context && e->frame && e->packet)
            return e;
    }
    snprintf(error, size,
             "the encoder \"%s\" cannot be opened (%s): is its device there, and may hls-bridge "
             "use it? \"libx264\" needs none",
             params->encoder, av_err2str(status));
    rung_encoder_destroy(&e);
    return NULL;
}

void rung_encoder_destroy(RungEncoder **encoder)
{
    RungEncoder *e = *encoder;

    if (!e)
        return;
    avcodec_free_context(&e->context);
    av_frame_free(&e->frame);
    av_packet_free(&e->packet);
    free(e);
    *encoder = NULL;
}

/* Pixels are square if nobody says of what shape they are. */
static bool is_shape(AVRational a, AVRational b)
{
    const AVRational square = {1, 1};

    return av_cmp_q(a.num > 0 && a.den > 0 ? a : square, b.num > 0 && b.den > 0 ? b : square) == 0;
}

bool rung_encoder_is_for(const RungEncoder *e, const AVFrame *picture)
{
    const AVCodecContext *c = e->context;

    return c->width == picture->width && c->height == picture->height &&
           is_shape(c->sample_aspect_ratio, picture->sample_aspect_ratio) &&
           c->color_primaries == picture->color_primaries && c->color_trc == picture->color_trc &&
           c->colorspace == picture->colorspace;
}

/* Follows how far pictures are apart. */
static void follow_rate(RungEncoder *e, int64_t pts_90k)
{
    AVCodecContext *c = e->context;
    int64_t apart = pts_90k - e->last_90k;

    if (e->began && apart > 0 && apart < TICKS) {
        e->distances += e->distances < INTERVAL_WEIGHT;
        e->interval_90k += ((double)apart - e->interval_90k) / e->distances;
    }
    e->began = true;
    e->last_90k = pts_90k;
    if (e->until_look-- > 0)
        return;
    e->until_look = RATE_EACH;
    double times = e->interval_90k * NOMINAL_RATE / TICKS;
    times = times < RATE_LEAST ? RATE_LEAST : times > RATE_MOST ? RATE_MOST : times;
    int64_t rate = (int64_t)((double)e->bitrate * times);
    if (llabs(rate - c->bit_rate) * RATE_CHANGE > c->bit_rate)
        c->bit_rate = c->rc_max_rate = rate;
}

int rung_encoder_put(RungEncoder *e, const AVFrame *picture, bool key)
{
    av_frame_unref(e->frame);
    if (av_frame_ref(e->frame, picture) < 0)
        return -1;
    e->frame->pict_type = key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    follow_rate(e, picture->pts);
    int status = avcodec_send_frame(e->context, e->frame);
    av_frame_unref(e->frame);
    return status < 0 ? -1 : 0;
}

bool rung_encoder_take(RungEncoder *e, RungUnit *unit)
{
    av_packet_unref(e->packet);
    if (avcodec_receive_packet(e->context, e->packet) < 0 || e->packet->size <= 0)
        return false;
    *unit = (RungUnit){
        .data = e->packet->data,
        .len = (size_t)e->packet->size,
        .pts_90k = e->packet->pts,
        .idr = e->packet->flags & AV_PKT_FLAG_KEY,
    };
    return true;
}
