/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "depay_rig.h"

#include "hls-bridge/codec/h265_parameter_sets.h"

/* Of x265, 320x180. */
#define VPS                                                                                        \
    0x40, 0x01, 0x0C, 0x01, 0xFF, 0xFF, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00,      \
        0x03, 0x00, 0x00, 0x03, 0x00, 0x3C, 0x95, 0x94, 0x09
#define SPS                                                                                        \
    0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00,      \
        0x03, 0x00, 0x3C, 0xA0, 0x0A, 0x08, 0x0C, 0x1F, 0x3E, 0x59, 0x59, 0x52, 0x93, 0x0B, 0xC0,  \
        0x5A, 0x02, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00, 0x00, 0x03, 0x00, 0x3C, 0x10
#define PPS   0x44, 0x01, 0xC0, 0x73, 0xC1, 0x89
#define IDR   0x28, 0x01, 0xAC, 0x21
#define CRA   0x2A, 0x01, 0xAC, 0x22
#define SLICE 0x02, 0x01, 0xD0, 0x09
#define RASL  0x10, 0x01, 0xD0, 0x0A
#define SEI   0x4E, 0x01, 0x05, 0x01
#define AFTER 0x50, 0x01, 0x84, 0x80 /* a suffix SEI */
#define EOS   0x48, 0x01

#define CODE     0, 0, 0, 1
#define OUT_AUD  CODE, 0x46, 0x01, 0x50
#define OUT_SETS CODE, VPS, CODE, SPS, CODE, PPS
#define OUT_IDR  OUT_AUD, OUT_SETS, CODE, IDR

/* An aggregation packet of all parameter sets, as Chromium sends it. */
#define AP   0x60, 0x01
#define SETS AP, 0, 24, VPS, 0, 43, SPS, 0, 6, PPS

static int setup(void **state)
{
    (void)state;
    return depay_rig_open(CODEC_H265);
}

static void push_idr(int64_t ts)
{
    PUSH(ts, false, SETS);
    PUSH(ts, true, IDR);
}

static void a_key_frame_with_sets_comes_first(void **state)
{
    (void)state;
    PUSH(1, true, SLICE);
    assert_false(pop());
    PUSH(2, true, IDR); /* without parameter sets it is none */
    assert_false(pop());
    assert_false(video_depay_stats(rig.depay).has_sets);
    push_idr(3);
    REQUIRE_KEY(OUT_IDR);
    assert_int_equal(rig.unit.nals, 5);
    assert_int_equal(rig.unit.nal[4].len, 4);
    PUSH(4, true, SLICE);
    REQUIRE_PICTURE(OUT_AUD, CODE, SLICE);
    require_counts(2, 1, 1);
    assert_true(video_depay_stats(rig.depay).has_sets);
    const VideoFormat *format = video_depay_format(rig.depay);
    assert_int_equal(format->width, 320);
    assert_int_equal(format->height, 180);
    assert_int_equal(format->bit_depth, 8);
    assert_int_equal(format->chroma_format, 1);
    assert_string_equal(format->name, "hvc1.1.6.L60.90");
}

static void sets_stand_before_every_key_frame(void **state)
{
    (void)state;
    PUSH(1, false, VPS);
    PUSH(1, false, PPS);
    PUSH(1, false, SPS); /* in whatever order they come */
    PUSH(1, true, CRA);
    REQUIRE_KEY(OUT_AUD, OUT_SETS, CODE, CRA);
    PUSH(2, true, IDR);
    REQUIRE_KEY(OUT_IDR);
    PUSH(3, false, PPS); /* and before another picture if it brings some */
    PUSH(3, true, SLICE);
    REQUIRE_PICTURE(OUT_AUD, OUT_SETS, CODE, SLICE);
    PUSH(4, true, PPS); /* alone they are no picture */
    assert_false(pop());
}

static void sets_from_outside_the_stream_are_used(void **state)
{
    (void)state;
    assert_int_equal(video_depay_add_parameter_set(rig.depay, BYTES(VPS)), 0);
    assert_int_equal(video_depay_add_parameter_set(rig.depay, BYTES(SPS)), 0);
    assert_int_equal(video_depay_add_parameter_set(rig.depay, BYTES(PPS)), 0);
    assert_int_equal(video_depay_add_parameter_set(rig.depay, BYTES(SLICE)), -1);
    PUSH(1, true, IDR);
    REQUIRE_KEY(OUT_IDR);
}

