/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <math.h>
#include <stdlib.h>

#include "aac_listener.h"
#include "hls-bridge/codec/aac_encoder.h"
#include "hls-bridge/base/media.h"

#define BITRATE 128000
#define FRAMES  300 /* 6.4 s */

/* Frames until the encoder is sure that one channel is enough: a second, and what it overlaps. */
#define SURE 50

static AacEncoder *encoder;
static AacListener listener;
static unsigned sequence[FRAMES];
static float input[2][FRAMES * AAC_FRAME_SAMPLES];

static int setup(void **state)
{
    size_t len;

    (void)state;
    encoder = aac_encoder_create(BITRATE, AAC_STEREO);
    assert_non_null(encoder);
    const uint8_t *config = aac_encoder_config(encoder, &len);
    listener_open(&listener, config, len);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    aac_encoder_destroy(&encoder);
    assert_null(encoder);
    listener_close(&listener);
    return 0;
}

static double hiss(void)
{
    return (double)rand() / RAND_MAX - 0.5;
}

/* What one microphone hears at sample n: a tone that swells, and a room. */
static double voice(int n)
{
    double t = n / 48000.0;

    return 0.3 * sin(2 * M_PI * 440 * t) * (1.2 + sin(2 * M_PI * 3 * t)) + 0.01 * hiss();
}

/* Both channels, for frames [from, to): the voice, and `side` of something else that is added left
 * and taken away right. */
static void fill(int from, int to, double side)
{
    for (int n = from * AAC_FRAME_SAMPLES; n < to * AAC_FRAME_SAMPLES; n++) {
        double middle = voice(n), other = side * sin(2 * M_PI * 1700 * n / 48000.0);
        input[0][n] = (float)(middle + other);
        input[1][n] = (float)(middle - other);
    }
}

static unsigned bits(const uint8_t *buf, size_t at, size_t n)
{
    unsigned value = 0;

    for (; n > 0; n--, at++)
        value = value << 1 | ((buf[at / 8] >> (7 - at % 8)) & 1u);
    return value;
}

/* window_sequence of the first of two channels. */
static unsigned window_sequence(const uint8_t *frame)
{
    size_t at = 0;

    if (bits(frame, at, 3) == 6) { /* libavcodec's name, in a fill element */
        unsigned bytes = bits(frame, 3, 4);
        at = 7 + 8 * (bytes < 15 ? bytes : bytes + bits(frame, 7, 8));
    }
    bool common_window = bits(frame, at + 7, 1);
    return bits(frame, at + (common_window ? 9 : 17), 2);
}

