/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "rtp_packet.h"

#define HEADER(first, second) first, second, 0x12, 0x34, 0, 0, 0, 9, 0, 0, 0, 7

static void parses_and_refuses(void **state)
{
    static const struct {
        const char *name;
        uint8_t bytes[32];
        size_t len;
        int status;
        size_t payload_len;
    } rows[] = {
        {"plain", {HEADER(0x80, 96), 1, 2, 3}, 15, 0, 3},
        {"nothing behind the header", {HEADER(0x80, 96)}, 12, 0, 0},
        {"cut short", {HEADER(0x80, 96)}, 11, -1, 0},
        {"empty", {0}, 0, -1, 0},
        {"version 1", {HEADER(0x40, 96), 1}, 13, -1, 0},
        {"two CSRCs", {HEADER(0x82, 96), 0, 0, 0, 1, 0, 0, 0, 2, 5}, 21, 0, 1},
        {"CSRCs that are not there", {HEADER(0x8F, 96), 1}, 13, -1, 0},
        {"extension of one word", {HEADER(0x90, 96), 0xBE, 0xDE, 0, 1, 0, 0, 0, 0, 5}, 21, 0, 1},
        {"extension that is not there", {HEADER(0x90, 96), 0xBE, 0xDE, 0, 9, 0}, 17, -1, 0},
        {"extension header cut short", {HEADER(0x90, 96), 0xBE, 0xDE}, 14, -1, 0},
        {"padding", {HEADER(0xA0, 96), 5, 0, 0, 3}, 16, 0, 1},
        {"padding alone", {HEADER(0xA0, 96), 0, 0, 3}, 15, 0, 0},
        {"padding of nothing", {HEADER(0xA0, 96), 5, 0}, 14, -1, 0},
        {"padding longer than the packet", {HEADER(0xA0, 96), 5, 9}, 14, -1, 0},
        {"padding bit with nothing behind", {HEADER(0xA0, 96)}, 12, -1, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        RtpPacket packet;
        int status = rtp_packet_parse(rows[i].bytes, rows[i].len, &packet);
        assert_row(status == rows[i].status, rows[i].name, "%d", status);
        if (status == 0)
            assert_row(packet.payload_len == rows[i].payload_len, rows[i].name, "%zu",
                       packet.payload_len);
    }
}

/* RFC 8285 sections 4.2 and 4.3. */
static void finds_header_extensions(void **state)
{
#define ONE(words) HEADER(0x90, 96), 0xBE, 0xDE, 0, words
#define TWO(words) HEADER(0x90, 96), 0x10, 0x05, 0, words
    static const struct {
        const char *name;
        uint8_t bytes[40];
        size_t len;
        unsigned id;
        const char *value; /* NULL: not found */
    } rows[] = {
        {"none", {HEADER(0x80, 96), 0xA1, 'h', 'i'}, 15, 10, NULL},
        {"one byte", {ONE(1), 0xA1, 'h', 'i', 0, 5}, 21, 10, "hi"},
        {"another", {ONE(1), 0xA1, 'h', 'i', 0, 5}, 21, 11, NULL},
        {"behind another, and padding",
         {ONE(2), 0x30, 'x', 0, 0, 0xA1, 'h', 'i', 0, 5},
         25,
         10,
         "hi"},
        {"behind CSRCs",
         {HEADER(0x91, 96), 1, 2, 3, 4, 0xBE, 0xDE, 0, 1, 0xA0, 'a', 0, 0},
         24,
         10,
         "a"},
        {"up to the end", {ONE(1), 0xA2, 'a', 'b', 'c'}, 20, 10, "abc"},
        {"longer than the block", {ONE(1), 0xA3, 'a', 'b', 'c', 'd', 'e'}, 22, 10, NULL},
        {"behind one that is longer than the block",
         {ONE(1), 0x1F, 0xA0, 'a', 0, 0xA0, 'b'},
         22,
         10,
         NULL},
        {"behind the ID that ends all", {ONE(1), 0xF0, 'x', 0xA0, 'a'}, 20, 10, NULL},
        {"in the payload", {ONE(0), 0xA1, 'h', 'i'}, 19, 10, NULL},
        {"padding alone", {ONE(1), 0, 0, 0, 0}, 20, 10, NULL},
        {"two bytes", {TWO(2), 10, 2, 'h', 'i', 0, 0, 0, 0}, 24, 10, "hi"},
        {"two bytes, a large ID", {TWO(1), 200, 1, 'h', 0}, 20, 200, "h"},
        {"two bytes, nothing in it", {TWO(1), 10, 0, 0, 0}, 20, 10, ""},
        {"two bytes, longer than the block", {TWO(1), 10, 3, 'h', 'i', 'j'}, 21, 10, NULL},
        {"two bytes, half a header", {TWO(1), 9, 1, 'x', 10, 1, 'h'}, 22, 10, NULL},
        {"what is neither", {HEADER(0x90, 96), 0xBE, 0xDD, 0, 1, 0xA1, 'h', 'i', 0}, 20, 10, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t *copy = guarded_copy(rows[i].bytes, rows[i].len);
        RtpPacket packet;
        RtpExtension found = {0};
        assert_row(rtp_packet_parse(copy, rows[i].len, &packet) == 0, rows[i].name, "no packet");
        bool is = rtp_extension_find(copy, &packet, rows[i].id, &found);
        assert_row(is == (rows[i].value != NULL), rows[i].name, "%d", is);
        if (rows[i].value)
            assert_row(found.len == strlen(rows[i].value) &&
                           memcmp(found.at, rows[i].value, found.len) == 0,
                       rows[i].name, "%.*s", (int)found.len, (const char *)found.at);
        guarded_free(copy, rows[i].len);
    }
}

static void reads_the_header(void **state)
{
    static const uint8_t bytes[] = {HEADER(0x80, 0x80 | 111), 42};
    RtpPacket packet;

    (void)state;
    assert_int_equal(rtp_packet_parse(bytes, sizeof(bytes), &packet), 0);
    assert_int_equal(packet.sequence, 0x1234);
    assert_int_equal(packet.timestamp, 9);
    assert_int_equal(packet.ssrc, 7);
    assert_int_equal(packet.payload_type, 111);
    assert_true(packet.marker);
    assert_int_equal(packet.payload[0], 42);
}

static void tells_rtcp_apart(void **state)
{
    static const struct {
        uint8_t second;
        bool rtcp;
    } rows[] = {{200, true},  {207, true},  {192, true}, {223, true},
                {191, false}, {224, false}, {96, false}, {0x80 | 111, false}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t bytes[] = {0x80, rows[i].second};
        assert_int_equal(rtp_is_rtcp(bytes, sizeof(bytes)), rows[i].rtcp);
    }
    assert_false(rtp_is_rtcp((const uint8_t *)"\x80", 1));
}

static void keeps_the_marker_with_another_payload_type(void **state)
{
    uint8_t bytes[] = {HEADER(0x80, 0x80 | 111)};

    (void)state;
    rtp_set_payload_type(bytes, 96);
    assert_int_equal(bytes[1], 0x80 | 96);
}

static void unwraps(void **state)
{
    static const struct {
        uint16_t value;
        int64_t unwrapped;
    } rows[] = {{65534, 65534}, {65535, 65535}, {0, 65536},      {2, 65538},  {1, 65537},
                {65535, 65535}, {32000, 97536}, {64000, 129536}, {10, 131082}};
    RtpUnwrap u16 = {0}, u32 = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(rtp_unwrap_16(&u16, rows[i].value), rows[i].unwrapped);
    assert_int_equal(rtp_unwrap_32(&u32, 0xFFFFFFF0u), 0xFFFFFFF0ll);
    assert_int_equal(rtp_unwrap_32(&u32, 16), 0x100000010ll);
    assert_int_equal(rtp_unwrap_32(&u32, 0xFFFFFFF0u), 0xFFFFFFF0ll);
    assert_int_equal(rtp_unwrap_32(&(RtpUnwrap){true, 5}, 0xFFFFFFFFu), -1);
}

/* Whatever it is sent, for however long: no time is far from what has passed. */
static void a_clock_is_bounded(void **state)
{
    static const uint32_t steps[] = {INT32_MAX, 0x80000001u, 480000, 960000, 479999, -479999u, 960};

    (void)state;
    for (size_t i = 0; i < COUNT(steps); i++) {
        RtpClock clock = {.clock_hz = 48000};
        int64_t now_us = 0;
        uint32_t value = 4000000000u;
        for (int n = 0; n < 100000; n++, value += steps[i], now_us += 10) {
            int64_t at = rtp_clock_take(&clock, value, now_us);
            assert_int_equal((uint32_t)at, value);
            assert_in_range(at + 480000, 0,
                            480000 + (int64_t)UINT32_MAX + (now_us / 1000000 + 11) * 48049);
        }
    }
}

/* An honest one has no such bound: it wraps as often as it likes, slow, fast or with pauses. */
static void a_clock_goes_on_for_years(void **state)
{
    RtpClock clock = {.clock_hz = 90000};
    int64_t at = 3000000000ll;

    (void)state;
    for (int64_t s = 0; s < 86400 * 1000ll; s += 1000) {
        assert_int_equal(rtp_clock_take(&clock, (uint32_t)at, s * 1000000), at);
        at += 90000 * 1000ll + (s % 2000 ? 8000 : 9000); /* 0.1 per mille fast */
    }
    assert_int_equal(rtp_clock_take(&clock, (uint32_t)(at - 80000), 86400 * 1000ll * 1000000),
                     at - 80000);
    assert_int_equal(rtp_clock_near(&clock, (uint32_t)(at + 5)), at + 5);
    assert_int_equal(rtp_clock_near(&clock, (uint32_t)(at + 5)), at + 5);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(parses_and_refuses),
    cmocka_unit_test(finds_header_extensions),
    cmocka_unit_test(reads_the_header),
    cmocka_unit_test(tells_rtcp_apart),
    cmocka_unit_test(keeps_the_marker_with_another_payload_type),
    cmocka_unit_test(unwraps),
    cmocka_unit_test(a_clock_is_bounded),
    cmocka_unit_test(a_clock_goes_on_for_years),
};

TEST_GROUP(rtp_packet, tests);
