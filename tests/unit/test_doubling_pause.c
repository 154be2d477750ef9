/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <stdint.h>

#include "doubling_pause.h"

static void a_pause_doubles_up_to_the_longest(void **state)
{
    static const struct {
        int64_t first, times, most, pause;
    } rows[] = {
        {1, 0, 30, 1},
        {1, 1, 30, 2},
        {1, 4, 30, 16},
        {1, 5, 30, 30},
        {1, 6, 30, 30},
        {1, INT64_MAX, 30, 30},
        {40, 0, 30, 30},
        {3, 2, 12, 12},
        {1, INT64_MAX, INT64_MAX, INT64_MAX},
        {1000000, 9, 300000000, 300000000},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(doubling_pause(rows[i].first, rows[i].times, rows[i].most), rows[i].pause);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_pause_doubles_up_to_the_longest),
};

TEST_GROUP(doubling_pause, tests);
