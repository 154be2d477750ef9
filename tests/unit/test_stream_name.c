/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "stream_name.h"

#define TEN     "0123456789"
#define SIXTY_4 TEN TEN TEN TEN TEN TEN "abcd"

static void lets_names_in(void **state)
{
    static const struct {
        const char *name;
        bool valid;
    } rows[] = {
        {"shop", true}, {"a", true},          {"7", true},      {"-", true},
        {"_", true},    {"Shop_2-EN", true},  {SIXTY_4, true},  {SIXTY_4 "e", false},
        {"", false},    {"two words", false}, {" shop", false}, {"shop\n", false},
        {"..", false},  {"a/b", false},       {"a%2Fb", false}, {"caf\xC3\xA9", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_row(stream_name_valid(rows[i].name) == rows[i].valid, rows[i].name, "not %d",
                   rows[i].valid);
    assert_false(stream_name_valid(NULL));
}

static void takes_no_other_byte(void **state)
{
    (void)state;
    for (int c = 1; c < 256; c++) {
        char name[] = {'a', (char)c, 'b', '\0'};
        bool valid = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                     c == '_' || c == '-';
        assert_row(stream_name_valid(name) == valid, name, "byte %d", c);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(lets_names_in),
    cmocka_unit_test(takes_no_other_byte),
};

TEST_GROUP(stream_name, tests);
