/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "depay_rig.h"

#include "hls-bridge/codec/av1_header.h"

/* A sequence header of 320x180, and of 640x360; payloads without OBU headers. */
#define SEQUENCE       0x00, 0x00, 0x00, 0x24, 0x3C, 0xFE, 0xCC, 0x02, 0x78, 0x00, 0x40
#define LARGE_SEQUENCE 0x00, 0x00, 0x00, 0x24, 0xC4, 0xFF, 0x67, 0x00, 0x9E, 0x00, 0x10
#define KEY            0x10, 0x11 /* KEY_FRAME, shown */
#define OTHER          0x30, 0x22 /* INTER_FRAME, shown */

/* OBU headers, and the same with a size, as they come out. */
enum { SEQUENCE_OBU = 0x08, DELIMITER_OBU = 0x10, FRAME_OBU = 0x30, METADATA_OBU = 0x28 };
enum { SIZED = 0x02, EXTENDED = 0x04 };

#define OUT_SEQUENCE SEQUENCE_OBU | SIZED, 11, SEQUENCE
#define OUT_KEY      OUT_SEQUENCE, FRAME_OBU | SIZED, 2, KEY
#define OUT_OTHER    FRAME_OBU | SIZED, 2, OTHER

/* The aggregation header. */
enum { Z = 0x80, Y = 0x40, W1 = 0x10, W2 = 0x20, W3 = 0x30, N = 0x08 };

/* A packet with a whole key frame. */
#define WHOLE_KEY W2 | N, 12, SEQUENCE_OBU, SEQUENCE, FRAME_OBU, KEY

static int setup(void **state)
{
    (void)state;
    return depay_rig_open(CODEC_AV1);
}

static void a_key_frame_comes_first(void **state)
{
    (void)state;
    PUSH(1, true, W1, FRAME_OBU, OTHER);
    assert_false(pop());
    PUSH(2, true, W1, FRAME_OBU, KEY); /* without a sequence header it is none */
    assert_false(pop());
    PUSH(3, true, WHOLE_KEY);
    REQUIRE_KEY(OUT_KEY);
    PUSH(4, true, W1, FRAME_OBU, OTHER);
    REQUIRE_PICTURE(OUT_OTHER);
    require_counts(2, 0, 2);
    assert_int_equal(video_depay_format(rig.depay)->width, 320);
    assert_int_equal(video_depay_format(rig.depay)->height, 180);
    assert_string_equal(video_depay_format(rig.depay)->name, "av01.0.04M.08");
}

static void what_is_no_shown_key_frame_does_not_begin(void **state)
{
    (void)state;
    PUSH(1, true, W2, 12, SEQUENCE_OBU, SEQUENCE, FRAME_OBU, 0x00, 1); /* key, not shown */
    PUSH(2, true, W2, 12, SEQUENCE_OBU, SEQUENCE, FRAME_OBU, 0x50, 1); /* intra only */
    PUSH(3, true, W2, 12, SEQUENCE_OBU, SEQUENCE, FRAME_OBU, 0x98, 1); /* shows an existing one */
    assert_false(pop());
    assert_true(video_depay_needs_key(rig.depay));
}

static void elements_are_counted_or_have_lengths(void **state)
{
    (void)state;
    PUSH(1, true, N, 12, SEQUENCE_OBU, SEQUENCE, 3, FRAME_OBU, KEY); /* W is 0 */
    REQUIRE_KEY(OUT_KEY);
    PUSH(2, true, W3, 12, SEQUENCE_OBU, SEQUENCE, 2, METADATA_OBU, 7, FRAME_OBU, KEY);
    REQUIRE_KEY(OUT_SEQUENCE, METADATA_OBU | SIZED, 1, 7, FRAME_OBU | SIZED, 2, KEY);
    PUSH(3, true, W2, 0x8C, 0x00, SEQUENCE_OBU, SEQUENCE, FRAME_OBU, KEY); /* a longer leb128 */
    REQUIRE_KEY(OUT_KEY);
}

static void what_samples_do_not_have_is_left_out(void **state)
{
    (void)state;
    PUSH(1, false, N, 1, DELIMITER_OBU, 12, SEQUENCE_OBU, SEQUENCE, 3, FRAME_OBU, KEY);
    PUSH(1, true, N, 3, 0x78, 1, 2, 2, 0x40, 9); /* padding, a tile list */
    REQUIRE_KEY(OUT_KEY);
}

