/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/segment/picture_delay.h"

#define MS(n) ((n)*TICKS_PER_S / 1000)
#define FRAME MS(33)
#define START MS(10000)

static PictureDelay delay;
static int64_t now;

static int setup(void **state)
{
    (void)state;
    delay = (PictureDelay){0};
    now = START;
    return 0;
}

/* Pictures come for `ms`, each so late. */
static void play(int64_t ms, int64_t late)
{
    for (int64_t end = now + MS(ms); now < end; now += FRAME)
        picture_delay_note(&delay, now - late, now);
}

static void waits_long_until_it_knows(void **state)
{
    (void)state;
    assert_int_equal(picture_delay_wait_90k(&delay), MS(250));
    play(1000, MS(10));
    assert_int_equal(picture_delay_wait_90k(&delay), MS(250));
    play(1000, MS(10));
    assert_int_equal(picture_delay_wait_90k(&delay), MS(100));
}

static void follows_what_it_sees(void **state)
{
    static const struct {
        int64_t late_ms, wait_ms;
    } rows[] = {{-20, 100}, {0, 100},   {20, 100},  {60, 140},
                {100, 200}, {130, 245}, {140, 250}, {2000, 250}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        setup(NULL);
        play(6000, MS(rows[i].late_ms));
        assert_int_equal(picture_delay_wait_90k(&delay), MS(rows[i].wait_ms));
    }
}

static void one_late_picture_is_heeded_at_once_and_for_a_while(void **state)
{
    (void)state;
    play(12000, MS(10));
    picture_delay_note(&delay, now - MS(120), now);
    assert_int_equal(picture_delay_wait_90k(&delay), MS(230));
    play(4900, MS(10));
    assert_int_equal(picture_delay_wait_90k(&delay), MS(230));
    play(10200, MS(10));
    assert_int_equal(picture_delay_wait_90k(&delay), MS(100));
}

static void a_frozen_picture_teaches_nothing(void **state)
{
    (void)state;
    play(12000, MS(80));
    now += MS(60000);
    assert_int_equal(picture_delay_wait_90k(&delay), MS(170));
    picture_delay_note(&delay, now - MS(10), now);
    assert_int_equal(picture_delay_wait_90k(&delay), MS(170));
}

static void a_clock_that_restarts_is_another_clock(void **state)
{
    (void)state;
    play(12000, MS(10));
    now = MS(1000);
    play(1000, MS(10));
    assert_int_equal(picture_delay_wait_90k(&delay), MS(250));
}

#define TEST(name) cmocka_unit_test_setup(name, setup)
static const struct CMUnitTest tests[] = {
    TEST(waits_long_until_it_knows),
    TEST(follows_what_it_sees),
    TEST(one_late_picture_is_heeded_at_once_and_for_a_while),
    TEST(a_frozen_picture_teaches_nothing),
    TEST(a_clock_that_restarts_is_another_clock),
};

TEST_GROUP(picture_delay, tests);