/* Puts bits into a NAL unit, with the bytes that keep start codes out of it. */
typedef struct Writer {
    uint8_t nal[64];
    size_t len;
    unsigned byte, bits, zeros;
} Writer;

static void put_bits(Writer *w, unsigned count, uint64_t value)
{
    while (count-- > 0) {
        w->byte = w->byte << 1 | (value >> count & 1);
        if (++w->bits % 8 != 0)
            continue;
        if (w->zeros == 2 && (w->byte & 0xFF) <= 3) {
            w->nal[w->len++] = 3;
            w->zeros = 0;
        }
        w->nal[w->len++] = (uint8_t)w->byte;
        w->zeros = (w->byte & 0xFF) == 0 ? w->zeros + 1 : 0;
    }
}

static void put_ue(Writer *w, unsigned value)
{
    unsigned length = 0;

    while ((value + 1) >> (length + 1))
        length++;
    put_bits(w, 2 * length + 1, value + 1);
}

static void push_set(int64_t ts, Writer *w)
{
    put_bits(w, 8, 0x80); /* the end; what is not looked at may lack */
    push_lost(0, ts, false, w->nal, w->len);
}

/* A stream may have several sets, and the newest is not the one that a picture is of. */
static void a_picture_is_what_the_sets_say_that_it_names(void **state)
{
    Writer sps = {.nal = {0x42, 0x01}, .len = 2}, pps = {.nal = {0x44, 0x01}, .len = 2};

    (void)state;
    put_bits(&sps, 8, 1);              /* VPS 0, one sub-layer */
    put_bits(&sps, 8, 2);              /* Main 10 */
    put_bits(&sps, 32, 1u << 29);      /* compatible with that */
    put_bits(&sps, 48, 0xB0ull << 40); /* constraints */
    put_bits(&sps, 8, 93);             /* level 3.1 */
    put_ue(&sps, 1);                   /* its id */
    put_ue(&sps, 1);                   /* 4:2:0 */
    put_ue(&sps, 1280);
    put_ue(&sps, 736);
    put_bits(&sps, 1, 1); /* the conformance window */
    for (unsigned side = 0; side < 4; side++)
        put_ue(&sps, side == 3 ? 8 : 0);
    put_ue(&sps, 2); /* 10 bits, of luma and chroma */
    put_ue(&sps, 2);
    put_ue(&sps, 4);
    put_bits(&sps, 1, 1);
    put_ue(&sps, 4); /* pictures that are kept, */
    put_ue(&sps, 2); /* and come in another order */
    put_ue(&sps, 0);
    for (unsigned size = 0; size < 6; size++)
        put_ue(&sps, 0);
    put_bits(&sps, 4, 0);
    put_ue(&sps, 0); /* reference picture sets */
    put_ue(&pps, 1); /* its id, and that of its sequence parameter set */
    put_ue(&pps, 1);

    push_set(1, &sps);
    push_set(1, &pps);
    PUSH(1, false, SETS);
    PUSH(1, true, 0x28, 0x01, 0x97, 0x21); /* an IDR picture of set 1 */
    assert_true(pop());
    const VideoFormat *format = video_depay_format(rig.depay);
    assert_string_equal(format->name, "hvc1.2.4.L93.B0");
    assert_int_equal(format->width, 1280);
    assert_int_equal(format->height, 720);
    assert_int_equal(format->bit_depth, 10);
    assert_int_equal(format->max_reorder_frames, 2);
    PUSH(2, true, IDR); /* of set 0 */
    assert_true(pop());
    assert_string_equal(format->name, "hvc1.1.6.L60.90");
    assert_int_equal(format->width, 320);
    PUSH(3, true, 0x28, 0x01, 0x89, 0x21); /* of set 3, which is not there: the newest counts */
    assert_true(pop());
    assert_int_equal(format->width, 320);
}

