/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_AAC_LISTENER_H
#define UNIT_AAC_LISTENER_H

/* Decodes AAC frames as a player does, and keeps what was heard. */

#include <libavcodec/avcodec.h>

#define LISTENER_SAMPLES (48000 * 20)

typedef struct AacListener {
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *frame;
    float sound[2][LISTENER_SAMPLES]; /* left and right; the same, where there is one channel */
    size_t heard;                     /* samples */
} AacListener;

static inline void listener_open(AacListener *l, const uint8_t *config, size_t len)
{
    l->decoder = avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_AAC));
    l->decoder->extradata = av_mallocz(len + AV_INPUT_BUFFER_PADDING_SIZE);
    memcpy(l->decoder->extradata, config, len);
    l->decoder->extradata_size = (int)len;
    assert_int_equal(avcodec_open2(l->decoder, NULL, NULL), 0);
    l->packet = av_packet_alloc();
    l->frame = av_frame_alloc();
    l->heard = 0;
}

static inline void listener_close(AacListener *l)
{
    avcodec_free_context(&l->decoder);
    av_packet_free(&l->packet);
    av_frame_free(&l->frame);
}

/* A frame must decode, to `channels`. */
static inline void listener_hear(AacListener *l, const uint8_t *data, size_t len, int channels)
{
    assert_int_equal(av_new_packet(l->packet, (int)len), 0);
    memcpy(l->packet->data, data, len);
    assert_int_equal(avcodec_send_packet(l->decoder, l->packet), 0);
    av_packet_unref(l->packet);
    while (avcodec_receive_frame(l->decoder, l->frame) == 0) {
        size_t n = (size_t)l->frame->nb_samples;
        assert_int_equal(l->frame->sample_rate, 48000);
        assert_int_equal(l->frame->ch_layout.nb_channels, channels);
        assert_true(l->heard + n <= LISTENER_SAMPLES);
        for (int c = 0; c < 2; c++)
            memcpy(l->sound[c] + l->heard, l->frame->extended_data[c % channels],
                   n * sizeof(float));
        l->heard += n;
    }
}

/* Whether two pieces of sound are the same, sample by sample. */
static inline bool same_sound(const float *a, const float *b, size_t samples)
{
    for (size_t i = 0; i < samples; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

#endif
