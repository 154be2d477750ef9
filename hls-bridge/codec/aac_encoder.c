/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "codec/aac_encoder.h"

#include <libavcodec/avcodec.h>
#include <libavutil/channel_layout.h>
#include <libavutil/opt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "codec/aac_pair.h"
#include "base/media.h"

#define SINGLE_BITRATE_MAX 288000 /* 6144 bits a frame, ISO/IEC 14496-3, 4.5.3.1 */

/* A frame overlaps with the one before it, looks at the one after it, and its window depends on
 * both. So an encoder that takes over is given this many frames again, and is then in the state of
 * the other one. Measured: one less is enough. */
#define FRAMES_BEFORE 5
#define FRAMES        (FRAMES_BEFORE + 1)

/* If one microphone was coded as two channels, little difference is left between them: less than
 * -35 dB of the recent sound (Chromium leaves more in one frame of a thousand), or less than -76 dB
 * of full scale in a frame. */
#define SIDE_MAX   3.2e-4F
#define SIDE_FLOOR (AAC_FRAME_SAMPLES * 1e-7F)

/* Filters the bass out before judging, so that a loud bass does not hide a difference above it. */
#define BASS 0.9F

/* How fast the ear forgets a loud sound: by 14 dB in a tenth of a second. */
#define FADE         0.5F
#define LOUDNESS_MAX (AAC_FRAME_SAMPLES * 16.0F)

#define ALIKE_MIN 47 /* frames, one second: alike for so long, one channel is enough */

struct AacEncoder {
    int64_t bitrate;
    AacMode mode;
    bool single;              /* `codec` encodes one channel, else two */
    AVCodecContext *codec;    /* the encoder in use */
    AVFrame *frame[FRAMES];   /* two channels: the newest frame and those before it */
    unsigned newest;          /* index in `frame` */
    AVFrame *middle;          /* one channel: the mean of both */
    AVPacket *packet;         /* an encoded single channel, or a frame that is thrown away */
    AacSlope slope;           /* how the last frame ends; unknown: the next may begin in any way */
    float last[AAC_CHANNELS]; /* the last sample of each channel */
    float loudness;           /* of the recent sound, as the sum of squares of a frame */
    unsigned alike;           /* frames in a row whose channels were alike */
    bool pairs_fail; /* one channel cannot be encoded, or not in a way that aac_pair takes */
    uint8_t *config; /* AudioSpecificConfig for two channels */
    size_t config_len;
};

/* ---- create and destroy ---- */

/* The bandwidth that libavcodec gives each of `channels`. */
static int bandwidth_hz(int64_t bitrate, int channels)
{
    int64_t each = bitrate / channels;
    int64_t hz = each / 5 > each * 15 / 32 - 5500 ? each / 5 : each * 15 / 32 - 5500;

    return (int)smaller(hz, smaller(3000 + each / 4, smaller(12000 + each / 16, 22000)));
}

/* Switches off the tools that aac_pair cannot have. */
static int leave_tools_out(AVCodecContext *c)
{
    return av_opt_set(c->priv_data, "aac_tns", "0", 0) < 0 ||
                   av_opt_set(c->priv_data, "aac_pns", "0", 0) < 0
               ? -1
               : 0;
}

static AVCodecContext *open_codec(int64_t bitrate, AacMode mode, int channels)
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
    /* the two-loop search costs five times as much and is no better (docs/clocks.md) */
    av_opt_set(c->priv_data, "aac_coder", "fast", 0);
    if (channels == 1) {
        c->bit_rate = smaller(bitrate, SINGLE_BITRATE_MAX);
        /* a single channel that takes over from two must not sound brighter than they do */
        c->cutoff = bandwidth_hz(bitrate, mode == AAC_MONO ? 1 : AAC_CHANNELS);
    }
    if (channels == 1 && leave_tools_out(c) < 0)
        avcodec_free_context(&c);
    else if (avcodec_open2(c, codec, NULL) < 0 || c->frame_size != AAC_FRAME_SAMPLES)
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
    return 0;
}

