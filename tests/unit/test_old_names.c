/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/store/old_names.h"

static void add(OldNames *names, int i)
{
    char name[16];

    snprintf(name, sizeof(name), "n%d", i);
    old_names_add(names, name);
}

static void the_oldest_goes_first(void **state)
{
    OldNames *names = old_names_create();
    char name[STREAM_NAME_MAX + 1];

    (void)state;
    assert_false(old_names_take(names, 0, name));
    old_names_drop(names, "nobody");
    for (int i = 0; i < 4; i++)
        add(names, i);
    add(names, 0);               /* again: it is the newest */
    old_names_drop(names, "n2"); /* it is live again */
    assert_int_equal(old_names_count(names), 3);
    assert_false(old_names_take(names, 3, name));
    assert_true(old_names_take(names, 2, name));
    assert_string_equal(name, "n1");
    assert_false(old_names_take(names, 2, name));
    assert_true(old_names_take(names, 0, name));
    assert_string_equal(name, "n3");
    assert_true(old_names_take(names, 0, name));
    assert_string_equal(name, "n0");
    assert_false(old_names_take(names, 0, name));
    old_names_destroy(&names);
    assert_null(names);
    old_names_destroy(&names);
}

/* Names come and go for ever, and it takes no more memory for that. */
static void goes_on_for_ever(void **state)
{
    OldNames *names = old_names_create();
    char name[STREAM_NAME_MAX + 1], expected[16];

    (void)state;
    for (int i = 0; i < 5000; i++) {
        add(names, i);
        if (!old_names_take(names, 100, name))
            continue;
        snprintf(expected, sizeof(expected), "n%d", i - 100);
        assert_string_equal(name, expected);
    }
    assert_int_equal(old_names_count(names), 100);
    old_names_destroy(&names);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_oldest_goes_first),
    cmocka_unit_test(goes_on_for_ever),
};

TEST_GROUP(old_names, tests);
