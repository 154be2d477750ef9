/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "mean_rate.h"

#define S 1000000ll

/* `bytes` each tenth of a second, from `from_us` for `tenths`. */
static void send(MeanRate *meter, size_t bytes, int64_t from_us, int tenths)
{
    for (int i = 0; i < tenths; i++)
        mean_rate_add(meter, bytes, from_us + i * S / 10);
}

static void knows_nothing_before_it_has_seen_five_seconds(void **state)
{
    MeanRate meter = mean_rate(7 * S);
    int64_t bitrate;

    (void)state;
    assert_false(mean_rate_get(&meter, &bitrate));
    send(&meter, 1000, 7 * S, 50);
    assert_false(mean_rate_get(&meter, &bitrate));
    mean_rate_add(&meter, 1000, 12 * S);
    assert_true(mean_rate_get(&meter, &bitrate));
    assert_int_equal(bitrate, 80000);
}

static void leaves_out_what_came_before_its_time(void **state)
{
    MeanRate meter = mean_rate(7 * S);
    int64_t bitrate;

    (void)state;
    send(&meter, 1000000, 2 * S, 50);
    send(&meter, 1000, 7 * S, 51);
    assert_true(mean_rate_get(&meter, &bitrate));
    assert_int_equal(bitrate, 80000);
}

static void is_a_mean_of_the_last_whole_seconds(void **state)
{
    static const struct {
        const char *name;
        size_t bytes[8]; /* each tenth of each second */
        int64_t bitrate;
    } rows[] = {
        {"even", {1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000}, 80000},
        {"one burst", {0, 0, 0, 5000, 0, 0, 0, 0}, 80000},
        {"a burst that is over", {9000, 9000, 9000, 1000, 1000, 1000, 1000, 1000}, 80000},
        {"twice as much for the last two", {1, 1, 1, 1000, 1000, 1000, 2000, 2000}, 112000},
        {"silence", {1000, 1000, 0, 0, 0, 0, 0, 0}, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        MeanRate meter = mean_rate(0);
        int64_t bitrate;
        for (int second = 0; second < 8; second++)
            send(&meter, rows[i].bytes[second], second * S, 10);
        mean_rate_add(&meter, 0, 8 * S);
        assert_true(mean_rate_get(&meter, &bitrate));
        assert_row(bitrate == rows[i].bitrate, rows[i].name, "%lld", (long long)bitrate);
    }
}

static void forgets_over_a_pause_of_any_length(void **state)
{
    static const int64_t pauses[] = {6 * S, 7 * S, 8 * S, 3600 * S, INT64_MAX / 2};

    (void)state;
    for (size_t i = 0; i < COUNT(pauses); i++) {
        MeanRate meter = mean_rate(0);
        int64_t bitrate;
        send(&meter, 1000, 0, 60);
        mean_rate_add(&meter, 1000, 5 * S + pauses[i]);
        assert_true(mean_rate_get(&meter, &bitrate));
        assert_row(bitrate == 0, "pause", "%lld us: %lld", (long long)pauses[i],
                   (long long)bitrate);
    }
}

static void takes_what_is_a_little_late(void **state)
{
    MeanRate meter = mean_rate(0);
    int64_t bitrate;

    (void)state;
    for (int second = 0; second < 7; second++) {
        send(&meter, 1000, second * S, 10);
        mean_rate_add(&meter, 10000, second * S - S / 10);
    }
    assert_true(mean_rate_get(&meter, &bitrate));
    assert_int_equal(bitrate, 160000);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(knows_nothing_before_it_has_seen_five_seconds),
    cmocka_unit_test(leaves_out_what_came_before_its_time),
    cmocka_unit_test(is_a_mean_of_the_last_whole_seconds),
    cmocka_unit_test(forgets_over_a_pause_of_any_length),
    cmocka_unit_test(takes_what_is_a_little_late),
};

TEST_GROUP(mean_rate, tests);
