/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

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

static void takes_pieces_wholly_or_not_at_all(void **state)
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

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char array[32];
        memset(array, '#', sizeof(array));
        TextBuffer b = text_buffer(array, rows[i].size);
        for (size_t p = 0; p < COUNT(rows[i].pieces) && rows[i].pieces[p]; p++)
            text_add(&b, "%s", rows[i].pieces[p]);
        assert_row(strcmp(array, rows[i].text) == 0, rows[i].name, "\"%s\"", array);
        assert_row(b.len == strlen(rows[i].text), rows[i].name, "%zu", b.len);
        assert_row(b.overflow == rows[i].overflow, rows[i].name, "%d", b.overflow);
        assert_row(array[rows[i].size] == '#', rows[i].name, "written past the end");
    }
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
};

TEST_GROUP(text_buffer, tests);
