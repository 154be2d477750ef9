/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "settings_reader.h"
#include "temp_file.h"

#define GROUPS_MAX 4

typedef struct Settings {
    char name[8];
    char text[32];
    int64_t count;
    int64_t wait_us;
    bool on;
    int groups;
    char group[GROUPS_MAX][64]; /* "group.key=value" as they came */
} Settings;

static const char *read_group_key(void *out, const char *group, const char *key, SettingValue value)
{
    Settings *settings = out;

    if (strcmp(key, value.text ? "key" : "on") != 0)
        return "is not known here";
    assert_true(settings->groups < GROUPS_MAX);
    snprintf(settings->group[settings->groups++], sizeof(settings->group[0]), "%s.%s=%s", group,
             key,
             value.text ? value.text
             : value.on ? "true"
                        : "false");
    return NULL;
}

#define VALUE(key, kind, field)                                                                    \
    .path = key, .type = kind, .offset = offsetof(Settings, field),                                \
    .size = sizeof(((Settings *)0)->field)

static const SettingRule rules[] = {
    {VALUE("general.name", SETTING_STRING, name), .min = 2, .max = 100},
    {VALUE("general.text", SETTING_STRING, text), .min = 0, .max = 5},
    {VALUE("general.count", SETTING_INTEGER, count), .min = -5, .max = 50000000},
    {VALUE("general.wait", SETTING_SECONDS, wait_us), .min = 500000, .max = 10000000},
    {VALUE("general.on", SETTING_BOOLEAN, on)},
    {.path = "streams", .type = SETTING_GROUPS, .group = read_group_key},
};

static const Settings defaults = {.name = "none", .text = "t", .count = 7, .wait_us = 2000000};

/* Reads `text` over the defaults. `error` then begins behind the path of the file. */
static int read_text(const char *text, const SettingRule *table, size_t rule_count, Settings *out,
                     char *error)
{
    char path[TEMP_FILE_SIZE], whole[SETTINGS_ERROR_SIZE] = "";

    temp_file(path, text);
    *out = defaults;
    int status = settings_read(path, table, rule_count, out, whole);
    unlink(path);
    strcpy(error, whole);
    if (status < 0) {
        assert_row(strncmp(whole, path, strlen(path)) == 0, text, "%s", whole);
        strcpy(error, whole + strlen(path));
    }
    return status;
}

static void reads_values(void **state)
{
    static const struct {
        const char *text;
        Settings settings;
    } rows[] = {
        {"", {"none", "t", 7, 2000000, false, 0, {""}}},
        {"# a comment\n", {"none", "t", 7, 2000000, false, 0, {""}}},
        {"general: { };", {"none", "t", 7, 2000000, false, 0, {""}}},
        {"general: { name = \"ab\"; text = \"\"; };", {"ab", "", 7, 2000000, false, 0, {""}}},
        {"general = { name = \"1234567\", text = \"12345\" }",
         {"1234567", "12345", 7, 2000000, false, 0, {""}}},
        {"general: { count = -5; on = true }", {"none", "t", -5, 2000000, true, 0, {""}}},
        {"general: { count = 50000000L }", {"none", "t", 50000000, 2000000, false, 0, {""}}},
        {"general: { count = 0x10 }", {"none", "t", 16, 2000000, false, 0, {""}}},
        {"general: { wait = 10 }", {"none", "t", 7, 10000000, false, 0, {""}}},
        {"general: { wait = 0.5 }", {"none", "t", 7, 500000, false, 0, {""}}},
        {"general: { wait = 2.333333 }", {"none", "t", 7, 2333333, false, 0, {""}}},
        {"general: { on = false }", {"none", "t", 7, 2000000, false, 0, {""}}},
        {"streams: { }", {"none", "t", 7, 2000000, false, 0, {""}}},
        {"streams: { a = { }; b = { key = \"1\"; }; c-2 = { key = \"\"; on = true } }",
         {"none", "t", 7, 2000000, false, 3, {"b.key=1", "c-2.key=", "c-2.on=true"}}},
        {"streams: { a = { on = false } }", {"none", "t", 7, 2000000, false, 1, {"a.on=false"}}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const Settings *e = &rows[i].settings;
        char error[SETTINGS_ERROR_SIZE];
        Settings s;
        int status = read_text(rows[i].text, rules, COUNT(rules), &s, error);
        assert_row(status == 0, rows[i].text, "%s", error);
        assert_row(strcmp(s.name, e->name) == 0, rows[i].text, "%s", s.name);
        assert_row(strcmp(s.text, e->text) == 0, rows[i].text, "%s", s.text);
        assert_row(s.count == e->count, rows[i].text, "%lld", (long long)s.count);
        assert_row(s.wait_us == e->wait_us, rows[i].text, "%lld", (long long)s.wait_us);
        assert_row(s.on == e->on, rows[i].text, "%d", s.on);
        assert_row(s.groups == e->groups, rows[i].text, "%d", s.groups);
        for (int g = 0; g < s.groups; g++)
            assert_row(strcmp(s.group[g], e->group[g]) == 0, rows[i].text, "%s", s.group[g]);
    }
}

static void refuses_with_file_line_and_sentence(void **state)
{
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"general: { name = \"a\" }",
         ":1: general.name must be a string in quotes, with a length from 2 to 100"},
        {"general: { name = \"12345678\" }", /* longer than the array, if not than the rule */
         ":1: general.name must be a string in quotes, with a length from 2 to 100"},
        {"general: { text = \"123456\" }",
         ":1: general.text must be a string in quotes, with a length from 0 to 5"},
        {"general: { name = 12 }",
         ":1: general.name must be a string in quotes, with a length from 2 to 100"},
        {"general: {\n count = -6\n}",
         ":2: general.count must be a whole number from -5 to 50000000"},
        {"general: { count = 50000001 }",
         ":1: general.count must be a whole number from -5 to 50000000"},
        {"general: { count = 9223372036854775807L }",
         ":1: general.count must be a whole number from -5 to 50000000"},
        {"general: { count = 2.0 }",
         ":1: general.count must be a whole number from -5 to 50000000"},
        {"general: { count = \"2\" }",
         ":1: general.count must be a whole number from -5 to 50000000"},
        {"general: { wait = 0.4 }", ":1: general.wait must be a number of seconds from 0.5 to 10"},
        {"general: { wait = 10.1 }", ":1: general.wait must be a number of seconds from 0.5 to 10"},
        {"general: { wait = 1e999 }",
         ":1: general.wait must be a number of seconds from 0.5 to 10"},
        {"general: { wait = true }", ":1: general.wait must be a number of seconds from 0.5 to 10"},
        {"general: { on = 1 }", ":1: general.on must be true or false"},
        {"\n\ngeneral: { cuont = 3 }", ":3: general.cuont is not a key that is known here"},
        {"count = 3", ":1: count is not a key that is known here"},
        {"genral: { count = 3 }", ":1: genral is not a key that is known here"},
        {"general: { deep = { count = 3 } }", ":1: general.deep is not a key that is known here"},
        {"general = 3", ":1: general is not a key that is known here"},
        {"general = ( 1, 2 )", ":1: general is not a key that is known here"},
        {"streams = 3", ":1: streams must be a group: streams: { name = { ... } }"},
        {"streams: { a = \"b\" }", ":1: streams.a must be a group: a = { ... }"},
        {"streams: {\n a = {\n  key = 7 } }",
         ":3: streams.a.key: must be a string in quotes, or true or false"},
        {"streams: { a = { key = true } }", ":1: streams.a.key: is not known here"},
        {"streams: { a = { ky = \"7\" } }", ":1: streams.a.ky: is not known here"},
        {"general: {\n count = \n}", ":3: syntax error"},
        {"general: { count = 1; count = 2 }", ":1: duplicate setting name"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char error[SETTINGS_ERROR_SIZE];
        Settings s;
        int status = read_text(rows[i].text, rules, COUNT(rules), &s, error);
        assert_row(status == -1, rows[i].text, "%d", status);
        assert_row(strcmp(error, rows[i].error) == 0, rows[i].text, "%s", error);
    }
}

