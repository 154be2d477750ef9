/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <math.h>
#include <opus.h>
#include <stdlib.h>

#include "aac_listener.h"
#include "hls-bridge/codec/opus_to_aac.h"

#define FRAME   960
#define FIRST   480000
#define TONE_HZ 1000

static OpusToAac *transcoder;
static OpusEncoder *encoder;
static AacListener listener;        /* to the AAC that comes out */
static int64_t first_pts, next_pts; /* samples */

static int setup(void **state)
{
    const OpusToAacParams params = {.first_samples = FIRST};
    size_t config_len;
    int status;

    (void)state;
    transcoder = opus_to_aac_create(&params, NULL);
    encoder = opus_encoder_create(48000, 2, OPUS_APPLICATION_AUDIO, &status);
    opus_encoder_ctl(encoder, OPUS_SET_INBAND_FEC(1));
    opus_encoder_ctl(encoder, OPUS_SET_PACKET_LOSS_PERC(20));
    const uint8_t *config = opus_to_aac_config(transcoder, &config_len);
    listener_open(&listener, config, config_len);
    next_pts = INT64_MIN;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    opus_to_aac_destroy(&transcoder);
    opus_encoder_destroy(encoder);
    listener_close(&listener);
    return 0;
}

/* Takes all frames: they follow each other to the sample, and decode. */
static void listen(void)
{
    AacFrame aac;

    while (opus_to_aac_take(transcoder, &aac)) {
        if (next_pts == INT64_MIN)
            first_pts = next_pts = aac.pts_samples;
        assert_int_equal(aac.pts_samples, next_pts);
        next_pts += AAC_FRAME_SAMPLES;
        listener_hear(&listener, aac.data, aac.len, 2);
    }
}

/* The n-th Opus packet of a tone. */
static size_t tone(int n, uint8_t *payload, size_t size)
{
    float pcm[FRAME * 2];

    for (int i = 0; i < FRAME; i++)
        pcm[2 * i] = pcm[2 * i + 1] =
            0.5f * (float)sin(2 * M_PI * TONE_HZ * (n * FRAME + i) / 48000.0);
    return (size_t)opus_encode_float(encoder, pcm, FRAME, payload, (opus_int32)size);
}

static double loudness(size_t from, size_t to)
{
    double sum = 0;

    for (size_t i = from; i < to; i++)
        sum += (double)listener.sound[0][i] * listener.sound[0][i];
    return sqrt(sum / (double)(to - from));
}

static void a_tone_goes_through_in_its_place(void **state)
{
    uint8_t payload[1500];

    (void)state;
    /* 100 ms of silence, then the tone: where it begins tells whether the times are right */
    opus_to_aac_silence(transcoder, 4800);
    for (int n = 0; n < 100; n++) {
        size_t len = tone(n, payload, sizeof(payload));
        assert_int_equal(opus_packet_samples(payload, len), FRAME);
        assert_int_equal(opus_to_aac_decode(transcoder, payload, len, FRAME, 0), 0);
        listen();
    }
    assert_int_equal(first_pts, FIRST - 1024);
    assert_int_equal(opus_to_aac_position(transcoder), FIRST + 4800 + 100 * FRAME);
    /* what is heard begins at first_pts; the tone was put in at FIRST + 4800, and Opus looks 312
     * ahead */
    size_t begins = (size_t)(FIRST + 4800 + 312 - first_pts);
    assert_true(loudness(begins - 2400, begins - 600) < 0.02);
    assert_true(loudness(begins + 600, begins + 48000) > 0.3);
    assert_true(loudness(begins + 600, begins + 48000) < 0.4);
}

/* Frames from which on the sound with fewer bits came beside the other. */
static size_t with_low, without_low;

static void listen_to_low(AacListener *low)
{
    AacFrame aac;

    while (opus_to_aac_take(transcoder, &aac)) {
        AacFrame less = aac_frame_low(&aac);
        listener_hear(&listener, aac.data, aac.len, 2);
        with_low += less.len > 0;
        without_low += less.len == 0;
        assert_int_equal(less.pts_samples, aac.pts_samples);
        if (less.len > 0)
            listener_hear(low, less.data, less.len, 2);
    }
}

static void the_sound_with_fewer_bits_is_the_same_at_the_same_time(void **state)
{
    static AacListener low;
    const OpusToAacParams params = {.first_samples = FIRST, .low_bitrate = 48000};
    uint8_t payload[1500];
    size_t len;

    (void)state;
    opus_to_aac_destroy(&transcoder);
    transcoder = opus_to_aac_create(&params, NULL);
    const uint8_t *config = opus_to_aac_config(transcoder, &len);
    listener_open(&low, config, len);
    with_low = without_low = 0;
    opus_to_aac_silence(transcoder, 1500); /* it is switched on within a frame */
    listen_to_low(&low);
    assert_int_equal(with_low, 0);
    size_t before = without_low;
    for (int n = 0; n < 60; n++) {
        if (n == 10)
            assert_int_equal(opus_to_aac_with_low(transcoder, true), 0);
        len = tone(n, payload, sizeof(payload));
        opus_to_aac_decode(transcoder, payload, len, FRAME, 0);
        listen_to_low(&low);
        before = n == 9 ? without_low : before;
    }
    assert_int_equal(without_low, before); /* each frame has it */
    assert_true(with_low > 40);
    double sum = 0, off = 0;
    for (size_t i = 8 * AAC_FRAME_SAMPLES; i < low.heard - AAC_FRAME_SAMPLES; i++) {
        double a = listener.sound[0][listener.heard - low.heard + i], b = low.sound[0][i];
        sum += a * a;
        off += (a - b) * (a - b);
    }
    assert_row(off < sum / 100, "the same", "%f of %f", off, sum);
    assert_int_equal(opus_to_aac_with_low(transcoder, false), 0);
    for (int n = 60; n < 70; n++) {
        len = tone(n, payload, sizeof(payload));
        opus_to_aac_decode(transcoder, payload, len, FRAME, 0);
    }
    listen_to_low(&low);
    assert_int_equal(without_low > before, 1);
    listener_close(&low);
}

