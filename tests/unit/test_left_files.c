/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "findings_text.h"

#include "instruments/hls-doctor/left_files.h"

static LeftFiles files;

static int setup(void **state)
{
    (void)state;
    files = (LeftFiles){.margin_us = 10};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    left_files_clear(&files);
    return 0;
}

static void each_is_due_once_shortly_before_it_may_go(void **state)
{
    int64_t until_us = 0;

    (void)state;
    left_files_add(&files, "late", 200);
    left_files_add(&files, "soon", 100);
    assert_null(left_files_due(&files, 89, &until_us));
    assert_string_equal(left_files_due(&files, 90, &until_us), "soon");
    assert_int_equal(until_us, 100);
    assert_null(left_files_due(&files, 90, &until_us));
    assert_string_equal(left_files_due(&files, 199, &until_us), "late");
    assert_int_equal(until_us, 200);
    assert_null(left_files_due(&files, 199, &until_us));
}

static void what_was_missed_is_dropped(void **state)
{
    int64_t until_us;

    (void)state;
    left_files_add(&files, "gone", 100);
    left_files_add(&files, "there", 105);
    assert_string_equal(left_files_due(&files, 100, &until_us), "there");
    assert_null(left_files_due(&files, 100, &until_us));
    assert_int_equal(files.count, 0);
}

static void not_more_than_its_room(void **state)
{
    int64_t until_us;
    size_t n = 0;

    (void)state;
    for (int i = 0; i < LEFT_FILES_MAX + 9; i++)
        left_files_add(&files, "x", 100);
    while (left_files_due(&files, 95, &until_us))
        n++;
    assert_int_equal(n, LEFT_FILES_MAX);
    left_files_add(&files, "there is room again", 100);
    assert_non_null(left_files_due(&files, 95, &until_us));
}

static void what_was_not_answered_for_may_be_there(void **state)
{
    static const struct {
        const char *rule;
        long status;
    } rows[] = {
        {"a file that has left its list cannot be fetched", 0},
        {"a file that has left its list went too soon", 404},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Findings *findings = findings_create();
        assert_non_null(findings);
        left_files_missing(findings, "seg.ts", rows[i].status);
        assert_found(findings, rows[i].rule, rows[i].rule, false);
        findings_destroy(&findings);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(each_is_due_once_shortly_before_it_may_go),
    TEST(what_was_missed_is_dropped),
    TEST(not_more_than_its_room),
    TEST(what_was_not_answered_for_may_be_there),
};

TEST_GROUP(left_files, tests);
