/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/ingest/rtcp_reporter.h"

#define MS 1000ll

static RtcpReporter reporter;
static RtcpReportBlock block;

static int setup(void **state)
{
    (void)state;
    reporter = (RtcpReporter){.clock_hz = 90000};
    return 0;
}

static void packet(uint16_t sequence, uint32_t timestamp, int64_t now_us)
{
    RtpPacket p = {.sequence = sequence, .timestamp = timestamp, .ssrc = 9};

    rtcp_reporter_packet(&reporter, &p, now_us);
}

static void has_nothing_to_say_at_first(void **state)
{
    (void)state;
    assert_false(rtcp_reporter_block(&reporter, 0, &block));
}

static void counts_losses_since_the_last_report(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 100; i++)
        if (i % 4 != 3)
            packet((uint16_t)(65500 + i), i * 3000u, i * 33333);
    assert_true(rtcp_reporter_block(&reporter, 0, &block));
    assert_int_equal(block.ssrc, 9);
    assert_int_equal(block.cumulative_lost, 24); /* the very last one is not known to be missing */
    assert_in_range(block.fraction_lost, 60, 64);
    assert_int_equal(block.highest_sequence, 65500 + 98);
    for (uint16_t i = 100; i < 200; i++)
        packet((uint16_t)(65500 + i), i * 3000u, i * 33333);
    assert_true(rtcp_reporter_block(&reporter, 0, &block));
    assert_int_equal(block.cumulative_lost, 25);
    assert_in_range(block.fraction_lost, 1, 3);
}

static void what_comes_twice_is_no_negative_fraction(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 10; i++) {
        packet(i, i, i);
        packet(i, i, i);
    }
    rtcp_reporter_block(&reporter, 0, &block);
    assert_int_equal(block.cumulative_lost, -10);
    assert_int_equal(block.fraction_lost, 0);
}

static void measures_jitter_as_rfc_3550_does(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 500; i++)
        packet(i, i * 3000u, i * 33333 + (i % 2) * 10 * MS);
    rtcp_reporter_block(&reporter, 0, &block);
    assert_in_range(block.jitter, 800, 910); /* 10 ms are 900 ticks */
    setup(NULL);
    for (uint32_t i = 0; i < 500; i++) /* the timestamp wraps */
        packet((uint16_t)i, 0xFFFFF000u + i * 3000u, i * 100000ll / 3);
    rtcp_reporter_block(&reporter, 0, &block);
    assert_in_range(block.jitter, 0, 2);
}

static void tells_when_the_last_report_came(void **state)
{
    (void)state;
    packet(1, 1, 1);
    rtcp_reporter_block(&reporter, 5000, &block);
    assert_int_equal(block.last_sr, 0);
    assert_int_equal(block.delay_since_sr, 0);
    rtcp_reporter_sender_report(&reporter, 0x1122334455667788ull, 1000 * MS);
    rtcp_reporter_block(&reporter, 1500 * MS, &block);
    assert_int_equal(block.last_sr, 0x33445566);
    assert_int_equal(block.delay_since_sr, 32768);
}

/* A machine that has been up for 40 years: the sanitizer sees what would overflow. */
static void time_may_be_large(void **state)
{
    const int64_t up_us = 40 * 366 * 86400 * US_PER_S;
    const RtpPacket first = {.sequence = 1, .ssrc = 9, .timestamp = 0};
    const RtpPacket second = {.sequence = 2, .ssrc = 9, .timestamp = 3000};

    (void)state;
    reporter.clock_hz = 90000;
    rtcp_reporter_packet(&reporter, &first, up_us);
    rtcp_reporter_packet(&reporter, &second, up_us + 33333);
    assert_true(rtcp_reporter_block(&reporter, up_us + US_PER_S, &block));
    assert_in_range(block.jitter, 0, 1);
}

static void another_sender_starts_again(void **state)
{
    (void)state;
    packet(1, 1, 1);
    packet(50, 1, 1);
    RtpPacket other = {.sequence = 7, .ssrc = 10};
    rtcp_reporter_packet(&reporter, &other, 5);
    rtcp_reporter_block(&reporter, 10, &block);
    assert_int_equal(block.ssrc, 10);
    assert_int_equal(block.cumulative_lost, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)
static const struct CMUnitTest tests[] = {
    TEST(has_nothing_to_say_at_first),
    TEST(counts_losses_since_the_last_report),
    TEST(what_comes_twice_is_no_negative_fraction),
    TEST(measures_jitter_as_rfc_3550_does),
    TEST(tells_when_the_last_report_came),
    TEST(time_may_be_large),
    TEST(another_sender_starts_again),
};

TEST_GROUP(rtcp_reporter, tests);
