/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib.h>
#include <sys/stat.h>

#include "sample_file.h"

#include "janus-plugin/settings/plugin_settings.h"
#include "settings_reader.h"
#include "stream_name.h"

#define SAMPLE SOURCE_DIR "/janus-plugin/janus.plugin.hls.jcfg.sample"

#define KEY_RULE                                                                                   \
    "must have 8 to 128 characters that nobody can guess: openssl rand -hex 16 makes some"

#define TEN       "0123456789"
#define FIFTY     TEN TEN TEN TEN TEN
#define BYTES_128 FIFTY FIFTY TEN TEN "01234567"

/* The settings of a file with this text; NULL with `error` behind the path of the file. */
static PluginSettings *settings_of(const char *text, char *error)
{
    char path[TEMP_FILE_SIZE], whole[SETTINGS_ERROR_SIZE] = "";

    temp_file(path, text);
    PluginSettings *settings = plugin_settings_create(path, whole);
    unlink(path);
    strcpy(error, settings ? "" : whole + strlen(path));
    return settings;
}

static void check_text(const char *name, const char *got, const char *expected)
{
    assert_row(got && expected ? strcmp(got, expected) == 0 : got == expected, name, "%s",
               got ? got : "(none)");
}

static void has_defaults_without_a_file(void **state)
{
    char error[SETTINGS_ERROR_SIZE];
    PluginSettings *s = plugin_settings_create("/nowhere/janus.plugin.hls.jcfg", error);

    (void)state;
    assert_non_null(s);
    assert_string_equal(plugin_settings_bridge(s), "http://127.0.0.1:8190");
    assert_int_equal(plugin_settings_bitrate(s), 2500000);
    assert_int_equal(plugin_settings_codecs(s).count, 1);
    assert_int_equal(plugin_settings_codecs(s).codec[0], CODEC_H264);
    assert_int_equal(plugin_settings_publishers(s), 200);
    assert_int_equal(plugin_settings_workers(s), 8);
    assert_int_equal(plugin_settings_requests(s), 500);
    assert_true(plugin_settings_events(s));
    assert_null(plugin_settings_forward(s));
    assert_int_equal(plugin_settings_key(s, "shop", NULL), KEY_UNKNOWN);
    plugin_settings_destroy(&s);
    assert_null(s);
    plugin_settings_destroy(&s);
}

