/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "instruments/hls-doctor/names.h"

static void a_name_stands_for_one_thing(void **state)
{
    Names *names = names_create();

    (void)state;
    assert_non_null(names);
    assert_true(names_stand_for(names, "a", 1, 0));
    assert_true(names_stand_for(names, "b", 1, 1));
    assert_true(names_stand_for(names, "a", 1, 0));
    assert_false(names_stand_for(names, "a", 1, 1));
    assert_false(names_stand_for(names, "a", 2, 0));
    assert_false(names_stand_for(names, "a", 1, -1));
    names_destroy(&names);
    assert_null(names);
}

static void a_name_has_one_content(void **state)
{
    static const uint8_t one[] = "one", two[] = "two";
    Names *names = names_create();

    (void)state;
    assert_true(names_hold(names, "a", one, 3));
    assert_true(names_hold(names, "a", one, 3));
    assert_false(names_hold(names, "a", two, 3));
    assert_false(names_hold(names, "a", one, 2));
    assert_true(names_hold(names, "b", two, 3));
    assert_true(names_stand_for(names, "a", 1, 0));
    names_destroy(&names);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_name_stands_for_one_thing),
    cmocka_unit_test(a_name_has_one_content),
};

TEST_GROUP(names, tests);
