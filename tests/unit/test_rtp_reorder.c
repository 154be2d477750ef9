/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/ingest/rtp_reorder.h"

#define WAIT_US 200000
#define SSRC    7

/* What came out, in order. */
typedef struct Output {
    size_t count;
    RtpOrdered packet[64];
    uint8_t first_byte[64];
} Output;

static RtpReorder *reorder;
static Output out;

static int setup(void **state)
{
    const RtpReorderParams params = {.max_wait_us = WAIT_US, .capacity = 16};

    (void)state;
    reorder = rtp_reorder_create(&params);
    out = (Output){0};
    return reorder ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    rtp_reorder_destroy(&reorder);
    assert_null(reorder);
    return 0;
}

static void note(const RtpOrdered *ordered)
{
    assert_true(out.count < COUNT(out.packet));
    out.first_byte[out.count] = ordered->packet.payload[0];
    out.packet[out.count++] = *ordered;
}

static void drain(int64_t now_us)
{
    RtpOrdered ordered;

    while (rtp_reorder_pop(reorder, now_us, &ordered))
        note(&ordered);
}

static void push_from(uint32_t ssrc, uint16_t sequence, int64_t now_us)
{
    uint8_t payload[] = {(uint8_t)sequence};
    RtpPacket packet = {.sequence = sequence, .ssrc = ssrc, .payload = payload, .payload_len = 1};
    RtpOrdered ordered;

    if (rtp_reorder_push(reorder, &packet, now_us, &ordered))
        note(&ordered);
    drain(now_us);
    payload[0] = 0xEE; /* what is held must have been copied */
}

static void push(uint16_t sequence, int64_t now_us)
{
    push_from(SSRC, sequence, now_us);
}

/* The low bytes of the sequence numbers that came out, as "1 2 3". */
static void assert_output(const char *expected)
{
    char text[256] = "";

    for (size_t i = 0; i < out.count; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%u", i ? " " : "",
                 out.first_byte[i]);
    assert_string_equal(text, expected);
}

static void passes_what_is_in_order_at_once(void **state)
{
    (void)state;
    for (uint16_t i = 1; i <= 4; i++)
        push(i, i);
    assert_output("1 2 3 4");
    assert_int_equal(rtp_reorder_deadline_us(reorder), NEVER_US);
    for (size_t i = 0; i < out.count; i++) {
        assert_int_equal(out.packet[i].lost, 0);
        assert_false(out.packet[i].restarted);
        assert_int_equal(out.packet[i].arrival_us, i + 1);
    }
}

static void puts_back_into_order(void **state)
{
    (void)state;
    push(1, 0);
    push(4, 10);
    push(3, 20);
    assert_output("1");
    push(2, 30);
    assert_output("1 2 3 4");
    assert_int_equal(out.packet[3].lost, 0);
    assert_int_equal(out.packet[3].arrival_us, 10);
    assert_int_equal(rtp_reorder_stats(reorder).reordered, 2);
}

static void gives_up_after_the_wait_and_not_before(void **state)
{
    (void)state;
    push(1, 0);
    push(4, 1000);
    push(5, 2000);
    assert_int_equal(rtp_reorder_deadline_us(reorder), 1000 + WAIT_US);
    drain(1000 + WAIT_US - 1);
    assert_output("1");
    drain(1000 + WAIT_US);
    assert_output("1 4 5");
    assert_int_equal(out.packet[1].lost, 2);
    assert_int_equal(out.packet[2].lost, 0);
    assert_int_equal(rtp_reorder_stats(reorder).lost, 2);
}

static void drops_what_comes_too_late_or_twice(void **state)
{
    (void)state;
    push(1, 0);
    push(1, 1);
    push(3, 2);
    push(3, 3);
    drain(2 + WAIT_US);
    push(2, 3 + WAIT_US);
    assert_output("1 3");
    assert_int_equal(rtp_reorder_stats(reorder).late, 2);
    assert_int_equal(rtp_reorder_stats(reorder).duplicates, 1);
}

static void waits_for_each_gap_from_its_own_beginning(void **state)
{
    (void)state;
    push(1, 0);
    push(3, 100);
    push(5, 50000);
    drain(100 + WAIT_US); /* 2 is given up, 4 is not yet */
    assert_output("1 3");
    assert_int_equal(rtp_reorder_deadline_us(reorder), 50000 + WAIT_US);
    push(4, 60000 + WAIT_US / 2);
    assert_output("1 3 4 5");
}

/* A packet that fills a part of the gap must not make the rest wait longer. */
static void does_not_wait_longer_for_a_gap_that_is_filled_in_part(void **state)
{
    (void)state;
    push(1, 0);
    push(5, 1000);
    push(4, 150000);
    assert_int_equal(rtp_reorder_deadline_us(reorder), 1000 + WAIT_US);
    drain(1000 + WAIT_US);
    assert_output("1 4 5");
}

