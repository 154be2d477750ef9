/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/base/media.h"
#include "hls-bridge/ingest/packet_look.h"
#include "hls-bridge/ingest/trouble.h"

#define PACKETS 10000

/* RTP of version 2 with the marker, type 96; and a sender report. */
static const uint8_t packet[] = {0x80, 0xE0, 0x12, 0x34, 0, 0, 0, 9, 0, 0, 1, 0, 0x41};
static const uint8_t rtcp[] = {0x80, 200, 0, 1, 0, 0, 0, 9, 0, 0, 1, 0};

static bool loses(Trouble *t, int64_t now_us)
{
    return trouble_loses(t, packet, sizeof(packet), now_us);
}

static void loses_about_as_much_as_is_asked_for(void **state)
{
    static const uint32_t percents[] = {1, 5, 50};

    (void)state;
    for (size_t i = 0; i < COUNT(percents); i++) {
        Trouble t = {0};
        unsigned lost = 0;
        trouble_order(&t, &(TroubleOrder){.lose_percent = percents[i], .for_us = US_PER_S}, 0);
        for (int n = 0; n < PACKETS; n++)
            lost += loses(&t, n);
        unsigned expected = PACKETS / 100 * percents[i];
        assert_row(lost > expected * 4 / 5 && lost < expected * 6 / 5, "percent",
                   "%u of %u: %u lost", percents[i], PACKETS, lost);
        assert_int_equal(trouble_stats(&t).lost, lost);
    }
}

static void ends_by_itself(void **state)
{
    Trouble t = {0};

    (void)state;
    trouble_order(&t, &(TroubleOrder){.lose_percent = 100, .holds_back = true, .for_us = 10}, 5);
    assert_true(loses(&t, 14));
    assert_false(trouble_loses(&t, rtcp, sizeof(rtcp), 14));
    assert_true(trouble_holds_back(&t, 14));
    assert_false(loses(&t, 15));
    assert_false(trouble_holds_back(&t, 15));
    assert_int_equal(trouble_stats(&t).lost, 1);
    assert_int_equal(trouble_stats(&t).held_back, 1);
}

static void one_kind_leaves_the_other_as_it_is(void **state)
{
    Trouble t = {0};

    (void)state;
    trouble_order(&t, &(TroubleOrder){.holds_back = true, .for_us = 10}, 0);
    assert_false(loses(&t, 1));
    trouble_order(&t, &(TroubleOrder){.lose_percent = 100, .for_us = 10}, 0);
    assert_true(loses(&t, 1));
    assert_true(trouble_holds_back(&t, 1));
    trouble_order(&t, &(TroubleOrder){.lose_percent = 100}, 1); /* for no time: it is over */
    assert_false(loses(&t, 1));
    assert_true(trouble_holds_back(&t, 1));
}

static void takes_a_packet_a_second(void **state)
{
    PacketLook look = {0};
    uint8_t data[sizeof(packet)];

    (void)state;
    memcpy(data, packet, sizeof(packet));
    packet_look_take(&look, data, sizeof(data), 5);
    assert_int_equal(look.at_us, 5);
    assert_int_equal(look.sequence, 0x1234);
    assert_int_equal(look.timestamp, 9);
    assert_int_equal(look.ssrc, 256);
    assert_int_equal(look.payload_type, 96);
    assert_int_equal(look.bytes, sizeof(data));
    assert_true(look.marker);
    data[3]++;
    packet_look_take(&look, data, sizeof(data), 4 + US_PER_S);
    assert_int_equal(look.sequence, 0x1234);
    packet_look_take(&look, data, sizeof(data), 5 + US_PER_S);
    assert_int_equal(look.sequence, 0x1235);
}

static void looks_at_no_other_datagram(void **state)
{
    PacketLook look = {0};

    (void)state;
    packet_look_take(&look, rtcp, sizeof(rtcp), 5);
    packet_look_take(&look, packet, 11, 6);
    packet_look_take(&look, (const uint8_t *)"hello, bridge", 13, 7);
    assert_int_equal(look.at_us, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(loses_about_as_much_as_is_asked_for),
    cmocka_unit_test(ends_by_itself),
    cmocka_unit_test(one_kind_leaves_the_other_as_it_is),
    cmocka_unit_test(takes_a_packet_a_second),
    cmocka_unit_test(looks_at_no_other_datagram),
};

TEST_GROUP(trouble, tests);
