/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/package/rate_meter.h"

#define TARGET_S 2
#define TARGET   (TARGET_S * TICKS_PER_S)

static void knows_nothing_at_first(void **state)
{
    const RateMeter m = rate_meter(6, TARGET_S);

    (void)state;
    assert_int_equal(rate_meter_peak(&m), 0);
    assert_int_equal(rate_meter_average(&m), 0);
    assert_int_equal(rate_meter_frames_milli(&m), 0);
}

static void measures_peak_and_average(void **state)
{
    RateMeter m = rate_meter(6, TARGET_S);

    (void)state;
    rate_meter_add(&m, 250000, 60, TARGET);
    rate_meter_add(&m, 500000, 61, TARGET);
    assert_int_equal(rate_meter_peak(&m), 2000000);
    assert_int_equal(rate_meter_average(&m), 1500000);
    assert_int_equal(rate_meter_frames_milli(&m), 30500);
    rate_meter_add(&m, 1, 1, 7 * TICKS_PER_S / 8); /* 9.14 bit/s: a bound is rounded up */
    m = rate_meter(6, TARGET_S);
    rate_meter_add(&m, 1, 1, 7 * TICKS_PER_S / 8);
    assert_int_equal(rate_meter_peak(&m), 10);
}

static void short_segments_say_little_of_the_frame_rate(void **state)
{
    RateMeter m = rate_meter(6, TARGET_S);

    (void)state;
    rate_meter_add(&m, 1000, 12, TICKS_PER_S / 5);
    assert_int_equal(rate_meter_frames_milli(&m), 60000); /* it is all there is */
    rate_meter_add(&m, 1000, 50, TARGET);
    assert_int_equal(rate_meter_frames_milli(&m), 25000);
}

/* What is listed counts for as long as it is listed, and then comes down again. */
static void a_peak_is_forgotten_once_nothing_lists_it(void **state)
{
    static const size_t listed[] = {3, 16, 60};

    (void)state;
    for (size_t i = 0; i < COUNT(listed); i++) {
        RateMeter m = rate_meter(listed[i], TARGET_S);
        size_t n = 0;
        rate_meter_add(&m, 1000000, 60, TARGET);
        for (; rate_meter_peak(&m) == 4000000 && n < 1000; n++)
            rate_meter_add(&m, 100000, 30, TARGET);
        assert_row(n > listed[i] && n <= 2 * 60, "listed", "%zu: forgotten after %zu", listed[i],
                   n);
        assert_int_equal(rate_meter_peak(&m), 400000);
        assert_int_equal(rate_meter_average(&m), 400000);
        assert_int_equal(rate_meter_frames_milli(&m), 15000);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(knows_nothing_at_first),
    cmocka_unit_test(measures_peak_and_average),
    cmocka_unit_test(short_segments_say_little_of_the_frame_rate),
    cmocka_unit_test(a_peak_is_forgotten_once_nothing_lists_it),
};

TEST_GROUP(rate_meter, tests);
