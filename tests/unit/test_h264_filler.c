/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "common/h264_bits.h"
#include "hls-bridge/codec/h264_filler.h"
#include "unit_of.h"

/* What Chromium sends for 1280x720: frame_num has 15 bits, pic_order_cnt_lsb 16. */
static const uint8_t sps[] = {0x67, 0x42, 0xC0, 0x20, 0x8C, 0x8D, 0x40, 0x28, 0x02,
                              0xDD, 0x37, 0x01, 0x0D, 0x01, 0x07, 0x84, 0x42, 0x35};
static const uint8_t pps[] = {0x68, 0xCE, 0x3C, 0x80};
/* the same with two slice groups, and with a pic_init_qp_minus26 of 28 */
static const uint8_t groups_pps[] = {0x68, 0xC4, 0x3C, 0x80};
static const uint8_t qp_pps[] = {0x68, 0xCE, 0x01, 0xC7, 0x20};

static ParameterSets sets;
static H264Filler filler;

static int setup(void **state)
{
    (void)state;
    sets = (ParameterSets){0};
    filler = (H264Filler){0};
    assert_int_equal(parameter_sets_add(&sets, sps, sizeof(sps)), 0);
    assert_int_equal(parameter_sets_add(&sets, pps, sizeof(pps)), 0);
    return 0;
}

/* A slice that has nothing behind its header's first fields. */
static void follow(uint8_t header, uint32_t frame_num, uint32_t poc_lsb)
{
    uint8_t unit[64] = {0, 0, 0, 1, 9, 0x30, 0, 0, 1};
    H264Writer w = h264_writer(unit + 9, sizeof(unit) - 9, header);

    h264_write_ue(&w, 0);
    h264_write_ue(&w, 5);
    h264_write_ue(&w, 0);
    h264_write_bits(&w, frame_num, 15);
    if (header == 0x65)
        h264_write_ue(&w, 3); /* idr_pic_id */
    h264_write_bits(&w, poc_lsb, 16);
    size_t len = h264_write_end(&w);
    assert_true(len > 0);
    AccessUnit followed = unit_of(unit, 9 + len, header == 0x65);
    h264_filler_follow(&filler, &sets, &followed);
}

static void assert_repeats(uint32_t frame_num, uint32_t poc_lsb)
{
    uint8_t unit[H264_FILLER_SIZE];
    NalUnit nal[H264_FILLER_NALS];
    size_t len = h264_filler_write(&filler, unit, nal);

    assert_in_range(len, 16, H264_FILLER_SIZE);
    assert_memory_equal(unit, ((uint8_t[]){0, 0, 0, 1, 9, 0x30, 0, 0, 0, 1, 0x01}), 11);
    AccessUnit walked = unit_of(unit, len, false);
    assert_int_equal(walked.nals, H264_FILLER_NALS);
    assert_memory_equal(nal, walked.nal, sizeof(nal));
    H264Bits r = h264_bits_of_nal(unit + 10, len - 10);
    assert_int_equal(h264_read_ue(&r), 0); /* first_mb_in_slice */
    assert_int_equal(h264_read_ue(&r), 5); /* slice_type */
    assert_int_equal(h264_read_ue(&r), 0); /* pic_parameter_set_id */
    assert_int_equal(h264_read_bits(&r, 15), frame_num);
    assert_int_equal(h264_read_bits(&r, 16), poc_lsb);
    assert_int_equal(h264_read_bit(&r), 1);      /* num_ref_idx_active_override_flag */
    assert_int_equal(h264_read_ue(&r), 0);       /* one reference */
    assert_int_equal(h264_read_bit(&r), 0);      /* no modification */
    assert_int_equal(h264_read_se(&r), 0);       /* slice_qp_delta */
    assert_int_equal(h264_read_ue(&r), 1);       /* no deblocking */
    assert_int_equal(h264_read_ue(&r), 80 * 45); /* mb_skip_run */
    assert_int_equal(h264_read_bit(&r), 1);      /* rbsp_stop_one_bit */
    assert_false(r.overrun);
}

static void it_follows_the_last_picture(void **state)
{
    (void)state;
    follow(0x65, 0, 0);
    assert_repeats(1, 1);
    follow(0x41, 7, 14);
    assert_repeats(8, 15);
    follow(0x01, 8, 16); /* nobody refers to it: the number stays */
    assert_repeats(8, 17);
    follow(0x41, 32767, 65535);
    assert_repeats(0, 0);
}

static void emulation_is_prevented(void **state)
{
    uint8_t unit[H264_FILLER_SIZE];
    NalUnit nal[H264_FILLER_NALS];

    (void)state;
    follow(0x41, 32767, 65535); /* next: 31 zero bits in a row */
    size_t len = h264_filler_write(&filler, unit, nal);
    assert_true(len > 14); /* the numbers are in it */
    for (size_t i = 10; i + 2 < len; i++)
        assert_false(unit[i] == 0 && unit[i + 1] == 0 && unit[i + 2] < 3);
}

static void what_cannot_be_repeated_is_not(void **state)
{
    uint8_t unit[H264_FILLER_SIZE];
    NalUnit nal[H264_FILLER_NALS];
    static const uint8_t no_slice[] = {0, 0, 1, 9, 0x30};

    (void)state;
    assert_int_equal(h264_filler_write(&filler, unit, nal), 0); /* nothing is known */
    follow(0x41, 1, 2);
    AccessUnit delimiter = unit_of(no_slice, sizeof(no_slice), false);
    h264_filler_follow(&filler, &sets, &delimiter);
    assert_int_equal(h264_filler_write(&filler, unit, nal), 0);
    assert_int_equal(parameter_sets_add(&sets, groups_pps, sizeof(groups_pps)), 0);
    follow(0x41, 1, 2);
    assert_int_equal(h264_filler_write(&filler, unit, nal), 0);
    assert_int_equal(parameter_sets_add(&sets, qp_pps, sizeof(qp_pps)), 0);
    follow(0x41, 1, 2);
    assert_int_equal(h264_filler_write(&filler, unit, nal), 0);
    sets = (ParameterSets){0};
    follow(0x41, 1, 2);
    assert_int_equal(h264_filler_write(&filler, unit, nal), 0);
}

static void codes_are_read_as_they_were_written(void **state)
{
    static const uint32_t values[] = {0, 1, 2, 3, 6, 7, 254, 255, 3600, 65535, 1u << 30};
    uint8_t buf[256];
    H264Writer w = h264_writer(buf, sizeof(buf), 0x01);

    (void)state;
    for (size_t i = 0; i < COUNT(values); i++)
        h264_write_ue(&w, values[i]);
    size_t len = h264_write_end(&w);
    H264Bits r = h264_bits_of_nal(buf, len);
    for (size_t i = 0; i < COUNT(values); i++)
        assert_int_equal(h264_read_ue(&r), values[i]);
    w = h264_writer(buf, 3, 0x01);
    h264_write_bits(&w, 0xFFFFFF, 24);
    assert_int_equal(h264_write_end(&w), 0);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)
static const struct CMUnitTest tests[] = {
    TEST(it_follows_the_last_picture),
    TEST(emulation_is_prevented),
    TEST(what_cannot_be_repeated_is_not),
    TEST(codes_are_read_as_they_were_written),
};

TEST_GROUP(h264_filler, tests);
