/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <opus.h>
#include <stdlib.h>

#include "hls-bridge/base/sample_bytes.h"
#include "hls-bridge/codec/opus_copy.h"

#define START     480000
#define PACKET    1500
#define TAKEN_MAX 4096

static OpusCopy *copy;
static OpusEncoder *encoder;

/* What has come out: of each packet where it begins, and its bytes. */
static struct {
    int64_t pts, samples;
    size_t len;
    uint8_t data[PACKET];
} taken[TAKEN_MAX];
static size_t count;
static int64_t ends;

static int setup(void **state)
{
    int status;

    (void)state;
    copy = opus_copy_create(START);
    encoder = opus_encoder_create(48000, 2, OPUS_APPLICATION_AUDIO, &status);
    assert_true(copy && encoder);
    count = 0;
    ends = START;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    opus_copy_destroy(&copy);
    opus_encoder_destroy(encoder);
    return 0;
}

/* Takes all that begins before `before`: it follows what came before to the sample, and is as long
 * as it says. */
static void take(int64_t before)
{
    OpusPacket packet[7];
    size_t n;

    while ((n = opus_copy_take(copy, before, packet, COUNT(packet))) > 0)
        for (size_t i = 0; i < n; i++) {
            const uint8_t *data = sample_bytes_data(packet[i].bytes);
            assert_true(count < TAKEN_MAX && packet[i].bytes->len <= PACKET);
            assert_int_equal(packet[i].pts_samples, ends);
            assert_int_equal(opus_packet_get_nb_samples(data, (int)packet[i].bytes->len, 48000),
                             packet[i].samples);
            assert_int_equal(opus_packet_get_nb_frames(data, (int)packet[i].bytes->len), 1);
            ends += packet[i].samples;
            taken[count].pts = packet[i].pts_samples;
            taken[count].samples = packet[i].samples;
            taken[count].len = packet[i].bytes->len;
            memcpy(taken[count++].data, data, packet[i].bytes->len);
        }
}

static size_t tone(int64_t samples, uint8_t *payload)
{
    static float pcm[5760 * 2];

    for (int i = 0; i < samples; i++)
        pcm[2 * i] = pcm[2 * i + 1] = (float)(rand() % 1000) / 2000;
    opus_int32 len = opus_encode_float(encoder, pcm, (int)samples, payload, PACKET);
    assert_true(len > 2);
    return (size_t)len;
}

static void what_was_sent_comes_out_untouched(void **state)
{
    static const int64_t lengths[] = {120, 240, 480, 960, 1920, 2880};
    uint8_t payload[PACKET];
    int64_t at = START;

    (void)state;
    for (size_t i = 0; i < 4 * COUNT(lengths); i++) {
        int64_t samples = lengths[i % COUNT(lengths)];
        bool celt = i < 2 * COUNT(lengths);
        opus_encoder_ctl(encoder, OPUS_SET_FORCE_CHANNELS(1 + (int)i % 2));
        opus_encoder_ctl(
            encoder, OPUS_SET_APPLICATION(celt ? OPUS_APPLICATION_AUDIO : OPUS_APPLICATION_VOIP));
        opus_encoder_ctl(encoder, OPUS_SET_BITRATE(celt ? 128000 : 16000));
        size_t len = tone(samples, payload);
        bool one = opus_packet_get_nb_frames(payload, (int)len) == 1;
        opus_copy_packet(copy, payload, len, samples, at += samples);
        size_t before = count;
        take(INT64_MAX);
        if (!one)
            continue;
        assert_int_equal(count, before + 1);
        assert_int_equal(taken[before].len, len);
        assert_memory_equal(taken[before].data, payload, len);
    }
    assert_int_equal(ends, at);
}

static void a_packet_of_several_frames_is_divided(void **state)
{
    uint8_t payload[PACKET];

    (void)state;
    opus_encoder_ctl(encoder, OPUS_SET_BITRATE(64000));
    size_t len = tone(5760, payload);
    assert_true(opus_packet_get_nb_frames(payload, (int)len) > 1);
    opus_copy_packet(copy, payload, len, 5760, START + 5760);
    take(INT64_MAX);
    assert_int_equal(count, opus_packet_get_nb_frames(payload, (int)len));
    assert_int_equal(ends, START + 5760);
}

/* One packet for 20 ms, then what `fill` says for so many samples, then a packet again. */
static void leave_out(OpusFill fill, int64_t samples, int bitrate)
{
    uint8_t payload[PACKET];

    opus_encoder_ctl(encoder, OPUS_SET_BITRATE(bitrate));
    size_t len = tone(960, payload);
    int64_t at = ends + 960;
    opus_copy_packet(copy, payload, len, 960, at);
    opus_copy_fill(copy, fill, at + samples / 2);
    opus_copy_fill(copy, fill, at + samples);
    opus_copy_packet(copy, payload, len, 960, at + samples + 960);
    take(INT64_MAX);
}