static void sizes_and_extensions_are_kept_in_order(void **state)
{
    (void)state;
    PUSH(1, true, W2 | N, 13, SEQUENCE_OBU | SIZED, 11, SEQUENCE, FRAME_OBU | EXTENDED, 0x20, KEY);
    REQUIRE_KEY(OUT_SEQUENCE, FRAME_OBU | EXTENDED | SIZED, 0x20, 2, KEY);
    PUSH(2, true, W1, FRAME_OBU | SIZED, 2, OTHER, 0); /* bytes behind the size are none of it */
    REQUIRE_PICTURE(OUT_OTHER);
    PUSH(3, true, W1, FRAME_OBU | EXTENDED | SIZED, 0x28, 0x82, 0x00, OTHER);
    REQUIRE_PICTURE(FRAME_OBU | EXTENDED | SIZED, 0x28, 2, OTHER);
}

static void fragments_are_put_together(void **state)
{
    (void)state;
    PUSH(1, false, W2 | N | Y, 12, SEQUENCE_OBU, SEQUENCE, FRAME_OBU);
    PUSH(1, false, W1 | Z | Y, 0x10);
    PUSH(1, true, Z | W1, 0x11);
    REQUIRE_KEY(OUT_KEY);
    /* one that ends in a packet with others, and another that begins there */
    PUSH(2, false, W1 | Y, METADATA_OBU, 1);
    PUSH(2, false, Z | Y, 1, 2, 2, METADATA_OBU, 3, 1, FRAME_OBU);
    PUSH(2, true, Z | W1, OTHER);
    REQUIRE_PICTURE(METADATA_OBU | SIZED, 2, 1, 2, METADATA_OBU | SIZED, 1, 3, OUT_OTHER);
}

/* 200 bytes of payload need two bytes of size, which are more than came. */
static void a_long_obu_gets_a_longer_size(void **state)
{
    uint8_t packet[202] = {W1, FRAME_OBU, 0x30};
    uint8_t expected[203] = {FRAME_OBU | SIZED, 0xC8, 0x01, 0x30};

    (void)state;
    PUSH(1, true, WHOLE_KEY);
    assert_true(pop());
    for (size_t i = 3; i < sizeof(packet); i++)
        packet[i] = expected[i + 1] = (uint8_t)i;
    push_lost(0, 2, true, packet, sizeof(packet));
    require_picture(false, expected, sizeof(expected));
}

static void loss_waits_for_the_next_key_frame(void **state)
{
    (void)state;
    PUSH(1, true, WHOLE_KEY);
    assert_true(pop());
    /* the middle of an OBU */
    PUSH(2, false, W1 | Y, FRAME_OBU);
    PUSH_LOST(1, 2, true, Z | W1, 0x22);
    assert_false(pop());
    /* the end of one temporal unit, and the beginning of the next */
    PUSH(3, false, W1 | Y, FRAME_OBU);
    PUSH_LOST(1, 4, true, Z | W1, 0x22);
    assert_false(pop());
    require_counts(1, 3, 0);
    /* its first packet: what follows may lack the sequence header */
    PUSH_LOST(1, 5, true, W1, FRAME_OBU, KEY);
    assert_false(pop());
    require_counts(1, 4, 0);
    PUSH(6, true, W1, FRAME_OBU, OTHER);
    assert_false(pop());
    require_counts(1, 4, 1);
    PUSH_LOST(3, 7, true, WHOLE_KEY);
    REQUIRE_KEY(OUT_KEY);
}

static void a_temporal_unit_may_end_without_a_marker(void **state)
{
    (void)state;
    PUSH(1, false, WHOLE_KEY);
    assert_false(pop());
    PUSH(2, false, W1 | Y, FRAME_OBU, OTHER);
    REQUIRE_KEY(OUT_KEY);
    PUSH(3, true, WHOLE_KEY); /* but not in the middle of an OBU */
    REQUIRE_KEY(OUT_KEY);
    require_counts(2, 1, 0);
}

