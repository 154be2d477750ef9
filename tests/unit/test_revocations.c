/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "temp_file.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "janus-plugin/access/revocations.h"
#include "settings_reader.h"

static Permit token(const char *stream, const char *id, int64_t issued)
{
    Permit permit = {.by_token = true, .issued = issued};

    snprintf(permit.name, sizeof(permit.name), "%s", stream);
    snprintf(permit.id, sizeof(permit.id), "%s", id);
    return permit;
}

static bool revoked(Revocations *r, const char *stream, const char *id, int64_t issued)
{
    Permit permit = token(stream, id, issued);

    return revocations_has(r, &permit);
}

static int load(Revocations *r, const char *text, char *error)
{
    char path[TEMP_FILE_SIZE], whole[SETTINGS_ERROR_SIZE] = "";

    temp_file(path, text);
    int status = revocations_load(r, path, whole);
    unlink(path);
    strcpy(error, status < 0 ? whole + strlen(path) : "");
    return status;
}

static void reads_a_file(void **state)
{
    static const struct {
        const char *stream, *id;
        int64_t issued;
        bool revoked;
    } rows[] = {
        {"shop", "t1", 5000, true},  {"till", "t1", 5000, true}, {"till", "t2", 5000, true},
        {"till", "t3", 5000, false}, {"till", "", 5000, false},  {"shop", "", 1999, true},
        {"shop", "", 2000, false},   {"shop", "", 0, true},      {"till", "", 999, true},
        {"till", "", 1000, false},   {"Shop", "", 1500, false},
    };
    Revocations *r = revocations_create();
    char error[SETTINGS_ERROR_SIZE];

    (void)state;
    assert_int_equal(load(r,
                          "# who has left\n\nid t1  # ann\n  id\tt2\r\nstream shop 1500\n"
                          "stream shop 2000\nstream shop 1700\nstream * 1000",
                          error),
                     0);
    assert_int_equal(revocations_count(r), 4);
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_row(revoked(r, rows[i].stream, rows[i].id, rows[i].issued) == rows[i].revoked,
                   rows[i].stream, "row %zu", i);
    revocations_destroy(&r);
    assert_null(r);
}

/* Keys are changed in the settings. */
static void a_key_is_not_revoked(void **state)
{
    Revocations *r = revocations_create();
    Permit key = {.name = "shop"};

    (void)state;
    assert_int_equal(revocations_add_stream(r, "*", 1000), 0);
    assert_true(revoked(r, "shop", "", 0));
    assert_false(revocations_has(r, &key));
    revocations_destroy(&r);
}

static void a_file_that_cannot_be_used_changes_nothing(void **state)
{
    static const struct {
        const char *text;
        int line;
    } rows[] = {
        {"id", 1},
        {"id a b", 1},
        {"id t9\nname t1", 2},
        {"\n\nstream shop", 3},
        {"stream shop soon", 1},
        {"stream shop 0", 1},
        {"stream shop -1", 1},
        {"stream sh*p 1000", 1},
        {"stream shop 1000 2000", 1},
    };
    Revocations *r = revocations_create();
    char error[SETTINGS_ERROR_SIZE];

    (void)state;
    assert_int_equal(load(r, "id t1\n", error), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char expected[16];
        snprintf(expected, sizeof(expected), ":%d: a rule is", rows[i].line);
        assert_row(load(r, rows[i].text, error) < 0, rows[i].text, "taken");
        assert_row(strncmp(error, expected, strlen(expected)) == 0, rows[i].text, "%s", error);
    }
    assert_int_equal(revocations_load(r, "/nowhere/revoked", error), -1);
    assert_non_null(strstr(error, "/nowhere/revoked: No such file"));
    assert_true(revoked(r, "shop", "t1", 0));
    assert_false(revoked(r, "shop", "t9", 0));
    revocations_destroy(&r);
}

