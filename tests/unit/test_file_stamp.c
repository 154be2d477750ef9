/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "temp_file.h"

#include "janus-plugin/core/file_stamp.h"

static void a_stamp_changes_with_any_of_the_files(void **state)
{
    char a[TEMP_FILE_SIZE], b[TEMP_FILE_SIZE];

    (void)state;
    temp_file(a, "one");
    temp_file(b, "two");
    uint64_t first = file_stamp(0, a), both = file_stamp(first, b);
    assert_true(first != 0 && both != 0 && first != both);
    assert_int_equal(file_stamp(0, a), first);
    assert_int_equal(file_stamp(first, b), both);
    FILE *file = fopen(a, "a");
    fputs("more", file);
    fclose(file);
    assert_int_not_equal(file_stamp(0, a), first);
    unlink(a);
    assert_int_equal(file_stamp(0, a), 0);
    unlink(b);
}

/* What each look at a stamp says. */
static void files_are_read_once_they_have_settled(void **state)
{
    static const struct {
        uint64_t stamp;
        bool due;
    } looks[] = {
        {1, false}, {1, false}, /* as they were at the start */
        {2, false}, {3, false}, /* somebody writes */
        {3, true},  {0, false}, /* one is just being replaced */
        {3, true},              /* nobody has read them as yet */
        {1, false}, {1, false}, /* put back */
    };
    StampWatch watch = {0};

    (void)state;
    stamp_watch_read(&watch, 1);
    for (size_t i = 0; i < COUNT(looks); i++)
        assert_int_equal(stamp_watch_due(&watch, looks[i].stamp), looks[i].due);
    assert_false(stamp_watch_due(&watch, 4));
    assert_true(stamp_watch_due(&watch, 4));
    stamp_watch_read(&watch, 4);
    assert_false(stamp_watch_due(&watch, 4));
}

static void files_that_come_later_are_read(void **state)
{
    StampWatch watch = {0};

    (void)state;
    stamp_watch_read(&watch, 0);
    assert_false(stamp_watch_due(&watch, 0));
    assert_false(stamp_watch_due(&watch, 5));
    assert_true(stamp_watch_due(&watch, 5));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_stamp_changes_with_any_of_the_files),
    cmocka_unit_test(files_are_read_once_they_have_settled),
    cmocka_unit_test(files_that_come_later_are_read),
};

TEST_GROUP(file_stamp, tests);
