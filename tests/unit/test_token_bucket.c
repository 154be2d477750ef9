/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "token_bucket.h"

#define BURST    3
#define INTERVAL 100

static int take_all(TokenBucket *bucket, int64_t now_us)
{
    int taken = 0;

    while (taken < 100 && token_bucket_take(bucket, INTERVAL, BURST, now_us))
        taken++;
    return taken;
}

static void gives_a_burst_and_then_one_each_interval(void **state)
{
    TokenBucket bucket = {0};

    (void)state;
    assert_int_equal(take_all(&bucket, 1000), BURST);
    assert_int_equal(token_bucket_wait_us(&bucket, INTERVAL, BURST, 1000), INTERVAL);
    assert_int_equal(take_all(&bucket, 1099), 0);
    assert_int_equal(token_bucket_wait_us(&bucket, INTERVAL, BURST, 1099), 1);
    assert_int_equal(take_all(&bucket, 1100), 1);
    assert_int_equal(take_all(&bucket, 1350), 2);
    assert_int_equal(take_all(&bucket, 1400), 1);
}

static void never_holds_more_than_a_burst(void **state)
{
    TokenBucket bucket = {0};

    (void)state;
    assert_int_equal(take_all(&bucket, 1000), BURST);
    assert_int_equal(take_all(&bucket, INT64_C(1) << 60), BURST);
}

/* What is refused costs nothing: a flood does not put the next token off. */
static void refusals_take_nothing(void **state)
{
    TokenBucket bucket = {0};

    (void)state;
    take_all(&bucket, 1000);
    for (int i = 0; i < 1000; i++)
        assert_false(token_bucket_take(&bucket, INTERVAL, BURST, 1050));
    assert_int_equal(take_all(&bucket, 1100), 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gives_a_burst_and_then_one_each_interval),
    cmocka_unit_test(never_holds_more_than_a_burst),
    cmocka_unit_test(refusals_take_nothing),
};

TEST_GROUP(token_bucket, tests);