AacEncoder *aac_encoder_create(int64_t bitrate, AacMode mode)
{
    AacEncoder *e = calloc(1, sizeof(*e));

    if (!e)
        return NULL;
    e->bitrate = bitrate;
    e->mode = mode;
    e->codec = open_codec(bitrate, mode, AAC_CHANNELS);
    e->packet = av_packet_alloc();
    e->middle = new_frame(1);
    bool whole = e->codec && e->packet && e->middle && keep_config(e) == 0;
    if (whole && mode == AAC_MONO) { /* the configuration is that of two channels all the same */
        avcodec_free_context(&e->codec);
        e->single = true;
        whole = (e->codec = open_codec(bitrate, mode, 1));
    }
    for (size_t i = 0; i < FRAMES; i++)
        whole = (e->frame[i] = new_frame(AAC_CHANNELS)) && whole;
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

static float *samples_of(const AVFrame *frame, int channel)
{
    return (float *)(void *)frame->extended_data[channel];
}

/* Whether the channels of the newest frame are alike, as those of one microphone are after Opus. */
static bool is_alike(AacEncoder *e)
{
    const AVFrame *frame = e->frame[e->newest];
    const float *left = samples_of(frame, 0), *right = samples_of(frame, 1);
    float middle = 0, side = 0, *last = e->last;

    for (int i = 0; i < AAC_FRAME_SAMPLES; i++) {
        float l = left[i] - BASS * last[0], r = right[i] - BASS * last[1];
        middle += (l + r) * (l + r);
        side += (l - r) * (l - r);
        last[0] = left[i];
        last[1] = right[i];
    }
    e->loudness *= FADE;
    if (middle > e->loudness)
        e->loudness = middle < LOUDNESS_MAX ? middle : LOUDNESS_MAX;
    return side <= SIDE_FLOOR || side <= SIDE_MAX * e->loudness;
}

/* Encodes `frame`, of two channels. Returns 0 and the result in `out`, or -1. */
static int give(AacEncoder *e, AVFrame *frame, AVPacket *out)
{
    if (e->single) {
        const float *left = samples_of(frame, 0), *right = samples_of(frame, 1);
        if (av_frame_make_writable(e->middle) < 0)
            return -1;
        float *to = samples_of(e->middle, 0);
        for (int i = 0; i < AAC_FRAME_SAMPLES; i++)
            to[i] = (left[i] + right[i]) / 2;
        frame = e->middle;
    }
    if (avcodec_send_frame(e->codec, frame) < 0 || avcodec_receive_packet(e->codec, out) < 0)
        return -1;
    return 0;
}

/* Encodes the frames before the newest once more and throws the results away. Returns how the last
 * one ends, or unknown if one is missing. */
static AacSlope give_again(AacEncoder *e)
{
    AacSlope slope = AAC_SLOPE_UNKNOWN;

    for (unsigned i = 1; i < FRAMES; i++) {
        int status = give(e, e->frame[(e->newest + i) % FRAMES], e->packet);
        if (status < 0 && i > 1)
            return AAC_SLOPE_UNKNOWN;
        if (status == 0)
            slope = aac_slope(e->packet->data, (size_t)e->packet->size);
        av_packet_unref(e->packet);
    }
    return slope;
}

/* Changes from two channels to one, or back, beginning with the newest frame. If the new encoder's
 * window does not join that of the last frame (one encoder found an attack, the other did not), or
 * there is no memory, nothing changes, and the next frame tries again. */
static void change(AacEncoder *e)
{
    AVCodecContext *was = e->codec;

    e->single = !e->single;
    e->codec = open_codec(e->bitrate, e->mode, e->single ? 1 : AAC_CHANNELS);
    AacSlope slope = e->codec ? give_again(e) : AAC_SLOPE_UNKNOWN;
    bool joins = e->slope == AAC_SLOPE_UNKNOWN || slope == e->slope;
    if (slope != AAC_SLOPE_UNKNOWN && joins) {
        avcodec_free_context(&was);
        return;
    }
    if (!e->codec && e->single)
        e->pairs_fail = true; /* it would fail the next time too */
    avcodec_free_context(&e->codec);
    e->codec = was;
    e->single = !e->single;
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
    e->slope = AAC_SLOPE_UNKNOWN;
    change(e);
    return e->single ? -1 : give(e, e->frame[e->newest], out);
}

/* ---- frames ---- */

float *aac_encoder_input(AacEncoder *e, int channel)
{
    AVFrame *frame = e->frame[e->newest];

    return av_frame_make_writable(frame) < 0 ? NULL : samples_of(frame, channel);
}

int aac_encoder_encode(AacEncoder *e, AVPacket *out)
{
    if (e->mode == AAC_STEREO) {
        e->alike = is_alike(e) ? e->alike + 1 : 0;
        bool single = e->alike >= ALIKE_MIN && !e->pairs_fail;
        if (single != e->single)
            change(e);
    }
    int status = e->single ? encode_single(e, out) : give(e, e->frame[e->newest], out);
    if (status == 0)
        e->slope = aac_slope(out->data, (size_t)out->size);
    e->newest = (e->newest + 1) % FRAMES;
    return status;
}

int aac_encoder_delay(const AacEncoder *e)
{
    return e->codec->initial_padding;
}

const uint8_t *aac_encoder_config(const AacEncoder *e, size_t *len)
{
    *len = e->config_len;
    return e->config;
}
