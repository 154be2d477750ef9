/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/transcode/rung_demand.h"

#define S    1000000ll
#define STAY (30 * S)

static void it_is_on_from_a_request_until_none_has_come_for_a_while(void **state)
{
    RungDemand d = {0};

    (void)state;
    assert_false(rung_demand_look(&d, STAY, RUNG_NEVER_ASKED, 0));
    assert_false(rung_demand_look(&d, STAY, RUNG_NEVER_ASKED, 100 * S));
    assert_true(rung_demand_look(&d, STAY, 100 * S, 100 * S));
    assert_true(rung_demand_look(&d, STAY, 120 * S, 145 * S));
    assert_true(rung_demand_look(&d, STAY, 120 * S, 120 * S + STAY - 1));
    assert_false(rung_demand_look(&d, STAY, 120 * S, 120 * S + STAY));
    assert_false(rung_demand_look(&d, STAY, 120 * S, 500 * S));
    assert_int_equal(d.beginnings, 1);
}

static void a_request_long_ago_is_none(void **state)
{
    RungDemand d = {0};

    (void)state;
    assert_false(rung_demand_look(&d, STAY, 10 * S, 10 * S + STAY));
    assert_int_equal(d.beginnings, 0);
    /* another thread's clock may have been read a little later */
    assert_true(rung_demand_look(&d, STAY, 100 * S + 5, 100 * S));
}

/* Asks once each `period_us` for an hour. Returns how often it came on. */
static uint64_t probe(RungDemand *d, int64_t period_us)
{
    int64_t asked_us = RUNG_NEVER_ASKED;
    uint64_t before = d->beginnings;

    for (int64_t now_us = 0; now_us < 3600 * S; now_us += S / 5) {
        if (now_us % period_us == 0)
            asked_us = now_us;
        rung_demand_look(d, STAY, asked_us, now_us);
    }
    return d->beginnings - before;
}

static void a_viewer_that_comes_now_and_then_does_not_start_and_stop_it(void **state)
{
    RungDemand often = {0}, seldom = {0}, rarely = {0};

    (void)state;
    assert_int_equal(probe(&often, 40 * S), 2); /* on at 0, off at 30, on at 40, for good */
    assert_int_equal(often.doubled, 1);
    assert_in_range(probe(&seldom, 200 * S), 18, 18); /* each time is the first */
    assert_int_equal(seldom.doubled, 0);
    /* each 50 s: the second stay is 60 s, so it never stops again */
    assert_int_equal(probe(&rarely, 50 * S), 2);
}

static void its_stay_grows_to_eight_times_and_is_forgotten(void **state)
{
    RungDemand d = {0};
    int64_t now_us = 0;

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        unsigned doubled = i < RUNG_DEMAND_DOUBLED ? i : RUNG_DEMAND_DOUBLED;
        int64_t asked_us = now_us;
        assert_true(rung_demand_look(&d, STAY, asked_us, now_us));
        assert_int_equal(d.doubled, doubled);
        now_us += STAY << doubled;
        assert_true(rung_demand_look(&d, STAY, asked_us, now_us - 1));
        assert_false(rung_demand_look(&d, STAY, asked_us, now_us));
        now_us += S;
    }
    now_us += STAY << RUNG_DEMAND_DOUBLED;
    assert_true(rung_demand_look(&d, STAY, now_us, now_us));
    assert_int_equal(d.doubled, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(it_is_on_from_a_request_until_none_has_come_for_a_while),
    cmocka_unit_test(a_request_long_ago_is_none),
    cmocka_unit_test(a_viewer_that_comes_now_and_then_does_not_start_and_stop_it),
    cmocka_unit_test(its_stay_grows_to_eight_times_and_is_forgotten),
};

TEST_GROUP(rung_demand, tests);
