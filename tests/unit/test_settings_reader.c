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

/* libconfig would end the process at it. */
static void says_that_a_folder_is_included(void **state)
{
    char included[TEMP_FILE_SIZE], path[TEMP_FILE_SIZE], text[128], error[SETTINGS_ERROR_SIZE];
    Settings s = defaults;

    (void)state;
    temp_file(included, "# more\n\t@include \"/\"\n");
    snprintf(text, sizeof(text), "general: { count = 9 }\n@include \"%s\"\n", included);
    temp_file(path, text);
    assert_int_equal(settings_read(path, rules, COUNT(rules), &s, error), -1);
    assert_string_equal(error, "/: not a regular file");
    unlink(included);
    temp_file(included, "streams: { a: { key = \"k\" } }\n");
    snprintf(text, sizeof(text), "general: { count = 9 }\n@include \"%s\"\n", included);
    unlink(path);
    temp_file(path, text);
    assert_row(settings_read(path, rules, COUNT(rules), &s, error) == 0, text, "%s", error);
    assert_int_equal(s.count, 9);
    assert_string_equal(s.group[0], "a.key=k");
    unlink(included);
    unlink(path);
}

static void says_that_a_file_includes_itself(void **state)
{
    char path[TEMP_FILE_SIZE], text[128], error[SETTINGS_ERROR_SIZE];
    Settings s = defaults;

    (void)state;
    temp_file(path, "");
    snprintf(text, sizeof(text), "@include \"%s\"\n", path);
    FILE *file = fopen(path, "a");
    for (int i = 0; i < 20; i++)
        fputs(text, file);
    fclose(file);
    assert_int_equal(settings_read(path, rules, COUNT(rules), &s, error), -1);
    assert_non_null(strstr(error, "included by too many files"));
    unlink(path);
}

/* Reads `text`, in which %s is `path`. */
static int read_including(const char *text, const char *path, Settings *s, char *error)
{
    char whole[SETTINGS_ERROR_SIZE + 256];

    /* a text has one at the most, and none has another conversion */
    snprintf(whole, sizeof(whole), "%.*s%s%s", (int)(strstr(text, "%s") - text), text, path,
             strstr(text, "%s") + strlen("%s"));
    *s = defaults;
    char file[TEMP_FILE_SIZE];
    temp_file(file, whole);
    int status = settings_read(file, rules, COUNT(rules), s, error);
    unlink(file);
    return status;
}

/* A folder is refused if, and only if, libconfig would open it, as it opens a file there. */
static void knows_what_is_included(void **state)
{
    static const struct {
        const char *text;
        bool included;
    } rows[] = {
        {"@include \"%s\"", true},
        {"# @include is\n\t @include\t \"%s\"\n", true},
        {"// /*\n@include \"%s\"\n", true},
        {"/* // # \" */\n@include \"%s\"\n", true},
        {"/*/ \n **/\n@include \"%s\"\n", true},
        {"streams: { a = { key = \"/* \\\" # \\\\\" } }\n@include \"%s\"\n", true},
        {"#@include \"%s\"\n", false},
        {"//@include \"%s\"\n", false},
        {"/*\n@include \"%s\"\n*/", false},
        {"/*/\n@include \"%s\"\n*/", false},
        {"streams: { a = { key = \"\n@include \"/* %s\" */\n } }", false},
    };
    char included[TEMP_FILE_SIZE], error[SETTINGS_ERROR_SIZE];
    Settings s;

    (void)state;
    temp_file(included, "general: { count = 9 }\n");
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *text = rows[i].text;
        assert_row(read_including(text, included, &s, error) == 0, text, "%s", error);
        assert_row(s.count == (rows[i].included ? 9 : 7), text, "%d", (int)s.count);
        int status = read_including(text, "/", &s, error);
        assert_row(status == (rows[i].included ? -1 : 0), text, "%d: %s", status, error);
        if (rows[i].included)
            assert_string_equal(error, "/: not a regular file");
    }
    unlink(included);
}

/* A comment that an included file leaves open goes on behind it. */
static void what_is_left_open_goes_on(void **state)
{
    char open[TEMP_FILE_SIZE], error[SETTINGS_ERROR_SIZE];
    Settings s;

    (void)state;
    temp_file(open, "general: { count = 9 }\n/*");
    assert_row(read_including("@include \"%s\"\n@include \"/\"\n*/", open, &s, error) == 0,
               "an open comment", "%s", error);
    assert_int_equal(s.count, 9);
    unlink(open);
    temp_file(open, "/* *"); /* the comment's end is in two files: it is none */
    assert_int_equal(read_including("@include \"%s\"/ \" */\n@include \"/\"\n", open, &s, error),
                     -1);
    assert_string_equal(error, "/: not a regular file");
    unlink(open);
}

static void takes_a_path_of_any_length(void **state)
{
    char dots[301], file[TEMP_FILE_SIZE + 400], error[SETTINGS_ERROR_SIZE], in[TEMP_FILE_SIZE];
    char far[5001];
    Settings s;

    (void)state;
    for (size_t i = 0; i + 1 < sizeof(dots); i += 2)
        memcpy(dots + i, "/.", 3);
    temp_file(in, "general: { count = 9 }\n");
    snprintf(file, sizeof(file), "%s%s\\\"", dots, in); /* its name ends with a quote */
    char name[TEMP_FILE_SIZE + 1];
    snprintf(name, sizeof(name), "%s\"", in);
    assert_int_equal(rename(in, name), 0);
    assert_row(read_including("@include \"%s\"\n", file, &s, error) == 0, file, "%s", error);
    assert_int_equal(s.count, 9);
    unlink(name);
    assert_int_equal(read_including("@include \"%s\"\n", dots, &s, error), -1);
    assert_non_null(strstr(error, "/.: not a regular file"));
    memset(far, 'x', sizeof(far) - 1);
    far[sizeof(far) - 1] = '\0';
    char text[sizeof(far) + 32];
    snprintf(text, sizeof(text), "@include \"%s\"\n", far);
    assert_int_equal(read_text(text, rules, COUNT(rules), &s, error), -1);
    assert_string_equal(error, ":1: cannot open include file");
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
    cmocka_unit_test(says_that_a_folder_is_included),
    cmocka_unit_test(says_that_a_file_includes_itself),
    cmocka_unit_test(knows_what_is_included),
    cmocka_unit_test(what_is_left_open_goes_on),
    cmocka_unit_test(takes_a_path_of_any_length),
    cmocka_unit_test(keeps_its_errors_short),
};

TEST_GROUP(settings_reader, tests);
