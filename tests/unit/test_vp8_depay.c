/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "depay_rig.h"

/* 320x180 */
#define KEY_FRAME   0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A, 0x40, 0x01, 0xB4, 0x00
#define OTHER_FRAME 0x11, 0x02, 0x00, 0xAA
#define FIRST       0x10 /* descriptor: the beginning of partition 0 */
#define NEXT        0x00

static int setup(void **state)
{
    (void)state;
    return depay_rig_open(CODEC_VP8);
}

static void a_key_frame_comes_first(void **state)
{
    (void)state;
    PUSH(1, true, FIRST, OTHER_FRAME);
    assert_false(pop());
    assert_true(video_depay_needs_key(rig.depay));
    PUSH(2, true, FIRST, KEY_FRAME);
    REQUIRE_KEY(KEY_FRAME);
    assert_false(video_depay_needs_key(rig.depay));
    PUSH(3, true, FIRST, OTHER_FRAME);
    REQUIRE_PICTURE(OTHER_FRAME);
    require_counts(2, 0, 1);
    assert_int_equal(video_depay_format(rig.depay)->width, 320);
    assert_int_equal(video_depay_format(rig.depay)->height, 180);
    assert_string_equal(video_depay_format(rig.depay)->name, "");
}

static void a_frame_is_put_together_from_packets(void **state)
{
    (void)state;
    PUSH(1, false, FIRST, KEY_FRAME);
    PUSH(1, false, NEXT, 1, 2);
    PUSH(1, true, 0x01 /* another partition */, 3);
    REQUIRE_KEY(KEY_FRAME, 1, 2, 3);
}

static void descriptors_of_any_length_are_read(void **state)
{
    (void)state;
    PUSH(1, true, 0x90, 0x80, 0x7F, KEY_FRAME); /* picture ID of 7 bits */
    REQUIRE_KEY(KEY_FRAME);
    PUSH(2, true, 0x90, 0x80, 0x80, 0x01, KEY_FRAME); /* of 15 */
    REQUIRE_KEY(KEY_FRAME);
    PUSH(3, true, 0x90, 0xF0, 0x80, 0x01, 0x05, 0x61, KEY_FRAME); /* and TL0PICIDX, TID, KEYIDX */
    REQUIRE_KEY(KEY_FRAME);
    PUSH(4, true, 0x90, 0x40, 0x05, KEY_FRAME);
    REQUIRE_KEY(KEY_FRAME);
    PUSH(5, true, 0x90, 0x20, 0x60, KEY_FRAME);
    REQUIRE_KEY(KEY_FRAME);
    PUSH(6, true, 0x90, 0x10, 0x01, KEY_FRAME);
    REQUIRE_KEY(KEY_FRAME);
    PUSH(7, true, 0x90, 0x00, KEY_FRAME);
    REQUIRE_KEY(KEY_FRAME);
    require_counts(7, 0, 0);
}

static void loss_waits_for_the_next_key_frame(void **state)
{
    (void)state;
    PUSH(1, true, FIRST, KEY_FRAME);
    REQUIRE_KEY(KEY_FRAME);
    /* the middle of a frame */
    PUSH(2, false, FIRST, OTHER_FRAME);
    PUSH_LOST(1, 2, true, NEXT, 7);
    assert_false(pop());
    /* its end, with the beginning of the next */
    PUSH(3, false, FIRST, KEY_FRAME);
    PUSH_LOST(1, 4, true, NEXT, 7);
    assert_false(pop());
    /* the beginning of a key frame */
    PUSH_LOST(1, 5, true, NEXT, 7);
    assert_false(pop());
    require_counts(1, 4, 0);
    /* whole ones in between */
    PUSH_LOST(2, 6, true, FIRST, OTHER_FRAME);
    assert_false(pop());
    require_counts(1, 4, 1);
    assert_true(video_depay_needs_key(rig.depay));
    PUSH_LOST(1, 7, true, FIRST, KEY_FRAME);
    REQUIRE_KEY(KEY_FRAME);
}

static void a_frame_may_end_without_a_marker(void **state)
{
    (void)state;
    PUSH(1, false, FIRST, KEY_FRAME);
    assert_false(pop());
    PUSH(2, true, FIRST, OTHER_FRAME);
    assert_true(pop());
    assert_int_equal(rig.unit.rtp_ts, 1);
    assert_true(pop());
    assert_int_equal(rig.unit.rtp_ts, 2);
    assert_false(pop());
}

static void frames_of_one_timestamp_are_told_apart(void **state)
{
    (void)state;
    PUSH(1, true, FIRST, KEY_FRAME);
    REQUIRE_KEY(KEY_FRAME);
    PUSH(1, true, FIRST, OTHER_FRAME);
    REQUIRE_PICTURE(OTHER_FRAME);
    PUSH(2, false, FIRST, OTHER_FRAME);
    PUSH(2, true, FIRST, OTHER_FRAME); /* without a marker between them they are not */
    assert_false(pop());
    require_counts(2, 1, 0);
}

static void padding_alone_means_nothing(void **state)
{
    (void)state;
    PUSH(1, false, FIRST, KEY_FRAME);
    push_lost(0, 9, false, "", 0);
    PUSH(1, true, NEXT, 1);
    REQUIRE_KEY(KEY_FRAME, 1);
}

static void another_size_restarts_decoders(void **state)
{
    (void)state;
    PUSH(1, true, FIRST, KEY_FRAME);
    assert_true(pop());
    assert_false(rig.unit.restart);
    PUSH(2, true, FIRST, 0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A, 0x80, 0x42, 0x68, 0x01);
    assert_true(pop());
    assert_true(rig.unit.restart);
    assert_int_equal(video_depay_format(rig.depay)->width, 640); /* the scale is no part of it */
}

static void what_cannot_be_read_is_dropped(void **state)
{
    static const struct {
        const char *name;
        uint8_t payload[8];
        size_t len;
    } rows[] = {
        {"a descriptor alone", {FIRST}, 1},
        {"an extension that is missing", {0x90}, 1},
        {"a picture ID that is missing", {0x90, 0x80}, 2},
        {"half a picture ID", {0x90, 0x80, 0x80}, 3},
        {"no byte behind the picture ID", {0x90, 0x80, 0x01}, 3},
        {"no byte behind all members", {0x90, 0xF0, 0x80, 1, 2, 3}, 6},
        {"no beginning", {NEXT, 1, 2}, 3},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        require_malformed(rows[i].name, rows[i].payload, rows[i].len);
    PUSH(1, true, FIRST, 0x10, 0x02, 0x00, 0x9D, 0x01, 0x2B, 0x40, 0x01, 0xB4, 0x00);
    assert_false(pop()); /* a start code that is none: no key frame */
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(a_key_frame_comes_first, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(a_frame_is_put_together_from_packets, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(descriptors_of_any_length_are_read, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(loss_waits_for_the_next_key_frame, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(a_frame_may_end_without_a_marker, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(frames_of_one_timestamp_are_told_apart, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(padding_alone_means_nothing, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(another_size_restarts_decoders, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(what_cannot_be_read_is_dropped, setup, depay_rig_close),
};
TEST_GROUP(vp8_depay, tests);
