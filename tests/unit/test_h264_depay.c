/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/ingest/video_depay.h"
#include "synthetic_sps.h"
#include "unit_of.h"

/* Of OpenH264 in Chromium, 1280x720, and of x264, 640x360. */
static const uint8_t sps_720[] = {0x67, 0x42, 0xC0, 0x20, 0x8C, 0x8D, 0x40, 0x28, 0x02, 0xDD,
                                  0x37, 0x01, 0x0D, 0x01, 0x07, 0x84, 0x42, 0x35, 0x00};
static const uint8_t sps_360[] = {0x67, 0x42, 0xC0, 0x1E, 0xD9, 0x00, 0xA0, 0x2F, 0xF9,
                                  0x70, 0x11, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00, 0x00,
                                  0x03, 0x00, 0x32, 0x0F, 0x16, 0x2E, 0x48};
static const uint8_t pps[] = {0x68, 0xCE, 0x3C, 0x80};
#define IDR_SLICE 0x65, 0x88, 0x84, 0x01
#define SLICE     0x41, 0x9A, 0x02, 0x03

#define DELIMITER "\0\0\0\1\x09\xF0"

static VideoDepay *depay;
static AccessUnit unit;
static uint16_t sequence;

static int setup(void **state)
{
    (void)state;
    sequence = 0;
    depay = video_depay_create(CODEC_H264);
    return depay ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    video_depay_destroy(&depay);
    assert_null(depay);
    return 0;
}

static void push_lost(const void *payload, size_t len, int64_t ts, bool marker, uint32_t lost)
{
    RtpPacket packet = {
        .sequence = sequence++, .payload = payload, .payload_len = len, .marker = marker};

    video_depay_push(depay, &packet, ts, ts, lost, false);
}

static void push(const void *payload, size_t len, int64_t ts, bool marker)
{
    push_lost(payload, len, ts, marker, 0);
}

#define PUSH(ts, marker, ...)                                                                      \
    push((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), ts, marker)

/* SPS and PPS as Chrome sends them: together in one STAP-A. */
static void push_sets(const uint8_t *sps, size_t len, int64_t ts, uint32_t lost)
{
    uint8_t stap[64] = {24, 0, (uint8_t)len};

    memcpy(stap + 3, sps, len);
    stap[3 + len + 1] = sizeof(pps);
    memcpy(stap + 3 + len + 2, pps, sizeof(pps));
    push_lost(stap, 3 + len + 2 + sizeof(pps), ts, false, lost);
}

static void push_idr(int64_t ts)
{
    push_sets(sps_720, sizeof(sps_720), ts, 0);
    PUSH(ts, true, IDR_SLICE);
}

static bool pop(void)
{
    return video_depay_pop(depay, &unit);
}

static void assert_unit(const void *expected, size_t len)
{
    assert_int_equal(unit.len, len);
    assert_memory_equal(unit.data, expected, len);
    /* and its table says what a walk over it finds */
    AccessUnit walked = unit_of(unit.data, unit.len, unit.idr);
    assert_int_equal(unit.nals, walked.nals);
    assert_memory_equal(unit.nal, walked.nal, walked.nals * sizeof(NalUnit));
}

static void sets_stand_before_an_idr_picture(void **state)
{
    uint8_t expected[64] = DELIMITER "\0\0\0\1";
    size_t n = 10;

    (void)state;
    push_idr(3000);
    assert_true(pop());
    memcpy(expected + n, sps_720, sizeof(sps_720));
    n += sizeof(sps_720);
    memcpy(expected + n, "\0\0\0\1", 4);
    memcpy(expected + n + 4, pps, sizeof(pps));
    n += 4 + sizeof(pps);
    memcpy(expected + n, "\0\0\0\1\x65\x88\x84\x01", 8);
    assert_unit(expected, n + 8);
    assert_true(unit.idr);
    assert_false(unit.restart);
    assert_int_equal(unit.rtp_ts, 3000);
    assert_false(pop());
    assert_int_equal(video_depay_format(depay)->width, 1280);
    assert_int_equal(video_depay_format(depay)->height, 720);
}

/* More than any sender cuts a picture into: the table has an end, and who goes beyond it is not
 * shown. */