static void without_a_bitrate_there_is_never_one(void **state)
{
    AacFrame aac;

    (void)state;
    assert_int_equal(opus_to_aac_with_low(transcoder, true), 0);
    opus_to_aac_silence(transcoder, 4800);
    assert_true(opus_to_aac_take(transcoder, &aac));
    assert_int_equal(aac.low.len, 0);
}

static void what_was_lost_is_rebuilt_or_concealed(void **state)
{
    uint8_t payload[1500];

    (void)state;
    for (int n = 0; n < 60; n++) {
        size_t len = tone(n, payload, sizeof(payload));
        if (n == 20 || n == 40)
            continue;
        if (n == 21)
            assert_int_equal(opus_to_aac_rebuild(transcoder, payload, len, FRAME), 0);
        if (n == 41)
            opus_to_aac_conceal(transcoder, FRAME);
        opus_to_aac_decode(transcoder, payload, len, FRAME, 0);
        listen();
    }
    assert_int_equal(opus_to_aac_position(transcoder), FIRST + 60 * FRAME);
    for (size_t n = 10; n < 55; n++) {
        size_t at = (size_t)(FIRST - first_pts) + n * FRAME;
        double least = n < 30 ? 0.2 : 0.05; /* what is rebuilt is the tone, what is made up fades */
        assert_row(loudness(at, at + FRAME) > least, "no hole", "packet %zu: %f", n,
                   loudness(at, at + FRAME));
    }
}

static void the_count_is_right_whatever_is_put_in(void **state)
{
    static const int64_t odd[] = {1, 119, 120, 121, 960, 5760, 5761, 20000};
    int64_t expected = FIRST;
    uint8_t payload[1500];
    size_t len = tone(0, payload, sizeof(payload));

    (void)state;
    for (size_t i = 0; i < COUNT(odd); i++) {
        opus_to_aac_silence(transcoder, odd[i]);
        opus_to_aac_conceal(transcoder, odd[i]);
        opus_to_aac_rebuild(transcoder, payload, len, odd[i]);
        expected += 3 * odd[i];
        assert_int_equal(opus_to_aac_position(transcoder), expected);
        listen();
    }
    opus_to_aac_decode(transcoder, payload, len, FRAME - 300, 300);
    assert_int_equal(opus_to_aac_position(transcoder), expected + FRAME - 300);
}

/* However much is asked for: what waits to be taken is bounded. */
static void one_call_puts_in_so_much_and_no_more(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        int64_t before = next_pts;
        assert_int_equal(opus_to_aac_silence(transcoder, INT64_MAX), OPUS_TO_AAC_MOST);
        listen();
        assert_true(i == 0 || next_pts - before <= 24 * AAC_FRAME_SAMPLES);
        assert_int_equal(opus_to_aac_conceal(transcoder, INT64_MAX), OPUS_TO_AAC_MOST);
        listen();
    }
    assert_int_equal(opus_to_aac_position(transcoder), FIRST + 8 * OPUS_TO_AAC_MOST);
    assert_int_equal(opus_to_aac_silence(transcoder, 7), 7);
    assert_int_equal(opus_to_aac_conceal(transcoder, 7), 7);
}

static void a_packet_that_is_none_becomes_silence(void **state)
{
    static const uint8_t junk[] = {0xFF, 0xFF, 0xFF, 0x00};

    (void)state;
    assert_int_equal(opus_packet_samples(junk, 0), -1);
    assert_int_equal(opus_packet_samples((const uint8_t *)"\xFF\xFF", 2), -1);
    assert_int_equal(opus_to_aac_decode(transcoder, junk, sizeof(junk), FRAME, 0), -1);
    assert_int_equal(opus_to_aac_position(transcoder), FIRST + FRAME);
}

static void a_new_publisher_goes_on_where_the_last_one_ended(void **state)
{
    (void)state;
    opus_to_aac_silence(transcoder, 5000);
    listen();
    opus_to_aac_new_source(transcoder, FIRST + 1000); /* before where it stands: nothing moves */
    assert_int_equal(opus_to_aac_position(transcoder), FIRST + 5000);
    opus_to_aac_silence(transcoder, 5000);
    listen();
    opus_to_aac_new_source(transcoder, FIRST + 96000);
    assert_int_equal(opus_to_aac_position(transcoder), FIRST + 96000);
    next_pts = INT64_MIN;
    opus_to_aac_silence(transcoder, 5000);
    listen();
    assert_int_equal(first_pts, FIRST + 96000 - 1024);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(a_tone_goes_through_in_its_place),
    TEST(the_sound_with_fewer_bits_is_the_same_at_the_same_time),
    TEST(without_a_bitrate_there_is_never_one),
    TEST(what_was_lost_is_rebuilt_or_concealed),
    TEST(the_count_is_right_whatever_is_put_in),
    TEST(one_call_puts_in_so_much_and_no_more),
    TEST(a_packet_that_is_none_becomes_silence),
    TEST(a_new_publisher_goes_on_where_the_last_one_ended),
};

TEST_GROUP(opus_to_aac, tests);
