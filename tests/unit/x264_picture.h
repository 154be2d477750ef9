/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_X264_PICTURE_H
#define UNIT_X264_PICTURE_H

/* Key frames of libx264, for what decodes them. */

#include <libavcodec/avcodec.h>

#include "harness.h"

/* What a picture is to be: one colour, with a brighter left half. */
typedef struct PictureParams {
    int width, height;
    AVRational shape; /* of a pixel */
    int luma;         /* of the right half, 16 to 200; the left one has 30 more */
} PictureParams;

static inline AVFrame *paint(const AVCodecContext *c, int luma)
{
    AVFrame *frame = av_frame_alloc();

    assert_non_null(frame);
    frame->width = c->width;
    frame->height = c->height;
    frame->format = c->pix_fmt;
    assert_int_equal(av_frame_get_buffer(frame, 0), 0);
    for (int y = 0; y < c->height; y++) {
        uint8_t *line = frame->data[0] + y * frame->linesize[0];
        memset(line, luma, (size_t)c->width);
        memset(line, luma + 30, (size_t)c->width / 2);
    }
    for (int plane = 1; plane < 3; plane++)
        for (int y = 0; y < (c->height + 1) / 2; y++)
            memset(frame->data[plane] + y * frame->linesize[plane], 128,
                   (size_t)(c->width + 1) / 2);
    frame->pts = 0;
    return frame;
}

/* An access unit of one IDR picture with its parameter sets; the caller frees the packet. */
static inline AVPacket *x264_picture(const PictureParams *params)
{
    const AVCodec *codec = avcodec_find_encoder_by_name("libx264");

    assert_non_null(codec);
    AVCodecContext *c = avcodec_alloc_context3(codec);
    AVPacket *packet = av_packet_alloc();
    assert_true(c && packet);
    c->width = params->width;
    c->height = params->height;
    c->sample_aspect_ratio = params->shape;
    c->pix_fmt = AV_PIX_FMT_YUV420P;
    c->time_base = (AVRational){1, 30};
    c->max_b_frames = 0;
    c->thread_count = 1;
    c->log_level_offset = AV_LOG_TRACE;
    assert_int_equal(avcodec_open2(c, codec, NULL), 0);
    AVFrame *frame = paint(c, params->luma);
    assert_int_equal(avcodec_send_frame(c, frame), 0);
    assert_int_equal(avcodec_send_frame(c, NULL), 0);
    assert_int_equal(avcodec_receive_packet(c, packet), 0);
    av_frame_free(&frame);
    avcodec_free_context(&c);
    return packet;
}

/* Decodes a JPEG; the caller frees the picture. */
static inline AVFrame *read_jpeg(const uint8_t *data, size_t len)
{
    AVCodecContext *c = avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_MJPEG));
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();

    assert_true(c && packet && frame);
    assert_int_equal(avcodec_open2(c, NULL, NULL), 0);
    assert_int_equal(av_new_packet(packet, (int)len), 0);
    memcpy(packet->data, data, len);
    assert_int_equal(avcodec_send_packet(c, packet), 0);
    assert_int_equal(avcodec_receive_frame(c, frame), 0);
    av_packet_free(&packet);
    avcodec_free_context(&c);
    return frame;
}

#endif