static void what_an_operator_says_holds_whatever_the_file_says(void **state)
{
    static const char *const no_ids[] = {"", "a b", "a\n", "a#b", "\xc3\xa9"};
    Revocations *r = revocations_create();
    char error[SETTINGS_ERROR_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT(no_ids); i++)
        assert_row(revocations_add_id(r, no_ids[i]) < 0, no_ids[i], "taken");
    assert_int_equal(revocations_add_id(r, "t1"), 0);
    assert_int_equal(revocations_add_stream(r, "shop", 1000), 0);
    assert_int_equal(load(r, "id t2\n", error), 0);
    assert_int_equal(revocations_load(r, "", error), 0); /* the setting is empty again */
    assert_true(revoked(r, "till", "t1", 0));
    assert_true(revoked(r, "shop", "", 999));
    assert_false(revoked(r, "till", "t2", 0));
    revocations_destroy(&r);
}

static void writes_behind_what_the_file_has(void **state)
{
    char path[TEMP_FILE_SIZE], error[SETTINGS_ERROR_SIZE] = "";
    Revocations *r = revocations_create();

    (void)state;
    assert_int_equal(revocations_note_id(r, "t2", error), -1);
    assert_string_equal(error, "tokens.revoked_file: it is not set");
    temp_file(path, "id t1\n");
    assert_int_equal(revocations_load(r, path, error), 0);
    assert_int_equal(revocations_note_id(r, "t2", error), 0);
    assert_int_equal(revocations_note_stream(r, "*", 1000, error), 0);
    assert_int_equal(revocations_load(r, path, error), 0);
    assert_int_equal(revocations_count(r), 3);
    assert_true(revoked(r, "shop", "t1", 5000) && revoked(r, "shop", "t2", 5000));
    assert_true(revoked(r, "shop", "", 999));
    unlink(path);
    assert_int_equal(revocations_note_id(r, "t2", error), -1); /* it makes none */
    assert_non_null(strstr(error, "No such file"));
    revocations_destroy(&r);
}

/* An editor may have left the last line without its end. */
static void a_rule_stays_apart_from_a_line_without_an_end(void **state)
{
    char path[TEMP_FILE_SIZE], error[SETTINGS_ERROR_SIZE] = "";
    Revocations *r = revocations_create();

    (void)state;
    temp_file(path, "id t1");
    assert_int_equal(revocations_load(r, path, error), 0);
    assert_int_equal(revocations_note_id(r, "t2", error), 0);
    assert_row(revocations_load(r, path, error) == 0, "a file", "%s", error);
    assert_true(revoked(r, "shop", "t1", 5000) && revoked(r, "shop", "t2", 5000));
    assert_int_equal(revocations_count(r), 2);
    unlink(path);
    temp_file(path, "");
    assert_int_equal(revocations_load(r, path, error), 0);
    assert_int_equal(revocations_note_id(r, "t3", error), 0);
    assert_int_equal(revocations_load(r, path, error), 0);
    assert_true(revoked(r, "shop", "t3", 5000));
    unlink(path);
    revocations_destroy(&r);
}

/* The admission webhook may have its publisher go by another name. */
static void a_token_is_revoked_by_the_stream_that_it_is_for(void **state)
{
    Revocations *r = revocations_create();
    Permit permit = token("given", "", 500);

    (void)state;
    strcpy(permit.shown_for, "shop");
    assert_int_equal(revocations_add_stream(r, "shop", 1000), 0);
    assert_true(revocations_has(r, &permit));
    strcpy(permit.shown_for, "till");
    assert_false(revocations_has(r, &permit));
    assert_int_equal(revocations_add_stream(r, "given", 1000), 0);
    assert_true(revocations_has(r, &permit));
    revocations_destroy(&r);
}

static void has_so_many_rules_and_no_more(void **state)
{
    Revocations *r = revocations_create();
    char id[32];

    (void)state;
    for (int i = 0; i < REVOCATIONS_MAX; i++) {
        snprintf(id, sizeof(id), "token-%d", i);
        assert_int_equal(revocations_add_id(r, id), 0);
    }
    assert_int_equal(revocations_add_id(r, "one-more"), -1);
    assert_int_equal(revocations_add_stream(r, "shop", 1000), -1);
    assert_int_equal(revocations_count(r), REVOCATIONS_MAX);
    revocations_destroy(&r);
}

