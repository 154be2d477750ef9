/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "aac_encoder.h"

#include <libavcodec/avcodec.h>
#include <libavutil/channel_layout.h>
#include <libavutil/opt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "aac_pair.h"
#include "media.h"

#define CHANNELS 2

/* A frame overlaps with the one before, looks at the one behind, and has a window that depends on
 * both: an encoder that takes over is given so many frames again, one more than it was seen to
 * need, and is where the other one was. */
#define FRAMES_BEFORE 5
#define FRAMES        (FRAMES_BEFORE + 1)

/* What is left of the difference where one channel was coded as two: less than this of what the
 * sound has been of late (-40 dB), or next to nothing (-70 dB of full scale, in a frame). */
#define SIDE_MAX   1e-4F
#define SIDE_FLOOR (AAC_FRAME_SAMPLES * 4e-7F)

/* The ear forgets what was loud by 14 dB in a tenth of a second. */
#define FADE 0.5F

#define ALIKE_MIN 47 /* frames, a second: until a single channel is enough */

struct AacEncoder {
    int64_t bitrate;
    bool single;            /* what `codec` encodes */
    AVCodecContext *codec;  /* of one channel or two */
    AVFrame *frame[FRAMES]; /* of two channels, the newest and those before */
    unsigned newest;        /* of `frame` */
    AVFrame *middle;        /* of one channel */
    AVPacket *packet;       /* of one channel */
    float loudness;         /* of late, as the sum of squares of a frame */
    unsigned alike;         /* frames in a row */
    bool pairs_fail;        /* libavcodec codes a single channel in another way */
    uint8_t *config;        /* of two channels */
    size_t config_len;
    int delay;
};

/* ---- create and destroy ---- */

/* What libavcodec gives each of two channels of the spectrum: more, as it would give a single one,
 * would change how it sounds. */
static int bandwidth_hz(int64_t bitrate)
{
    int64_t each = bitrate / CHANNELS;
    int64_t hz = each / 5 > each * 15 / 32 - 5500 ? each / 5 : each * 15 / 32 - 5500;

    return (int)smaller(hz, smaller(3000 + each / 4, smaller(12000 + each / 16, 22000)));
}

static AVCodecContext *open_codec(int64_t bitrate, int channels)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_AAC);
    AVCodecContext *c = codec ? avcodec_alloc_context3(codec) : NULL;

    if (!c)
        return NULL;
    c->bit_rate = bitrate;
    c->sample_rate = SAMPLES_PER_S;
    c->sample_fmt = AV_SAMPLE_FMT_FLTP;
    c->time_base = (AVRational){1, SAMPLES_PER_S};
    c->thread_count = 1;
    c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER; /* makes the AudioSpecificConfig */
    av_channel_layout_default(&c->ch_layout, channels);
    /* the two-loop search costs five times as much, and is no better (docs/architecture.md) */
    av_opt_set(c->priv_data, "aac_coder", "fast", 0);
    if (channels == 1) {
        c->cutoff = bandwidth_hz(bitrate);
        /* what aac_pair asks for */
        av_opt_set(c->priv_data, "aac_tns", "0", 0);
        av_opt_set(c->priv_data, "aac_pns", "0", 0);
    }
    if (avcodec_open2(c, codec, NULL) < 0 || c->frame_size != AAC_FRAME_SAMPLES)
        avcodec_free_context(&c);
    return c;
}

static AVFrame *new_frame(int channels)
{
    AVFrame *frame = av_frame_alloc();

    if (!frame)
        return NULL;
    frame->nb_samples = AAC_FRAME_SAMPLES;
    frame->format = AV_SAMPLE_FMT_FLTP;
    frame->sample_rate = SAMPLES_PER_S;
    av_channel_layout_default(&frame->ch_layout, channels);
    if (av_frame_get_buffer(frame, 0) < 0) {
        av_frame_free(&frame);
        return NULL;
    }
    for (int c = 0; c < channels; c++)
        memset(frame->extended_data[c], 0, AAC_FRAME_SAMPLES * sizeof(float));
    return frame;
}

static int keep_config(AacEncoder *e)
{
    e->config_len = (size_t)e->codec->extradata_size;
    e->config = malloc(e->config_len);
    if (!e->config)
        return -1;
    memcpy(e->config, e->codec->extradata, e->config_len);
    e->delay = e->codec->initial_padding;
    return 0;
}

AacEncoder *aac_encoder_create(int64_t bitrate)
{
    AacEncoder *e = calloc(1, sizeof(*e));

    if (!e)
        return NULL;
    e->bitrate = bitrate;
    e->codec = open_codec(bitrate, CHANNELS);
    e->packet = av_packet_alloc();
    e->middle = new_frame(1);
    bool whole = e->codec && e->packet && e->middle && keep_config(e) == 0;
    for (size_t i = 0; i < FRAMES; i++)
        whole = (e->frame[i] = new_frame(CHANNELS)) && whole;
    if (!whole)
        aac_encoder_destroy(&e);
    return e;
}