static void slices_beyond_bounds_are_refused(void **state)
{
    (void)state;
    push_idr(1);
    assert_true(pop());
    for (int i = 0; i < 2046; i++) /* and a delimiter */
        PUSH(2, false, SLICE);
    PUSH(2, true, SLICE);
    assert_true(pop());
    assert_int_equal(unit.nals, 2048);
    for (int i = 0; i < 2047; i++)
        PUSH(3, false, SLICE);
    PUSH(3, true, SLICE);
    assert_false(pop());
    assert_int_equal(video_depay_stats(depay).damaged, 1);
}

static void nothing_comes_before_an_idr_picture(void **state)
{
    (void)state;
    assert_true(video_depay_needs_key(depay));
    PUSH(1, true, SLICE);
    assert_false(pop());
    PUSH(2, true, IDR_SLICE); /* without parameter sets it is none */
    assert_false(pop());
    push_idr(3);
    assert_true(pop());
    assert_false(video_depay_needs_key(depay));
    PUSH(4, true, SLICE);
    assert_true(pop());
    assert_unit(DELIMITER "\0\0\0\1\x41\x9A\x02\x03", 14);
    assert_false(unit.idr);
    assert_int_equal(video_depay_stats(depay).undecodable, 1);
}

static void sets_from_outside_the_stream_are_used(void **state)
{
    (void)state;
    assert_int_equal(video_depay_add_parameter_set(depay, sps_720, sizeof(sps_720)), 0);
    assert_int_equal(video_depay_add_parameter_set(depay, pps, sizeof(pps)), 0);
    assert_int_equal(video_depay_add_parameter_set(depay, (const uint8_t *)"\x65\x88", 2), -1);
    PUSH(1, true, IDR_SLICE);
    assert_true(pop());
    assert_int_equal(unit.len, 6 + 4 + sizeof(sps_720) + 4 + sizeof(pps) + 8);
}

static void fragments_are_put_together(void **state)
{
    (void)state;
    push_sets(sps_720, sizeof(sps_720), 1, 0);
    PUSH(1, false, 0x7C, 0x85, 0x88, 1);
    PUSH(1, false, 0x7C, 0x05, 2, 3);
    assert_false(pop());
    PUSH(1, true, 0x7C, 0x45, 4);
    assert_true(pop());
    assert_true(unit.idr);
    assert_memory_equal(unit.data + unit.len - 10, "\0\0\0\1\x65\x88\1\2\3\4", 10);
}

static void sei_larger_than_a_packet_is_left_out(void **state)
{
    (void)state;
    push_sets(sps_720, sizeof(sps_720), 1, 0);
    PUSH(1, false, 0x1C, 0x86, 5, 1);
    PUSH(1, false, 0x1C, 0x06, 2, 3);
    PUSH(1, false, 0x1C, 0x46, 0x80);
    PUSH(1, true, IDR_SLICE);
    assert_true(pop());
    assert_int_equal(unit.len, 6 + 4 + sizeof(sps_720) + 4 + sizeof(pps) + 8);
    assert_int_equal(video_depay_stats(depay).malformed, 0);
}

/* What players need not have is left out, if a sender may make it larger than a packet; nobody
 * makes the others so, and bytes of another codec look like them now and then. */
static void no_other_nal_unit_comes_in_fragments(void **state)
{
    (void)state;
    for (uint8_t type = 0; type < 32; type++) {
        bool picture = type >= 1 && type <= 5;
        bool left_out = type == 6 || type == 12 || type == 19 || type == 20;
        uint64_t before = video_depay_stats(depay).malformed;
        push_idr(2 * type);
        assert_true(pop());
        PUSH(2 * type + 1, false, 0x1C, 0x80 | type, 5, 1);
        PUSH(2 * type + 1, false, 0x1C, 0x40 | type, 2, 3);
        PUSH(2 * type + 1, true, SLICE);
        bool good = pop();
        assert_row(good == (picture || left_out), "fragments", "type %d: %d", type, good);
        assert_row(good == (video_depay_stats(depay).malformed == before), "malformed", "type %d",
                   type);
    }
}

static void several_slices_are_one_picture(void **state)
{
    (void)state;
    push_sets(sps_720, sizeof(sps_720), 1, 0);
    PUSH(1, false, IDR_SLICE);
    PUSH(1, true, 0x65, 0x11);
    assert_true(pop());
    assert_memory_equal(unit.data + unit.len - 6, "\0\0\0\1\x65\x11", 6);
}