static void keeps_what_is_required(void **state)
{
    static const SettingRule required[] = {
        {VALUE("general.name", SETTING_STRING, name), .min = 2, .max = 7, .required = true},
        {VALUE("count", SETTING_INTEGER, count), .min = 0, .max = 9},
    };
    char error[SETTINGS_ERROR_SIZE];
    Settings s;

    (void)state;
    assert_int_equal(read_text("general: { name = \"shop\" }", required, 2, &s, error), 0);
    assert_string_equal(s.name, "shop");
    assert_int_equal(read_text("count = 3", required, 2, &s, error), -1);
    assert_string_equal(error, ": general.name is missing, and has no default");
}

static void says_why_a_file_cannot_be_read(void **state)
{
    char error[SETTINGS_ERROR_SIZE];
    Settings s = defaults;

    (void)state;
    assert_int_equal(settings_read("/nowhere/x.jcfg", rules, COUNT(rules), &s, error), -1);
    assert_string_equal(error, "/nowhere/x.jcfg: No such file or directory");
    assert_int_equal(settings_read("/", rules, COUNT(rules), &s, error), -1);
    assert_string_equal(error, "/: not a regular file");
}

/* libconfig lets a file include another; its errors are in that one. */
static void names_the_included_file(void **state)
{
    static const struct {
        const char *included, *error;
    } rows[] = {{"\ngeneral: { count = 99999999 }",
                 ":2: general.count must be a whole number from -5 to 50000000"},
                {"\n\ngeneral: { count = }", ":3: syntax error"}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char included[TEMP_FILE_SIZE], path[TEMP_FILE_SIZE], text[128], expected[256];
        char error[SETTINGS_ERROR_SIZE];
        Settings s = defaults;
        temp_file(included, rows[i].included);
        snprintf(text, sizeof(text), "@include \"%s\"\n", included);
        temp_file(path, text);
        int status = settings_read(path, rules, COUNT(rules), &s, error);
        unlink(included);
        unlink(path);
        snprintf(expected, sizeof(expected), "%s%s", included, rows[i].error);
        assert_row(status == -1, rows[i].included, "%d", status);
        assert_row(strcmp(error, expected) == 0, rows[i].included, "%s", error);
    }
}

/* A key may be as long as anybody likes; the error is not. */
static void keeps_its_errors_short(void **state)
{
    char key[1000], text[1200], path[TEMP_FILE_SIZE], error[SETTINGS_ERROR_SIZE + 1];
    Settings s = defaults;

    (void)state;
    memset(key, 'k', sizeof(key));
    snprintf(text, sizeof(text), "streams: { %.*s = { key = 1; }; };", (int)sizeof(key), key);
    memset(error, '#', sizeof(error));
    temp_file(path, text);
    assert_int_equal(settings_read(path, rules, COUNT(rules), &s, error), -1);
    unlink(path);
    assert_int_equal(strlen(error), SETTINGS_ERROR_SIZE - 1);
    assert_int_equal(error[SETTINGS_ERROR_SIZE], '#');
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_values),
    cmocka_unit_test(refuses_with_file_line_and_sentence),
    cmocka_unit_test(keeps_what_is_required),
    cmocka_unit_test(says_why_a_file_cannot_be_read),
    cmocka_unit_test(names_the_included_file),
    cmocka_unit_test(keeps_its_errors_short),
};

TEST_GROUP(settings_reader, tests);
