/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "temp_file.h"

#include "janus-plugin/settings/plugin_settings.h"
#include "settings_reader.h"

static char secret_file[TEMP_FILE_SIZE];

static int make_secret(void **state)
{
    (void)state;
    temp_file(secret_file, "0123456789abcdef\nfedcba9876543210\n");
    return 0;
}

static int remove_secret(void **state)
{
    (void)state;
    return unlink(secret_file);
}

/* The settings of a file with this text, in which @ is the file with the secrets. */
static PluginSettings *settings_of(const char *group, char *error)
{
    char path[TEMP_FILE_SIZE], text[512];
    size_t len = 0;

    for (const char *at = group; *at; at++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%.*s",
                                *at == '@' ? (int)strlen(secret_file) : 1,
                                *at == '@' ? secret_file : at);
    temp_file(path, text);
    PluginSettings *settings = plugin_settings_create(path, error);
    unlink(path);
    return settings;
}

static void asks_nobody_by_default(void **state)
{
    char error[SETTINGS_ERROR_SIZE];
    PluginSettings *s = settings_of("admission: { timeout = 2 }", error);

    (void)state;
    assert_non_null(s);
    assert_null(plugin_settings_hook(s));
    assert_null(plugin_settings_audit(s));
    plugin_settings_destroy(&s);
}

static void reads_all(void **state)
{
    char error[SETTINGS_ERROR_SIZE];
    PluginSettings *s = settings_of(
        "general: { audit = \"/tmp/a\"; audit_file = 0 };"
        "admission: { url = \"https://a/b\"; secret_file = \"@\"; "
        "timeout = 0.5; retries = 2; waiting = 7; "
        "on_timeout = \"allow\" }",
        error);

    (void)state;
    assert_row(s, "all", "%s", error);
    const HookSettings *hook = plugin_settings_hook(s);
    assert_non_null(hook);
    assert_string_equal(hook->url, "https://a/b");
    assert_int_equal(hook->timeout_us, 500000);
    assert_int_equal(hook->retries, 2);
    assert_int_equal(hook->waiting, 7);
    assert_true(hook->allows_on_timeout);
    assert_false(hook->allows_on_unreachable);
    assert_int_equal(hook->secrets.count, 2);
    assert_string_equal(plugin_settings_audit(s), "/tmp/a");
    assert_int_equal(plugin_settings_audit_bytes(s), 0);
    plugin_settings_destroy(&s);
}

static void refuses_with_a_sentence(void **state)
{
    static const struct {
        const char *group, *error;
    } rows[] = {
        {"admission: { url = \"https://a\" }", "admission.secret_file is missing"},
        {"admission: { url = \"ftp://a\"; secret_file = \"@\" }", "admission.url must be a URL"},
        {"admission: { url = \"https://a\"; secret_file = \"/nowhere/s\" }",
         "admission.secret_file /nowhere/s: No such file"},
        {"admission: { url = \"https://a\"; secret_file = \"@\"; ca_file = \"/nowhere/c\" }",
         "admission.ca_file cannot be read"},
        {"admission: { on_timeout = \"maybe\" }", "admission.on_timeout must be \"allow\" or"},
        {"admission: { on_unreachable = \"\" }", "admission.on_unreachable"},
        {"admission: { retries = 3 }", "admission.retries must be"},
        {"admission: { timeout = 0 }", "admission.timeout must be"},
        {"admission: { waiting = 0 }", "admission.waiting must be"},
        {"general: { audit_file = -1 }", "general.audit_file must be"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char error[SETTINGS_ERROR_SIZE] = "";
        PluginSettings *s = settings_of(rows[i].group, error);
        assert_row(!s && strstr(error, rows[i].error), rows[i].group, "%s", error);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(asks_nobody_by_default),
    cmocka_unit_test(reads_all),
    cmocka_unit_test(refuses_with_a_sentence),
};

TEST_GROUP(hook_settings, tests, .setup = make_secret, .teardown = remove_secret);
