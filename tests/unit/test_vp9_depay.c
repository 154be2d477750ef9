/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "depay_rig.h"

#include "hls-bridge/codec/vp9_header.h"

/* 320x180, profile 0; a frame that refers to others and goes to slot 0; the same of 640x360, which
 * refers to none of its size. */
#define KEY_FRAME   0x82, 0x49, 0x83, 0x42, 0x00, 0x13, 0xF0, 0x0B, 0x30
#define OTHER_FRAME 0x86, 0x00, 0x40, 0x02
#define LARGE_FRAME 0x86, 0x00, 0x40, 0x00, 0x01, 0x3F, 0x80, 0xB3, 0x80

enum { BEGINS = 0x08, ENDS = 0x04, WHOLE = 0x0C, LAYER = 0x20, STRUCTURE = 0x02, FLEXIBLE = 0x10 };

static int setup(void **state)
{
    (void)state;
    return depay_rig_open(CODEC_VP9);
}

static void a_key_frame_comes_first(void **state)
{
    (void)state;
    PUSH(1, true, WHOLE, OTHER_FRAME);
    assert_false(pop());
    PUSH(2, true, WHOLE, KEY_FRAME);
    REQUIRE_KEY(KEY_FRAME);
    PUSH(3, true, WHOLE, OTHER_FRAME);
    REQUIRE_PICTURE(OTHER_FRAME);
    PUSH(4, true, WHOLE, 0x88); /* show_existing_frame */
    REQUIRE_PICTURE(0x88);
    require_counts(3, 0, 1);
    assert_int_equal(video_depay_format(rig.depay)->width, 320);
    assert_int_equal(video_depay_format(rig.depay)->height, 180);
    assert_string_equal(video_depay_format(rig.depay)->name, "vp09.00.20.08");
}

static void a_frame_is_put_together_from_packets(void **state)
{
    (void)state;
    PUSH(1, false, BEGINS, KEY_FRAME);
    PUSH(1, false, 0, 1, 2);
    PUSH(1, true, ENDS, 3);
    REQUIRE_KEY(KEY_FRAME, 1, 2, 3);
}

static void descriptors_of_any_length_are_read(void **state)
{
    (void)state;
    PUSH(1, true, 0x80 | WHOLE, 0x7F, KEY_FRAME); /* picture ID of 7 bits */
    REQUIRE_KEY(KEY_FRAME);
    PUSH(2, true, 0x80 | WHOLE, 0x80, 0x01, KEY_FRAME); /* of 15 */
    REQUIRE_KEY(KEY_FRAME);
    PUSH(3, true, LAYER | WHOLE, 0x00, 0x05, KEY_FRAME); /* layer and TL0PICIDX */
    REQUIRE_KEY(KEY_FRAME);
    PUSH(4, true, LAYER | FLEXIBLE | WHOLE, 0x00, KEY_FRAME); /* none in flexible mode */
    REQUIRE_KEY(KEY_FRAME);
    PUSH(5, true, 0xD0 | WHOLE, 0x01, 0x03, 0x05, 0x07, OTHER_FRAME); /* three P_DIFF at the most */
    REQUIRE_PICTURE(OTHER_FRAME);
    PUSH(6, true, 0xD0 | WHOLE, 0x01, 0x02, OTHER_FRAME);
    REQUIRE_PICTURE(OTHER_FRAME);
    /* sizes of two layers, and a group of two pictures with one and no P_DIFF */
    PUSH(7, true, STRUCTURE | WHOLE, 0x38, 1, 64, 0, 180, 2, 128, 1, 104, 2, 0x04, 1, 0x00,
         KEY_FRAME);
    REQUIRE_KEY(KEY_FRAME);
    PUSH(8, true, STRUCTURE | WHOLE, 0x00, KEY_FRAME);
    REQUIRE_KEY(KEY_FRAME);
    require_counts(8, 0, 0);
}

static void layers_become_a_superframe(void **state)
{
    (void)state;
    PUSH(1, false, LAYER | FLEXIBLE | WHOLE, 0x00, KEY_FRAME);
    PUSH(1, false, LAYER | FLEXIBLE | BEGINS, 0x03, LARGE_FRAME);
    PUSH(1, true, LAYER | FLEXIBLE | ENDS, 0x03, 9);
    REQUIRE_KEY(KEY_FRAME, LARGE_FRAME, 9, 0xC1, 9, 10, 0xC1);
    assert_int_equal(video_depay_format(rig.depay)->width, 640);
    assert_int_equal(video_depay_format(rig.depay)->height, 360);
    /* the lower layer of the next picture is lost */
    PUSH_LOST(1, 2, true, LAYER | FLEXIBLE | WHOLE, 0x03, KEY_FRAME);
    assert_false(pop());
    require_counts(1, 1, 0);
    /* more layers than there are */
    for (int i = 0; i < 9; i++)
        PUSH(3, i == 8, WHOLE, KEY_FRAME);
    assert_false(pop());
    for (int i = 0; i < 8; i++)
        PUSH(4, i == 7, WHOLE, KEY_FRAME);
    assert_true(pop());
    assert_int_equal(rig.unit.len, 8 * 9 + 10);
}

