/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "common/rtcp_packet.h"
#include "common/rtp_packet.h"
#include "instruments/rtp-replay/video_copy.h"

static const uint8_t packet[] = {0x80, 0xE0, 0, 9,  0xFF, 0xFF, 0xFF, 0,
                                 0,    0,    0, 77, 0x65, 0x88, 0x84};
static const uint8_t report[] = {0x80, 200,  0, 6, 0, 0, 0,    77,   0x83, 0xAA,
                                 0x7E, 0x80, 1, 2, 3, 4, 0xFF, 0xFF, 0xFF, 0,
                                 0,    0,    0, 9, 0, 0, 0,    8};

static RtpPacket copy_packet(unsigned copy, uint8_t *out)
{
    RtpPacket parsed;

    video_copy_write(packet, sizeof(packet), false, copy, out);
    assert_int_equal(rtp_packet_parse(out, sizeof(packet), &parsed), 0);
    return parsed;
}

static RtcpPacket copy_report(unsigned copy, uint8_t *out)
{
    RtcpPacket parsed;
    size_t at = 0;

    video_copy_write(report, sizeof(report), true, copy, out);
    assert_true(rtcp_next(out, sizeof(report), &at, &parsed));
    assert_int_equal(parsed.type, RTCP_SENDER_REPORT);
    return parsed;
}

static void the_first_is_as_it_is(void **state)
{
    uint8_t out[sizeof(report)];

    (void)state;
    video_copy_write(packet, sizeof(packet), false, 0, out);
    assert_memory_equal(out, packet, sizeof(packet));
    video_copy_write(report, sizeof(report), true, 0, out);
    assert_memory_equal(out, report, sizeof(report));
}

/* Others of everything that names it, and the same distance of packets to their report. */
static void each_has_a_clock_and_an_ssrc(void **state)
{
    uint8_t a[sizeof(report)], b[sizeof(report)];

    (void)state;
    for (unsigned copy = 1; copy < VIDEO_COPIES_MAX; copy++) {
        RtpPacket rtp = copy_packet(copy, a), before = copy_packet(copy - 1, b);
        assert_int_not_equal(rtp.ssrc, before.ssrc);
        assert_int_not_equal(rtp.timestamp, before.timestamp);
        assert_int_equal(rtp.sequence, before.sequence);
        assert_memory_equal(rtp.payload, before.payload, 3);
        RtcpPacket rtcp = copy_report(copy, b);
        assert_int_equal(rtcp.ssrc, rtp.ssrc);
        assert_int_equal(rtcp.rtp_timestamp, rtp.timestamp); /* as they were in the first */
        assert_true(rtcp.ntp == copy_report(0, a).ntp);
    }
}

static void what_is_too_short_is_left_alone(void **state)
{
    uint8_t out[sizeof(report)];

    (void)state;
    video_copy_write(packet, 11, false, 3, out);
    assert_memory_equal(out, packet, 11);
    video_copy_write(report, 27, true, 3, out);
    assert_memory_equal(out, report, 27);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_first_is_as_it_is),
    cmocka_unit_test(each_has_a_clock_and_an_ssrc),
    cmocka_unit_test(what_is_too_short_is_left_alone),
};

TEST_GROUP(video_copy, tests);
