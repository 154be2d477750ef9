/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "temp_file.h"

#include <sys/stat.h>

#include "bearer_token.h"
#include "settings_reader.h"

#define TOKEN "0123456789abcdef"

static void reads_what_nobody_else_can(void **state)
{
    char big[BEARER_TOKEN_SIZE + 1];
    const struct {
        const char *text;
        mode_t mode;
        const char *error; /* NULL: taken */
    } rows[] = {
        {TOKEN, 0600, NULL},
        {TOKEN "\n", 0640, NULL},
        {TOKEN "\r\n", 0440, NULL},
        {TOKEN, 0644, "others may read or change"},
        {TOKEN, 0602, "others may read or change"},
        {TOKEN, 0660, "others may read or change"},
        {"0123456789abcde\n", 0600, "16 to 256"},
        {"", 0600, "16 to 256"},
        {TOKEN " " TOKEN, 0600, "16 to 256"},
        {TOKEN "\n" TOKEN, 0600, "16 to 256"},
        {big, 0600, "16 to 256"},
        {big + 1, 0600, NULL},
    };

    (void)state;
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    for (size_t i = 0; i < COUNT(rows); i++) {
        char path[TEMP_FILE_SIZE], token[BEARER_TOKEN_SIZE], error[SETTINGS_ERROR_SIZE] = "";
        temp_file(path, rows[i].text);
        assert_int_equal(chmod(path, rows[i].mode), 0);
        int status = bearer_token_read(path, token, error);
        unlink(path);
        assert_row(status == (rows[i].error ? -1 : 0), rows[i].text, "%d %s", status, error);
        if (rows[i].error)
            assert_row(strstr(error, rows[i].error), rows[i].text, "%s", error);
        else
            assert_int_equal(strncmp(token, rows[i].text, strlen(token)), 0);
    }
}

static void refuses_what_is_no_file(void **state)
{
    char token[BEARER_TOKEN_SIZE], error[SETTINGS_ERROR_SIZE] = "";

    (void)state;
    assert_int_equal(bearer_token_read("/nowhere/token", token, error), -1);
    assert_non_null(strstr(error, "No such file"));
    assert_int_equal(bearer_token_read("/tmp", token, error), -1);
    assert_non_null(strstr(error, "regular file"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_what_nobody_else_can),
    cmocka_unit_test(refuses_what_is_no_file),
};

TEST_GROUP(bearer_token, tests);