/* With one more it could not be read again. What is known to the operator alone is not in it. */
static void a_file_gets_so_many_rules_and_no_more(void **state)
{
    char path[TEMP_FILE_SIZE], error[SETTINGS_ERROR_SIZE] = "";
    Revocations *r = revocations_create();

    (void)state;
    temp_file(path, "");
    FILE *file = fopen(path, "a");
    for (int i = 1; i < REVOCATIONS_MAX; i++)
        fprintf(file, "id token-%d\n", i);
    fclose(file);
    assert_int_equal(revocations_load(r, path, error), 0);
    assert_int_equal(revocations_add_id(r, "t1"), 0);
    assert_int_equal(revocations_add_id(r, "t2"), 0);
    assert_int_equal(revocations_note_id(r, "t1", error), 0);
    for (int turn = 0; turn < 2; turn++) { /* it is loaded again in between */
        assert_row(revocations_note_id(r, "t2", error) < 0, "t2", "turn %d", turn);
        assert_non_null(strstr(error, "it has 100000 rules: take old ones out"));
        assert_row(revocations_note_stream(r, "shop", 1000, error) < 0, "shop", "turn %d", turn);
        assert_int_equal(revocations_note_id(r, "token-1", error), 0); /* it is there already */
        assert_int_equal(revocations_note_id(r, "t1", error), 0);
        assert_row(revocations_load(r, path, error) == 0, "a full file", "%s", error);
    }
    unlink(path);
    revocations_destroy(&r);
}

/* The same rule may be there any number of times. */
static void a_file_that_is_too_long_gets_no_longer(void **state)
{
    const off_t most = (off_t)REVOCATIONS_MAX * (REQUEST_ID_MAX + 8);
    char path[TEMP_FILE_SIZE], error[SETTINGS_ERROR_SIZE] = "";
    Revocations *r = revocations_create();
    struct stat is;

    (void)state;
    temp_file(path, "id t1\n");
    assert_int_equal(revocations_load(r, path, error), 0);
    assert_int_equal(truncate(path, most - 5), 0);
    assert_int_equal(revocations_note_id(r, "t1", error), -1);
    assert_non_null(strstr(error, "it is full"));
    assert_int_equal(stat(path, &is), 0);
    assert_int_equal(is.st_size, most - 5);
    unlink(path);
    revocations_destroy(&r);
}

/* Half a rule would spoil all the file. */
static void a_rule_that_the_disk_has_no_room_for_leaves_nothing(void **state)
{
    char path[TEMP_FILE_SIZE], error[SETTINGS_ERROR_SIZE] = "";
    Revocations *r = revocations_create();
    struct rlimit before, short_of;

    (void)state;
    temp_file(path, "id t1\n");
    assert_int_equal(revocations_load(r, path, error), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    short_of = (struct rlimit){strlen("id t1\nid"), before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &short_of), 0);
    errno = 0;
    int status = revocations_note_id(r, "t2", error);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(status, -1);
    assert_non_null(strstr(error, "No space left"));
    assert_row(revocations_load(r, path, error) == 0, "a file", "%s", error);
    assert_false(revoked(r, "shop", "t2", 5000));
    assert_int_equal(revocations_note_id(r, "t2", error), 0);
    assert_int_equal(revocations_load(r, path, error), 0);
    assert_true(revoked(r, "shop", "t1", 5000) && revoked(r, "shop", "t2", 5000));
    unlink(path);
    revocations_destroy(&r);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_a_file),
    cmocka_unit_test(a_key_is_not_revoked),
    cmocka_unit_test(a_file_that_cannot_be_used_changes_nothing),
    cmocka_unit_test(what_an_operator_says_holds_whatever_the_file_says),
    cmocka_unit_test(writes_behind_what_the_file_has),
    cmocka_unit_test(a_rule_stays_apart_from_a_line_without_an_end),
    cmocka_unit_test(a_token_is_revoked_by_the_stream_that_it_is_for),
    cmocka_unit_test(has_so_many_rules_and_no_more),
    cmocka_unit_test(a_file_gets_so_many_rules_and_no_more),
    cmocka_unit_test(a_file_that_is_too_long_gets_no_longer),
    cmocka_unit_test(a_rule_that_the_disk_has_no_room_for_leaves_nothing),
};

TEST_GROUP(revocations, tests);
