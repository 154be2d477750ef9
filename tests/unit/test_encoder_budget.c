/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/transcode/encoder_budget.h"

#define STREAMS_MAX 8

static EncoderBudget budget;
static EncoderShare share[STREAMS_MAX];

static int setup(void **state)
{
    (void)state;
    budget = (EncoderBudget){0};
    memset(share, 0, sizeof(share));
    return 0;
}

/* All of `streams` look some times at what they can have of `each`. */
static void look(size_t streams, size_t each)
{
    for (int times = 0; times < 4; times++)
        for (size_t i = 0; i < streams; i++)
            encoder_budget_share(&budget, &share[i], each);
}

static size_t sum(void)
{
    size_t all = atomic_load(&budget.left);

    for (size_t i = 0; i < STREAMS_MAX; i++)
        all += share[i].has;
    return all;
}

static void a_stream_has_what_it_wants_if_there_is_enough(void **state)
{
    (void)state;
    budget.left = 7;
    look(2, 3);
    assert_int_equal(share[0].has, 3);
    assert_int_equal(share[1].has, 3);
    assert_int_equal(encoder_budget_share(&budget, &share[0], 0), 0);
    assert_int_equal(budget.left, 4);
    assert_int_equal(budget.hungry, 0);
}

static void if_there_are_no_more_upper_rungs_stop_for_others_lowest(void **state)
{
    (void)state;
    budget.left = 6;
    look(2, 3); /* the first two have all */
    look(4, 3);
    for (size_t i = 0; i < 4; i++)
        assert_in_range(share[i].has, 1, 2);
    assert_int_equal(sum(), 6);
    assert_int_equal(budget.left, 0);
    look(6, 3);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(share[i].has, 1);
    assert_int_equal(budget.hungry, 0);
}

static void nobody_gives_away_its_last_one_and_those_that_wait_are_first(void **state)
{
    (void)state;
    budget.left = 2;
    look(4, 2);
    size_t waiting = 0;
    for (size_t i = 0; i < 4; i++) {
        assert_in_range(share[i].has, 0, 1);
        waiting += share[i].has == 0;
    }
    assert_int_equal(waiting, 2);
    assert_int_equal(budget.hungry, 2);
    /* one ends: who waits has what it leaves, and not who has one already */
    size_t ends = share[0].has ? 0 : 1;
    encoder_budget_share(&budget, &share[ends], 0);
    for (size_t i = 0; i < 4; i++)
        if (i != ends)
            encoder_budget_share(&budget, &share[i], 2);
    for (size_t i = 0; i < 4; i++)
        assert_in_range(share[i].has, 0, 1);
    assert_int_equal(budget.hungry, 1);
    assert_int_equal(sum(), 2);
}

static void what_nobody_waits_for_any_more_is_taken_again(void **state)
{
    (void)state;
    budget.left = 3;
    look(1, 3);
    encoder_budget_share(&budget, &share[1], 2); /* it wants one, */
    encoder_budget_share(&budget, &share[0], 3); /* which this one gives away, */
    assert_int_equal(share[0].has, 2);
    encoder_budget_share(&budget, &share[1], 0); /* and it has gone before */
    look(1, 3);
    assert_int_equal(share[0].has, 3);
    assert_int_equal(budget.hungry, 0);
    assert_int_equal(sum(), 3);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(a_stream_has_what_it_wants_if_there_is_enough, setup),
    cmocka_unit_test_setup(if_there_are_no_more_upper_rungs_stop_for_others_lowest, setup),
    cmocka_unit_test_setup(nobody_gives_away_its_last_one_and_those_that_wait_are_first, setup),
    cmocka_unit_test_setup(what_nobody_waits_for_any_more_is_taken_again, setup),
};

TEST_GROUP(encoder_budget, tests);