static void reads_keys(void **state)
{
    static const struct {
        const char *text; /* of the group "general" */
        const char *bridge, *forward, *hls, *watch;
        uint32_t bitrate;
        bool events;
        size_t publishers;
    } rows[] = {
        {"", "http://127.0.0.1:8190", NULL, "/live/shop/index.m3u8", "/watch.html?stream=shop",
         2500000, true, 200},
        {"bridge = \"http://10.0.0.1:80\"; events = false; bitrate = 50000", "http://10.0.0.1:80",
         NULL, "/live/shop/index.m3u8", "/watch.html?stream=shop", 50000, false, 200},
        {"playback = \"https://live.example\"; bitrate = 50000000; forward = \"10.0.0.1:5004\"",
         "http://127.0.0.1:8190", "10.0.0.1:5004", "https://live.example/live/shop/index.m3u8",
         "https://live.example/watch.html?stream=shop", 50000000, true, 200},
        {"forward = \"\"; publishers = 10000", "http://127.0.0.1:8190", NULL,
         "/live/shop/index.m3u8", "/watch.html?stream=shop", 2500000, true, 10000},
        {"publishers = 0", "http://127.0.0.1:8190", NULL, "/live/shop/index.m3u8",
         "/watch.html?stream=shop", 2500000, true, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[512], error[SETTINGS_ERROR_SIZE];
        snprintf(text, sizeof(text), "general: { %s };", rows[i].text);
        PluginSettings *s = settings_of(text, error);
        assert_row(s, text, "%s", error);
        char *hls = plugin_settings_live_url(s, "shop", "index.m3u8"),
             *watch = plugin_settings_watch_url(s, "shop");
        check_text(text, plugin_settings_bridge(s), rows[i].bridge);
        check_text(text, plugin_settings_forward(s), rows[i].forward);
        check_text(text, hls, rows[i].hls);
        check_text(text, watch, rows[i].watch);
        assert_row(plugin_settings_bitrate(s) == rows[i].bitrate, text, "%u",
                   plugin_settings_bitrate(s));
        assert_row(plugin_settings_publishers(s) == rows[i].publishers, text, "%zu",
                   plugin_settings_publishers(s));
        assert_row(plugin_settings_events(s) == rows[i].events, text, "%d",
                   plugin_settings_events(s));
        g_free(hls);
        g_free(watch);
        plugin_settings_destroy(&s);
    }
}

static void refuses_with_a_sentence(void **state)
{
#define CODECS_RULE                                                                                \
    ": general.video_codecs must be some of h264, vp8, vp9, av1 and h265 with commas between, "    \
    "each once, as \"h264, vp9\""
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"general: { video_codecs = \"h264 vp9\" }", CODECS_RULE},
        {"general: { video_codecs = \"vp9, vp9\" }", CODECS_RULE},
        {"general: { bitrate = 49999 }",
         ":1: general.bitrate must be a whole number from 50000 to 50000000"},
        {"general: { bitrate = 50000001 }",
         ":1: general.bitrate must be a whole number from 50000 to 50000000"},
        {"general: { bridge = \"http:/\" }",
         ":1: general.bridge must be a string in quotes, with a length from 8 to 255"},
        {"general: { bridge = \"ftp://10.0.0.1\" }",
         ": general.bridge must be a URL, as \"http://127.0.0.1:8190\", or a Unix socket, as "
         "\"unix:/run/hls-bridge/control.sock\""},
        {"general: { bridge_token_file = \"/nowhere/token\" }",
         ": general.bridge_token_file /nowhere/token: No such file or directory"},
        {"general: { publishers = -1 }",
         ":1: general.publishers must be a whole number from 0 to 10000"},
        {"general: { workers = 0 }", ":1: general.workers must be a whole number from 1 to 64"},
        {"general: { requests = 0 }",
         ":1: general.requests must be a whole number from 1 to 100000"},
        {"general: { open = 1 }", ":1: general.open must be true or false"},
        {"general: { briged = \"x\" }", ":1: general.briged is not a key that is known here"},
        {"streams: { shop = \"k\" }", ":1: streams.shop must be a group: shop = { ... }"},
        {"streams: { shop = { key = 7 } }",
         ":1: streams.shop.key: must be a string in quotes, or true or false"},
        {"streams: { shop = { key = true } }", ":1: streams.shop.key: must be a string in quotes"},
        {"streams: { shop = { unlisted = \"yes\" } }",
         ":1: streams.shop.unlisted: must be true or false"},
        {"streams: { shop = { unlisted = true } }",
         ": streams.shop.key is missing: without one nobody may publish that stream (set one, or "
         "general.open = true)"},
        {"streams: { shop = { key = \"7 bytes\" } }", ":1: streams.shop.key: " KEY_RULE},
        {"general: { tries = 0 }", ":1: general.tries must be a whole number from 1 to 1000"},
        {"streams: { shop = { kye = \"k\" } }",
         ":1: streams.shop.kye: is not a key that is known here; a stream has \"key\", "
         "\"key_hash\", \"access\" and \"unlisted\""},
        {"streams: { shop = { access = \"secret\" } }",
         ":1: streams.shop.access: must be public, unlisted or protected"},
        {"streams: { shop = { key_hash = \"the key\" } }",
         ":1: streams.shop.key_hash: must be what \"janus-hls-token key\" prints: \"sha256:…:…\""},
        {"streams: { shop = { key = \"\" } }", ":1: streams.shop.key: " KEY_RULE},
        {"streams: { shop = { key = \"" BYTES_128 "x\" } }", ":1: streams.shop.key: " KEY_RULE},
        {"streams: { sh* = { key = \"k\" } }", ":1: streams.sh*.key: " STREAM_NAME_RULE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char error[SETTINGS_ERROR_SIZE];
        PluginSettings *s = settings_of(rows[i].text, error);
        assert_row(!s, rows[i].text, "taken");
        check_text(rows[i].text, error, rows[i].error);
    }
}

static void reads_the_bridges_token(void **state)
{
    char token[TEMP_FILE_SIZE], text[256], error[SETTINGS_ERROR_SIZE];

    (void)state;
    temp_file(token, "0123456789abcdef\n");
    snprintf(text, sizeof(text),
             "general: { bridge = \"unix:/run/b.sock\"; bridge_token_file = \"%s\" };", token);
    PluginSettings *s = settings_of(text, error);
    assert_row(s, text, "%s", error);
    check_text(text, plugin_settings_bridge(s), "unix:/run/b.sock");
    check_text(text, plugin_settings_bridge_token(s), "0123456789abcdef");
    plugin_settings_destroy(&s);

    assert_int_equal(chmod(token, 0644), 0);
    assert_null(settings_of(text, error));
    assert_non_null(strstr(error, "others may read or change this token"));
    unlink(token);

    s = settings_of("", error);
    assert_non_null(s);
    assert_null(plugin_settings_bridge_token(s));
    plugin_settings_destroy(&s);
}

