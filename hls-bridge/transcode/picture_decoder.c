/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcode/picture_decoder.h"

#include <libavcodec/avcodec.h>
#include <stdlib.h>
#include <string.h>

/* The largest picture of H.264 level 5.2, with some room: a larger one has a bad parameter set. */
#define PIXELS_MAX (4096 * 2400)

#define KEYS 32 /* key pictures that a decoder may hold back at once; one of H.264 holds 16 */

struct PictureDecoder {
    AVCodecContext *context; /* owned, as these two */
    AVPacket *packet;
    AVFrame *frame;
    bool needs_key;
    bool began;         /* a picture was given out, */
    int64_t last_90k;   /* with this time */
    int64_t keys[KEYS]; /* times of the newest key pictures */
    size_t next_key;    /* where the next one goes */
    PictureDecoderStats stats;
};

static const struct {
    enum AVCodecID id;
    const char *name;   /* as people know it */
    const char *wanted; /* libavcodec's decoder; NULL: its own */
} codecs[CODECS_MAX] = {
    [CODEC_H264] = {AV_CODEC_ID_H264, "H.264", "h264"},
    [CODEC_VP8] = {AV_CODEC_ID_VP8, "VP8", "vp8"},
    [CODEC_VP9] = {AV_CODEC_ID_VP9, "VP9", "vp9"},
    [CODEC_AV1] = {AV_CODEC_ID_AV1, "AV1", "libdav1d"},
    [CODEC_H265] = {AV_CODEC_ID_HEVC, "H.265", "hevc"},
};

const AVCodec *picture_decoder_find(Codec codec)
{
    const AVCodec *found = avcodec_find_decoder_by_name(codecs[codec].wanted);

    return found ? found : avcodec_find_decoder(codecs[codec].id);
}

static AVCodecContext *open_context(Codec codec)
{
    const AVCodec *found = picture_decoder_find(codec);
    AVCodecContext *c = found ? avcodec_alloc_context3(found) : NULL;
    if (!c)
        return NULL;
    c->thread_count = 1; /* more would hold pictures back, one for each thread */
    c->max_pixels = PIXELS_MAX;
    c->err_recognition = AV_EF_EXPLODE;
    c->log_level_offset = AV_LOG_TRACE; /* failures are counted, not logged */
    c->pkt_timebase = (AVRational){1, 90000};
    if (codec == CODEC_AV1)
        c->flags |= AV_CODEC_FLAG_LOW_DELAY; /* libdav1d: no picture is held back */
    if (avcodec_open2(c, found, NULL) < 0)
        avcodec_free_context(&c);
    return c;
}

PictureDecoder *picture_decoder_create(Codec codec, char *error)
{
    PictureDecoder *d = calloc(1, sizeof(*d));

    if (d) {
        d->needs_key = true;
        d->context = open_context(codec);
        d->packet = av_packet_alloc();
        d->frame = av_frame_alloc();
    }
    if (d && d->context && d->packet && d->frame)
        return d;
    snprintf(error, WIRE_TEXT_MAX + 1,
             "this libavcodec cannot decode %s: have the publisher send H.264", codecs[codec].name);
    picture_decoder_destroy(&d);
    return NULL;
}

void picture_decoder_destroy(PictureDecoder **decoder)
{
    PictureDecoder *d = *decoder;

    if (!d)
        return;
    avcodec_free_context(&d->context);
    av_packet_free(&d->packet);
    av_frame_free(&d->frame);
    free(d);
    *decoder = NULL;
}

/* Nothing more is given out before the next key picture, and nothing that was decoded before is
 * used for it. */
static void begin_again(PictureDecoder *d)
{
    avcodec_flush_buffers(d->context);
    d->needs_key = true;
}

static void lose(PictureDecoder *d)
{
    d->stats.damaged++;
    begin_again(d);
}

int picture_decoder_put(PictureDecoder *d, const WirePicture *picture)
{
    if (d->needs_key && !picture->key) {
        d->stats.damaged++;
        return 0;
    }
    if (av_new_packet(d->packet, (int)picture->len) < 0)
        return -1;
    memcpy(d->packet->data, picture->data, picture->len);
    d->packet->pts = d->packet->dts = picture->pts_90k;
    if (picture->key) {
        d->packet->flags |= AV_PKT_FLAG_KEY;
        d->keys[d->next_key++ % KEYS] = picture->pts_90k;
        d->needs_key = false;
    }
    int status = avcodec_send_packet(d->context, d->packet);
    av_packet_unref(d->packet);
    if (status == AVERROR(ENOMEM))
        return -1;
    if (status < 0)
        lose(d);
    return 0;
}

/* Whether the decoder had to conceal nothing. */
static bool is_whole(const AVFrame *frame)
{
    return frame->decode_error_flags == 0 && !(frame->flags & AV_FRAME_FLAG_CORRUPT) &&
           frame->width > 0 && frame->height > 0 && frame->pts != AV_NOPTS_VALUE;
}

static bool was_key(const PictureDecoder *d, int64_t pts_90k)
{
    for (size_t i = 0; i < KEYS && i < d->next_key; i++)
        if (d->keys[i] == pts_90k)
            return true;
    return false;
}

const AVFrame *picture_decoder_take(PictureDecoder *d, bool *key)
{
    while (!d->needs_key) {
        int status = avcodec_receive_frame(d->context, d->frame);

        if (status == AVERROR(EAGAIN) || status == AVERROR_EOF)
            return NULL;
        if (status < 0 || !is_whole(d->frame)) {
            lose(d);
            return NULL;
        }
        /* an encoder takes no time that goes back */
        if (d->began && d->frame->pts <= d->last_90k)
            continue;
        d->began = true;
        d->last_90k = d->frame->pts;
        d->stats.decoded++;
        *key = was_key(d, d->frame->pts);
        return d->frame;
    }
    return NULL;
}

PictureDecoderStats picture_decoder_stats(const PictureDecoder *d)
{
    return d->stats;
}
