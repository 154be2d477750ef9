/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <time.h>

#include "utc_text.h"

/* Each day of 400 years, after which the calendar repeats itself, and as many in the distance. */
static void writes_times_as_the_C_library_does(void **state)
{
    (void)state;
    for (int64_t day = 0; day < 2 * 146097; day++) {
        time_t seconds = (day < 146097 ? day : 7 * day) * 86400 + day % 86400;
        char wanted[40], is[UTC_TEXT_SIZE];
        TextBuffer out = text_buffer(is, sizeof(is));
        struct tm utc;
        gmtime_r(&seconds, &utc);
        strftime(wanted, sizeof(wanted), "%Y-%m-%dT%H:%M:%S.987Z", &utc);
        utc_text_add(&out, seconds * 1000000 + 987654, 3);
        assert_string_equal(is, wanted);
    }
}

static void writes_as_many_decimals_as_are_wanted(void **state)
{
    static const struct {
        int64_t unix_us;
        int decimals;
        const char *text;
    } rows[] = {
        {1767225600000000, 0, "2026-01-01T00:00:00Z"},
        {1767225600999999, 0, "2026-01-01T00:00:00Z"},
        {1767225600999999, 3, "2026-01-01T00:00:00.999Z"},
        {1767225600000007, 6, "2026-01-01T00:00:00.000007Z"},
        {1767225600050000, 1, "2026-01-01T00:00:00.0Z"},
        {-1, 6, "1969-12-31T23:59:59.999999Z"},
        {-86400000000, 0, "1969-12-31T00:00:00Z"},
        {INT64_MAX, 6, "294247-01-10T04:00:54.775807Z"},
        {INT64_MIN, 6, "-290308-12-21T19:59:05.224192Z"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char is[UTC_TEXT_SIZE];
        TextBuffer out = text_buffer(is, sizeof(is));
        utc_text_add(&out, rows[i].unix_us, rows[i].decimals);
        assert_row(strcmp(is, rows[i].text) == 0, rows[i].text, "%s", is);
        assert_row(!out.overflow, rows[i].text, "%zu bytes", out.len);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(writes_times_as_the_C_library_does),
    cmocka_unit_test(writes_as_many_decimals_as_are_wanted),
};

TEST_GROUP(utc_text, tests);
