/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "rtcp_packet.h"

/* Packets as they stand in a datagram; the third and fourth byte are the length in words, less 1.
 */
#define SSRC_7         0, 0, 0, 7
#define EMPTY_RR       0x80, 201, 0, 1, SSRC_7
#define PLI            0x81, 206, 0, 2, SSRC_7, 0, 0, 0, 9
#define FIR            0x84, 206, 0, 4, SSRC_7, 0, 0, 0, 0, 0, 0, 0, 9, 1, 0, 0, 0
#define BYE            0x81, 203, 0, 1, SSRC_7
#define SDES           0x81, 202, 0, 2, SSRC_7, 1, 1, 'x', 0
#define SR(count, len) 0x80 | (count), 200, 0, len, SSRC_7
#define SR_BODY                                                                                    \
    0xE8, 0xFE, 0x6D, 0x80, 0x40, 0, 0, 0, 0xDE, 0xAD, 0xBE, 0xEF, 0, 0, 1, 0, 0, 2, 0, 0

static void walks_a_datagram(void **state)
{
    static const struct {
        const char *name;
        uint8_t bytes[80];
        size_t len;
        int types[4]; /* up to the first -1 */
    } rows[] = {
        {"empty", {0}, 0, {-1}},
        {"cut short in the header", {EMPTY_RR}, 3, {-1}},
        {"version 1", {0x40, 201, 0, 1, SSRC_7}, 8, {-1}},
        {"version 3", {0xC0, 201, 0, 1, SSRC_7}, 8, {-1}},
        {"receiver report", {EMPTY_RR}, 8, {RTCP_OTHER, -1}},
        {"a byte is missing", {EMPTY_RR}, 7, {-1}},
        {"header alone", {0x80, 201, 0, 0}, 4, {RTCP_OTHER, -1}},
        {"sender report", {SR(0, 6), SR_BODY}, 28, {RTCP_SENDER_REPORT, -1}},
        {"sender report with a block", {SR(1, 12), SR_BODY}, 52, {RTCP_SENDER_REPORT, -1}},
        {"sender report without its times", {SR(0, 5), SR_BODY}, 24, {RTCP_OTHER, -1}},
        {"bye", {BYE}, 8, {RTCP_BYE, -1}},
        {"bye of nobody", {0x80, 203, 0, 1, SSRC_7}, 8, {RTCP_OTHER, -1}},
        {"bye without an SSRC", {0x81, 203, 0, 0}, 4, {RTCP_OTHER, -1}},
        {"picture loss", {PLI}, 12, {RTCP_KEYFRAME_REQUEST, -1}},
        {"picture loss cut short", {0x81, 206, 0, 1, SSRC_7}, 8, {RTCP_OTHER, -1}},
        {"full intra request", {FIR}, 20, {RTCP_KEYFRAME_REQUEST, -1}},
        {"REMB", {0x8F, 206, 0, 2, SSRC_7, 0, 0, 0, 0}, 12, {RTCP_OTHER, -1}},
        {"NACK", {0x81, 205, 0, 3, SSRC_7, 0, 0, 0, 9, 0, 1, 0, 0}, 16, {RTCP_OTHER, -1}},
        {"source description", {SDES}, 12, {RTCP_OTHER, -1}},
        {"compound",
         {EMPTY_RR, SDES, PLI},
         32,
         {RTCP_OTHER, RTCP_OTHER, RTCP_KEYFRAME_REQUEST, -1}},
        {"damage behind what is good",
         {EMPTY_RR, PLI, 0x81, 206, 0, 9},
         24,
         {RTCP_OTHER, RTCP_KEYFRAME_REQUEST, -1}},
        {"zeros behind what is good", {PLI, 0, 0, 0, 0}, 16, {RTCP_KEYFRAME_REQUEST, -1}},
        {"the greatest length", {0x80, 201, 0xFF, 0xFF, SSRC_7}, 80, {-1}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t *bytes = guarded_copy(rows[i].bytes, rows[i].len);
        RtcpPacket packet;
        size_t at = 0, n = 0;
        for (; rtcp_next(bytes, rows[i].len, &at, &packet); n++)
            assert_row((int)packet.type == rows[i].types[n], rows[i].name, "%d at %zu", packet.type,
                       n);
        assert_row(rows[i].types[n] == -1, rows[i].name, "ends after %zu", n);
        guarded_free(bytes, rows[i].len);
    }
}

static void reads_a_sender_report(void **state)
{
    static const uint8_t bytes[] = {SR(0, 6), SR_BODY};
    RtcpPacket packet;
    size_t at = 0;

    (void)state;
    assert_true(rtcp_next(bytes, sizeof(bytes), &at, &packet));
    assert_int_equal(at, sizeof(bytes));
    assert_int_equal(packet.ssrc, 7);
    assert_true(packet.ntp == 0xE8FE6D8040000000u);
    assert_true(packet.rtp_timestamp == 0xDEADBEEFu);
    assert_int_equal(rtcp_ntp_middle(packet.ntp), 0x6D804000);
}

static void stops_wherever_it_is_cut(void **state)
{
    static const uint8_t bytes[] = {SR(0, 6), SR_BODY, SDES, FIR, BYE};
    static const size_t ends[] = {28, 40, 60, 68};

    (void)state;
    assert_int_equal(sizeof(bytes), 68);
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        uint8_t *cut = guarded_copy(bytes, len);
        RtcpPacket packet;
        size_t at = 0, n = 0, whole = 0;
        while (whole < COUNT(ends) && ends[whole] <= len)
            whole++;
        while (rtcp_next(cut, len, &at, &packet))
            n++;
        assert_row(n == whole, "cut", "%zu packets of %zu bytes", n, len);
        guarded_free(cut, len);
    }
}

