/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "temp_file.h"

#include "instruments/hls-viewers/token_list.h"

static void reads_a_token_from_each_line(void **state)
{
    char longest[TOKEN_LIST_LONGEST + 1], too_long[TOKEN_LIST_LONGEST + 4];
    const struct {
        const char *text;
        size_t count;
        const char *wrong; /* NULL: taken */
    } rows[] = {
        {"a", 1, NULL},
        {"a\n", 1, NULL},
        {"a\n\nbc\n", 2, NULL},
        {longest, 1, NULL},
        {"", 0, "no token is there"},
        {"\n\n", 0, "no token is there"},
        {too_long, 1, "longer than any token"},
    };

    (void)state;
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    snprintf(too_long, sizeof(too_long), "a\n%sx", longest);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char path[TEMP_FILE_SIZE];
        TokenList list;
        temp_file(path, rows[i].text);
        const char *wrong = token_list_read(&list, path);
        unlink(path);
        assert_row(!wrong == !rows[i].wrong, rows[i].text, "%s", wrong ? wrong : "taken");
        if (wrong)
            assert_row(strstr(wrong, rows[i].wrong), rows[i].text, "%s", wrong);
        assert_row(list.count == rows[i].count, rows[i].text, "%zu", list.count);
        if (list.count > 0)
            assert_int_equal(strncmp(list.token[0], rows[i].text, strlen(list.token[0])), 0);
        token_list_clear(&list);
    }
}

static void says_what_cannot_be_read(void **state)
{
    static const struct {
        const char *file, *wrong;
    } rows[] = {{"/nowhere/tokens", "No such file"}, {"/tmp", "directory"}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        TokenList list;
        const char *wrong = token_list_read(&list, rows[i].file);
        assert_row(wrong && strstr(wrong, rows[i].wrong), rows[i].file, "%s",
                   wrong ? wrong : "read");
        token_list_clear(&list);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_a_token_from_each_line),
    cmocka_unit_test(says_what_cannot_be_read),
};

TEST_GROUP(token_list, tests);