static void fragments_and_aggregates_are_read(void **state)
{
    (void)state;
    PUSH(1, false, SETS);
    PUSH(1, false, 0x62, 0x01, 0x80 | 20, 0xAC);
    PUSH(1, false, 0x62, 0x01, 20, 0x21);
    PUSH(1, true, 0x62, 0x01, 0x40 | 20, 0x22);
    REQUIRE_KEY(OUT_AUD, OUT_SETS, CODE, IDR, 0x22);
    PUSH(2, true, AP, 0, 4, SEI, 0, 4, SLICE, 0, 4, SLICE);
    REQUIRE_PICTURE(OUT_AUD, CODE, SEI, CODE, SLICE, CODE, SLICE);
}

static void what_players_need_not_have_is_left_out(void **state)
{
    (void)state;
    push_idr(1);
    REQUIRE_KEY(OUT_IDR);
    PUSH(2, false, 0x46, 0x01, 0x30); /* its own delimiter */
    PUSH(2, false, AFTER);            /* before a picture it means nothing */
    PUSH(2, false, SEI);
    PUSH(2, false, SLICE);
    PUSH(2, false, 0x02, 0x09, 0xD0, 0x0A);     /* another layer */
    PUSH(2, false, 0x62, 0x09, 0x80 | 1, 0xD0); /* the same in pieces */
    PUSH(2, false, 0x62, 0x09, 0x40 | 1, 0xD1);
    PUSH(2, false, AFTER);
    PUSH(2, true, EOS);
    REQUIRE_PICTURE(OUT_AUD, CODE, SEI, CODE, SLICE, CODE, AFTER);
    PUSH(3, true, CRA);
    REQUIRE_KEY(OUT_AUD, OUT_SETS, CODE, CRA);
    PUSH(4, true, RASL); /* it may refer to what is before the CRA picture */
    assert_false(pop());
    assert_false(video_depay_needs_key(rig.depay));
    require_counts(3, 0, 0);
}

/* x265 writes all its options into one that fills more than a packet. */
static void sei_larger_than_a_packet_is_left_out(void **state)
{
    (void)state;
    PUSH(1, false, SETS);
    PUSH(1, false, 0x62, 0x01, 0x80 | 39, 0x05);
    PUSH(1, false, 0x62, 0x01, 39, 0xFF);
    PUSH(1, false, 0x62, 0x01, 0x40 | 39, 0x80);
    PUSH(1, false, IDR);
    PUSH(1, false, 0x62, 0x01, 0x80 | 40, 0x84); /* a suffix */
    PUSH(1, true, 0x62, 0x01, 0x40 | 40, 0x80);
    REQUIRE_KEY(OUT_IDR);
    require_counts(1, 0, 0);
}

static void loss_waits_for_the_next_key_frame(void **state)
{
    (void)state;
    push_idr(1);
    assert_true(pop());
    PUSH(2, false, 0x62, 0x01, 0x80 | 1, 0xD0); /* the middle of a slice */
    PUSH_LOST(1, 2, true, 0x62, 0x01, 0x40 | 1, 0xD0);
    assert_false(pop());
    PUSH(3, false, 0x62, 0x01, 0x80 | 1, 0xD0); /* the end of one, and the beginning of the next */
    PUSH_LOST(1, 4, true, 0x62, 0x01, 0x40 | 1, 0xD0);
    assert_false(pop());
    require_counts(1, 3, 0);
    PUSH_LOST(1, 5, true, IDR); /* slices of it may be lost */
    assert_false(pop());
    PUSH(6, true, SLICE);
    assert_false(pop());
    require_counts(1, 4, 1);
    PUSH_LOST(1, 7, false, SETS);
    PUSH(7, true, IDR);
    REQUIRE_KEY(OUT_IDR);
}

static void a_fragment_without_its_end_damages(void **state)
{
    (void)state;
    push_idr(1);
    assert_true(pop());
    PUSH(2, false, 0x62, 0x01, 0x80 | 1, 0xD0);
    PUSH(2, true, SLICE);
    assert_false(pop());
    push_idr(3);
    assert_true(pop());
    PUSH(4, false, 0x62, 0x01, 0x80 | 1, 0xD0); /* nor with another timestamp behind it */
    push_idr(5);
    REQUIRE_KEY(OUT_IDR);
    require_counts(3, 2, 0);
}