static void loss_waits_for_the_next_key_frame(void **state)
{
    (void)state;
    PUSH(1, true, WHOLE, KEY_FRAME);
    REQUIRE_KEY(KEY_FRAME);
    PUSH(2, false, BEGINS, OTHER_FRAME);
    PUSH_LOST(1, 2, true, ENDS, 7);
    assert_false(pop());
    PUSH(3, false, BEGINS, KEY_FRAME);
    PUSH_LOST(1, 4, true, ENDS, 7); /* the end of one, and the beginning of the next */
    assert_false(pop());
    require_counts(1, 3, 0);
    PUSH_LOST(2, 6, true, WHOLE, OTHER_FRAME);
    assert_false(pop());
    assert_true(video_depay_needs_key(rig.depay));
    PUSH_LOST(1, 7, true, WHOLE, KEY_FRAME);
    REQUIRE_KEY(KEY_FRAME);
}

static void a_frame_may_end_without_a_marker(void **state)
{
    (void)state;
    PUSH(1, false, WHOLE, KEY_FRAME);
    assert_false(pop());
    PUSH(2, false, BEGINS, OTHER_FRAME);
    REQUIRE_KEY(KEY_FRAME);
    PUSH(3, true, WHOLE, KEY_FRAME); /* but not without its last packet */
    REQUIRE_KEY(KEY_FRAME);
    require_counts(2, 1, 0);
}

static void frames_of_one_timestamp_are_told_apart(void **state)
{
    (void)state;
    PUSH(1, true, WHOLE, KEY_FRAME);
    REQUIRE_KEY(KEY_FRAME);
    PUSH(1, true, WHOLE, OTHER_FRAME);
    REQUIRE_PICTURE(OTHER_FRAME);
    push_lost(0, 9, false, "", 0);
    PUSH(1, true, WHOLE, OTHER_FRAME);
    REQUIRE_PICTURE(OTHER_FRAME);
}

static void what_cannot_be_read_is_dropped(void **state)
{
    static const struct {
        const char *name;
        uint8_t payload[12];
        size_t len;
    } rows[] = {
        {"a descriptor alone", {WHOLE}, 1},
        {"a picture ID that is missing", {0x80 | WHOLE}, 1},
        {"half a picture ID", {0x80 | WHOLE, 0x80}, 2},
        {"no layer", {LAYER | WHOLE}, 1},
        {"no TL0PICIDX", {LAYER | WHOLE, 0}, 2},
        {"no P_DIFF", {0x50 | WHOLE}, 1},
        {"no structure", {STRUCTURE | WHOLE}, 1},
        {"no sizes", {STRUCTURE | WHOLE, 0x10}, 2},
        {"half of the sizes", {STRUCTURE | WHOLE, 0x30, 1, 64, 0, 180, 1}, 7},
        {"no group", {STRUCTURE | WHOLE, 0x08}, 2},
        {"a group without P_DIFF", {STRUCTURE | WHOLE, 0x08, 1, 0x0C, 1, 1}, 6},
        {"no beginning", {ENDS, 1, 2}, 3},
        {"no frame marker", {WHOLE, 0x42, 1, 2}, 4},
        {"the reserved profile", {WHOLE, 0xB8, 1, 2}, 4},
        {"a key frame without sync code",
         {WHOLE, 0x82, 0x49, 0x83, 0x43, 0, 0x13, 0xF0, 0xB, 0x30},
         10},
        {"a key frame that is cut short", {WHOLE, 0x82, 0x49, 0x83, 0x42, 0x00, 0x13, 0xF0}, 8},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        require_malformed(rows[i].name, rows[i].payload, rows[i].len);
}

static void a_key_frame_says_what_it_is(void **state)
{
    static const struct {
        const char *name;
        uint8_t frame[12];
        size_t len;
        VideoFormat format;
    } rows[] = {
        {"profile 1, 4:4:4",
         {0xA2, 0x49, 0x83, 0x42, 0x00, 0x02, 0x7E, 0x01, 0x66},
         9,
         {.width = 320,
          .height = 180,
          .profile = 1,
          .chroma_format = 3,
          .bit_depth = 8,
          .name = "vp09.01.20.08.03.02.02.02.00"}},
        {"profile 2, 10 bits",
         {0x92, 0x49, 0x83, 0x42, 0x00, 0x09, 0xF8, 0x05, 0x98},
         9,
         {.width = 320,
          .height = 180,
          .profile = 2,
          .chroma_format = 1,
          .bit_depth = 10,
          .name = "vp09.02.20.10"}},
        {"1280x720",
         {0x82, 0x49, 0x83, 0x42, 0x00, 0x4F, 0xF0, 0x2C, 0xF0},
         9,
         {.width = 1280,
          .height = 720,
          .chroma_format = 1,
          .bit_depth = 8,
          .name = "vp09.00.40.08"}},
    };
    VideoFormat format;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const VideoFormat *e = &rows[i].format;
        assert_row(vp9_format(rows[i].frame, rows[i].len, &format), rows[i].name, "cannot be read");
        assert_row(format.width == e->width && format.height == e->height, rows[i].name, "%dx%d",
                   format.width, format.height);
        assert_row(format.profile == e->profile && format.chroma_format == e->chroma_format &&
                       format.bit_depth == e->bit_depth,
                   rows[i].name, "profile %d, chroma %d, %d bits", format.profile,
                   format.chroma_format, format.bit_depth);
        assert_row(strcmp(format.name, e->name) == 0, rows[i].name, "%s", format.name);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(a_key_frame_comes_first, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(a_frame_is_put_together_from_packets, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(descriptors_of_any_length_are_read, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(layers_become_a_superframe, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(loss_waits_for_the_next_key_frame, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(a_frame_may_end_without_a_marker, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(frames_of_one_timestamp_are_told_apart, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(what_cannot_be_read_is_dropped, setup, depay_rig_close),
    cmocka_unit_test(a_key_frame_says_what_it_is),
};
TEST_GROUP(vp9_depay, tests);
