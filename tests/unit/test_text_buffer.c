/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <inttypes.h>
#include <stdio.h>

#include "text_buffer.h"

static void begins_empty(void **state)
{
    char array[8] = "garbage";
    TextBuffer b = text_buffer(array, sizeof(array));

    (void)state;
    assert_string_equal(array, "");
    assert_int_equal(b.len, 0);
    assert_false(b.overflow);
}

static void takes_pieces(bool plain)
{
    static const struct {
        const char *name;
        size_t size;
        const char *pieces[4]; /* up to the first NULL */
        const char *text;
        bool overflow;
    } rows[] = {
        {"one piece", 16, {"abc"}, "abc", false},
        {"three pieces", 16, {"ab", "cd", "ef"}, "abcdef", false},
        {"an empty piece", 16, {"ab", "", "cd"}, "abcd", false},
        {"full to the last byte", 7, {"abc", "def"}, "abcdef", false},
        {"one byte too long", 6, {"abc", "def"}, "abc", true},
        {"the first piece too long", 3, {"abc"}, "", true},
        {"nothing behind what did not fit", 6, {"abc", "def", "g"}, "abc", true},
        {"room for nothing", 1, {"a"}, "", true},
        {"room for nothing, and nothing added", 1, {""}, "", false},
        {"an empty piece when it is full", 4, {"abc", ""}, "abc", false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        char array[32];
        memset(array, '#', sizeof(array));
        TextBuffer b = text_buffer(array, rows[i].size);
        for (size_t p = 0; p < COUNT(rows[i].pieces) && rows[i].pieces[p]; p++)
            if (plain)
                text_add_string(&b, rows[i].pieces[p]);
            else
                text_add(&b, "%s", rows[i].pieces[p]);
        assert_row(strcmp(array, rows[i].text) == 0, rows[i].name, "\"%s\"", array);
        assert_row(b.len == strlen(rows[i].text), rows[i].name, "%zu", b.len);
        assert_row(b.overflow == rows[i].overflow, rows[i].name, "%d", b.overflow);
        assert_row(array[rows[i].size] == '#', rows[i].name, "written past the end");
    }
}

static void takes_pieces_wholly_or_not_at_all(void **state)
{
    (void)state;
    takes_pieces(false);
    takes_pieces(true);
}

static void writes_numbers_as_printf_does(void **state)
{
    static const int64_t numbers[] = {
        0,  1,  9,   10,     99999,     100000,    1770000000000000, INT64_MAX,
        -1, -9, -10, -99999, INT64_MIN, INT64_MAX, INT32_MIN,        42,
    };

    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++)
        for (int digits = 1; digits <= 19; digits++) {
            char array[64], wanted[64];
            TextBuffer b = text_buffer(array, sizeof(array));
            snprintf(wanted, sizeof(wanted), "%0*" PRId64, digits, numbers[i]);
            text_add_digits(&b, numbers[i], digits);
            assert_string_equal(array, wanted);
            assert_int_equal(b.len, strlen(wanted));
        }
}

static void leaves_a_number_out_that_does_not_fit(void **state)
{
    char array[4];
    TextBuffer b = text_buffer(array, sizeof(array));

    (void)state;
    text_add_number(&b, 123);
    assert_string_equal(array, "123");
    text_add_number(&b, 4);
    assert_string_equal(array, "123");
    assert_true(b.overflow);
}

static void formats(void **state)
{
    char array[32];
    TextBuffer b = text_buffer(array, sizeof(array));

    (void)state;
    text_add(&b, "%d%%", 42);
    text_add(&b, " %.*s|", 2, "abc");
    assert_string_equal(array, "42% ab|");
    assert_int_equal(b.len, 7);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(begins_empty),
    cmocka_unit_test(takes_pieces_wholly_or_not_at_all),
    cmocka_unit_test(formats),
    cmocka_unit_test(writes_numbers_as_printf_does),
    cmocka_unit_test(leaves_a_number_out_that_does_not_fit),
};

TEST_GROUP(text_buffer, tests);
