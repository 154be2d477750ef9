/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/transcode/pace.h"

#define STEP_US 33333
#define S       1000000ll

static int64_t now_us;

/* Gives it `seconds` of pictures that are so far behind, with a key picture each two seconds.
 * Returns how many were taken. */
static int run(Pace *p, double seconds, int64_t lag_us, size_t rungs)
{
    int taken = 0;

    for (int64_t end_us = now_us + (int64_t)(seconds * S); now_us < end_us; now_us += STEP_US)
        taken += pace_takes(p, now_us, lag_us, now_us / STEP_US % 60 == 0, rungs);
    return taken;
}

static int setup(void **state)
{
    (void)state;
    now_us = 60 * S;
    return 0;
}

static void in_time_everything_is_taken(void **state)
{
    Pace p = {0};

    (void)state;
    assert_int_equal(run(&p, 60, 200000, 3), 60 * S / STEP_US + 1);
    assert_int_equal(p.off, 0);
    assert_int_equal(p.skipped, 0);
}

static void behind_pictures_go_but_for_key_pictures(void **state)
{
    Pace p = {0};

    (void)state;
    run(&p, 1, 0, 3);
    uint32_t before = p.skipped;
    assert_in_range(run(&p, 1.9, 300000, 3), 0, 1); /* a key picture at most */
    assert_in_range(p.skipped - before, 55, 58);
    assert_int_equal(p.off, 0);
    /* not before it is nearly there again */
    assert_false(pace_takes(&p, now_us += STEP_US, 150000, false, 3));
    assert_true(pace_takes(&p, now_us += STEP_US, 90000, false, 3));
    assert_true(pace_takes(&p, now_us += STEP_US, 150000, false, 3));
    assert_true(pace_takes(&p, now_us += STEP_US, S, true, 3));
}

static void then_rungs_go_from_the_top_and_never_the_last(void **state)
{
    Pace p = {0};

    (void)state;
    run(&p, 2.5, 300000, 3);
    assert_int_equal(p.off, 1);
    run(&p, 2.5, 300000, 3);
    assert_int_equal(p.off, 2);
    run(&p, 20, 300000, 3);
    assert_int_equal(p.off, 2);
    run(&p, 5, 300000, 1);
    assert_int_equal(p.off, 0);
}

static void far_behind_a_rung_goes_sooner(void **state)
{
    Pace p = {0};

    (void)state;
    run(&p, 0.1, 2 * S, 3);
    assert_int_equal(p.off, 1);
    run(&p, 1, 2 * S, 3);
    assert_int_equal(p.off, 1);
}

static void a_rung_comes_back_at_a_key_picture_after_a_wait_that_grows(void **state)
{
    Pace p = {0};
    int64_t waits[4];

    (void)state;
    for (size_t i = 0; i < COUNT(waits); i++) {
        while (p.off == 0)
            run(&p, 0.1, 300000, 2);
        int64_t from_us = now_us;
        while (p.off > 0 && now_us - from_us < 400 * S) {
            bool key = now_us / STEP_US % 60 == 0;
            pace_takes(&p, now_us, 0, key, 2);
            assert_true(p.off > 0 || key);
            now_us += STEP_US;
        }
        waits[i] = (now_us - from_us) / S;
    }
    for (size_t i = 0; i < COUNT(waits); i++)
        assert_in_range(waits[i], (10 << i) - 1, (10 << i) + 3);
    /* it lasts now, so the next wait is short again */
    run(&p, 40, 0, 2);
    while (p.off == 0)
        run(&p, 0.1, 300000, 2);
    assert_int_equal(p.wait_us, PACE_WAIT_US);
}

static void a_pause_of_the_source_is_nobodys_fault(void **state)
{
    Pace p = {0};

    (void)state;
    run(&p, 1, 300000, 2);
    now_us += 600 * S;
    run(&p, 0.1, 0, 2);
    run(&p, 60, 200000, 2);
    assert_int_equal(p.off, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)
static const struct CMUnitTest tests[] = {
    TEST(in_time_everything_is_taken),
    TEST(behind_pictures_go_but_for_key_pictures),
    TEST(then_rungs_go_from_the_top_and_never_the_last),
    TEST(far_behind_a_rung_goes_sooner),
    TEST(a_rung_comes_back_at_a_key_picture_after_a_wait_that_grows),
    TEST(a_pause_of_the_source_is_nobodys_fault),
};

TEST_GROUP(pace, tests);