static void units_of_one_timestamp_are_told_apart(void **state)
{
    (void)state;
    push_idr(1);
    assert_true(pop());
    push_lost(0, 9, false, "", 0);
    PUSH(1, true, SLICE);
    REQUIRE_PICTURE(OUT_AUD, CODE, SLICE);
    PUSH(1, false, SLICE); /* without a marker it ends with the next one's timestamp */
    PUSH(2, false, SLICE);
    REQUIRE_PICTURE(OUT_AUD, CODE, SLICE);
}

static void what_cannot_be_read_is_dropped(void **state)
{
    static const struct {
        const char *name;
        uint8_t payload[10];
        size_t len;
    } rows[] = {
        {"half a header", {0x02}, 1},
        {"the forbidden bit", {0x82, 0x01, 1}, 3},
        {"temporal ID 0", {0x02, 0x00, 1}, 3},
        {"PACI", {0x64, 0x01, 1, 2}, 4},
        {"an aggregate that is cut short", {AP, 0, 9, SLICE}, 8},
        {"an aggregate with a byte too many", {AP, 0, 4, SLICE, 0}, 9},
        {"an aggregate within an aggregate", {AP, 0, 4, AP, 0, 0}, 8},
        {"half a NAL unit in an aggregate", {AP, 0, 1, 2}, 5},
        {"an empty fragment", {0x62, 0x01, 0x80 | 1}, 3},
        {"a fragment without its beginning", {0x62, 0x01, 1, 2}, 4},
        {"a fragmented parameter set", {0x62, 0x01, 0x80 | 33, 1}, 4},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        require_malformed(rows[i].name, rows[i].payload, rows[i].len);
    uint64_t before = video_depay_stats(rig.depay).malformed;
    PUSH(1, false, 0x62, 0x01, 0x80 | 1, 0xD0);
    PUSH(1, true, 0x62, 0x01, 0x80 | 1, 0xD0); /* a beginning within a fragment */
    assert_int_equal(video_depay_stats(rig.depay).malformed, before + 1);
    PUSH(2, true, 0x42, 0x01, 0x01, 0x01); /* a parameter set that is cut short */
    assert_int_equal(video_depay_stats(rig.depay).malformed, before + 2);
}

/* Every length of a parameter set can be read without harm. */
static void sets_that_are_cut_short_are_refused(void **state)
{
    static const uint8_t sps[] = {SPS};
    VideoFormat format;
    size_t least = 0;

    (void)state;
    for (size_t len = 0; len <= sizeof(sps); len++) {
        uint8_t *copy = guarded_copy(sps, len);
        if (!h265_sps_format(copy, len, &format))
            least = len + 1;
        guarded_free(copy, len);
    }
    assert_in_range(least, 20, sizeof(sps)); /* all behind it is VUI, which nobody needs */
}

/* The muxer would count four billions of references, behind the end of the set. */
static void more_references_than_can_be_are_refused(void **state)
{
    uint8_t sps[] = {SPS};
    uint8_t *at = memchr(sps, 0x52, sizeof(sps));
    VideoFormat format;

    (void)state;
    assert_true(h265_sps_format(sps, sizeof(sps), &format));
    assert_non_null(at);
    *at = 0x7F;
    assert_false(h265_sps_format(sps, sizeof(sps), &format));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(a_key_frame_with_sets_comes_first, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(sets_stand_before_every_key_frame, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(sets_from_outside_the_stream_are_used, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(a_picture_is_what_the_sets_say_that_it_names, setup,
                                    depay_rig_close),
    cmocka_unit_test_setup_teardown(fragments_and_aggregates_are_read, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(what_players_need_not_have_is_left_out, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(loss_waits_for_the_next_key_frame, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(sei_larger_than_a_packet_is_left_out, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(a_fragment_without_its_end_damages, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(units_of_one_timestamp_are_told_apart, setup, depay_rig_close),
    cmocka_unit_test_setup_teardown(what_cannot_be_read_is_dropped, setup, depay_rig_close),
    cmocka_unit_test(sets_that_are_cut_short_are_refused),
    cmocka_unit_test(more_references_than_can_be_are_refused),
};
TEST_GROUP(h265_depay, tests);