/* Encodes all, and listens. */
static void encode_all(void)
{
    AVPacket *packet = av_packet_alloc();

    for (int n = 0; n < FRAMES; n++) {
        for (int c = 0; c < 2; c++) {
            float *room = aac_encoder_input(encoder, c);
            assert_non_null(room);
            memcpy(room, input[c] + (size_t)n * AAC_FRAME_SAMPLES,
                   AAC_FRAME_SAMPLES * sizeof(float));
        }
        int status = aac_encoder_encode(encoder, packet);
        assert_row(status == (n == 0 ? -1 : 0), "a frame for each but the first", "%d", n);
        if (status < 0)
            continue;
        listener_hear(&listener, packet->data, (size_t)packet->size, 2);
        sequence[n] = window_sequence(packet->data);
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
}

/* Where frame n of the input is heard. */
static size_t place(int n)
{
    return (size_t)(n * AAC_FRAME_SAMPLES + aac_encoder_delay(encoder));
}

/* How much louder channel `c` of frames [from, to) is than what was made of it, dB. */
static double fidelity(int c, int from, int to)
{
    double sound = 0, noise = 0;

    for (size_t i = place(from); i < place(to); i++) {
        double was = input[c][i - place(0)], is = listener.sound[c][i];
        sound += was * was;
        noise += (is - was) * (is - was);
    }
    return 10 * log10(sound / noise);
}

static bool same_channels(int from, int to)
{
    return same_sound(listener.sound[0] + place(from), listener.sound[1] + place(from),
                      place(to) - place(from));
}

/* How loud a tone of 10 kHz is that both channels have, beside what was put in, with few bits. */
static double loudness_of_10_khz(AacMode mode)
{
    double was = 0, is = 0;

    aac_encoder_destroy(&encoder);
    encoder = aac_encoder_create(48000, mode);
    assert_non_null(encoder);
    listener.heard = 0;
    for (int n = 0; n < FRAMES * AAC_FRAME_SAMPLES; n++)
        input[0][n] = input[1][n] = (float)(0.3 * sin(2 * M_PI * 10000 * n / 48000.0));
    encode_all();
    for (size_t i = place(60); i < place(FRAMES - 2); i++) {
        was += input[0][i - place(0)] * input[0][i - place(0)];
        is += listener.sound[0][i] * listener.sound[0][i];
    }
    return sqrt(is / was);
}

static void one_channel_has_all_the_bandwidth(void **state)
{
    (void)state;
    double mono = loudness_of_10_khz(AAC_MONO);
    assert_row(mono > 0.9 && mono < 1.1, "as loud", "%f", mono);
    assert_true(same_channels(1, FRAMES - 1));
    double stereo = loudness_of_10_khz(AAC_STEREO);
    assert_row(stereo < 0.1, "two have room for 6 kHz", "%f", stereo);
}

static void one_channel_is_the_mean_of_both(void **state)
{
    (void)state;
    aac_encoder_destroy(&encoder);
    encoder = aac_encoder_create(BITRATE, AAC_MONO);
    fill(0, FRAMES, 0.2);
    encode_all();
    assert_true(same_channels(1, FRAMES - 1));
    fill(0, FRAMES, 0); /* what they have in common */
    double db = fidelity(0, 2, FRAMES - 2);
    assert_row(db > 20, "the side is gone", "%f dB", db);
}

static void one_microphone_is_encoded_once(void **state)
{
    (void)state;
    fill(0, FRAMES, 0.0003); /* -60 dB: what Opus may leave */
    encode_all();
    assert_false(same_channels(0, 40));
    assert_true(same_channels(SURE, FRAMES - 2));
    for (int n = 1; n < FRAMES - 2; n++)
        assert_row(fidelity(0, n, n + 1) > 20, "no seam", "frame %d: %f dB", n,
                   fidelity(0, n, n + 1));
}

static void two_microphones_stay_two(void **state)
{
    (void)state;
    fill(0, FRAMES, 0.02); /* -23 dB: hardly to be heard, but there */
    encode_all();
    for (int n = 1; n < FRAMES - 2; n++)
        assert_false(same_channels(n, n + 1));
}

static void a_second_microphone_is_heard_from_its_first_frame_on(void **state)
{
    (void)state;
    fill(0, 150, 0);
    fill(150, 200, 0.2);
    fill(200, FRAMES, 0);
    encode_all();
    assert_true(same_channels(SURE, 149));
    assert_true(same_channels(200 + SURE, FRAMES - 2));
    for (int c = 0; c < 2; c++)
        for (int n = 1; n < FRAMES - 2; n++)
            assert_row(fidelity(c, n, n + 1) > 20, "no seam", "channel %d, frame %d: %f dB", c, n,
                       fidelity(c, n, n + 1));
}

/* From frame 100 on there is nothing but `rest` of noise, the other way round in the other channel,
 * which fades by so many dB a second. */
static void fill_rest(double rest, double fades_db)
{
    fill(0, 100, 0);
    for (int n = 100 * AAC_FRAME_SAMPLES; n < FRAMES * AAC_FRAME_SAMPLES; n++) {
        double t = (n - 100 * AAC_FRAME_SAMPLES) / 48000.0;
        input[0][n] = (float)(rest * pow(10, -t * fades_db / 20) * hiss());
        input[1][n] = -input[0][n];
    }
}

static void what_is_left_behind_a_loud_sound_does_not_count(void **state)
{
    (void)state;
    fill_rest(0.0008, 180);
    encode_all();
    assert_true(same_channels(SURE, FRAMES - 2));
}

static void what_stays_behind_a_loud_sound_counts(void **state)
{
    (void)state;
    fill_rest(0.0008, 0);
    encode_all();
    assert_true(same_channels(SURE, 99));
    assert_false(same_channels(105, 106));
    assert_false(same_channels(FRAMES - 3, FRAMES - 2));
}

static void a_bass_hides_no_second_microphone(void **state)
{
    (void)state;
    for (int n = 0; n < FRAMES * AAC_FRAME_SAMPLES; n++) {
        double bass = 0.5 * sin(2 * M_PI * 80 * n / 48000.0);
        double other = 0.004 * sin(2 * M_PI * 2000 * n / 48000.0);
        input[0][n] = (float)(bass + other);
        input[1][n] = (float)(bass - other);
    }
    encode_all();
    assert_false(same_channels(FRAMES - 3, FRAMES - 2));
}

/* Clicks, some of which one encoder takes for an attack and the other does not. */
static void add_clicks(void)
{
    float loudness = 0;

    for (int n = 0, left = 0; n < FRAMES * AAC_FRAME_SAMPLES; n++) {
        if (left-- > 0) {
            float click = (float)(loudness * hiss());
            input[0][n] += click;
            input[1][n] += click;
        } else if (rand() % 2000 == 0) {
            loudness = (float)pow(10, -2.0 * rand() / RAND_MAX);
            left = 48;
        }
    }
}

/* The second microphone comes and goes. */
static void windows_join_beside_clicks(void **state)
{
    int seen[4] = {0};

    (void)state;
    for (int shift = 0; shift < 12; shift++) {
        teardown(NULL);
        setup(NULL);
        fill(0, FRAMES, 0);
        for (int n = 60 + shift; n < FRAMES; n += 60)
            fill(n, n + 2, 0.2);
        add_clicks();
        encode_all();
        for (int n = 4; n < FRAMES; n++) { /* libavcodec itself begins otherwise */
            bool ended_short = sequence[n - 1] == 1 || sequence[n - 1] == 2;
            bool begins_short = sequence[n] == 2 || sequence[n] == 3;
            assert_row(ended_short == begins_short, "windows join", "shift %d, frame %d: %u, %u",
                       shift, n, sequence[n - 1], sequence[n]);
            seen[sequence[n]]++;
        }
    }
    for (int i = 0; i < 4; i++)
        assert_row(seen[i] > 0, "each window sequence was there", "%d", i);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(one_channel_has_all_the_bandwidth),
    TEST(one_channel_is_the_mean_of_both),
    TEST(one_microphone_is_encoded_once),
    TEST(two_microphones_stay_two),
    TEST(a_second_microphone_is_heard_from_its_first_frame_on),
    TEST(what_is_left_behind_a_loud_sound_does_not_count),
    TEST(what_stays_behind_a_loud_sound_counts),
    TEST(a_bass_hides_no_second_microphone),
    TEST(windows_join_beside_clicks),
};

TEST_GROUP(aac_encoder, tests);
