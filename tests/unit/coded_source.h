/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_CODED_SOURCE_H
#define UNIT_CODED_SOURCE_H

/* A publisher's pictures in any codec, made by libavcodec: a pattern that moves. After harness.h.
 */

#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
#include <stdlib.h>

#include "hls-bridge/transcode/transcode_wire.h"

#define SOURCE_MAX      64   /* pictures */
#define SOURCE_STEP_90K 3000 /* from one to the next: 30 a second */

typedef struct CodedSource {
    size_t count;
    WirePicture picture[SOURCE_MAX]; /* numbered from 0; their bytes are owned */
} CodedSource;

typedef struct SourceParams {
    const char *encoder;
    Codec codec;
    int width, height;
    size_t pictures, key_each;
    size_t b_frames;
    enum AVPixelFormat format; /* 0: 4:2:0 of 8 bits */
} SourceParams;

static inline void paint_pattern(AVFrame *frame, size_t i)
{
    int wide = frame->format == AV_PIX_FMT_YUV420P10 ? 2 : 1;

    for (int plane = 0; plane < 3; plane++) {
        int rows =
            plane && frame->format != AV_PIX_FMT_YUV422P ? (frame->height + 1) / 2 : frame->height;

        for (int y = 0; y < rows; y++) {
            uint8_t *row = frame->data[plane] + y * frame->linesize[plane];
            memset(row, 0, (size_t)frame->linesize[plane]);
            for (int x = 0; x < (plane ? (frame->width + 1) / 2 : frame->width); x++)
                row[x * wide] =
                    (uint8_t)(plane ? 100 + 8 * plane : 40 + (x * 3 + y * 2 + (int)i * 5) % 160);
        }
    }
}

static inline void keep_packets(AVCodecContext *c, AVPacket *packet, CodedSource *s,
                                bool all_are_keys)
{
    while (avcodec_receive_packet(c, packet) == 0) {
        assert_true(s->count < SOURCE_MAX);
        WirePicture *p = &s->picture[s->count];
        uint8_t *bytes = test_malloc((size_t)packet->size);

        memcpy(bytes, packet->data, (size_t)packet->size);
        *p = (WirePicture){.id = (uint32_t)s->count++,
                           .pts_90k = packet->pts * SOURCE_STEP_90K,
                           .key = all_are_keys || (packet->flags & AV_PKT_FLAG_KEY),
                           .data = bytes,
                           .len = (size_t)packet->size};
        av_packet_unref(packet);
    }
}

/* Options by which an encoder holds nothing back, and is quick. */
static inline void set_source_options(AVCodecContext *c, const char *encoder)
{
    av_opt_set(c->priv_data, "preset", strcmp(encoder, "libsvtav1") == 0 ? "12" : "ultrafast", 0);
    if (c->max_b_frames == 0)
        av_opt_set(c->priv_data, "tune", "zerolatency", 0);
    av_opt_set(c->priv_data, "forced-idr", "1", 0);
    av_opt_set(c->priv_data, "x265-params", "log-level=none:repeat-headers=1:bframes=0", 0);
    av_opt_set(c->priv_data, "deadline", "realtime", 0);
    av_opt_set(c->priv_data, "lag-in-frames", "0", 0);
    av_opt_set(c->priv_data, "usage", "realtime", 0);
    av_opt_set_int(c->priv_data, "cpu-used", 8, 0);
}

/* Fills in the source; source_free() it. */
static inline void source_make(CodedSource *s, const SourceParams *params)
{
    const AVCodec *codec = avcodec_find_encoder_by_name(params->encoder);
    AVCodecContext *c = codec ? avcodec_alloc_context3(codec) : NULL;
    AVFrame *frame = av_frame_alloc();
    AVPacket *packet = av_packet_alloc();

    *s = (CodedSource){0};
    assert_true(c && frame && packet);
    av_log_set_level(AV_LOG_QUIET);
    setenv("SVT_LOG", "-2", 1); /* libsvtav1 is told not to speak by this alone */
    c->width = frame->width = params->width;
    c->height = frame->height = params->height;
    c->pix_fmt = params->format ? params->format : AV_PIX_FMT_YUV420P;
    frame->format = c->pix_fmt;
    c->time_base = (AVRational){1, 30};
    c->framerate = (AVRational){30, 1};
    c->gop_size = (int)params->key_each;
    c->max_b_frames = (int)params->b_frames;
    c->bit_rate = 400000;
    c->thread_count = 1;
    set_source_options(c, params->encoder);
    assert_int_equal(avcodec_open2(c, codec, NULL), 0);
    for (size_t i = 0; i < params->pictures; i++) {
        av_frame_unref(frame);
        frame->width = params->width;
        frame->height = params->height;
        frame->format = c->pix_fmt;
        assert_int_equal(av_frame_get_buffer(frame, 0), 0);
        paint_pattern(frame, i);
        frame->pts = (int64_t)i;
        frame->pict_type = i % params->key_each == 0 ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
        assert_int_equal(avcodec_send_frame(c, frame), 0);
        keep_packets(c, packet, s, params->key_each == 1);
    }
    assert_int_equal(avcodec_send_frame(c, NULL), 0);
    keep_packets(c, packet, s, params->key_each == 1);
    assert_int_equal(s->count, params->pictures);
    avcodec_free_context(&c);
    av_frame_free(&frame);
    av_packet_free(&packet);
}

static inline void source_free(CodedSource *s)
{
    for (size_t i = 0; i < s->count; i++)
        test_free((void *)s->picture[i].data);
    s->count = 0;
}

/* A number that follows from the last one, for bytes that are wrong by chance and the same each
 * time. */
static inline uint32_t source_dice(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* A copy of a picture with some bytes changed and maybe its end missing; test_free() it. */
static inline uint8_t *source_mutate(const WirePicture *p, uint32_t *state, size_t *len)
{
    uint8_t *bytes = test_malloc(p->len);

    memcpy(bytes, p->data, p->len);
    for (uint32_t n = 1 + source_dice(state) % 8; n > 0; n--)
        bytes[source_dice(state) % p->len] = (uint8_t)source_dice(state);
    *len = source_dice(state) % 4 == 0 ? 1 + source_dice(state) % p->len : p->len;
    return bytes;
}

#endif