static void units_of_one_timestamp_are_told_apart(void **state)
{
    (void)state;
    PUSH(1, true, WHOLE_KEY);
    REQUIRE_KEY(OUT_KEY);
    push_lost(0, 9, false, "", 0);
    PUSH(1, true, W1, FRAME_OBU, OTHER);
    REQUIRE_PICTURE(OUT_OTHER);
    PUSH(1, true, W1, METADATA_OBU, 1); /* no picture */
    assert_false(pop());
    require_counts(2, 0, 0);
}

static void another_size_restarts_decoders(void **state)
{
    (void)state;
    PUSH(1, true, WHOLE_KEY);
    assert_true(pop());
    assert_false(rig.unit.restart);
    PUSH(2, true, W2 | N, 12, SEQUENCE_OBU, LARGE_SEQUENCE, FRAME_OBU, KEY);
    assert_true(pop());
    assert_true(rig.unit.restart);
    assert_int_equal(video_depay_format(rig.depay)->width, 640);
    assert_int_equal(video_depay_format(rig.depay)->height, 360);
}

static void what_cannot_be_read_is_dropped(void **state)
{
    static const struct {
        const char *name;
        uint8_t payload[8];
        size_t len;
    } rows[] = {
        {"an aggregation header alone", {W1}, 1},
        {"a continuation of nothing", {Z | W1, 1}, 2},
        {"fewer elements than said", {W3, 1, FRAME_OBU, FRAME_OBU, 1}, 5},
        {"an element beyond the packet", {0, 9, FRAME_OBU, 1}, 4},
        {"an empty element", {0, 0, FRAME_OBU}, 3},
        {"a length that is cut short", {0, 0x80}, 2},
        {"a length beyond 32 bits", {0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}, 7},
        {"the forbidden bit", {W1, 0x80 | FRAME_OBU, 1}, 3},
        {"no extension", {W1, FRAME_OBU | EXTENDED}, 2},
        {"no size", {W1, FRAME_OBU | SIZED}, 2},
        {"a size beyond the OBU", {W1, FRAME_OBU | SIZED, 9, 1}, 4},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        require_malformed(rows[i].name, rows[i].payload, rows[i].len);
    PUSH(1, true, W2 | N, 2, SEQUENCE_OBU, 0, FRAME_OBU, KEY); /* a sequence header cut short */
    assert_false(pop());
}

static void says_what_is_not_4_2_0(void **state)
{
    /* of libaom, 320x180 */
#define OF_LIBAOM(profile, last)                                                                   \
    {                                                                                              \
        SEQUENCE_OBU | SIZED, 10, profile, 0x00, 0x00, 0x04, 0x3C, 0xFE, 0xCC, 0xDA, 0xF9, last    \
    }
    static const struct {
        const char *name;
        uint8_t sample[12];
        uint8_t chroma_format;
    } rows[] = {
        {"av01.1.00M.08.0.000.02.02.02.0", OF_LIBAOM(0x20, 0x02), 3},
        {"av01.0.00M.08.1.110.02.02.02.0", OF_LIBAOM(0x00, 0x2A), 0},
    };
    VideoFormat format;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_true(av1_format(rows[i].sample, sizeof(rows[i].sample), &format));
        assert_string_equal(format.name, rows[i].name);
        assert_int_equal(format.chroma_format, rows[i].chroma_format);
        assert_int_equal(format.width, 320);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(a_key_frame_comes_first, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(what_is_no_shown_key_frame_does_not_begin, setup,
                                    depay_rig_close),
    cmocka_unit_test_setup_teardown(elements_are_counted_or_have_lengths, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(what_samples_do_not_have_is_left_out, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(sizes_and_extensions_are_kept_in_order, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(fragments_are_put_together, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(a_long_obu_gets_a_longer_size, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(loss_waits_for_the_next_key_frame, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(a_temporal_unit_may_end_without_a_marker, setup,
                                    depay_rig_close),
    cmocka_unit_test_setup_teardown(units_of_one_timestamp_are_told_apart, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(another_size_restarts_decoders, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(what_cannot_be_read_is_dropped, setup, depay_rig_close),
    cmocka_unit_test(says_what_is_not_4_2_0),
};
TEST_GROUP(av1_depay, tests);
