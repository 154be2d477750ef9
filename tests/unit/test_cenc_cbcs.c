/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <stdlib.h>

#include "common/h264_bits.h"
#include "hls-bridge/package/cenc_boxes.h"
#include "hls-bridge/package/cenc_cbcs.h"

/* What was to come out was made by node's crypto module: AES-128-CBC of the blocks that are to be
 * encrypted, one behind the other. */

static const CbcsKey key = {
    .id = {0xA0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    .key = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    .iv = {0xF0, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE,
           0xFF},
};
/* What Chromium sends for 1280x720: frame_num has 15 bits, pic_order_cnt_lsb 16. */
static const uint8_t sets[] = {0,    0,    0,    1,    0x67, 0x42, 0xC0, 0x20, 0x8C, 0x8D,
                               0x40, 0x28, 0x02, 0xDD, 0x37, 0x01, 0x0D, 0x01, 0x07, 0x84,
                               0x42, 0x35, 0,    0,    0,    1,    0x68, 0xCE, 0x3C, 0x80};

#define HEADER 7 /* bytes of the slices here, up to the one in which their header ends */

static Cbcs *cbcs;

static int teardown(void **state)
{
    (void)state;
    cbcs_destroy(&cbcs);
    assert_null(cbcs);
    return 0;
}

static void open_pictures(void)
{
    cbcs = cbcs_create(&key, sets, sizeof(sets));
    assert_non_null(cbcs);
    cbcs_map_begin(cbcs);
}

static size_t number(const uint8_t *at, size_t size)
{
    size_t n = 0;

    for (; size > 0; size--)
        n = n << 8 | *at++;
    return n;
}

/* A P slice of `len` bytes, whose data is of bytes that say where they are. */
static void write_slice(uint8_t *out, size_t len)
{
    H264Writer w = h264_writer(out, len, 0x41);

    h264_write_ue(&w, 0);
    h264_write_ue(&w, 5);
    h264_write_ue(&w, 0);
    h264_write_bits(&w, 0x5555, 15); /* frame_num */
    h264_write_bits(&w, 0x5555, 16); /* pic_order_cnt_lsb */
    h264_write_bits(&w, 0, 3);       /* no override, modification, marking */
    h264_write_se(&w, 1);            /* slice_qp_delta */
    h264_write_ue(&w, 1);            /* disable_deblocking_filter_idc */
    assert_int_equal(h264_write_end(&w), HEADER);
    for (size_t i = HEADER; i < len; i++)
        out[i] = (uint8_t)((i - HEADER) * 13 + 5);
}

/* A sample of one NAL unit, with its length. */
static void map_one(const uint8_t *nal, size_t len)
{
    cbcs_map_sample(cbcs);
    cbcs_map_nal(cbcs, nal, len, 4);
    cbcs_map_sample_end(cbcs);
}

static void assert_entry(size_t at, size_t clear, size_t is_protected)
{
    const uint8_t *entry = cbcs_map(cbcs)->data + at;

    assert_in_range(at + CBCS_ENTRY_SIZE, 0, cbcs_map(cbcs)->len);
    assert_int_equal(number(entry, 2), clear);
    assert_int_equal(number(entry + 2, 4), is_protected);
}

static void sound_is_encrypted_in_whole_blocks(void **state)
{
    static const uint8_t expected[] = {0xfd, 0x6d, 0x13, 0xf5, 0x6f, 0x1c, 0x8e, 0x51, 0x0c, 0x52,
                                       0x68, 0xab, 0x3f, 0x04, 0x66, 0xd6, 0x6d, 0x7b, 0xa1, 0x79,
                                       0x65, 0x14, 0x5d, 0xeb, 0xc2, 0x59, 0x66, 0xe8, 0xa9, 0x68,
                                       0x70, 0xa2, 0xfa, 0xb4, 0x04, 0x50, 0x20, 0xf5, 0xd6, 0x08,
                                       0x51, 0xf5, 0xa3, 0xf9, 0xa2, 0x2d, 0x3f, 0x91, 0x50, 0x57};
    uint8_t sample[sizeof(expected)];

    (void)state;
    cbcs = cbcs_create(&key, NULL, 0);
    assert_false(cbcs_has_map(cbcs));
    for (int again = 0; again < 2; again++) { /* each begins with the vector */
        for (size_t i = 0; i < sizeof(sample); i++)
            sample[i] = (uint8_t)(i * 7);
        assert_int_equal(cbcs_encrypt(cbcs, sample, sizeof(sample)), 0);
        assert_memory_equal(sample, expected, sizeof(sample));
    }
    assert_int_equal(cbcs_encrypt(cbcs, sample, 15), 0); /* less than a block */
    assert_memory_equal(sample, expected, sizeof(sample));
    assert_int_equal(cbcs_encrypt(cbcs, sample, 0), 0);
}

static void pictures_are_encrypted_by_the_pattern(void **state)
{
    static const uint8_t expected[3][16] = {{0x64, 0xeb, 0xb5, 0x0e, 0x1f, 0xbd, 0x0d, 0xca, 0xfe,
                                             0x48, 0xe0, 0xcd, 0xef, 0x1d, 0xe5, 0x4a},
                                            {0x5d, 0xe8, 0xe7, 0x93, 0x5f, 0x4b, 0xd1, 0x97, 0x24,
                                             0xc9, 0x6f, 0x0f, 0x0a, 0x9c, 0xc4, 0xa8},
                                            {0xd1, 0xee, 0x01, 0x7e, 0x82, 0x1b, 0xce, 0x67, 0xd6,
                                             0xb1, 0x78, 0xf8, 0xa5, 0xfa, 0x4a, 0xd2}};
    uint8_t sample[4 + HEADER + 340], clear[sizeof(sample)];

    (void)state;
    open_pictures();
    memset(sample, 0, 4);
    write_slice(sample + 4, sizeof(sample) - 4);
    memcpy(clear, sample, sizeof(clear));
    map_one(sample + 4, sizeof(sample) - 4);
    assert_entry(CBCS_COUNT_SIZE, 4 + HEADER, 340);
    assert_int_equal(cbcs_encrypt(cbcs, sample, sizeof(sample)), 0);
    for (size_t i = 0; i < 3; i++) {
        uint8_t *block = sample + 4 + HEADER + i * 160;
        assert_memory_equal(block, expected[i], 16);
        memcpy(block, clear + (block - sample), 16);
    }
    assert_memory_equal(sample, clear, sizeof(sample));               /* and no other byte */
    assert_int_equal(cbcs_encrypt(cbcs, sample, sizeof(sample)), -1); /* the map has no more */
}

static void a_long_slice_is_one_chain(void **state)
{
    size_t len = 4 + HEADER + 160 * 150;
    uint8_t *sample = malloc(len), *twice = malloc(len);

    (void)state;
    open_pictures();
    memset(sample, 0, 4);
    write_slice(sample + 4, len - 4);
    /* 150 blocks of the pattern, all alike: in one chain no two of them are */
    for (size_t i = 0; i < 150; i++)
        memset(sample + 4 + HEADER + i * 160, 0x77, 16);
    memcpy(twice, sample, len);
    map_one(sample + 4, len - 4);
    map_one(twice + 4, len - 4);
    assert_int_equal(cbcs_encrypt(cbcs, sample, len), 0);
    assert_int_equal(cbcs_encrypt(cbcs, twice, len), 0);
    assert_memory_equal(sample, twice, len);
    for (size_t i = 1; i < 150; i++)
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(sample + 4 + HEADER + i * 160, sample + 4 + HEADER + k * 160,
                                    16);
    free(sample);
    free(twice);
}

static void what_is_no_slice_stays_clear(void **state)
{
    uint8_t sei[40] = {6, 5}, slice[HEADER + 16], last[HEADER + 15];

    (void)state;
    open_pictures();
    write_slice(slice, sizeof(slice));
    write_slice(last, sizeof(last)); /* it has no whole block */
    cbcs_map_sample(cbcs);
    cbcs_map_nal(cbcs, sei, sizeof(sei), 4);
    cbcs_map_nal(cbcs, slice, sizeof(slice), 4);
    cbcs_map_nal(cbcs, last, sizeof(last), 4);
    cbcs_map_sample_end(cbcs);
    assert_int_equal(number(cbcs_map(cbcs)->data, 2), 2);
    assert_int_equal(cbcs_map(cbcs)->len, CBCS_COUNT_SIZE + 2 * CBCS_ENTRY_SIZE);
    assert_entry(CBCS_COUNT_SIZE, 4 + sizeof(sei) + 4 + HEADER, 16);
    assert_entry(CBCS_COUNT_SIZE + CBCS_ENTRY_SIZE, 4 + sizeof(last), 0);
}

static void a_slice_of_unknown_sets_has_more_clear(void **state)
{
    uint8_t slice[300];

    (void)state;
    cbcs = cbcs_create(&key, sets, 22); /* without the picture parameter set */
    cbcs_map_begin(cbcs);
    write_slice(slice, sizeof(slice));
    map_one(slice, sizeof(slice));
    assert_entry(CBCS_COUNT_SIZE, 4 + 128, 300 - 128);
}

static void a_long_clear_stretch_takes_several_subsamples(void **state)
{
    static uint8_t sei[150000] = {6};
    uint8_t slice[HEADER + 32];

    (void)state;
    open_pictures();
    write_slice(slice, sizeof(slice));
    cbcs_map_sample(cbcs);
    cbcs_map_nal(cbcs, sei, sizeof(sei), 4);
    cbcs_map_nal(cbcs, slice, sizeof(slice), 4);
    cbcs_map_sample_end(cbcs);
    assert_int_equal(number(cbcs_map(cbcs)->data, 2), 3);
    assert_entry(CBCS_COUNT_SIZE, 65535, 0);
    assert_entry(CBCS_COUNT_SIZE + CBCS_ENTRY_SIZE, 65535, 0);
    assert_entry(CBCS_COUNT_SIZE + 2 * CBCS_ENTRY_SIZE, 150000 - 131070 + 4 + 4 + HEADER, 32);
}

/* 'saiz' has a byte for the length of what says where a sample is protected: no more than 42
 * subsamples. A stranger may send more slices than that. */
static void the_last_subsample_takes_the_slices_that_are_too_many(void **state)
{
    const size_t slices = 60, len = HEADER + 64;
    uint8_t *sample = calloc(slices, 4 + len), *clear = malloc(slices * (4 + len));
    const size_t last = CBCS_COUNT_SIZE + 41 * CBCS_ENTRY_SIZE;

    (void)state;
    open_pictures();
    cbcs_map_sample(cbcs);
    for (size_t i = 0; i < slices; i++) {
        write_slice(sample + i * (4 + len) + 4, len);
        cbcs_map_nal(cbcs, sample + i * (4 + len) + 4, len, 4);
    }
    cbcs_map_sample_end(cbcs);
    assert_int_equal(number(cbcs_map(cbcs)->data, 2), 42);
    assert_int_equal(cbcs_map(cbcs)->len, last + CBCS_ENTRY_SIZE);
    assert_entry(last, 4 + HEADER, 64 + (slices - 42) * (4 + len));
    memcpy(clear, sample, slices * (4 + len));
    assert_int_equal(cbcs_encrypt(cbcs, sample, slices * (4 + len)), 0);
    assert_memory_not_equal(sample + 59 * (4 + len) - 200, clear + 59 * (4 + len) - 200, 200);
    free(sample);
    free(clear);
}

static void boxes_say_where_samples_are_protected(void **state)
{
    static const uint8_t expected[] = {
        0,   0,          0,   32,  's', 'e', 'n', 'c', 0, 0,          0, 2, 0, 0,  0, 2, 0,      1,
        0,   4 + HEADER, 0,   0,   0,   100, 0,   1,   0, 4 + HEADER, 0, 0, 0, 16, 0, 0, 0,      19,
        's', 'a',        'i', 'z', 0,   0,   0,   0,   0, 0,          0, 0, 2, 8,  8, 0, 0,      0,
        20,  's',        'a', 'i', 'o', 0,   0,   0,   0, 0,          0, 0, 1, 0,  0, 0, 10 + 16};
    uint8_t first[HEADER + 100], second[HEADER + 16], out[200];
    BoxWriter w = {out + 10};

    (void)state;
    open_pictures();
    write_slice(first, sizeof(first));
    write_slice(second, sizeof(second));
    map_one(first, sizeof(first));
    map_one(second, sizeof(second));
    cenc_put_boxes(&w, out, cbcs, 2);
    assert_int_equal(w.at - out - 10, sizeof(expected));
    assert_in_range(sizeof(expected), 0, cenc_boxes_room(cbcs, 2));
    assert_memory_equal(out + 10, expected, sizeof(expected));
}

static void boxes_of_sound_only_count(void **state)
{
    static const uint8_t expected[] = {0, 0, 0, 16, 's', 'e', 'n', 'c', 0, 0, 0, 0, 0, 0, 0, 7};
    uint8_t out[sizeof(expected)];
    BoxWriter w = {out};

    (void)state;
    cbcs = cbcs_create(&key, NULL, 0);
    cenc_put_boxes(&w, out, cbcs, 7);
    assert_ptr_equal(w.at, out + sizeof(out));
    assert_memory_equal(out, expected, sizeof(out));
}

static void no_initialisation_segment_is_changed_that_has_no_track(void **state)
{
    static const uint8_t moov[] = {0, 0, 0, 16, 'm', 'o', 'o', 'v', 0, 0, 0, 8, 't', 'r', 'a', 'k'};
    ByteBuffer init = {0};

    (void)state;
    cbcs = cbcs_create(&key, NULL, 0);
    byte_buffer_add(&init, moov, sizeof(moov));
    assert_int_equal(cenc_protect_init(&init, cbcs), -1);
    assert_int_equal(init.len, sizeof(moov));
    assert_memory_equal(init.data, moov, sizeof(moov));
    byte_buffer_free(&init);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_teardown(sound_is_encrypted_in_whole_blocks, teardown),
    cmocka_unit_test_teardown(pictures_are_encrypted_by_the_pattern, teardown),
    cmocka_unit_test_teardown(a_long_slice_is_one_chain, teardown),
    cmocka_unit_test_teardown(what_is_no_slice_stays_clear, teardown),
    cmocka_unit_test_teardown(a_slice_of_unknown_sets_has_more_clear, teardown),
    cmocka_unit_test_teardown(a_long_clear_stretch_takes_several_subsamples, teardown),
    cmocka_unit_test_teardown(the_last_subsample_takes_the_slices_that_are_too_many, teardown),
    cmocka_unit_test_teardown(boxes_say_where_samples_are_protected, teardown),
    cmocka_unit_test_teardown(boxes_of_sound_only_count, teardown),
    cmocka_unit_test_teardown(no_initialisation_segment_is_changed_that_has_no_track, teardown),
};
TEST_GROUP(cenc_cbcs, tests);