void aac_encoder_destroy(AacEncoder **encoder)
{
    AacEncoder *e = *encoder;

    if (!e)
        return;
    avcodec_free_context(&e->codec);
    for (size_t i = 0; i < FRAMES; i++)
        av_frame_free(&e->frame[i]);
    av_frame_free(&e->middle);
    av_packet_free(&e->packet);
    free(e->config);
    free(e);
    *encoder = NULL;
}

/* ---- one channel or two ---- */

static const float *samples_of(const AVFrame *frame, int channel)
{
    return (const float *)(const void *)frame->extended_data[channel];
}

/* Whether the channels of the newest frame are as one microphone's, after it went through Opus. */
static bool is_alike(AacEncoder *e)
{
    const AVFrame *frame = e->frame[e->newest];
    const float *left = samples_of(frame, 0), *right = samples_of(frame, 1);
    float middle = 0, side = 0;

    for (int i = 0; i < AAC_FRAME_SAMPLES; i++) {
        float sum = left[i] + right[i], difference = left[i] - right[i];
        middle += sum * sum;
        side += difference * difference;
    }
    e->loudness *= FADE;
    if (middle > e->loudness)
        e->loudness = middle;
    return side <= SIDE_FLOOR || side <= SIDE_MAX * e->loudness;
}

/* Has `frame`, of two channels, encoded. Returns 0 and what comes in `out`, or -1. */
static int give(AacEncoder *e, AVFrame *frame, AVPacket *out)
{
    if (e->single) {
        const float *left = samples_of(frame, 0), *right = samples_of(frame, 1);
        if (av_frame_make_writable(e->middle) < 0)
            return -1;
        float *to = (float *)(void *)e->middle->extended_data[0];
        for (int i = 0; i < AAC_FRAME_SAMPLES; i++)
            to[i] = (left[i] + right[i]) / 2;
        frame = e->middle;
    }
    if (avcodec_send_frame(e->codec, frame) < 0 || avcodec_receive_packet(e->codec, out) < 0)
        return -1;
    return 0;
}

/* From the newest frame on so many channels are encoded. Where there is no memory for that, all
 * stays as it is. */
static void change(AacEncoder *e, bool single)
{
    AVCodecContext *codec = open_codec(e->bitrate, single ? 1 : CHANNELS);

    if (!codec)
        return;
    avcodec_free_context(&e->codec);
    e->codec = codec;
    e->single = single;
    for (unsigned i = 1; i < FRAMES; i++) {
        give(e, e->frame[(e->newest + i) % FRAMES], e->packet);
        av_packet_unref(e->packet);
    }
}

/* Makes `out` of the single channel's frame. */
static int make_pair(AacEncoder *e, AVPacket *out)
{
    size_t len = (size_t)e->packet->size;

    if (av_new_packet(out, (int)(len + AAC_PAIR_EXTRA)) < 0)
        return -1;
    len = aac_pair_write(e->packet->data, len, out->data);
    e->pairs_fail = len == 0;
    av_shrink_packet(out, (int)len);
    if (e->pairs_fail)
        av_packet_unref(out);
    return e->pairs_fail ? -1 : 0;
}

static int encode_single(AacEncoder *e, AVPacket *out)
{
    int status = give(e, e->frame[e->newest], e->packet);

    if (status == 0)
        status = make_pair(e, out);
    av_packet_unref(e->packet);
    if (!e->pairs_fail)
        return status;
    change(e, false);
    return e->single ? -1 : give(e, e->frame[e->newest], out);
}

/* ---- frames ---- */

float *aac_encoder_input(AacEncoder *e, int channel)
{
    AVFrame *frame = e->frame[e->newest];

    if (av_frame_make_writable(frame) < 0)
        return NULL;
    return (float *)(void *)frame->extended_data[channel];
}

int aac_encoder_encode(AacEncoder *e, AVPacket *out)
{
    e->alike = is_alike(e) ? e->alike + 1 : 0;
    bool single = e->alike >= ALIKE_MIN && !e->pairs_fail;
    if (single != e->single)
        change(e, single);
    int status = e->single ? encode_single(e, out) : give(e, e->frame[e->newest], out);
    e->newest = (e->newest + 1) % FRAMES;
    return status;
}

int aac_encoder_delay(const AacEncoder *e)
{
    return e->delay;
}

const uint8_t *aac_encoder_config(const AacEncoder *e, size_t *len)
{
    *len = e->config_len;
    return e->config;
}
