/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcode/jpeg_maker.h"

#include <libavcodec/avcodec.h>
#include <libswscale/swscale.h>
#include <string.h>

#include "transcode/picture_decoder.h"

/* The largest picture of H.264 level 5.2, with some room: a larger one has a bad parameter set. */
#define PIXELS_MAX (4096 * 2400)

#define QUALITY 5 /* of JPEG, 1 (best) to 31: some 10 kB */

/* ---- decode ---- */

static AVCodecContext *open_decoder(Codec of)
{
    const AVCodec *codec = picture_decoder_find(of);
    AVCodecContext *c = codec ? avcodec_alloc_context3(codec) : NULL;

    if (!c)
        return NULL;
    c->thread_count = 1;
    c->max_pixels = PIXELS_MAX;
    c->flags |= AV_CODEC_FLAG_LOW_DELAY;
    c->err_recognition = AV_EF_EXPLODE;
    c->log_level_offset = AV_LOG_TRACE;  /* failures are counted, not logged */
    c->skip_loop_filter = AVDISCARD_ALL; /* nobody sees blocks at this size */
    if (avcodec_open2(c, codec, NULL) < 0)
        avcodec_free_context(&c);
    return c;
}

/* Gives the decoder the access unit as its only packet. libav needs some zeros behind it. */
static int send_unit(AVCodecContext *c, const uint8_t *unit, size_t len)
{
    AVPacket *packet = av_packet_alloc();
    int status = -1;

    if (packet && len <= INT32_MAX && av_new_packet(packet, (int)len) == 0) {
        memcpy(packet->data, unit, len);
        packet->flags = AV_PKT_FLAG_KEY;
        status = avcodec_send_packet(c, packet);
    }
    av_packet_free(&packet);
    return status < 0 ? status : avcodec_send_packet(c, NULL);
}

/* Whether the decoder had to conceal nothing. */
static bool is_whole(const AVFrame *frame)
{
    return frame->decode_error_flags == 0 && !(frame->flags & AV_FRAME_FLAG_CORRUPT) &&
           frame->width > 0 && frame->height > 0;
}

/* Returns a picture that the caller frees, or NULL. */
static AVFrame *decode(Codec codec, const uint8_t *unit, size_t len)
{
    AVCodecContext *c = open_decoder(codec);
    AVFrame *frame = av_frame_alloc();

    if (!c || !frame || send_unit(c, unit, len) < 0 || avcodec_receive_frame(c, frame) < 0 ||
        !is_whole(frame))
        av_frame_free(&frame);
    avcodec_free_context(&c);
    return frame;
}

/* ---- scale ---- */

static int even(int64_t n)
{
    return n < 2 ? 2 : (int)(n & ~1);
}

/* Fits the picture, whose pixels may not be square, into the square; never larger than it is. */
static void fit(const AVFrame *from, int *width, int *height)
{
    AVRational shape = from->sample_aspect_ratio;
    int64_t w = from->width, h = from->height;

    if (shape.num > 0 && shape.den > 0 && shape.num < 16 * shape.den && shape.den < 16 * shape.num)
        w = w * shape.num / shape.den;
    int64_t longer = w > h ? w : h;
    int64_t side = longer > JPEG_SIDE ? JPEG_SIDE : longer;
    *width = even((w * side + longer / 2) / longer);
    *height = even((h * side + longer / 2) / longer);
}

/* Returns a picture as JPEG wants it, of the full range of values, or NULL. */
static AVFrame *scale(const AVFrame *from)
{
    AVFrame *to = av_frame_alloc();
    struct SwsContext *sws = NULL;

    if (!to)
        return NULL;
    fit(from, &to->width, &to->height);
    to->format = AV_PIX_FMT_YUVJ420P;
    to->color_range = AVCOL_RANGE_JPEG;
    if (av_frame_get_buffer(to, 0) == 0)
        sws = sws_getContext(from->width, from->height, from->format, to->width, to->height,
                             to->format, SWS_AREA, NULL, NULL, NULL);
    if (!sws || sws_scale(sws, (const uint8_t *const *)from->data, from->linesize, 0, from->height,
                          to->data, to->linesize) != to->height)
        av_frame_free(&to);
    sws_freeContext(sws);
    return to;
}

/* ---- encode ---- */

static AVCodecContext *open_encoder(const AVFrame *frame)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
    AVCodecContext *c = codec ? avcodec_alloc_context3(codec) : NULL;

    if (!c)
        return NULL;
    c->width = frame->width;
    c->height = frame->height;
    c->pix_fmt = frame->format;
    c->color_range = frame->color_range;
    c->time_base = (AVRational){1, 1};
    c->thread_count = 1;
    c->flags |= AV_CODEC_FLAG_QSCALE;
    c->global_quality = QUALITY * FF_QP2LAMBDA;
    if (avcodec_open2(c, codec, NULL) < 0)
        avcodec_free_context(&c);
    return c;
}

static int encode(AVFrame *frame, ByteBuffer *jpeg)
{
    AVCodecContext *c = open_encoder(frame);
    AVPacket *packet = av_packet_alloc();
    int status = -1;

    if (c && packet) {
        frame->quality = c->global_quality;
        if (avcodec_send_frame(c, frame) == 0 && avcodec_receive_packet(c, packet) == 0)
            status = byte_buffer_add(jpeg, packet->data, (size_t)packet->size);
    }
    av_packet_free(&packet);
    avcodec_free_context(&c);
    return status;
}

int jpeg_make(Codec codec, const uint8_t *unit, size_t len, ByteBuffer *jpeg)
{
    AVFrame *picture = decode(codec, unit, len);
    AVFrame *small = picture ? scale(picture) : NULL;
    int status = -1;

    byte_buffer_clear(jpeg);
    if (small)
        status = encode(small, jpeg);
    av_frame_free(&small);
    av_frame_free(&picture);
    return status;
}