/* A sender that never sets the marker, and one whose last packet is a whole picture itself. */
static void a_new_timestamp_ends_a_picture(void **state)
{
    (void)state;
    push_sets(sps_720, sizeof(sps_720), 1, 0);
    PUSH(1, false, IDR_SLICE);
    assert_false(pop());
    PUSH(2, true, SLICE);
    assert_true(pop());
    assert_int_equal(unit.rtp_ts, 1);
    assert_true(pop());
    assert_int_equal(unit.rtp_ts, 2);
    assert_false(pop());
}

static void a_loss_is_followed_by_nothing_but_an_idr_picture(void **state)
{
    static const uint8_t slice[] = {SLICE};

    (void)state;
    push_idr(1);
    assert_true(pop());
    push_lost(slice, sizeof(slice), 3, true, 1); /* a whole picture may be missing before it */
    assert_false(pop());
    assert_true(video_depay_needs_key(depay));
    PUSH(4, true, SLICE);
    assert_false(pop());
    push_idr(5);
    assert_true(pop());
    assert_int_equal(unit.rtp_ts, 5);
    assert_false(video_depay_needs_key(depay));
}

static void a_hole_in_a_picture_drops_it(void **state)
{
    static const uint8_t end[] = {0x7C, 0x45, 4};

    (void)state;
    push_sets(sps_720, sizeof(sps_720), 1, 0);
    PUSH(1, false, 0x7C, 0x85, 0x88, 1);
    push_lost(end, sizeof(end), 1, true, 1);
    assert_false(pop());
    assert_int_equal(video_depay_stats(depay).damaged, 1);
    push_idr(2);
    assert_true(pop());
}

/* Behind a loss an IDR picture that begins with its parameter sets is whole; one that begins with a
 * slice may have lost others. */
static void an_idr_picture_right_behind_a_loss(void **state)
{
    static const uint8_t slice[] = {IDR_SLICE};

    (void)state;
    push_idr(1);
    assert_true(pop());
    push_lost(slice, sizeof(slice), 2, true, 3);
    assert_false(pop());
    push_sets(sps_720, sizeof(sps_720), 3, 3);
    PUSH(3, true, IDR_SLICE);
    assert_true(pop());
    assert_int_equal(unit.rtp_ts, 3);
}

static void another_size_restarts_decoders(void **state)
{
    (void)state;
    push_idr(1);
    assert_true(pop());
    push_idr(2);
    assert_true(pop());
    assert_false(unit.restart);
    push_sets(sps_360, sizeof(sps_360), 3, 0);
    PUSH(3, true, IDR_SLICE);
    assert_true(pop());
    assert_true(unit.restart);
    assert_int_equal(video_depay_format(depay)->width, 640);
}

/* Both sets are there all along; the slice says which one it is. */
static void another_size_may_be_one_that_was_sent_before(void **state)
{
    static const int widths[] = {1280, 640, 640, 1280};
    static const bool restarts[] = {false, true, false, true};
    uint8_t sps[32];

    (void)state;
    push(sps, synthetic_sps_of(0, 80, 45, sps), 0, false);
    push(sps, synthetic_sps_of(1, 40, 30, sps), 0, false);
    for (size_t i = 0; i < 2; i++)
        push(synthetic_pps[i], sizeof(synthetic_pps[i]), 0, false);
    for (size_t i = 0; i < COUNT(widths); i++) {
        push(synthetic_idr[widths[i] == 640], sizeof(synthetic_idr[0]), (int64_t)i, true);
        assert_true(pop());
        assert_int_equal(video_depay_format(depay)->width, widths[i]);
        assert_int_equal(unit.restart, restarts[i]);
    }
}

static void padding_is_nothing(void **state)
{
    (void)state;
    push_idr(1);
    assert_true(pop());
    push("", 0, 1, false);
    PUSH(2, true, SLICE);
    assert_true(pop());
    assert_int_equal(video_depay_stats(depay).malformed, 0);
}