static void survives_wraps(void **state)
{
    (void)state;
    push(65534, 0);
    push(0, 1);
    push(65535, 2);
    push(1, 3);
    assert_output("254 255 0 1");
    assert_int_equal(out.packet[3].sequence - out.packet[0].sequence, 3);
    for (uint32_t i = 2; i < 200000; i++) {
        out.count = 0;
        push((uint16_t)i, i);
        assert_int_equal(out.count, 1);
        assert_int_equal(out.packet[0].lost, 0);
    }
}

static void takes_one_stray_packet_for_a_stray(void **state)
{
    (void)state;
    push(100, 0);
    push(40000, 1);
    push_from(99, 7, 2);
    push(101, 3);
    push(102, 4);
    assert_output("100 101 102");
    assert_int_equal(rtp_reorder_stats(reorder).strays, 2);
    assert_int_equal(rtp_reorder_stats(reorder).restarts, 0);
}

/* RFC 3550 A.1: two in line are a new beginning. Nothing of it is lost. */
static void starts_again_with_another_sender(void **state)
{
    (void)state;
    push(100, 0);
    push(102, 1); /* waits, and is forgotten */
    push_from(99, 7, 2);
    push_from(99, 8, 3);
    push_from(99, 9, 4);
    assert_output("100 7 8 9");
    assert_true(out.packet[1].restarted);
    assert_false(out.packet[2].restarted);
    assert_int_equal(out.packet[1].lost, 0);
    assert_int_equal(rtp_reorder_stats(reorder).restarts, 1);
}

static void starts_again_after_a_jump(void **state)
{
    (void)state;
    push(100, 0);
    push(10000, 1);
    push(10001, 2);
    assert_output("100 16 17");
    assert_true(out.packet[1].restarted);
}

static void gives_up_a_gap_wider_than_what_it_can_hold(void **state)
{
    (void)state;
    push(1, 0);
    push(101, 1); /* 16 places: held by none */
    push(102, 2);
    assert_output("1 101 102");
    assert_int_equal(out.packet[1].lost, 99);
    push(104, 3);
    push(130, 4); /* behind an open gap: no place */
    assert_int_equal(rtp_reorder_stats(reorder).overflow, 1);
    drain(3 + WAIT_US);
    assert_output("1 101 102 104");
}

static void holds_as_many_as_it_says(void **state)
{
    (void)state;
    push(0, 0);
    for (uint16_t i = 2; i <= 16; i++)
        push(i, i);
    push(1, 20);
    assert_int_equal(out.count, 17);
    for (size_t i = 0; i < out.count; i++)
        assert_int_equal(out.packet[i].sequence, i);
}

/* Whatever order packets come in, what comes out is in order and nothing comes twice. */
static void keeps_order_through_disorder(void **state)
{
    uint32_t random = 1;
    int64_t last = -1, now = 0;
    uint64_t delivered = 0, missing = 0;

    (void)state;
    rtp_reorder_destroy(&reorder);
    reorder = rtp_reorder_create(&(RtpReorderParams){.max_wait_us = WAIT_US});
    for (int round = 0; round < 20000; round++) {
        random = random * 1664525u + 1013904223u;
        now += 1000;
        if (random >> 28 == 0)
            continue; /* lost */
        out.count = 0;
        push((uint16_t)(round + (int)(random >> 8 & 3)), now);
        for (size_t i = 0; i < out.count; i++) {
            assert_true(out.packet[i].sequence > last);
            if (last >= 0)
                assert_int_equal(out.packet[i].lost, out.packet[i].sequence - last - 1);
            missing += out.packet[i].lost;
            last = out.packet[i].sequence;
            delivered++;
        }
    }
    RtpOrdered ordered;
    while (rtp_reorder_pop(reorder, now + WAIT_US, &ordered)) {
        missing += ordered.lost;
        delivered++;
    }
    RtpReorderStats stats = rtp_reorder_stats(reorder);
    assert_int_equal(stats.lost, missing);
    assert_int_equal(stats.received, delivered + stats.late + stats.duplicates);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(passes_what_is_in_order_at_once),
    TEST(puts_back_into_order),
    TEST(gives_up_after_the_wait_and_not_before),
    TEST(drops_what_comes_too_late_or_twice),
    TEST(waits_for_each_gap_from_its_own_beginning),
    TEST(does_not_wait_longer_for_a_gap_that_is_filled_in_part),
    TEST(survives_wraps),
    TEST(takes_one_stray_packet_for_a_stray),
    TEST(starts_again_with_another_sender),
    TEST(starts_again_after_a_jump),
    TEST(gives_up_a_gap_wider_than_what_it_can_hold),
    TEST(holds_as_many_as_it_says),
    TEST(keeps_order_through_disorder),
};

TEST_GROUP(rtp_reorder, tests);