static void what_is_lost_lets_the_decoder_conceal(void **state)
{
    OpusDecoder *decoder;
    float pcm[5760 * 2];
    int status;

    (void)state;
    for (int bitrate = 8000; bitrate <= 128000; bitrate *= 2) {
        size_t first = count;
        leave_out(OPUS_FILL_CONCEAL, 3 * 960, bitrate);
        assert_int_equal(count, first + 5);
        decoder = opus_decoder_create(48000, 2, &status);
        for (size_t i = first; i < count; i++) {
            bool made = i > first && i + 1 < count;
            assert_int_equal(taken[i].len == 1, made); /* the TOC alone */
            if (made) /* of the mode that the decoder has, so that it goes on as it was */
                assert_int_equal(opus_packet_get_bandwidth(taken[i].data),
                                 opus_packet_get_bandwidth(taken[first].data));
            int n = opus_decode_float(decoder, taken[i].data, (int)taken[i].len, pcm, 5760, 0);
            assert_int_equal(n, 960);
        }
        opus_decoder_destroy(decoder);
    }
}

static void silence_is_silent(void **state)
{
    OpusDecoder *decoder;
    float pcm[5760 * 2];
    int status;

    (void)state;
    leave_out(OPUS_FILL_SILENCE, 10 * 960 + 480 + 240 + 120 + 60, 64000);
    assert_int_equal(count, 2 + 10 + 3);
    assert_int_equal(ends, START + 12 * 960 + 480 + 240 + 120); /* 60 samples early */
    decoder = opus_decoder_create(48000, 2, &status);
    for (size_t i = 0; i < count - 1; i++) {
        int n = opus_decode_float(decoder, taken[i].data, (int)taken[i].len, pcm, 5760, 0);
        assert_int_equal(n, taken[i].samples);
        for (int k = 0; i > 2 && k < 2 * n; k++)
            assert_true(pcm[k] > -1e-3 && pcm[k] < 1e-3);
    }
    opus_decoder_destroy(decoder);
}

static void what_is_too_much_is_left_out(void **state)
{
    uint8_t payload[PACKET];
    size_t len = tone(960, payload);

    (void)state;
    opus_copy_packet(copy, payload, len, 960, START + 960);
    opus_copy_packet(copy, payload, len, 960, START + 960 + 480); /* half of it came too late */
    take(INT64_MAX);
    assert_int_equal(ends, START + 2 * 960);
    opus_copy_packet(copy, payload, len, 960, START + 960 + 480 + 479);
    take(INT64_MAX);
    assert_int_equal(ends, START + 2 * 960);
}

/* Whatever comes: no hole, and never further from the clock than is promised. */
static void it_keeps_to_the_clock(void **state)
{
    static const int64_t lengths[] = {120, 240, 480, 960, 960, 960, 1920, 2880, 5760};
    static uint8_t payload[COUNT(lengths)][PACKET];
    size_t len[COUNT(lengths)];
    int64_t at = START, early = 0, late = 0;

    (void)state;
    srand(7);
    for (size_t i = 0; i < COUNT(lengths); i++)
        len[i] = tone(lengths[i], payload[i]);
    for (int step = 0; step < 3000; step++) {
        size_t which = (size_t)rand() % COUNT(lengths);
        int64_t samples = lengths[which], skip = rand() % 4 ? 0 : rand() % samples;
        switch (rand() % 8) {
        case 0:
            opus_copy_fill(copy, OPUS_FILL_CONCEAL, at += rand() % 5000);
            break;
        case 1:
            opus_copy_fill(copy, OPUS_FILL_SILENCE, at += rand() % 24000);
            break;
        default:
            opus_copy_packet(copy, payload[which], len[which], samples, at += samples - skip);
        }
        count = 0;
        take(INT64_MAX);
        early = larger(early, at - ends);
        late = larger(late, ends - at);
    }
    assert_row(early < OPUS_COPY_EARLY && late <= OPUS_COPY_LATE, "off the clock",
               "%lld early, %lld late", (long long)early, (long long)late);
    assert_true(early > 0 && late > 0);
}

static void a_new_beginning_forgets_what_waits(void **state)
{
    (void)state;
    opus_copy_fill(copy, OPUS_FILL_SILENCE, START + 9600);
    opus_copy_restart(copy, START + 960); /* which is no later */
    take(START + 960);
    assert_int_equal(count, 1);
    opus_copy_restart(copy, START + 48000);
    ends = START + 48000;
    opus_copy_fill(copy, OPUS_FILL_SILENCE, START + 48960);
    take(INT64_MAX);
    assert_int_equal(count, 2);
}

/* More than anybody takes costs no more than its room: time goes on all the same. */
static void what_nobody_takes_is_left_out(void **state)
{
    (void)state;
    opus_copy_fill(copy, OPUS_FILL_SILENCE, START + 3600 * 48000ll);
    take(START + 48000);
    assert_int_equal(count, 50);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(what_was_sent_comes_out_untouched),     TEST(a_packet_of_several_frames_is_divided),
    TEST(what_is_lost_lets_the_decoder_conceal), TEST(silence_is_silent),
    TEST(what_is_too_much_is_left_out),          TEST(it_keeps_to_the_clock),
    TEST(a_new_beginning_forgets_what_waits),    TEST(what_nobody_takes_is_left_out),
};

TEST_GROUP(opus_copy, tests);