static void sei_stands_behind_the_sets(void **state)
{
    (void)state;
    PUSH(1, false, 0x06, 0x05, 0x01);
    push_sets(sps_720, sizeof(sps_720), 1, 0);
    PUSH(1, true, IDR_SLICE);
    assert_true(pop());
    assert_memory_equal(unit.data + unit.len - 15, "\0\0\0\1\x06\x05\x01\0\0\0\1\x65\x88\x84\x01",
                        15);
    assert_int_equal(unit.data[10] & 0x1F, 7);
}

static void what_cannot_be_read_damages_its_picture_alone(void **state)
{
    static const struct {
        const char *name;
        uint8_t payload[8];
        size_t len;
    } rows[] = {
        {"type 0", {0x00, 1}, 2},
        {"STAP-B", {0x79, 0, 0, 0, 1, 0x41}, 6},
        {"FU-B", {0x7D, 0x81, 0, 0, 1}, 5},
        {"FU-A of one byte", {0x7C}, 1},
        {"FU-A without data", {0x7C, 0x81}, 2},
        {"FU-A that has not begun", {0x7C, 0x01, 1}, 3},
        {"FU-A of parameter sets", {0x7C, 0x87, 0x42, 0x00}, 4},
        {"STAP-A of nothing", {0x78, 0, 0}, 3},
        {"STAP-A longer than the packet", {0x78, 0, 9, 0x41}, 4},
        {"STAP-A with a tail", {0x78, 0, 1, 0x41, 0}, 5},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t ts = (int64_t)i * 10;
        push_idr(ts);
        assert_row(pop(), rows[i].name, "no picture before");
        PUSH(ts + 1, false, SLICE);
        push(rows[i].payload, rows[i].len, ts + 1, true);
        assert_row(!pop(), rows[i].name, "a damaged picture came out");
        assert_row(video_depay_needs_key(depay), rows[i].name, "no need of an IDR");
        assert_row(video_depay_stats(depay).damaged == i + 1, rows[i].name, "not counted");
    }
}

/* VP8 under H.264's payload type: its descriptor begins each packet (RFC 7741 section 4.2). */
static void another_codec_cannot_be_read(void **state)
{
    static const uint8_t first[] = {0x90, 0x80, 0x10, 0x00, 0x80};

    (void)state;
    for (size_t i = 0; i < COUNT(first); i++) {
        PUSH(1000 * (int64_t)i, true, first[i], 0xE0, 0x12, 0x34, 0x9D, 0x01, 0x2A);
        assert_false(pop());
        assert_int_equal(video_depay_stats(depay).malformed, i + 1);
    }
    assert_false(video_depay_stats(depay).has_sets);
    push_idr(10000);
    assert_true(pop());
    assert_true(video_depay_stats(depay).has_sets);
}

static void a_picture_beyond_all_measure_is_dropped(void **state)
{
    static uint8_t part[1400] = {0x7C, 0x05};

    (void)state;
    push_sets(sps_720, sizeof(sps_720), 1, 0);
    PUSH(1, false, 0x7C, 0x85, 0x88);
    for (int i = 0; i < 2000; i++)
        push(part, sizeof(part), 1, false);
    PUSH(1, true, 0x7C, 0x45, 1);
    assert_false(pop());
    push_idr(2);
    assert_true(pop());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(sets_stand_before_an_idr_picture),
    TEST(nothing_comes_before_an_idr_picture),
    TEST(slices_beyond_bounds_are_refused),
    TEST(sets_from_outside_the_stream_are_used),
    TEST(fragments_are_put_together),
    TEST(several_slices_are_one_picture),
    TEST(a_new_timestamp_ends_a_picture),
    TEST(a_loss_is_followed_by_nothing_but_an_idr_picture),
    TEST(a_hole_in_a_picture_drops_it),
    TEST(an_idr_picture_right_behind_a_loss),
    TEST(another_size_restarts_decoders),
    TEST(another_size_may_be_one_that_was_sent_before),
    TEST(padding_is_nothing),
    TEST(sei_stands_behind_the_sets),
    TEST(what_cannot_be_read_damages_its_picture_alone),
    TEST(another_codec_cannot_be_read),
    TEST(a_picture_beyond_all_measure_is_dropped),
    TEST(sei_larger_than_a_packet_is_left_out),
    TEST(no_other_nal_unit_comes_in_fragments),
};

TEST_GROUP(h264_depay, tests);
