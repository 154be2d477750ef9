/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <libavutil/channel_layout.h>
#include <libavutil/opt.h>
#include <math.h>
#include <stdlib.h>

#include "aac_listener.h"
#include "hls-bridge/codec/aac_pair.h"

#define FRAME  1024
#define FRAMES 400

static AVCodecContext *encoder;
static AVPacket *packet;
static AVFrame *frame;
static AacListener single, pair;
static const uint8_t pair_config[] = {0x11, 0x90}; /* AAC-LC, 48 kHz, two channels */

static void open_encoder(int channels)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_AAC);

    encoder = avcodec_alloc_context3(codec);
    encoder->bit_rate = 80000;
    encoder->sample_rate = 48000;
    encoder->sample_fmt = AV_SAMPLE_FMT_FLTP;
    encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    av_channel_layout_default(&encoder->ch_layout, channels);
    av_opt_set(encoder->priv_data, "aac_coder", "fast", 0);
    av_opt_set(encoder->priv_data, "aac_tns", "0", 0);
    av_opt_set(encoder->priv_data, "aac_pns", "0", 0);
    assert_int_equal(avcodec_open2(encoder, codec, NULL), 0);
    packet = av_packet_alloc();
    frame = av_frame_alloc();
    frame->nb_samples = FRAME;
    frame->format = AV_SAMPLE_FMT_FLTP;
    frame->sample_rate = 48000;
    av_channel_layout_default(&frame->ch_layout, channels);
    assert_int_equal(av_frame_get_buffer(frame, 0), 0);
}

static void close_encoder(void)
{
    avcodec_free_context(&encoder);
    av_packet_free(&packet);
    av_frame_free(&frame);
}

/* A chord that decays, clicks, hiss, and silence. */
static float sample(int n)
{
    double t = n / 48000.0, beat = fmod(t, 0.5);
    double chord = sin(2 * M_PI * 220 * t) + 0.5 * sin(2 * M_PI * 1330 * t);
    double hiss = 0.1 * ((double)rand() / RAND_MAX - 0.5);

    if (fmod(t, 4) > 3)
        return 0;
    return (float)(0.4 * chord * exp(-beat * 8) + (fmod(t, 4) > 1 ? hiss : 0) +
                   (n % 7001 < 3 ? 0.5 : 0));
}

/* Encodes the n-th frame. Returns whether one came. */
static bool encode(int n, int channels)
{
    assert_int_equal(av_frame_make_writable(frame), 0);
    for (int i = 0; i < FRAME; i++) {
        float value = sample(n * FRAME + i);
        for (int c = 0; c < channels; c++)
            ((float *)(void *)frame->extended_data[c])[i] = value;
    }
    assert_int_equal(avcodec_send_frame(encoder, frame), 0);
    return avcodec_receive_packet(encoder, packet) == 0;
}

static void a_pair_decodes_as_the_single_channel_twice(void **state)
{
    static uint8_t out[8192];
    unsigned sequences[4] = {0};

    (void)state;
    open_encoder(1);
    listener_open(&single, encoder->extradata, (size_t)encoder->extradata_size);
    listener_open(&pair, pair_config, sizeof(pair_config));
    for (int n = 0; n < FRAMES; n++) {
        if (!encode(n, 1))
            continue;
        size_t size = (size_t)packet->size;
        uint8_t *copy = guarded_copy(packet->data, size);
        size_t len = aac_pair_write(copy, size, out);
        guarded_free(copy, size);
        assert_row(len > 0 && len <= size + AAC_PAIR_EXTRA, "length", "frame %d: %zu of %zu", n,
                   len, size);
        listener_hear(&single, packet->data, size, 1);
        listener_hear(&pair, out, len, 2);
        unsigned sequence = (out[1] >> 5) & 3; /* behind 3 + 4 + 1 + 1 bits */
        sequences[sequence]++;
        AacSlope slope = sequence == 1 || sequence == 2 ? AAC_SLOPE_SHORT : AAC_SLOPE_LONG;
        assert_int_equal(aac_slope(packet->data, size), slope);
        assert_int_equal(aac_slope(out, len), slope);
        av_packet_unref(packet);
    }
    assert_true(single.heard > 0);
    assert_int_equal(pair.heard, single.heard);
    for (int c = 0; c < 2; c++)
        assert_true(same_sound(pair.sound[c], single.sound[0], single.heard));
    for (size_t i = 0; i < COUNT(sequences); i++)
        assert_row(sequences[i] > 0, "each window sequence was there", "%zu", i);
    listener_close(&single);
    listener_close(&pair);
    close_encoder();
}

static void what_is_no_single_channel_is_refused(void **state)
{
    static const struct {
        const char *name;
        const char *bytes;
        size_t len;
    } rows[] = {
        {"nothing", "", 0},
        {"zeros", "\0\0\0\0", 4},
        {"an end alone", "\xE0", 1},
        {"no end", "\x01\x40\x20\x08", 4},
        {"a fill element longer than the frame", "\xDF\xFF\xC0", 3},
        {"prediction, which is not of AAC-LC", "\x00\xA0\x00\x47", 4},
    };
    uint8_t out[4 + AAC_PAIR_EXTRA];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t *copy = guarded_copy(rows[i].bytes, rows[i].len);
        size_t len = aac_pair_write(copy, rows[i].len, out);
        assert_row(len == 0, rows[i].name, "%zu", len);
        aac_slope(copy, rows[i].len);
        guarded_free(copy, rows[i].len);
    }
}

static void two_channels_are_refused(void **state)
{
    static uint8_t out[8192];
    int refused = 0;

    (void)state;
    open_encoder(2);
    for (int n = 0; n < 20; n++) {
        if (!encode(n, 2))
            continue;
        assert_int_equal(aac_pair_write(packet->data, (size_t)packet->size, out), 0);
        refused++;
        av_packet_unref(packet);
    }
    assert_true(refused > 10);
    close_encoder();
}

static void what_has_no_window_has_no_slope(void **state)
{
    (void)state;
    assert_int_equal(aac_slope((const uint8_t *)"", 0), AAC_SLOPE_UNKNOWN);
    assert_int_equal(aac_slope((const uint8_t *)"\x00\xA0", 2), AAC_SLOPE_UNKNOWN);
    assert_int_equal(aac_slope((const uint8_t *)"\xE0\x00\x00\x00", 4), AAC_SLOPE_UNKNOWN);
}

static void fill_elements_are_left_out(void **state)
{
    /* a single channel of no bands, long window: gain 0x50, max_sfb 0, no pulses and so on; the
     * same behind a fill element of two bytes */
    static const uint8_t plain[] = {0x00, 0xA0, 0x00, 0x07};
    static const uint8_t filled[] = {0xC5, 0xFF, 0xFE, 0x01, 0x40, 0x00, 0x0E};
    uint8_t out[2][sizeof(filled) + AAC_PAIR_EXTRA];

    (void)state;
    size_t len = aac_pair_write(plain, sizeof(plain), out[0]);
    assert_true(len > 0);
    assert_int_equal(aac_pair_write(filled, sizeof(filled), out[1]), len);
    assert_memory_equal(out[0], out[1], len);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_pair_decodes_as_the_single_channel_twice),
    cmocka_unit_test(what_is_no_single_channel_is_refused),
    cmocka_unit_test(two_channels_are_refused),
    cmocka_unit_test(what_has_no_window_has_no_slope),
    cmocka_unit_test(fill_elements_are_left_out),
};

TEST_GROUP(aac_pair, tests);