static void judges_keys(void **state)
{
    static const char closed[] =
        "streams: { shop = { key = \"secret-1\" };\n"
        "           long = { key = \"" BYTES_128 "\" } }";
    static const char open[] =
        "general: { open = true };\n"
        "streams: { shop = { key = \"secret-1\" } }";
    static const struct {
        const char *name, *text, *stream, *key;
        KeyVerdict verdict;
    } rows[] = {
        {"the key", closed, "shop", "secret-1", KEY_GOOD},
        {"the longest key", closed, "long", BYTES_128, KEY_GOOD},
        {"another's key", closed, "long", "secret-1", KEY_WRONG},
        {"a part of it", closed, "shop", "secret-", KEY_WRONG},
        {"more than it", closed, "shop", "secret-11", KEY_WRONG},
        {"another case", closed, "shop", "Secret-1", KEY_WRONG},
        {"an empty key", closed, "shop", "", KEY_WRONG},
        {"no key", closed, "shop", NULL, KEY_WRONG},
        {"a name that has none", closed, "market", "secret-1", KEY_UNKNOWN},
        {"another case of the name", closed, "Shop", "secret-1", KEY_UNKNOWN},
        {"open: a name that has one", open, "shop", "wrong", KEY_WRONG},
        {"open: the key", open, "shop", "secret-1", KEY_GOOD},
        {"open: a name that has none", open, "market", NULL, KEY_OPEN},
        {"open: a key for it", open, "market", "x", KEY_OPEN},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char error[SETTINGS_ERROR_SIZE];
        PluginSettings *s = settings_of(rows[i].text, error);
        assert_row(s, rows[i].name, "%s", error);
        KeyVerdict verdict = plugin_settings_key(s, rows[i].stream, rows[i].key);
        assert_row(verdict == rows[i].verdict, rows[i].name, "%d", verdict);
        plugin_settings_destroy(&s);
    }
}

static void knows_what_is_unlisted(void **state)
{
    static const char text[] =
        "general: { open = true };\n"
        "streams: { shop = { key = \"secret-1\"; unlisted = true };\n"
        "           till = { key = \"secret-1\"; unlisted = false };\n"
        "           desk = { unlisted = true } }";
    char error[SETTINGS_ERROR_SIZE];
    PluginSettings *s = settings_of(text, error);

    (void)state;
    assert_row(s, text, "%s", error);
    assert_int_equal(plugin_settings_access(s, "shop"), ACCESS_UNLISTED);
    assert_int_equal(plugin_settings_key(s, "shop", "secret-1"), KEY_GOOD);
    assert_int_equal(plugin_settings_access(s, "till"), ACCESS_PUBLIC);
    assert_int_equal(plugin_settings_access(s, "desk"), ACCESS_UNLISTED);
    assert_int_equal(plugin_settings_key(s, "desk", NULL), KEY_OPEN);
    assert_int_equal(plugin_settings_access(s, "else"), ACCESS_PUBLIC);
    plugin_settings_destroy(&s);
}

static void check_defaults(const PluginSettings *s)
{
    assert_string_equal(plugin_settings_bridge(s), "http://127.0.0.1:8190");
    assert_int_equal(plugin_settings_bitrate(s), 2500000);
    assert_int_equal(plugin_settings_publishers(s), 200);
    assert_int_equal(plugin_settings_workers(s), 8);
    assert_int_equal(plugin_settings_requests(s), 500);
    assert_true(plugin_settings_events(s));
    assert_int_equal(plugin_settings_tries(s), 10);
    assert_int_equal(plugin_settings_key(s, "nobody", NULL), KEY_UNKNOWN);
}

static void takes_its_sample(void **state)
{
    char error[SETTINGS_ERROR_SIZE] = "";
    PluginSettings *s = plugin_settings_create(SAMPLE, error);

    (void)state;
    assert_row(s, SAMPLE, "%s", error);
    check_defaults(s);
    assert_int_equal(plugin_settings_key(s, "shop", "a long random word"), KEY_UNKNOWN);
    plugin_settings_destroy(&s);
}

/* And examples of what has none. */
static void the_sample_shows_the_defaults(void **state)
{
    char path[TEMP_FILE_SIZE], error[SETTINGS_ERROR_SIZE] = "";
    size_t keys = sample_in_force(SAMPLE, path);
    PluginSettings *s = plugin_settings_create(path, error);

    (void)state;
    unlink(path);
    assert_row(s, SAMPLE, "%s", error);
    assert_true(keys > 0);
    check_defaults(s);
    assert_string_equal(plugin_settings_forward(s), "127.0.0.1:5004");
    assert_int_equal(plugin_settings_key(s, "shop", "a long random word"), KEY_GOOD);
    assert_int_equal(plugin_settings_access(s, "workshop"), ACCESS_UNLISTED);
    plugin_settings_destroy(&s);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(has_defaults_without_a_file),
    cmocka_unit_test(reads_keys),
    cmocka_unit_test(refuses_with_a_sentence),
    cmocka_unit_test(reads_the_bridges_token),
    cmocka_unit_test(judges_keys),
    cmocka_unit_test(knows_what_is_unlisted),
    cmocka_unit_test(takes_its_sample),
    cmocka_unit_test(the_sample_shows_the_defaults),
};

TEST_GROUP(plugin_settings, tests);
