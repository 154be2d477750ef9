/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/base/manual_clock.h"
#include "hls-bridge/base/media.h"

static void a_manual_clock_stands_still_until_it_is_moved(void **state)
{
    const int64_t unix_us = 1700000000 * US_PER_S;
    ManualClock time;

    (void)state;
    manual_clock_init(&time, 5 * US_PER_S, unix_us);
    const Clock *clock = &time.clock;
    assert_int_equal(clock_monotonic_us(clock), 5 * US_PER_S);
    assert_int_equal(clock_unix_us(clock), unix_us);
    manual_clock_set(&time, 3605 * US_PER_S);
    assert_int_equal(clock_monotonic_us(clock), 3605 * US_PER_S);
    assert_int_equal(clock_unix_us(clock), unix_us + 3600 * US_PER_S);
    atomic_fetch_sub(&time.since_1970_us, US_PER_S); /* somebody sets the wall clock */
    assert_int_equal(clock_monotonic_us(clock), 3605 * US_PER_S);
    assert_int_equal(clock_unix_us(clock), unix_us + 3599 * US_PER_S);
}

static void the_system_s_clock_goes_on(void **state)
{
    const Clock *clock = clock_system();
    int64_t before_us = clock_monotonic_us(clock), after_us = before_us;

    (void)state;
    while (after_us == before_us)
        after_us = clock_monotonic_us(clock);
    assert_true(after_us > before_us);
    assert_true(clock_unix_us(clock) > 1700000000 * US_PER_S); /* since 2023, in microseconds */
    assert_true(clock_since_boot_us() >= after_us);
}

/* A thread that waits is woken by the system, so the end of its wait is of that clock. */
static void a_wait_ends_by_the_system_s_clock(void **state)
{
    int64_t before_us = clock_monotonic_us(clock_system());
    struct timespec end = clock_wait_end(1500 * US_PER_MS);
    int64_t after_us = clock_monotonic_us(clock_system());
    int64_t end_us = end.tv_sec * US_PER_S + end.tv_nsec / 1000;

    (void)state;
    assert_in_range(end.tv_nsec, 0, 999999999);
    assert_in_range(end_us, before_us + 1500 * US_PER_MS, after_us + 1500 * US_PER_MS);
}

/* ---- a thread that is stopped while it reads ---- */

#define STOPPED_US (5 * US_PER_S)
#define SINCE_US   (1700000000 * US_PER_S)

typedef struct StoppedClock {
    int64_t now_us, each_us; /* how long a read takes */
    int reads, stopped_at;   /* the read before which it is stopped */
} StoppedClock;

static int64_t read_stopped(void *user)
{
    StoppedClock *c = user;

    c->now_us += c->reads++ == c->stopped_at ? STOPPED_US : c->each_us;
    return c->now_us;
}

static int64_t read_stopped_wall(void *user)
{
    return read_stopped(user) + SINCE_US;
}

static void two_clocks_are_read_at_one_moment(void **state)
{
    (void)state;
    for (int at = 0; at < 3; at++) {
        StoppedClock stopped = {.each_us = 1, .stopped_at = at};
        const Clock clock = {read_stopped, read_stopped_wall, &stopped};
        int64_t off_us = clock_since_1970_us(&clock) - SINCE_US;
        assert_true(stopped.reads > at);
        assert_in_range(off_us + 2, 0, 4);
    }
}

/* On a machine that is never fast enough, it is as near as can be. */
static void two_clocks_are_read_so_often_at_the_most(void **state)
{
    StoppedClock slow = {.each_us = 20 * US_PER_MS, .stopped_at = 2};
    const Clock clock = {read_stopped, read_stopped_wall, &slow};

    (void)state;
    assert_in_range(clock_since_1970_us(&clock) - SINCE_US + 40 * US_PER_MS, 0, 80 * US_PER_MS);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_manual_clock_stands_still_until_it_is_moved),
    cmocka_unit_test(the_system_s_clock_goes_on),
    cmocka_unit_test(a_wait_ends_by_the_system_s_clock),
    cmocka_unit_test(two_clocks_are_read_at_one_moment),
    cmocka_unit_test(two_clocks_are_read_so_often_at_the_most),
};

TEST_GROUP(clock, tests);