static void writes_a_pli(void **state)
{
    static const uint8_t expected[] = {0x81, 206, 0, 2, 1, 2, 3, 4, 0xFA, 0xFB, 0xFC, 0xFD};
    uint8_t bytes[RTCP_PLI_SIZE];
    RtcpPacket packet;
    size_t at = 0;

    (void)state;
    assert_int_equal(rtcp_write_pli(bytes, 0x01020304, 0xFAFBFCFD), RTCP_PLI_SIZE);
    assert_memory_equal(bytes, expected, sizeof(expected));
    assert_true(rtcp_next(bytes, sizeof(bytes), &at, &packet));
    assert_int_equal(packet.type, RTCP_KEYFRAME_REQUEST);
    assert_int_equal(packet.ssrc, 0x01020304);
}

static void writes_a_receiver_report(void **state)
{
    static const uint8_t expected[] = {0x81, 201, 0, 7,    0, 0, 0,    1,    0, 0, 0,
                                       2,    128, 0, 0x12, 3, 0, 1,    0xFF, 4, 0, 0,
                                       0,    5,   6, 0,    0, 7, 0x80, 0,    0, 8};
    RtcpReportBlock block = {.ssrc = 2,
                             .fraction_lost = 128,
                             .cumulative_lost = 0x1203,
                             .highest_sequence = 0x1FF04,
                             .jitter = 5,
                             .last_sr = 0x06000007,
                             .delay_since_sr = 0x80000008};
    uint8_t bytes[RTCP_RR_SIZE];
    RtcpPacket packet;
    size_t at = 0;

    (void)state;
    assert_int_equal(rtcp_write_rr(bytes, 1, &block), RTCP_RR_SIZE);
    assert_memory_equal(bytes, expected, sizeof(expected));
    assert_true(rtcp_next(bytes, sizeof(bytes), &at, &packet));
    assert_int_equal(packet.type, RTCP_OTHER);
    assert_int_equal(packet.ssrc, 1);
}

/* Duplicates make the loss negative; it has 24 bits, beside the fraction's 8. */
static void keeps_the_loss_to_24_bits(void **state)
{
    static const struct {
        const char *name;
        uint8_t fraction;
        int32_t lost;
        uint8_t bytes[4];
    } rows[] = {{"none", 0, 0, {0, 0, 0, 0}},
                {"one too many", 1, -1, {1, 0xFF, 0xFF, 0xFF}},
                {"the most", 255, 0x7FFFFF, {255, 0x7F, 0xFF, 0xFF}},
                {"the least", 7, -0x800000, {7, 0x80, 0, 0}}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        RtcpReportBlock block = {.fraction_lost = rows[i].fraction,
                                 .cumulative_lost = rows[i].lost};
        uint8_t bytes[RTCP_RR_SIZE];
        rtcp_write_rr(bytes, 1, &block);
        assert_row(memcmp(bytes + 12, rows[i].bytes, 4) == 0, rows[i].name, "%02x %02x %02x %02x",
                   bytes[12], bytes[13], bytes[14], bytes[15]);
    }
}

static void turns_times_into_ntp_and_back(void **state)
{
    static const struct {
        const char *name;
        int64_t unix_us;
        uint64_t ntp;
    } rows[] = {
        {"1970", 0, 2208988800ull << 32},
        {"half a second", 500000, (2208988800ull << 32) + 0x80000000u},
        {"a microsecond", 1, (2208988800ull << 32) + 4294},
        {"the last microsecond of a second", 999999, (2208988800ull << 32) + 4294963001ull},
        {"today", 1700000000123456, (3908988800ull << 32) + 530239482ull},
        {"the last second of the era", 2085978495000000, 0xFFFFFFFFull << 32},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t ntp = rtcp_ntp_from_unix_us(rows[i].unix_us);
        assert_row(ntp == rows[i].ntp, rows[i].name, "%llx", (unsigned long long)ntp);
        int64_t back = rtcp_ntp_to_unix_us(rows[i].ntp);
        assert_row(back == rows[i].unix_us, rows[i].name, "%lld", (long long)back);
    }
    assert_true(rtcp_ntp_to_unix_us(0) == -2208988800000000ll);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(walks_a_datagram),
    cmocka_unit_test(reads_a_sender_report),
    cmocka_unit_test(stops_wherever_it_is_cut),
    cmocka_unit_test(writes_a_pli),
    cmocka_unit_test(writes_a_receiver_report),
    cmocka_unit_test(keeps_the_loss_to_24_bits),
    cmocka_unit_test(turns_times_into_ntp_and_back),
};

TEST_GROUP(rtcp_packet, tests);
