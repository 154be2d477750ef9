/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/base/sample_bytes.h"
#include "hls-bridge/package/early_sound.h"

static EarlySound *early;

static int teardown(void **state)
{
    (void)state;
    early_sound_destroy(&early);
    return 0;
}

static void keep(int first, int count)
{
    for (int i = first; i < first + count; i++) {
        uint8_t data[] = {(uint8_t)i, 1, 2};
        early_sound_keep(
            &early,
            &(AacFrame){.data = data, .len = sizeof(data), .pts_samples = i * AAC_FRAME_SAMPLES});
    }
}

/* All that is left must be these. */
static void assert_left(int first, int count)
{
    AacFrame frame;

    for (int i = first; i < first + count; i++) {
        assert_true(early_sound_take(early, &frame));
        assert_int_equal(frame.pts_samples, i * AAC_FRAME_SAMPLES);
        assert_int_equal(frame.len, 3);
        assert_int_equal(frame.data[0], (uint8_t)i);
    }
    assert_false(early_sound_take(early, &frame));
}

static void frames_are_taken_in_order_once(void **state)
{
    (void)state;
    assert_left(0, 0);
    keep(0, 5);
    assert_left(0, 5);
    keep(5, 2);
    assert_left(5, 2);
}

static void the_last_seconds_are_kept(void **state)
{
    (void)state;
    keep(0, EARLY_SOUND_FRAMES);
    assert_left(0, EARLY_SOUND_FRAMES);
    keep(0, 3 * EARLY_SOUND_FRAMES + 7);
    assert_left(2 * EARLY_SOUND_FRAMES + 7, EARLY_SOUND_FRAMES);
}

static void what_is_forgotten_is_gone(void **state)
{
    (void)state;
    keep(0, 100);
    early_sound_destroy(&early);
    assert_left(0, 0);
    keep(7, 3);
    assert_left(7, 3);
}

static void a_frame_that_is_too_long_is_left_out(void **state)
{
    static const uint8_t data[EARLY_SOUND_BYTES + 1];
    AacFrame frame;

    (void)state;
    early_sound_keep(&early,
                     &(AacFrame){.data = data, .len = EARLY_SOUND_BYTES + 1, .pts_samples = 0});
    early_sound_keep(
        &early,
        &(AacFrame){.data = data, .len = EARLY_SOUND_BYTES, .pts_samples = AAC_FRAME_SAMPLES});
    assert_true(early_sound_take(early, &frame));
    assert_int_equal(frame.pts_samples, AAC_FRAME_SAMPLES);
    assert_int_equal(frame.len, EARLY_SOUND_BYTES);
    assert_false(early_sound_take(early, &frame));
}

static void the_sound_with_fewer_bits_comes_with_it(void **state)
{
    static const uint8_t data[EARLY_SOUND_BYTES] = "all of it", low[] = "less";
    AacFrame in = {.data = data, .len = 1536, .low = {low, sizeof(low), NULL}}, frame;

    (void)state;
    early_sound_keep(&early, &in);
    assert_true(early_sound_take(early, &frame));
    assert_int_equal(frame.len, 1536);
    assert_memory_equal(frame.data, data, 1536);
    assert_int_equal(frame.low.len, sizeof(low));
    assert_string_equal(frame.low.data, "less");
    in.low.len = EARLY_SOUND_BYTES - 1536 + 1; /* no room */
    early_sound_keep(&early, &in);
    assert_true(early_sound_take(early, &frame));
    assert_int_equal(frame.len, 1536);
    assert_int_equal(frame.low.len, 0);
}

static void opus_is_held_as_long_as_it_is_kept(void **state)
{
    static const uint8_t data[] = {1, 2, 3};
    SampleBytes *bytes = sample_bytes_create(data, sizeof(data), NULL, 0);
    const OpusPacket packets[] = {{bytes, 0, 960}, {bytes, 960, 960}};
    AacFrame in = {.data = data, .len = 3, .opus = packets, .opus_count = 2}, out;

    (void)state;
    early_sound_keep(&early, &in);
    assert_int_equal(atomic_load(&bytes->holders), 3);
    assert_true(early_sound_take(early, &out));
    assert_int_equal(out.opus_count, 2);
    assert_int_equal(out.opus[1].pts_samples, 960);
    assert_ptr_equal(out.opus[1].bytes, bytes);
    keep(0, EARLY_SOUND_FRAMES); /* others take its place */
    assert_int_equal(atomic_load(&bytes->holders), 1);
    early_sound_keep(&early, &in);
    early_sound_destroy(&early);
    assert_int_equal(atomic_load(&bytes->holders), 1);
    sample_bytes_release(&bytes);
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)
static const struct CMUnitTest tests[] = {
    TEST(frames_are_taken_in_order_once),
    TEST(the_last_seconds_are_kept),
    TEST(what_is_forgotten_is_gone),
    TEST(a_frame_that_is_too_long_is_left_out),
    TEST(the_sound_with_fewer_bits_comes_with_it),
    TEST(opus_is_held_as_long_as_it_is_kept),
};

TEST_GROUP(early_sound, tests);
